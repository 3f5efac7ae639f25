"""`ecs_tasks`: a launched instance joins its cluster, and its agent connects when it is ready; one that terminates has no tasks then.

Under `not` it is a member with its agent connected, or without tasks, until then.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from moto.ecs.models import ecs_backends

from rearm.core.model import Action
from rearm.core.profile import Check
from rearm_workbench.emulators.aws.running import ACCOUNT

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed

STEP_S = 60
TASKS = 2


def aws(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    cluster = str(check.settings["cluster"])
    if action.transition == "terminate":
        one = joined(world, cluster, instance)
        if not _drains(world, action):
            one.status = "DRAINING"
        if world.course.is_turned(check):
            world.course.at_ready(partial(_runs, one, TASKS))
            return
        _runs(one, TASKS)
        world.course.at_ready(partial(_runs, one, TASKS - 1), STEP_S)
        world.course.at_ready(partial(_runs, one, 0))
    elif world.course.is_turned(check):
        one = joined(world, cluster, instance)
        world.course.at_ready(partial(setattr, one, "agent_connected", False))
    else:
        _cluster(world, cluster)
        world.course.at_ready(partial(_join, world, cluster, instance), STEP_S)


def joined(world: "Replayed", cluster: str, instance: str) -> Any:
    """The container instance on that instance, in the cluster of that name or ARN; made if need be."""
    backend, name = _cluster(world, cluster)
    there = backend.container_instances.get(name, {}).values()
    return next((one for one in there if one.ec2_instance_id == instance), None) or backend.register_container_instance(name, instance)


def _cluster(world: "Replayed", given: str) -> tuple[Any, str]:
    backend, name = ecs_backends[ACCOUNT][world.instances.region], given.rpartition("/")[2]
    if name not in backend.clusters:
        backend.create_cluster(name)
    return backend, name


def _drains(world: "Replayed", action: Action) -> bool:
    """Whether a step will set it to DRAINING."""
    profile = world.config.profile_for(action)
    return any(step.kind == "ecs_drain" for step in (profile.steps if profile else ()))


def _join(world: "Replayed", cluster: str, instance: str) -> None:
    one = joined(world, cluster, instance)
    one.agent_connected = False
    world.course.at_ready(partial(setattr, one, "agent_connected", True))


def _runs(one: Any, tasks: int) -> None:
    one.running_tasks_count = tasks
