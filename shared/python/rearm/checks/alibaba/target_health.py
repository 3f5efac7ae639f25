"""`target_health` on Alibaba Cloud: is the instance still behind the CLB, or in the server group of the ALB or NLB?

Pages: alibabacloud.com/help/en/slb/classic-load-balancer/developer-reference/api-slb-2014-05-15-describehealthstatus,
.../application-load-balancer/developer-reference/api-alb-2020-06-16-listservergroupservers, and the same of NLB (2022-04-30).
On a scale-out, Auto Scaling attaches the instance only after the wait: alibabacloud.com/help/doc-detail/207450.htm.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rearm.checks.asking.call import alibaba, listed, short
from rearm.checks.question import Question
from rearm.core.model import CheckResult

if TYPE_CHECKING:
    from rearm.checks.target_health import Settings

NOT_YET = "on a scale-out the instance is attached to its load balancer only after this wait: use target_health for terminate"


def ask_alibaba(settings: "Settings", question: Question) -> CheckResult:
    """Raises RearmError."""
    if question.action.transition != "terminate":
        return CheckResult("waiting", NOT_YET, error=True)
    clb = settings.load_balancer is not None
    found = _backends(settings, question) if clb else _servers(settings, question)
    mine = [one for one in found if one.get("ServerId") == question.instance and settings.port in (None, one.get("Port"))]
    if not mine:
        return CheckResult("passed", "not behind the load balancer")
    status = "ServerHealthStatus" if clb else "Status"
    told = ", ".join(f"port {one.get('Port')} is {short(one.get(status))}" for one in mine)
    return CheckResult("waiting", f"still behind the load balancer: {told}")


def _backends(settings: "Settings", question: Question) -> list[Mapping[str, Any]]:
    answer = alibaba(question.cloud, "slb", "DescribeHealthStatus", {"LoadBalancerId": settings.load_balancer})
    return listed(answer, "slb:DescribeHealthStatus", "BackendServers", "BackendServer")


def _servers(settings: "Settings", question: Question) -> list[Mapping[str, Any]]:
    params = {"ServerGroupId": settings.server_group, "ServerIds.1": question.instance, "MaxResults": 100}
    answer = alibaba(question.cloud, settings.balancer, "ListServerGroupServers", params)
    return listed(answer, f"{settings.balancer}:ListServerGroupServers", "Servers", "Server")
