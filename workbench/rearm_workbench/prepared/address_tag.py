"""`address_tag` of `http`, `tcp` and `tls`: the instance says where it can be reached, at half its way to being ready."""

from functools import partial
from typing import TYPE_CHECKING

from rearm.core.model import Action
from rearm.core.profile import Check

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed


def aws(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    key = check.settings.get("address_tag")
    if key:
        half_s = (world.world.ready_after_s or 0) / 2
        world.at_ready(partial(world.instances.put_tag, instance, str(key), world.instances.private_ip(instance)), before_s=half_s)


alibaba = aws
