"""`parameter`: it is not there, and is set when the instance is ready.

Under `not` it is there until then, when it is deleted if its value is still the same.
"""

from functools import partial
from typing import TYPE_CHECKING

from moto.ssm.models import ssm_backends

from rearm.checks.settings.placeholder import filled
from rearm.core.model import Action
from rearm.core.profile import Check
from rearm_workbench.emulators.aws.running import ACCOUNT

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed


def aws(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    name, value = _asked(check, instance)
    backend = ssm_backends[ACCOUNT][world.instances.region]

    def take_away() -> None:
        if (found := backend.get_parameter(name)) is not None and found.value == value:
            backend.delete_parameter(name)

    world.course.appears(check, partial(world.instances.put_parameter, name, value), take_away)


def alibaba(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    store = "kms" if check.settings.get("store") == "kms" else "oos"
    name, value = _asked(check, instance)
    values = world.instances.parameters.values[store]

    def take_away() -> None:
        if values.get(name) == value:
            del values[name]

    world.course.appears(check, partial(world.instances.put_parameter, name, value, store), take_away)


def _asked(check: Check, instance: str) -> tuple[str, str]:
    return filled(str(check.settings["name"]), instance), str(check.settings.get("value") or "true")
