"""`parameter`: it is not there, and is set when the instance is ready."""

from functools import partial
from typing import TYPE_CHECKING

from rearm.checks.placeholder import filled
from rearm.core.model import Action
from rearm.core.profile import Check

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed


def aws(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    name, value = _asked(check, instance)
    world.at_ready(partial(world.instances.put_parameter, name, value))


def alibaba(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    store = "kms" if check.settings.get("store") == "kms" else "oos"
    world.at_ready(partial(world.instances.put_parameter, *_asked(check, instance), store))


def _asked(check: Check, instance: str) -> tuple[str, str]:
    return filled(str(check.settings["name"]), instance), str(check.settings.get("value") or "true")
