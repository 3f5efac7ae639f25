"""`ecs_drain`: sets the instance's container instance to DRAINING: Amazon ECS places no more tasks there, and moves those of services.

Page: docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateContainerInstancesState. One that is not ACTIVE yet cannot be set, and
what is DRAINING is left so.
"""

import msgspec

from rearm.checks import ecs_tasks
from rearm.checks.asking.call import aws, aws_code, short, unreadable
from rearm.checks.question import Question
from rearm.core.model import StepResult
from rearm.errors import RearmError, TryAgain

UPDATE = "ecs:UpdateContainerInstancesState"
CALLS = {"aws": ("ecs:ListContainerInstances", "ecs:DescribeContainerInstances", UPDATE)}
ACTIVE, DRAINING, REGISTERING = "ACTIVE", "DRAINING", "REGISTERING"
"""Of the other states (INACTIVE, DEREGISTERING, REGISTRATION_FAILED) none takes part in the cluster."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cluster that the instance is in."""

    cluster: ecs_tasks.Cluster


def misfits(settings: Settings, clouds: tuple[str, ...], transitions: tuple[str, ...]) -> list[tuple[str, str]]:
    """What does not fit the actions that the profile is for."""
    if "launch" not in transitions:
        return []
    return [("", "an instance that is launched would get no tasks: give the profile `match: {transition: terminate}`")]


def label(settings: Settings) -> str:
    return f"ecs drain {settings.cluster.rpartition('/')[2]}"


def do(settings: Settings, question: Question) -> StepResult:
    """Drains it. With a cluster that does not exist it has failed. Raises RearmError for what may pass."""
    try:
        found = ecs_tasks.container_instances(settings.cluster, question.instance)
    except RearmError as error:
        if aws_code(error) == "ClusterNotFoundException":
            return StepResult("failed", str(error))
        raise
    known = {one["containerInstanceArn"]: one["status"] for one in found}
    if active := [arn for arn, status in known.items() if status == ACTIVE]:
        _drain(settings.cluster, active)
    if REGISTERING in known.values():
        return StepResult("going", f"is {REGISTERING}: only an {ACTIVE} one can be drained")
    if active:
        return StepResult("done", f"set to {DRAINING}")
    return StepResult("done", f"is {DRAINING} already" if DRAINING in known.values() else "not in the cluster")


def _drain(cluster: str, arns: list[str]) -> None:
    answer = aws("ecs", "UpdateContainerInstancesState", cluster=cluster, containerInstances=arns, status=DRAINING)
    if answer.get("failures"):
        raise TryAgain(f"{UPDATE} failed: {short(answer['failures'][0].get('reason'))}")
    if {one["containerInstanceArn"] for one in answer["containerInstances"] if one["status"] == DRAINING} != set(arns):
        unreadable(UPDATE)
