"""`ecs_drain`: the instance is ACTIVE in its cluster, with tasks that have ended when it is ready."""

from functools import partial
from typing import TYPE_CHECKING

from rearm.core.model import Action
from rearm.core.profile import Step
from rearm_workbench.prepared import ecs_tasks

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed


def aws(world: "Replayed", step: Step, action: Action) -> None:
    for instance in action.instances:
        joined = ecs_tasks.joined(world, str(step.settings["cluster"]), instance)
        joined.running_tasks_count = ecs_tasks.TASKS
        world.course.at_ready(partial(setattr, joined, "running_tasks_count", 0))
