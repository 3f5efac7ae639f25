"""Questions side by side, each within its own time limit, by threads that are kept for the next look.

Python runs one thread at a time: where answers come fast, a thread for each question spends more on taking turns than on asking. So a few
threads begin, and another one joins every 5 ms while what waits would take long. Twenty questions that take a second each have all begun
after 80 ms; and a server that all of them ask is not met by twenty connections at once, which is more than some have room for.

A question that hangs keeps its thread, and nobody waits for that: it is a daemon, and the next look takes or makes another. What it says
in the end reaches the look that asked, which is over, and no other.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from rearm import clock

AT_ONCE = 4
"""Threads that begin."""

TURN_S = 0.005
TURNS = 5
"""Another one joins after a turn if what waits would take more turns than these, as fast as it went in this one."""

MANY = 20
"""Where more questions wait than that, one joins for each so many of them."""

IDLE_MAX = 16
"""Threads that are kept while nobody asks. Each costs some tens of kilobytes."""

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


def answers(todo: Sequence[tuple[K, float, Callable[[], T]]], late: Callable[[float], T]) -> dict[K, T]:
    """What each (key, limit in seconds, question) is answered, or `late` of its limit. Limits count from now; questions begin in order.

    `late` is also who raises, of whatever kind. Whoever is busy at the end is left alone, and what has not begun never begins.
    """
    began = clock.monotonic()
    limits = {key: limit_s for key, limit_s, _ in todo}
    round_ = _Round(todo, late, len(limits))
    before, joining = len(todo), AT_ONCE
    while len(round_.answers) < len(limits):
        waiting = len(round_.waiting)
        if waiting > TURNS * (before - waiting):
            for _ in range(min(waiting, max(joining, math.ceil(waiting / MANY)))):
                _join(round_)
        before, joining = waiting, 1
        spent_s = clock.monotonic() - began
        end_s = min((limit_s for key, limit_s in limits.items() if key not in round_.answers), default=0.0)
        if not round_.is_over(max(0.0, min(end_s - spent_s, TURN_S) if round_.waiting else end_s - spent_s)):
            spent_s = clock.monotonic() - began
            for key, limit_s in limits.items():
                if limit_s <= spent_s:
                    round_.answers.setdefault(key, late(limit_s))
    round_.waiting.clear()
    return round_.answers


class _Round(Generic[K, T]):
    """The questions of one look, for all threads that join. The first answer to a question is final."""

    def __init__(self, todo: Sequence[tuple[K, float, Callable[[], T]]], late: Callable[[float], T], total: int) -> None:
        self.waiting = deque(todo)
        self.answers: dict[K, T] = {}
        self._late, self._total = late, total
        self._over: SimpleQueue[None] = SimpleQueue()

    def work(self) -> None:
        """Ask until nothing waits."""
        while True:
            try:
                key, limit_s, ask = self.waiting.popleft()
            except IndexError:
                return
            try:
                answer = ask()
            except BaseException:  # noqa: BLE001 - a check that calls sys.exit() must not take the thread, or the look, with it
                answer = self._late(limit_s)
            self.answers.setdefault(key, answer)
            if len(self.answers) == self._total:
                self._over.put(None)

    def is_over(self, within_s: float) -> bool:
        try:
            self._over.get(timeout=within_s)
        except Empty:
            return False
        return True


_idle: "deque[SimpleQueue[_Round[Any, Any]]]" = deque()
"""Where each thread that has nothing to do waits for its next round. The one that was busy last is taken first."""


def _join(round_: "_Round[Any, Any]") -> None:
    """One thread more. (In a process that was forked the idle ones do not exist: then nobody comes, and the next turn takes another.)"""
    try:
        inbox = _idle.pop()
    except IndexError:
        threading.Thread(target=_serve, args=(round_,), daemon=True).start()
    else:
        inbox.put(round_)


def _serve(round_: "_Round[Any, Any]") -> None:
    inbox: SimpleQueue[_Round[Any, Any]] = SimpleQueue()
    while True:
        round_.work()
        del round_  # nothing of a look outlives it here
        if len(_idle) >= IDLE_MAX:
            return
        _idle.append(inbox)
        round_ = inbox.get()
