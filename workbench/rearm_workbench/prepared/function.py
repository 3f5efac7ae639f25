"""`function`: it answers `waiting` until the instances are ready, and then `passed`; under `not` the other way round."""

import json
from typing import TYPE_CHECKING

from rearm.core.model import Action
from rearm.core.profile import Check

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed


def aws(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    name = str(check.settings["function"]).rpartition("function:")[2].partition(":")[0]
    world.instances.set_function(name, lambda _payload: (_answer(world, check), None))


def alibaba(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    name = str(check.settings["function"])
    # On FC 2.0 a name without a service is one in rearm's own.
    for one in {name, f"rearm/{name}" if "/" not in name else name}:
        world.instances.set_function(one, lambda _payload: (_answer(world, check), None))


def _answer(world: "Replayed", check: Check) -> bytes:
    told = {"status": "passed", "reason": "ready"} if world.course.passes(check) else {"status": "waiting", "reason": "not ready"}
    return json.dumps(told).encode()
