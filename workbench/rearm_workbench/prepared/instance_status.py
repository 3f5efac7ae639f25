"""`instance_status`: where it asks for the agent too, that comes online when the instance is ready."""

from typing import TYPE_CHECKING

from rearm.core.model import Action
from rearm.core.profile import Check

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed


def aws(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    _online_when_ready(world, check, instance, "ssm")


def alibaba(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    _online_when_ready(world, check, instance, "cloud_assistant")


def _online_when_ready(world: "Replayed", check: Check, instance: str, setting: str) -> None:
    if check.settings.get(setting):
        world.instances.scripts.agents[instance] = world.is_ready
