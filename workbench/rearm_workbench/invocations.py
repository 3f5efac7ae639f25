"""Invocations in virtual time: a handler that sleeps gives the time to everything else, and goes on when its hour has come.

Each invocation is a greenlet; the loop that moves the clock is their hub. So looks that are repeated inside one
invocation, duplicates that arrive meanwhile and timers all interleave as they would, one at a time and always in the same order.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import greenlet

from rearm import clock, look
from rearm_workbench.virtual_clock import VirtualClock


class Invocations:
    """Runs code in virtual time. Use it as `with invocations.in_charge():`."""

    def __init__(self, virtual: VirtualClock) -> None:
        self.virtual = virtual
        self.running = 0
        self._thread = threading.get_ident()
        self._hub: greenlet.greenlet | None = None

    @contextmanager
    def in_charge(self) -> Iterator[None]:
        """The deployed code's clock is the virtual one until the end of the block."""
        self._hub = greenlet.getcurrent()
        clock.use(self.virtual.now, self.sleep)
        try:
            yield
        finally:
            clock.use_real()

    def start(self, run: Callable[[], None]) -> None:
        """Run `run` now, until it ends or sleeps."""

        def body() -> None:
            self.running += 1
            try:
                run()
            finally:
                self.running -= 1

        greenlet.greenlet(body, parent=self._hub).switch()

    def sleep(self, seconds: float) -> None:
        """What `clock.sleep` does. A check's own thread does not hold up virtual time."""
        if threading.get_ident() != self._thread or greenlet.getcurrent() is self._hub or self._hub is None:
            return
        mine, memory = greenlet.getcurrent(), look.armed
        self.virtual.call_at(self.virtual.now() + max(0.0, seconds), mine.switch)
        self._hub.switch()
        look.armed = memory  # other processes ran meanwhile
