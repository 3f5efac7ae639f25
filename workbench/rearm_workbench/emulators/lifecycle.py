"""The lifecycle action as both clouds run it: begins, is extended, ends by a client or by its default result.

One model backs the moto extension (AWS) and the ESS server (Alibaba Cloud). It knows no wire format; the emulators
translate its exceptions into each cloud's own errors. Times are seconds since the epoch of the virtual clock.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from rearm.core.limits import Limits
from rearm.core.model import Result, Transition

EndedBy = Literal["client", "default result", "gone", "hook deleted", "another hook"]


class Clock(Protocol):
    """What an emulator needs of time."""

    def now(self) -> float: ...
    def call_at(self, at: float, run: Callable[[], None]) -> object: ...


class LockedClock:
    """A clock whose timers wait for the request in hand: `lock` is held by whoever serves one."""

    def __init__(self, clock: Clock, lock: AbstractContextManager[object]) -> None:
        self._clock, self._lock = clock, lock

    def now(self) -> float:
        return self._clock.now()

    def call_at(self, at: float, run: Callable[[], None]) -> object:
        def locked() -> None:
            with self._lock:
                run()

        return self._clock.call_at(at, locked)


class NoActiveAction(Exception):
    """No action with that hook and token is in its wait state."""


class HeartbeatsSpent(Exception):
    """Alibaba: `LifecycleAction.RecordTimesExceeded`."""


class TimeSpent(Exception):
    """Alibaba: `LifecycleAction.TimeExceeded`."""


@dataclass
class LifecycleAction:
    """One action. `group` and `hook` are names on AWS, ids on Alibaba Cloud. `ended_at` is None while it waits."""

    group: str
    hook: str
    token: str
    instances: tuple[str, ...]
    transition: Transition
    began_at: float
    timeout_s: int
    default_result: Result
    lapses_at: float
    heartbeats: int = 0
    ended_at: float | None = None
    result: Result | None = None
    by: EndedBy | None = None
    accepts_at: float = 0.0
    """Until then its cloud does not know it yet where it is to be extended or ended (eventual consistency)."""
    on_end: list[Callable[["LifecycleAction"], None]] = field(default_factory=list)


class LifecycleBook:
    """All actions of one cloud. `heartbeat_adds` is Alibaba's open question: does a heartbeat set or add time?"""

    def __init__(self, clock: Clock, limits: Limits, *, heartbeat_adds: bool = False) -> None:
        self.clock = clock
        self.limits = limits
        self.heartbeat_adds = heartbeat_adds
        self.actions: dict[str, LifecycleAction] = {}

    def begin(self, action: LifecycleAction) -> LifecycleAction:
        """Put an action into its wait state; its default result falls at `lapses_at` unless it is extended."""
        self.actions[action.token] = action
        self._watch(action)
        return action

    def active(self, hook: str, token: str) -> LifecycleAction:
        """The waiting action of that hook and token. Raises `NoActiveAction`."""
        action = self.actions.get(token)
        if action is None or action.hook != hook or not self.accepts(action):
            raise NoActiveAction(token)
        return action

    def accepts(self, action: LifecycleAction) -> bool:
        """Whether it can be extended or ended by a call now."""
        return action.ended_at is None and self.clock.now() >= action.accepts_at

    def heartbeat(self, action: LifecycleAction, seconds: int) -> None:
        """Extend a waiting action. Raises `HeartbeatsSpent` or `TimeSpent`, and then changes nothing."""
        now = self.clock.now()
        if self.limits.heartbeats_max is not None and action.heartbeats >= self.limits.heartbeats_max:
            raise HeartbeatsSpent(action.token)
        end = action.began_at + self.limits.wait_limit_s(action.timeout_s)
        lapses_at = (action.lapses_at if self.heartbeat_adds else now) + seconds
        if lapses_at > end:
            if self.limits.heartbeat_is_chosen:
                raise TimeSpent(action.token)
            lapses_at = end
        action.heartbeats += 1
        action.lapses_at = lapses_at
        self._watch(action)

    def end(self, action: LifecycleAction, result: Result, by: EndedBy) -> None:
        """End a waiting action; a second end changes nothing."""
        if action.ended_at is not None:
            return
        action.ended_at, action.result, action.by = self.clock.now(), result, by
        for tell in action.on_end:
            tell(action)

    def _watch(self, action: LifecycleAction) -> None:
        watched = action.lapses_at

        def lapse() -> None:
            if action.lapses_at == watched:
                self.end(action, action.default_result, "default result")

        self.clock.call_at(watched, lapse)
