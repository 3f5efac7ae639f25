"""What a handler of a small world meets: its notification, and a cloud whose every call is a question to the search."""

from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from rearm.core.limits import Limits
from rearm.core.model import Action, CloudName, Held, Hook, Result
from rearm_workbench.simulator import envelopes
from rearm_workbench.simulator.invariants import Broken
from rearm_workbench.simulator.small_world.state import SmallWorld


class Answer(NamedTuple):
    """What a call gives: a value, or an error of `rearm.errors` made of its arguments."""

    value: object = None
    error: type[Exception] | None = None
    arguments: tuple[str, ...] = ()


class Call(NamedTuple):
    """What an invocation asks for: a method of the port, `check`, or `sleep`, with its arguments."""

    operation: str
    arguments: tuple[Any, ...] = ()


class Port:
    """`rearm.clouds.Cloud`: every call is a question to the search."""

    def __init__(
        self,
        world: SmallWorld,
        ask: Callable[..., Any],
        remaining_s: Callable[[], float],
        say: Callable[[dict[str, object]], None],
    ) -> None:
        self.name: CloudName = world.cloud
        self.limits: Limits = world.limits
        self._ask = ask
        self.remaining_s = remaining_s
        self.say = say

    def describe_hook(self, action: Action) -> Hook:
        hook: Hook = self._ask("describe_hook", action)
        return hook

    def heartbeat(self, action: Action, seconds: int) -> None:
        self._ask("heartbeat", seconds, action)

    def complete(self, action: Action, result: Result) -> None:
        self._ask("complete", result, action)

    def recheck(self, name: str, at: float, now: float, payload: bytes) -> bool:
        new: bool = self._ask("recheck", name, at, now, payload)
        return new

    def held_waits(self, groups: tuple[str, ...]) -> list[Held]:
        return self._nobody_sweeps(groups)

    def timers_due(self) -> frozenset[str] | None:
        return self._nobody_sweeps()

    def _nobody_sweeps(self, *_: object) -> NoReturn:
        raise Broken("a look has listed what the cloud holds: only the sweep does")


def notification(world: SmallWorld, at: float) -> Any:
    """The event of the world's doorway."""
    if world.cloud == "alibaba":
        return envelopes.alibaba(world.doorway, world.plan, at)
    event = envelopes.aws(world.doorway, world.plan, at)
    return envelopes.sqs([("m-1", event)]) if world.doorway == "sqs" else event
