"""`deregister_targets` on Alibaba Cloud: a CLB instance, its VServer groups, and server groups of ALB and NLB.

Pages: alibabacloud.com/help/en/slb/ classic-load-balancer/developer-reference/ api-slb-2014-05-15-describeloadbalancerattribute,
-removebackendservers, -describevservergroupattribute, -removevservergroupbackendservers; application-load-balancer/developer-reference/
api-alb-2020-06-16-listservergroupservers, -removeserversfromservergroup (asynchronous: `Removing`, then not found), and the same of NLB
(2022-04-30).
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rearm.checks.asking.call import alibaba, alibaba_code, listed
from rearm.checks.question import Question
from rearm.core.model import StepResult
from rearm.errors import RearmError

if TYPE_CHECKING:
    from rearm.steps.deregister_targets import Settings

NO_SUCH_PLACE = frozenset(["invalidloadbalancerid.notfound", "resourcenotfound.servergroup"])
"""In lower case: ALB writes ServerGroup, NLB serverGroup."""
NO_SUCH_VSERVER_GROUP = "VServerGroupId does not exist"
"""The code is InvalidParameter: aliyun/terraform-provider-alicloud knows it by this text."""

REMOVING = "Removing"
CLB_SERVERS_MAX = 20
"""Of one call."""


def leave(settings: "Settings", question: Question) -> StepResult:
    """Raises RearmError for what may pass."""
    try:
        found = _members(settings, question)
        there = [one for one in found if one.get("Status") != REMOVING]
        if there:
            _remove(settings, there, question)
    except RearmError as error:
        if alibaba_code(error).lower() in NO_SUCH_PLACE or NO_SUCH_VSERVER_GROUP in str(error):
            return StepResult("failed", str(error))
        raise
    if not found:
        return StepResult("done", "not behind the load balancer")
    if not settings.wait_for_draining:
        return StepResult("done", "removed")
    return StepResult("going", "to be removed" if there else "is being removed")


def _members(settings: "Settings", question: Question) -> list[Mapping[str, Any]]:
    """Each port under which the instance is there; behind a CLB instance itself it is there once."""
    if settings.server_group is not None:
        params = {"ServerGroupId": settings.server_group, "ServerIds.1": question.instance, "MaxResults": 100}
        answer = alibaba(question.cloud, settings.balancer, "ListServerGroupServers", params)
        found = listed(answer, f"{settings.balancer}:ListServerGroupServers", "Servers", "Server")
    elif settings.vserver_group is not None:
        answer = alibaba(question.cloud, "slb", "DescribeVServerGroupAttribute", {"VServerGroupId": settings.vserver_group})
        found = listed(answer, "slb:DescribeVServerGroupAttribute", "BackendServers", "BackendServer")
    else:
        answer = alibaba(question.cloud, "slb", "DescribeLoadBalancerAttribute", {"LoadBalancerId": settings.load_balancer})
        found = listed(answer, "slb:DescribeLoadBalancerAttribute", "BackendServers", "BackendServer")
    return [one for one in found if one.get("ServerId") == question.instance and settings.port in (None, one.get("Port"))]


def _remove(settings: "Settings", there: list[Mapping[str, Any]], question: Question) -> None:
    if settings.server_group is not None:
        params: dict[str, object] = {"ServerGroupId": settings.server_group}
        for number, one in enumerate(there, 1):
            named = {"ServerId": question.instance, "ServerType": "Ecs", "Port": one.get("Port")}
            params |= {f"Servers.{number}.{key}": value for key, value in named.items()}
        alibaba(question.cloud, settings.balancer, "RemoveServersFromServerGroup", params)
        return
    operation, own = "RemoveBackendServers", {"LoadBalancerId": settings.load_balancer}
    if settings.vserver_group is not None:
        operation, own = "RemoveVServerGroupBackendServers", {"VServerGroupId": settings.vserver_group}
    for at in range(0, len(there), CLB_SERVERS_MAX):
        kept = [{key: one[key] for key in ("ServerId", "Port", "Type") if key in one} for one in there[at : at + CLB_SERVERS_MAX]]
        alibaba(question.cloud, "slb", operation, own | {"BackendServers": json.dumps(kept)})
