"""`object`: the bucket is there, and the object when the instance is ready."""

from functools import partial
from typing import TYPE_CHECKING

from rearm.checks.placeholder import filled
from rearm.core.model import Action
from rearm.core.profile import Check

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed


def aws(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    world.at_ready(partial(world.instances.put_object, *_asked(check, instance)))


def alibaba(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    bucket, key = _asked(check, instance)
    world.instances.oss.buckets.setdefault(bucket, set())
    world.at_ready(partial(world.instances.put_object, bucket, key))


def _asked(check: Check, instance: str) -> tuple[str, str]:
    return str(check.settings["bucket"]), filled(str(check.settings["key"]), instance)
