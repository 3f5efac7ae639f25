"""`tag`: the instance has it when it is ready."""

from functools import partial
from typing import TYPE_CHECKING

from moto.ec2 import ec2_backends

from rearm.core.model import Action
from rearm.core.profile import Check
from rearm_workbench.emulators.aws.running import ACCOUNT

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed


def aws(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    key, value = _asked(check)

    def take_away() -> None:
        # With its value: another check's tag of that key stays.
        ec2_backends[ACCOUNT][world.instances.region].delete_tags([instance], {key: value})

    world.course.appears(check, partial(world.instances.put_tag, instance, key, value), take_away)


def alibaba(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    key, value = _asked(check)

    def take_away() -> None:
        tags = world.instances.ecs.instance(instance).tags
        if tags.get(key) == value:
            del tags[key]

    world.course.appears(check, partial(world.instances.put_tag, instance, key, value), take_away)


def _asked(check: Check) -> tuple[str, str]:
    return str(check.settings["key"]), str(check.settings.get("value") or "true")
