"""`ecs_tasks`: the instance takes part in its Amazon ECS cluster (launch), or runs no tasks any more (terminate).

Launch: passed when its container instance is ACTIVE and the agent is connected. Terminate: passed when no task runs or is pending
there, or when the cluster does not know the instance any more. Pages: API_ContainerInstance and API_ListContainerInstances in
docs.aws.amazon.com/AmazonECS/latest/APIReference.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from rearm.checks.asking import existence
from rearm.checks.asking.call import aws, short, unreadable
from rearm.checks.question import Question
from rearm.core.model import CheckResult

CALLS = {"aws": ("ecs:ListContainerInstances", "ecs:DescribeContainerInstances", *existence.CALLS["aws"])}
Cluster = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(arn:[^ ]+:cluster/)?[0-9A-Za-z][0-9A-Za-z_-]{0,254}$",
        description="a text: a cluster's name (at most 255 letters, digits, - and _) or its ARN",
    ),
]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cluster that the instance joins by itself (`ECS_CLUSTER` of its agent)."""

    cluster: Cluster


def label(settings: Settings) -> str:
    return f"ecs tasks {settings.cluster.rpartition('/')[2]}"


def ask(settings: Settings, question: Question) -> CheckResult:
    """Asks the cluster. Raises RearmError when it cannot be asked."""
    found = _container_instance(settings.cluster, question.instance)
    if question.action.transition == "terminate":
        return CheckResult("passed", "the cluster does not know the instance (any more)") if found is None else _drained(found)
    if found is None:
        return existence.or_gone(question, CheckResult("waiting", "the cluster does not know the instance yet"))
    if found.get("status") != "ACTIVE":
        return CheckResult("waiting", f"the container instance is {short(found.get('status'))}, wants ACTIVE")
    if found.get("agentConnected") is not True:
        return CheckResult("waiting", "the agent is not connected")
    return CheckResult("passed", "ACTIVE, the agent is connected")


def _drained(found: Mapping[str, Any]) -> CheckResult:
    try:
        running, pending = int(found["runningTasksCount"]), int(found["pendingTasksCount"])
    except (ValueError, TypeError, KeyError):
        unreadable("ecs:DescribeContainerInstances")
    if (running, pending) == (0, 0):
        return CheckResult("passed", "no tasks")
    return CheckResult("waiting", f"{running} tasks run, {pending} are pending; the container instance is {short(found.get('status'))}")


def container_instances(cluster: str, instance: str) -> list[Mapping[str, Any]]:
    """Those of the cluster on this instance, as DescribeContainerInstances tells them; INACTIVE ones seldom. Raises RearmError."""
    listed = aws("ecs", "ListContainerInstances", cluster=cluster, filter=f"ec2InstanceId == {instance}")["containerInstanceArns"]
    if not isinstance(listed, list):
        unreadable("ecs:ListContainerInstances")
    if not listed:
        return []
    answer = aws("ecs", "DescribeContainerInstances", cluster=cluster, containerInstances=listed)
    mine = [one for one in answer["containerInstances"] if one["ec2InstanceId"] == instance]
    if not mine and not answer.get("failures"):
        unreadable("ecs:DescribeContainerInstances")
    return mine


def _container_instance(cluster: str, instance: str) -> Mapping[str, Any] | None:
    mine = container_instances(cluster, instance)
    # One that failed to register and tried again may be there twice, the older one without its agent.
    return max(mine, key=lambda one: (one.get("agentConnected") is True, one.get("runningTasksCount") or 0), default=None)
