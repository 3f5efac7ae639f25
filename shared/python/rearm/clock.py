"""The one place that reads a clock or sleeps.

A doorway reads the time once for a look and hands it on as an argument; nothing in `core` asks for it.
The workbench puts a virtual clock here (`use`), and the deployed code runs unchanged in virtual time.
"""

import time
from collections.abc import Callable

now: Callable[[], float] = time.time
"""Seconds since the epoch, UTC."""

sleep: Callable[[float], None] = time.sleep
"""Give the time away: seconds."""

monotonic: Callable[[], float] = time.monotonic
"""Real seconds for time limits on I/O. Never virtual: a socket does not know virtual time."""


def use(new_now: Callable[[], float], new_sleep: Callable[[float], None]) -> None:
    """Replace the clock (the workbench and the tests do; nothing deployed does)."""
    global now, sleep
    now, sleep = new_now, new_sleep


def use_real() -> None:
    """Put the machine's clock back."""
    use(time.time, time.sleep)
