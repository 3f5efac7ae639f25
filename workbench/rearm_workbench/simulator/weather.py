"""What goes wrong, and when: drawn from the run's seed, one stream for each kind, so that one fault switched off leaves the others alone.

A gentle run is merciful: a wait is struck only when it has been left in peace since the last time, and when its platform can still
bring the next try before the lapse. What it survives then is a promise of the product, not luck.
"""

from random import Random
from typing import Literal, Protocol

import msgspec

from rearm_workbench.simulator.scenario import Scenario

Outcome = Literal["done", "refused", "lost", "repeated", "killed before", "killed after"]
"""Of a call, as the deployed code sees it after its adapter's own retries. refused: not done, `TryAgain`. lost: done, `TryAgain`.
repeated: done, the answer was lost, and the adapter's next try got one."""

PEACE_S = 600.0
"""How long a wait is left alone after a fault in a gentle run: longer than any platform's redelivery and the looks after it."""

AGAIN_S = 14.0
"""What a failed call needs before the lapse: another try inside the invocation."""

LOSS_RATE = 0.2
"""How many timers are lost where timers are."""


class Struck(Protocol):
    """What the weather needs to know of a wait."""

    struck_at: float

    def time_left_s(self) -> float: ...


class Call(msgspec.Struct, frozen=True):
    """What becomes of a call: its outcome, and how long it takes."""

    outcome: Outcome
    takes_s: float


class Timer(msgspec.Struct, frozen=True):
    """What becomes of a timer: how late each time it comes; () for lost. `early_s` before its hour, if not 0."""

    late_s: tuple[float, ...]
    early_s: float = 0.0


class Weather:
    """One run's. `redelivered_after_s`: the longest pause of the platform before it delivers a failed invocation again."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._on = scenario.faults
        self._calls, self._kills, self._timers, self._checks, self._places, self._pauses = (
            Random(f"{stream} {scenario.seed}") for stream in ("calls", "kills", "timers", "checks", "places", "pauses")
        )
        self._ways = [way for way in ("throttle", "5xx", "timeout-before", "timeout-after") if way in self._on]
        self._kill = "kill" in self._on
        self._checks_fail = "check-error" in self._on
        self._late_max_s = scenario.late_max_s if "late" in self._on else 1.0

    def call(self, operation: str, wait: Struck | None, now: float, redelivered_after_s: float) -> Call:
        """The next call's fate. `wait` None: it is about no wait (a listing)."""
        random = self._calls.random  # and what `uniform` makes of it, written out: its call would take longer than the draw
        takes_s = 0.02 + (0.3 - 0.02) * random()
        way = self._calls.choice(self._ways) if self._ways else ""
        struck, repeated, slow = random() < self._scenario.rate, random() < 0.5, random()
        if not (way or self._kill):
            return Call("done", takes_s)
        slow_s = 2.0 + ((25.0 if way.startswith("timeout") else 12.0) - 2.0) * slow
        killed = self._kill and self._kills.random() < self._scenario.rate / 4
        before = self._kills.random() < 0.5
        # A timer that could not be set, or an invocation that died, is brought back by the platform only.
        again_s = redelivered_after_s if operation == "recheck" else AGAIN_S
        if killed and self._allowed(wait, now, takes_s + redelivered_after_s + AGAIN_S):
            return Call("killed before" if before else "killed after", takes_s)
        if way and struck and self._allowed(wait, now, slow_s + again_s):
            if way != "timeout-after":
                return Call("refused", slow_s)
            return Call("repeated" if repeated else "lost", slow_s)
        return Call("done", takes_s)

    def timer(self) -> Timer:
        """The fate of a timer that has just been set."""
        random = self._timers.random
        late_s = self._late_max_s * random()
        again_s = late_s + 60 * random()
        lost, twice, early = random() < LOSS_RATE, random() < 0.1, random() < 0.1
        early_s = 90 * random()
        if lost and "lose-timer" in self._on:
            return Timer(())
        if early and "early" in self._on:
            return Timer((), early_s)
        return Timer((late_s, again_s) if twice and "duplicate-timer" in self._on else (late_s,))

    def check_fails(self) -> bool:
        """Whether a check cannot be asked this time: its answer is `waiting`, which costs nothing but time."""
        return self._checks_fail and self._checks.random() < self._scenario.rate

    def container(self) -> int:
        """Which of a function's warm containers takes the next invocation."""
        return self._places.choice((0, 1))

    def pause_s(self, longest_s: float) -> float:
        """A pause with full jitter between two tries of an adapter."""
        return self._pauses.uniform(0, longest_s)

    def _allowed(self, wait: Struck | None, now: float, needed_s: float) -> bool:
        if self._scenario.regime != "gentle":
            return True
        if wait is None:
            return False
        return now - wait.struck_at >= PEACE_S and wait.time_left_s() >= needed_s
