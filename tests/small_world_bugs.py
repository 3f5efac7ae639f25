"""Bugs to plant in the deployed code, each by one line of what it does wrong. The search of the small worlds must find them."""

import math

import pytest
from msgspec import structs

from rearm import doorway, look
from rearm.core import budget, decide, grid, heartbeats, patience
from rearm.core.model import CheckResult, Complete, Recheck, Wait
from rearm.errors import TryAgain


def named_from_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks come an interval after the one before, and not on the grid."""
    monkeypatch.setattr(grid, "slot_after", lambda action, every_s, at: math.ceil(at) + max(0, every_s - 15))


def swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer that could not be set is taken for set."""
    arm = look.arm

    def armed(*arguments: object) -> bool:
        try:
            return arm(*arguments)  # type: ignore[arg-type]  # handed on as they came
        except TryAgain:
            return True

    monkeypatch.setattr(look, "arm", armed)


def continued(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that cannot be asked counts as passed."""
    observe = look.observe

    def observed(*arguments: object) -> dict[tuple[int, str], CheckResult]:
        results = observe(*arguments)  # type: ignore[arg-type]  # handed on as they came
        return {key: CheckResult("passed", "") if "cannot" in result.reason else result for key, result in results.items()}

    monkeypatch.setattr(look, "observe", observed)


def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A result that was sent and not confirmed is forgotten: the next look may send another."""
    monkeypatch.setattr(decide, "after_unsure_completion", lambda wait, result: heartbeats.after_unsure_heartbeat(wait))


def looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer that comes early brings its look at once, and the look the same slot once more."""
    monkeypatch.setattr(doorway, "EARLY_S", math.inf)
    monkeypatch.setattr(decide, "soonest_look", lambda wait, limits, now: grid.tick_after(wait.action, now + limits.timer_lead_s))


def not_extended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heartbeats are due only when it is too late for a timer that is late."""
    monkeypatch.setattr(heartbeats, "guard_s", lambda wait, profile, limits: limits.margin_s)


def too_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A heartbeat is shorter than the cloud allows."""
    monkeypatch.setattr(heartbeats, "heartbeat_seconds", lambda wait, profile, limits, now: 10)


def doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look sets two timers."""
    arm = look.arm

    def armed(wait: Wait, recheck: Recheck, *rest: object) -> bool:
        arm(wait, Recheck(recheck.at + 5, recheck.reason), *rest)  # type: ignore[arg-type]  # handed on as they came
        return arm(wait, recheck, *rest)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(look, "arm", armed)


def unbelieving(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait that is over is taken for one that the cloud does not know yet, for ever."""
    monkeypatch.setattr(look, "BELIEVE_ENDED_AFTER_S", math.inf)
    monkeypatch.setattr(budget, "cloud_end", lambda wait, limits: math.inf)


def overslept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that came early sleeps until its hour, however long its function may run."""
    monkeypatch.setattr(doorway, "RESERVE_S", -math.inf)


def raising(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler raises what its platform cannot act on."""
    monkeypatch.setattr(patience, "settle", lambda *_: {}["nothing"])


def told_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log line holds the whole token."""
    monkeypatch.setattr(look, "about", lambda action: {"token": action.token})


def another(monkeypatch: pytest.MonkeyPatch) -> None:
    """A completion names no instance."""
    complete = look.Look._complete

    def completed(self: look.Look, effect: Complete) -> None:
        self.wait = structs.replace(self.wait, action=structs.replace(self.wait.action, instances=()))
        complete(self, effect)

    monkeypatch.setattr(look.Look, "_complete", completed)
