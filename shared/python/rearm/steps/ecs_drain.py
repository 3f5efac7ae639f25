"""`ecs_drain`: sets the instance's container instance to DRAINING: Amazon ECS places no more tasks there, and moves those of services.

Page: docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateContainerInstancesState. One that is not ACTIVE yet cannot be set, and
what is DRAINING is left so.
"""

import msgspec

from rearm.checks import ecs_tasks
from rearm.checks.asking import aws, aws_code, short, unreadable
from rearm.checks.question import Question
from rearm.core.model import StepResult
from rearm.errors import RearmError, TryAgain

UPDATE = "ecs:UpdateContainerInstancesState"
CALLS = {"aws": ("ecs:ListContainerInstances", "ecs:DescribeContainerInstances", UPDATE)}
DRAINING = "DRAINING"


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
    known = {one["containerInstanceArn"]: one["status"] for one in found if one["status"] != "INACTIVE"}
    if not known:
        return StepResult("done", "not in the cluster")
    others = [arn for arn, status in known.items() if status != DRAINING]
    if not others:
        return StepResult("done", f"is {DRAINING} already")
    answer = aws("ecs", "UpdateContainerInstancesState", cluster=settings.cluster, containerInstances=others, status=DRAINING)
    if answer.get("failures"):
        raise TryAgain(f"{UPDATE} failed: {short(answer['failures'][0].get('reason'))}")
    if {one["containerInstanceArn"] for one in answer["containerInstances"] if one["status"] == DRAINING} != set(others):
        unreadable(UPDATE)
    return StepResult("done", f"set to {DRAINING}")
