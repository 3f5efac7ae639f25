"""`deregister_targets`: takes the instance out of a load balancer, and waits until its connections have drained.

For targets that the scaling group does not know of: its own it takes out by itself before the wait begins. How on each
cloud: `aws.deregister_targets`, `alibaba.deregister_targets`. What is not there (any more) is done.
"""

from typing import Annotated, Literal

import msgspec

from rearm.checks.network.target import Port
from rearm.checks.question import Question
from rearm.checks.target_health import LoadBalancer, ServerGroup, TargetGroup, place_said
from rearm.core.model import StepResult

ELB = "elasticloadbalancing"
BY_NAME = f"{ELB}:DescribeTargetGroups"
OF_PLACE = {
    "target_group": (f"{ELB}:DescribeTargetHealth", f"{ELB}:DeregisterTargets"),
    "classic": (f"{ELB}:DescribeInstanceHealth", f"{ELB}:DeregisterInstancesFromLoadBalancer"),
    "load_balancer": ("slb:DescribeLoadBalancerAttribute", "slb:RemoveBackendServers"),
    "vserver_group": ("slb:DescribeVServerGroupAttribute", "slb:RemoveVServerGroupBackendServers"),
    "alb": ("alb:ListServerGroupServers", "alb:RemoveServersFromServerGroup"),
    "nlb": ("nlb:ListServerGroupServers", "nlb:RemoveServersFromServerGroup"),
}
"""What is called to look, and what to take out."""

CALLS = {
    "aws": (BY_NAME, *OF_PLACE["target_group"], *OF_PLACE["classic"]),
    "alibaba": (*OF_PLACE["load_balancer"], *OF_PLACE["vserver_group"], *OF_PLACE["alb"], *OF_PLACE["nlb"]),
}
TARGET = ("target_group", "load_balancer", "vserver_group", "server_group")
CLOUD_OF = {"target_group": "aws", "vserver_group": "alibaba", "server_group": "alibaba"}
VServerGroup = Annotated[str, msgspec.Meta(pattern=r"^rsp-[0-9A-Za-z]+$", description="a text: the id of a VServer group of CLB, rsp-…")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the four names the place. `balancer`: whose the server group is. `port` None: every port of the instance there."""

    target_group: TargetGroup | None = None
    load_balancer: LoadBalancer | None = None
    vserver_group: VServerGroup | None = None
    server_group: ServerGroup | None = None
    balancer: Literal["alb", "nlb"] = "alb"
    port: Port | None = None
    wait_for_draining: bool = True


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    given = [name for name in TARGET if getattr(settings, name) is not None]
    found = [(name, f"has no use beside `{given[0]}`; give one of the two, and write a step for each") for name in given[1:]]
    for name, cloud in CLOUD_OF.items():
        if name in given and set(clouds) - {cloud}:
            found.append((name, f"is of the other cloud only: give the profile `match: {{cloud: {cloud}}}`"))
    if settings.balancer != "alb" and settings.server_group is None:
        found.append(("balancer", "has no use without `server_group`"))
    if settings.load_balancer is not None and settings.port is not None:
        found.append(("port", "has no use with `load_balancer`: an instance is there once, for all ports"))
    return found


def misfits(settings: Settings, clouds: tuple[str, ...], transitions: tuple[str, ...]) -> list[tuple[str, str]]:
    """What does not fit the actions that the profile is for."""
    if "launch" not in transitions:
        return []
    return [("", "an instance that is launched would serve nobody: give the profile `match: {transition: terminate}`")]


def calls(settings: Settings, cloud: str) -> tuple[str, ...]:
    """Of `CALLS`, what these settings need on that cloud."""
    if cloud == "alibaba":
        return OF_PLACE[place(settings)]
    if settings.load_balancer:
        return OF_PLACE["classic"]
    by_name = () if (settings.target_group or "").startswith("arn:") else (BY_NAME,)
    return (*by_name, *OF_PLACE["target_group"])


def label(settings: Settings) -> str:
    name = settings.target_group or settings.load_balancer or settings.vserver_group or settings.server_group or ""
    return f"deregister from {place_said(name, settings.port)}"


def place(settings: Settings) -> Literal["load_balancer", "vserver_group", "alb", "nlb"]:
    """What it is on Alibaba Cloud."""
    if settings.load_balancer:
        return "load_balancer"
    return "vserver_group" if settings.vserver_group else settings.balancer


def do(settings: Settings, question: Question) -> StepResult:
    """Takes it out, once. With a place that does not exist it has failed. Raises RearmError for what may pass."""
    if question.cloud.name == "aws":
        from rearm.steps.aws.deregister_targets import leave

        return leave(settings, question)
    from rearm.steps.alibaba.deregister_targets import leave as leave_alibaba

    return leave_alibaba(settings, question)
