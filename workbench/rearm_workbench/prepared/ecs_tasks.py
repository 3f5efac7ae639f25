"""`ecs_tasks`: a launched instance joins its cluster, and its agent connects when it is ready; one that terminates has no tasks then."""

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
    backend = ecs_backends[ACCOUNT][world.instances.region]
    cluster = str(check.settings["cluster"]).rpartition("/")[2]
    if cluster not in backend.clusters:
        backend.create_cluster(cluster)
    if action.transition == "terminate":
        joined = backend.register_container_instance(cluster, instance)
        joined.status = "DRAINING"
        _runs(joined, TASKS)
        world.at_ready(partial(_runs, joined, TASKS - 1), STEP_S)
        world.at_ready(partial(_runs, joined, 0))
    else:
        world.at_ready(partial(_join, world, backend, cluster, instance), STEP_S)


def _join(world: "Replayed", backend: Any, cluster: str, instance: str) -> None:
    joined = backend.register_container_instance(cluster, instance)
    joined.agent_connected = False
    world.at_ready(partial(setattr, joined, "agent_connected", True))


def _runs(joined: Any, tasks: int) -> None:
    joined.running_tasks_count = tasks
