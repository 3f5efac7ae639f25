"""What a small world is, and everything in which two moments of it can differ. Times are seconds since the epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import msgspec

from rearm.core.limits import LIMITS, Limits
from rearm.core.model import CloudName, Result
from rearm_workbench.emulators.lifecycle import EndedBy
from rearm_workbench.simulator.scenario import Instance, Pace, WaitPlan

FAULTS: dict[str, str] = {
    "describe_hook": "the hook cannot be described",
    "check": "the check cannot be asked",
    "heartbeat": "a heartbeat is refused, or done and its answer lost",
    "recheck": "a timer is refused, or set and the answer lost",
    "complete": "a completion is refused, or done and its answer lost",
    "slow": "a call is done, and its answer comes late",
    "kill": "an invocation ends before a call, or after it",
    "twice": "a timer comes a second time",
    "early": "a timer comes before its hour",
}
"""Each strikes at most once in a run, at any place."""

BIT = {fault: 1 << bit for bit, fault in enumerate(FAULTS)}

SLOW_S = 20.0
"""How long a call takes that fails or is slow: an adapter's own tries, and their pauses."""

TWICE_S = (0.0, 25.0)
"""A timer that comes twice comes again at once, or after this time."""

EARLY_S = 90.0
"""How long before its hour an early timer comes; at once if that is sooner."""


@dataclass(frozen=True)
class SmallWorld:
    """One bounded world. Everything that can happen in it, in every order, is looked at."""

    name: str
    about: str
    cloud: CloudName
    doorway: str
    timeout_s: int
    pace: Pace
    instance: Instance
    launch: bool = False
    faults: tuple[str, ...] = tuple(FAULTS)
    faults_max: int = 1
    """How many faults a run may have, each of another kind."""
    copies: int = 1
    """How many more times the notification may be delivered: at any moment, or never."""
    copy_every_s: int = 10
    """A copy comes beside every event, and between two events at each whole multiple of this."""
    limits_changed: Mapping[str, int] = field(default_factory=dict)
    heartbeat_adds: bool = False
    accepts_s: float = 0.0
    """So long after the wait's beginning the cloud does not know it (eventual consistency)."""
    visibility_s: int = 60
    function_timeout_s: int = 900

    @cached_property
    def limits(self) -> Limits:
        """The cloud's limits, some of them drawn closer, so that a short run can meet them."""
        known = LIMITS[self.cloud]
        return Limits(**{name: self.limits_changed.get(name, getattr(known, name)) for name in known.__struct_fields__})

    @cached_property
    def plan(self) -> WaitPlan:
        """The wait, in the words of the simulator."""
        return WaitPlan(
            group=f"group-{self.name}",
            hook=f"hook-{self.name}",
            token="71514b9d-6a40-4b26-8523-05e7ee35fa40",
            transition="launch" if self.launch else "terminate",
            instances=(self.instance,),
            timeout_s=self.timeout_s,
            default_result="ABANDON",
            pace=self.pace,
            accepts_s=self.accepts_s,
        )


class Book(NamedTuple):
    """The cloud's record of the action."""

    lapses_at: float
    heartbeats: int = 0
    result: Result | None = None
    """None while it waits."""
    by: EndedBy | None = None


class Timer(NamedTuple):
    """A timer that is set. It comes at `at`, or at its latest hour if it is not `last`. `job`: the look that it brings."""

    at: float
    last: bool
    name: str
    job: int


class Live(NamedTuple):
    """An invocation that has not ended, at a node of `handlers.py`.

    `wakes_at` None: it is about to make a call. Else it goes on then, with `answer`; without one its function's time is used up.
    """

    node: int
    wakes_at: float | None = None
    answer: object = None


class State(msgspec.Struct, frozen=True, gc=False):
    """One moment. What is not here makes no difference to what can come."""

    now: float
    book: Book
    timers: tuple[Timer, ...] = ()
    taken: frozenset[str] = frozenset()
    """Where used names of timers stay taken: those of which the hour is to come, or unknown."""
    copies: int = 0
    again: tuple[tuple[float, int], ...] = ()
    """Jobs that their platform delivers, or delivers once more: when, which."""
    live: tuple[Live, ...] = ()
    warm: tuple[int, ...] = ()
    """The doorway's idle processes that remember a timer, each by the hour of it."""
    possible: int = 0
    """The faults that can still strike: a bit for each."""
    faults: int = 0
    """How many have struck."""
    hopeless: bool = False
    """One struck when no time was left for another try before the lapse."""
    chains: int = 0
    """How many chains of looks there can be: what has begun one, since there was one at most."""
    merged_by: float = 0.0
    """When there must be one chain again; 0: there is."""

    @property
    def waits(self) -> bool:
        return self.book.result is None
