"""Virtual time: a queue of things to happen, and a clock that jumps from one to the next."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(order=True, slots=True)
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
        self._timers: list[tuple[float, int, Timer]] = []
        """Compared as tuples: a heap of timers would spend most of its time in their `<`."""
        self._orders = itertools.count()

    def now(self) -> float:
        return self._now

    def call_at(self, at: float, run: Callable[[], None]) -> Timer:
        """Have `run` called at `at`, or at once (on the next step) if that is past."""
        order = next(self._orders)
        timer = Timer(at if at > self._now else self._now, order, run)
        heapq.heappush(self._timers, (timer.at, order, timer))
        return timer

    def next_at(self) -> float | None:
        """When the next timer is due; None if there is none."""
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def step(self) -> bool:
        """Jump to the next timer and run it. False if there is none."""
        while self._timers:
            at, _, timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                # Timers lie ahead, but `run_until` may have gone on meanwhile inside one of them.
                self._now = at if at > self._now else self._now
                timer.run()
                return True
        return False

    def skip_to(self, at: float) -> None:
        """Stand at `at`, up to which nothing is due (`next_at`)."""
        self._now = max(self._now, at)

    def run_until(self, at: float) -> None:
        """Run every timer due up to `at`, then stand at `at`."""
        while (due := self.next_at()) is not None and due <= at:
            self.step()
        self._now = max(self._now, at)
