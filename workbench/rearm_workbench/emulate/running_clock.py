"""Cloud time that runs by itself, `speed` times as fast as the machine's, and that can jump.

Everything that happens while the shared lock is held happens at one instant: whoever takes the lock finds the timers that are due
already run, each at its own time, and the time stands until the lock is given back. So what happened, and in which order, follows from
the times of the requests alone, which is what makes a journal of requests enough to rebuild the clouds.
"""

import heapq
import itertools
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from rearm_workbench.virtual_clock import Timer

IDLE_S = 3600.0
"""How long the timers' thread sleeps, in real seconds, when nothing is due; a new timer wakes it."""


class InstantLock:
    """A re-entrant lock. While it is held, the clock stands."""

    def __init__(self, clock: "RunningClock", lock: Any = None) -> None:
        self._clock = clock
        self._lock = lock if lock is not None else threading.RLock()
        self._owner: int | None = None
        self._depth = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not self._lock.acquire(blocking, timeout):
            return False
        self._depth += 1
        if self._depth == 1:
            self._owner = threading.get_ident()
            self._clock._enter_instant()
        return True

    def release(self) -> None:
        if self._depth == 1:
            self._clock._leave_instant()
            self._owner = None
        self._depth -= 1
        self._lock.release()

    def __enter__(self) -> "InstantLock":
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    @property
    def mine(self) -> bool:
        """Whether this thread holds it."""
        return self._owner == threading.get_ident()

    @contextmanager
    def given_back(self) -> Iterator[None]:
        """Let others have it for a while, however often this thread has taken it."""
        depth = self._depth if self.mine else 0
        for _ in range(depth):
            self.release()
        try:
            yield
        finally:
            for _ in range(depth):
                self.acquire()


class RunningClock:
    """`now()` is cloud time in seconds since the epoch. It stands at `start` until `run()`; then a thread of its own runs the timers.

    `lock` is the lock that both clouds share (`clock.lock` wraps it); every timer runs while it is held. A timer that raises is told
    on standard error, and the others go on.
    """

    def __init__(self, speed: float = 1.0, start: float | None = None, lock: Any = None) -> None:
        if not speed > 0:
            raise ValueError(f"speed {speed}: a number above 0")
        self.speed = speed
        self.lock = InstantLock(self, lock)
        self.on_change: list[Callable[[], None]] = []
        """Told of each jump, and of the start: whoever keeps a copy of `anchor` makes a new one."""
        self._from: tuple[float, float | None] = (time.time() if start is None else start, None)
        self._instant: float | None = None
        self._timers: list[Timer] = []
        self._orders = itertools.count()
        self._wake = threading.Event()
        self._ran = 0
        self._stopped = False
        self._thread: threading.Thread | None = None

    def now(self) -> float:
        instant = self._instant
        return instant if instant is not None and self.lock.mine else self._live()

    @property
    def anchor(self) -> tuple[float, float | None, float]:
        """Cloud time is `base + (time.monotonic() - since) * speed`; it stands at `base` while `since` is None."""
        return (*self._from, self.speed)

    def call_at(self, at: float, run: Callable[[], None]) -> Timer:
        """Have `run` called at `at`, or at once if that is past; `cancel()` the answer to have it not."""
        with self.lock:
            timer = Timer(max(at, self.now()), next(self._orders), run)
            heapq.heappush(self._timers, timer)
            if self._timers[0] is timer:
                self._wake.set()
            return timer

    def next_at(self) -> float | None:
        """When the next timer is due; None if there is none."""
        with self.lock:
            return self._next_at()

    def ran(self) -> int:
        """How many timers have run so far."""
        return self._ran

    # moving it

    def run(self) -> None:
        """Let time run from where it stands."""
        with self.lock:
            self._from = self.now(), time.monotonic()
            self._changed()
        self._thread = threading.Thread(target=self._keep, name="cloud time", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Time stands again and no timer runs any more."""
        with self.lock:
            self._from, self._stopped = (self.now(), None), True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def set(self, at: float) -> None:
        """Go to `at`, never back, through every timer on the way, each at its own time."""
        with self.lock:
            self._run_due(at)
            self._move(at)

    def advance(self, seconds: float, settle: Callable[[], None] | None = None) -> float:
        """Jump ahead, and answer the new time. Every timer on the way runs at its own time, in order.

        At first, and after each instant with timers, `settle` is called with the lock given back: what was started can end before time
        goes on. Between these instants time stands, however long that takes.
        """
        with self.lock:
            ran, self._from = self._from[1] is not None, (self.now(), None)
            self._changed()
        try:
            return self._step_to(self.now() + seconds, settle)
        finally:
            with self.lock:
                self._from = self.now(), time.monotonic() if ran else None
                self._changed()

    # inside

    def _step_to(self, target: float, settle: Callable[[], None] | None) -> float:
        settled = -1
        while True:
            with self.lock:
                if settle is None or settled == self._ran:
                    due = self._next_at()
                    if due is None or due > target:
                        self._move(target)
                        return self.now()
                    self._move(due)
                    self._run_due(due)
                settled = self._ran
            if settle is not None:
                with self.lock.given_back():
                    settle()

    def _live(self) -> float:
        base, since = self._from  # one value: it is read without the lock
        return base if since is None else base + (time.monotonic() - since) * self.speed

    def _move(self, at: float) -> None:
        """The time is `at` from now on, unless it is later already."""
        if self._instant is not None and at <= self._instant:
            return
        self._instant = at
        if at > self._live():
            self._from = at, None if self._from[1] is None else time.monotonic()
            self._changed()

    def _changed(self) -> None:
        self._wake.set()
        for tell in self.on_change:
            tell()

    def _enter_instant(self) -> None:
        self._instant = self._live()
        if not self._stopped:
            self._run_due(self._instant)

    def _leave_instant(self) -> None:
        self._instant = None

    def _next_at(self) -> float | None:
        while self._timers and self._timers[0].cancelled:
            heapq.heappop(self._timers)
        return self._timers[0].at if self._timers else None

    def _run_due(self, until: float) -> None:
        """Run what is due up to `until`, each timer at its own time; the lock is held."""
        meanwhile = self._instant
        while (due := self._next_at()) is not None and due <= until:
            timer = heapq.heappop(self._timers)
            self._instant = timer.at
            self._ran += 1
            try:
                timer.run()
            except Exception:  # noqa: BLE001 - one timer in trouble must not stop the clock
                traceback.print_exc()
        self._instant = meanwhile

    def _keep(self) -> None:
        while not self._stopped:
            self._wake.clear()
            with self.lock:
                due, now = self._next_at(), self.now()
            if due is not None and due <= now:
                continue
            self._wake.wait(IDLE_S if due is None else min(IDLE_S, (due - now) / self.speed))
