"""Rules of the deployed code replaced by others, for as long as a run lasts. What a variant does not name stays as it is deployed."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from rearm.core import budget, heartbeats
from rearm.core.limits import Limits
from rearm.core.model import Heartbeat, Wait
from rearm.core.profile import Profile
from rearm.errors import TryAgain
from rearm.look import Look

Variant = Callable[[], AbstractContextManager[Any]]

deployed: Variant = contextlib.nullcontext


# in which order a heartbeat and the next timer


@contextlib.contextmanager
def failure_raised() -> Iterator[None]:
    """Heartbeat first; one that fails is raised before a timer is set, and the platform delivers again."""
    real = Look._heartbeat

    def beat(self: Look, effect: Heartbeat) -> str:
        trouble = real(self, effect)
        if trouble and not self.wait.ending:
            raise TryAgain(trouble)
        return trouble

    with patch.object(Look, "_heartbeat", beat):
        yield


def recheck_first(*, hoped: bool) -> Variant:
    """The timer first. Its message holds the lapse as known before the heartbeat, or (`hoped`) as it will be if the heartbeat succeeds."""

    @contextlib.contextmanager
    def variant() -> Iterator[None]:
        real = Look._apply

        def apply(self: Look, decision: Any, trouble: str = "") -> None:
            if not isinstance(decision[0], Heartbeat):
                real(self, decision, trouble)
                return
            beat, recheck = decision
            known = self.wait
            if hoped:
                self.wait = heartbeats.after_heartbeat(known, beat.seconds, self.limits, self.now)
            new = self._recheck(recheck)
            self.wait = known
            if new:
                self._heartbeat(beat)

        with patch.object(Look, "_apply", apply):
            yield

    return variant


# how long before the lapse


def guard(seconds: float = 0.0, *, share: float = 0.0) -> Variant:
    """A heartbeat is due that much before the lapse, and that share of the hook's timeout."""

    def guard_s(wait: Wait, profile: Profile, limits: Limits) -> float:  # noqa: ARG001 - as declared in the core
        return seconds + share * wait.heartbeat_timeout_s

    return lambda: patch.object(heartbeats, "guard_s", guard_s)


# whether a heartbeat sets or adds


@contextlib.contextmanager
def assumed_to_set() -> Iterator[None]:
    """Every heartbeat is counted from now, and the sum of all is not kept."""
    with patch.object(budget, "ungranted_s", lambda wait, limits: 1e9), patch.object(budget, "heartbeats_add", lambda wait: False):  # noqa: ARG005 - the signature that is patched
        yield


def assumed_to_add() -> AbstractContextManager[Any]:
    """Every heartbeat is added to what is left."""
    return patch.object(budget, "heartbeats_add", lambda wait: True)  # noqa: ARG005 - as declared in the core
