"""Virtual time: a queue of things to happen, and a clock that jumps from one to the next."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(order=True)
class Timer:
    """Something that happens at `at` (seconds since the epoch). `cancel` makes it not happen."""

    at: float
    order: int
    run: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class VirtualClock:
    """Time stands still until `step` or `run_until` moves it to the next timer; ties keep the order of `call_at`."""

    def __init__(self, start: float) -> None:
        self._now = start
        self._timers: list[Timer] = []
        self._orders = itertools.count()

    def now(self) -> float:
        return self._now

    def call_at(self, at: float, run: Callable[[], None]) -> Timer:
        """Have `run` called at `at`, or at once (on the next step) if that is past."""
        timer = Timer(max(at, self._now), next(self._orders), run)
        heapq.heappush(self._timers, timer)
        return timer

    def next_at(self) -> float | None:
        """When the next timer is due; None if there is none."""
        while self._timers and self._timers[0].cancelled:
            heapq.heappop(self._timers)
        return self._timers[0].at if self._timers else None

    def step(self) -> bool:
        """Jump to the next timer and run it. False if there is none."""
        if self.next_at() is None:
            return False
        timer = heapq.heappop(self._timers)
        self._now = max(self._now, timer.at)
        timer.run()
        return True

    def run_until(self, at: float) -> None:
        """Run every timer due up to `at`, then stand at `at`."""
        while (due := self.next_at()) is not None and due <= at:
            self.step()
        self._now = max(self._now, at)
