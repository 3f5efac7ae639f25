"""The course that a replayed world takes: what happens at `ready_after`, and which checks pass until then instead of from then on.

A check under `not` has to stop passing when the instance becomes ready. An even number of `not`s cancels out.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from rearm.core.profile import Check, Condition, Not, One, Profile
from rearm_workbench.virtual_clock import VirtualClock


class Course:
    """When the instances become ready, `ready_after_s` seconds after `start`; None: never."""

    def __init__(self, clock: VirtualClock, start: float, ready_after_s: int | None, profiles: Iterable[Profile]) -> None:
        self._clock, self._start, self._ready_after_s = clock, start, ready_after_s
        self._turned = [profile.checks[index] for profile in profiles for index in _under_not(profile.condition)]

    def is_ready(self) -> bool:
        """Whether the instances are ready (launch) or drained (terminate) now."""
        return self._ready_after_s is not None and self._clock.now() >= self._start + self._ready_after_s

    def at_ready(self, run: Callable[[], None], before_s: float = 0) -> None:
        """Have `run` called when the instance becomes ready, or up to `before_s` earlier; never in a world without that time."""
        if self._ready_after_s is not None:
            self._clock.call_at(self._start + max(0.0, self._ready_after_s - before_s), run)

    def is_turned(self, check: Check) -> bool:
        """Whether it stands under `not`. By identity: a file may hold the same check twice."""
        return any(check is one for one in self._turned)

    def passes(self, check: Check) -> bool:
        """Whether what the check asks about is so now: from `ready_after` on, or under `not` until then."""
        return self.is_ready() != self.is_turned(check)

    def appears(self, check: Check, put: Callable[[], None], take_away: Callable[[], None]) -> None:
        """What the check asks for is `put` there at `ready_after`; under `not` it is there at once, and taken away then."""
        if self.is_turned(check):
            put()
            self.at_ready(take_away)
        else:
            self.at_ready(put)

    def passing(self, check: Check) -> Callable[[], bool]:
        """`passes` of that check."""
        return partial(self.passes, check)


def _under_not(condition: Condition, *, odd: bool = False) -> Iterator[int]:
    """The indices of the checks under an odd number of `not`s."""
    if isinstance(condition, One):
        if odd:
            yield condition.index
    elif isinstance(condition, Not):
        yield from _under_not(condition.of, odd=not odd)
    else:
        for part in condition.of:
            yield from _under_not(part, odd=odd)
