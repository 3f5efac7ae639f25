"""`command` as a step: as the check, the script ends well once the instance is ready."""

from typing import TYPE_CHECKING

from rearm.core.model import Action
from rearm.core.profile import Step
from rearm_workbench.prepared import command

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed


def aws(world: "Replayed", step: Step, action: Action) -> None:
    for instance in action.instances:
        command.runs(world, step.settings, instance, action)


alibaba = aws
