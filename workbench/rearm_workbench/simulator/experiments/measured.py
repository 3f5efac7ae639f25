"""One run, and what is counted in it."""

import contextlib
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rearm.core.limits import Limits
from rearm.core.model import Action, Result
from rearm_workbench.simulator import fast
from rearm_workbench.simulator.invariants import Invariants
from rearm_workbench.simulator.invocation import Invocation
from rearm_workbench.simulator.scenario import Scenario
from rearm_workbench.simulator.simulation import Simulation
from rearm_workbench.simulator.wait_record import WaitRecord


@dataclass
class Figures:
    """Counts and times of some runs. Seconds are the cloud's; `lost_at` counts from the run's start."""

    worlds: int = 0
    waits: int = 0
    lost: int = 0
    """Waits that the default result ended."""
    looks: int = 0
    calls: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    """Calls by what they ask: `heartbeat`, `complete`, `describe_hook`, `recheck`, `held_waits`, `timers_due`."""
    throttled: int = 0
    heartbeats: int = 0
    refused: int = 0
    left_min_s: float = math.inf
    """The least that was left of a wait when it was extended or ended by a call."""
    alone_max_s: float = 0.0
    """The longest that a wait which the cloud held had neither a look due, nor one running, nor a delivery to come."""
    lasted_s: list[float] = field(default_factory=list)
    lost_at: list[float] = field(default_factory=list)
    lost_first: int = 0
    """How many of them are of the first world."""
    swept_s: float = 0.0
    """Time in which a sweep came by."""
    broken: int = 0
    """How often an invariant did not hold. Counted where another rule than the deployed one is played; else the run ends there."""

    def add(self, other: "Figures") -> None:
        self.lost_first = self.lost_first if self.worlds else other.lost_first
        for name in ("worlds", "waits", "lost", "looks", "calls", "throttled", "heartbeats", "refused", "swept_s", "broken"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.by_kind += other.by_kind
        self.left_min_s = min(self.left_min_s, other.left_min_s)
        self.alone_max_s = max(self.alone_max_s, other.alone_max_s)
        self.lasted_s += other.lasted_s
        self.lost_at += other.lost_at


class Tolerant(Invariants):
    """Counts what does not hold, and goes on: another rule than the deployed one may break a promise."""

    broken = 0

    def _fail(self, record: WaitRecord, what: str) -> None:  # noqa: ARG002 - as declared
        self.broken += 1

    def on_error(self, error: Exception) -> None:
        """Whatever a hand-written handler raises."""

    def ran_into_its_timeout(self, invocation: Invocation) -> None:  # noqa: ARG002 - as declared
        self.broken += 1


class Measured(Simulation):
    """A run that is measured. `limits`: other rules than the cloud's; `tolerant`: see `Tolerant`."""

    def __init__(
        self, scenario: Scenario, *, limits: Limits | None = None, tolerant: bool = False, pauses_s: tuple[float, ...] | None = None
    ) -> None:
        super().__init__(scenario)
        self.rate.pauses_s = self.rate.pauses_s if pauses_s is None else pauses_s
        self.limits = limits or self.limits
        self.invariants = (Tolerant if tolerant else Invariants)(self)
        self._alone_since: dict[int, float] = {}
        self._few = self.records if len(self.records) < 50 else []
        """Those of which is measured how long nobody looked after them; a burst is too large for that."""
        self.figures = Figures(worlds=1, waits=len(self.records))

    def effect(
        self,
        operation: str,
        invocation: Invocation,
        record: WaitRecord | None,
        do: Callable[[], Any],
        call: Callable[[], object] | None = None,
    ) -> Any:
        self.figures.by_kind[operation.split()[0]] += 1
        return super().effect(operation, invocation, record, do, call)

    def heartbeat(self, invocation: Invocation, action: Action, seconds: int, do: Callable[[], None]) -> None:
        super().heartbeat(invocation, action, seconds, lambda: self._acted(action, do))

    def complete(self, invocation: Invocation, action: Action, result: Result, do: Callable[[], None]) -> None:
        super().complete(invocation, action, result, lambda: self._acted(action, do))

    def _acted(self, action: Action, do: Callable[[], None]) -> None:
        record = self.record_of(action)
        left_s = record.time_left_s() if record else math.inf
        do()
        self.figures.left_min_s = min(self.figures.left_min_s, left_s)

    def after_step(self) -> None:
        super().after_step()
        now, since = self.clock.now(), self._alone_since
        for number, record in enumerate(self._few):
            if record.active and not record.attended:
                began = since.setdefault(number, now)
                self.figures.alone_max_s = max(self.figures.alone_max_s, now - began)
            elif number in since:
                alone_s = now - since.pop(number)
                self.figures.alone_max_s = max(self.figures.alone_max_s, alone_s)

    def counted(self) -> Figures:
        """The run's figures, once it has been played."""
        figures = self.figures
        for record in self.records:
            real = record.real
            figures.heartbeats += record.heartbeats
            figures.refused += record.refused
            if real is None or real.ended_at is None:
                continue
            figures.lasted_s.append(real.ended_at - real.began_at)
            if real.by == "default result" and not record.ended_elsewhere:
                figures.lost += 1
                figures.lost_at.append(real.ended_at - self.started_at)
        figures.lost_first = figures.lost
        figures.looks, figures.calls, figures.throttled = self.looks, self.calls, self.rate.throttled
        figures.swept_s = self.clock.now() - self.started_at
        figures.broken = getattr(self.invariants, "broken", 0)
        return figures


def play(simulation: Measured) -> Figures:
    """Play one run. Raises `Broken` if the deployed rules break a promise."""
    simulation.run(fast.Fast(simulation))
    return simulation.counted()


@contextlib.contextmanager
def surroundings() -> Iterator[None]:
    """Entered once for any number of runs."""
    with fast.surroundings():
        yield
