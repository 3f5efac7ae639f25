"""`object`: the bucket is there, and the object when the instance is ready (under `not`: until then)."""

from functools import partial
from typing import TYPE_CHECKING

from moto.s3.models import s3_backends

from rearm.checks.settings.placeholder import filled
from rearm.core.model import Action
from rearm.core.profile import Check
from rearm_workbench.emulators.aws.running import ACCOUNT

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed


def aws(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    bucket, key = _asked(check, instance)
    backend = s3_backends[ACCOUNT]["aws"]
    if bucket not in backend.buckets:
        backend.create_bucket(bucket, world.instances.region)
    world.course.appears(check, partial(world.instances.put_object, bucket, key), partial(backend.delete_object, bucket, key))


def alibaba(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    bucket, key = _asked(check, instance)
    objects = world.instances.oss.buckets.setdefault(bucket, set())
    world.course.appears(check, partial(world.instances.put_object, bucket, key), partial(objects.discard, key))


def _asked(check: Check, instance: str) -> tuple[str, str]:
    return str(check.settings["bucket"]), filled(str(check.settings["key"]), instance)
