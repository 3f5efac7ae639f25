"""`instance_status`: the agent that it asks for comes online when the instance is ready.

Under `not`, instance and agent are up until then.
"""

from typing import TYPE_CHECKING

from rearm.core.model import Action
from rearm.core.profile import Check

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed


def aws(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    _up_when_ready(world, check, instance, "ssm")


def alibaba(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    _up_when_ready(world, check, instance, "cloud_assistant")


def _up_when_ready(world: "Replayed", check: Check, instance: str, setting: str) -> None:
    if world.course.is_turned(check):
        world.instances.set_ready(instance, world.course.passing(check))
    if check.settings.get(setting):
        world.instances.scripts.agents[instance] = world.course.passing(check)
