"""`address_tag` of `http`, `tcp` and `tls`: the instance says where it can be reached, at half its way to being ready.

Under `not` it says so from the beginning.
"""

from functools import partial
from typing import TYPE_CHECKING

from rearm.core.model import Action
from rearm.core.profile import Check

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed


def aws(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    key = check.settings.get("address_tag")
    if not key:
        return
    put = partial(world.instances.put_tag, instance, str(key), world.instances.private_ip(instance))
    if world.course.is_turned(check):
        put()
    else:
        world.course.at_ready(put, before_s=(world.world.ready_after_s or 0) / 2)


alibaba = aws
