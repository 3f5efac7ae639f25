"""`target_health`: the load balancer finds the instance healthy (launch), or sends it nothing any more (terminate).

Launch, on AWS only: passed when every port under which the instance is registered is healthy. Terminate: passed when the instance is
not registered any more, or `unused`. How each cloud is asked: `aws.target_health`, `alibaba.target_health`.
"""

from typing import Annotated, Literal

import msgspec

from rearm.checks.asking import existence
from rearm.checks.network.target import Port
from rearm.checks.question import Question
from rearm.core.model import CheckResult

CALLS = {
    "aws": (
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:DescribeInstanceHealth",
        *existence.CALLS["aws"],
    ),
    "alibaba": ("slb:DescribeHealthStatus", "alb:ListServerGroupServers", "nlb:ListServerGroupServers"),
}
TARGET = ("target_group", "load_balancer", "server_group")
TargetGroup = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(arn:[^ ]+:targetgroup/[^ ]+|[0-9A-Za-z][0-9A-Za-z-]{0,31})$",
        description="a text: a target group's name (at most 32 letters, digits and -) or its ARN",
    ),
]
LoadBalancer = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9A-Za-z][0-9A-Za-z-]{0,62}$",
        description="a text: the name of a Classic Load Balancer (AWS), or the id of a CLB instance, lb-… (Alibaba Cloud)",
    ),
]
ServerGroup = Annotated[
    str, msgspec.Meta(pattern=r"^sgp-[0-9A-Za-z]+$", description="a text: the id of a server group of ALB or NLB, sgp-…")
]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the three names the place. `balancer`: whose the server group is. `port` None: every port of the instance there."""

    target_group: TargetGroup | None = None
    load_balancer: LoadBalancer | None = None
    server_group: ServerGroup | None = None
    balancer: Literal["alb", "nlb"] = "alb"
    port: Port | None = None


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    given = [name for name in TARGET if getattr(settings, name) is not None]
    found = [(name, f"has no use beside `{given[0]}`; give one of the two") for name in given[1:]]
    for name, cloud, match in (("target_group", "alibaba", "aws"), ("server_group", "aws", "alibaba")):
        if name in given and cloud in clouds:
            found.append((name, f"is of the other cloud only: give the profile `match: {{cloud: {match}}}`"))
    if settings.balancer != "alb" and settings.server_group is None:
        found.append(("balancer", "has no use without `server_group`"))
    if "aws" in clouds and settings.load_balancer is not None and settings.port is not None:
        found.append(("port", "has no use with a Classic Load Balancer of AWS: it tells one health for the instance"))
    return found


def misfits(settings: Settings, clouds: tuple[str, ...], transitions: tuple[str, ...]) -> list[tuple[str, str]]:
    """What does not fit the actions that the profile is for."""
    if "alibaba" in clouds and "launch" in transitions:
        why = "on a scale-out of Alibaba Cloud the instance is attached to its load balancer only after the wait, so it would never pass"
        return [("", f"{why}: give the profile `match: {{transition: terminate}}`, or `cloud: aws`")]
    return []


def calls(settings: Settings, cloud: str) -> tuple[str, ...]:
    """Of `CALLS`, what these settings need on that cloud."""
    if cloud == "alibaba":
        return ("slb:DescribeHealthStatus",) if settings.load_balancer else (f"{settings.balancer}:ListServerGroupServers",)
    if settings.load_balancer:
        return ("elasticloadbalancing:DescribeInstanceHealth", *existence.CALLS["aws"])
    by_name = () if (settings.target_group or "").startswith("arn:") else ("elasticloadbalancing:DescribeTargetGroups",)
    return ("elasticloadbalancing:DescribeTargetHealth", *by_name, *existence.CALLS["aws"])


def label(settings: Settings) -> str:
    return f"target health {place_said(settings.target_group or settings.load_balancer or settings.server_group or '', settings.port)}"


def place_said(place: str, port: int | None) -> str:
    """A place that targets are in, as logs name it: of a target group's ARN the name."""
    short = place.rpartition(":targetgroup/")[2].partition("/")[0]
    return short if port is None else f"{short}:{port}"


def ask(settings: Settings, question: Question) -> CheckResult:
    """Asks the load balancer. Raises RearmError when it cannot be asked."""
    if question.cloud.name == "aws":
        from rearm.checks.aws.target_health import ask_aws

        return ask_aws(settings, question)
    from rearm.checks.alibaba.target_health import ask_alibaba

    return ask_alibaba(settings, question)
