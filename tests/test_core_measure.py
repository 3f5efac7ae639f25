"""The fields of a look's line that alarms count."""

from rearm.core.measure import measures
from rearm.core.model import Action, Wait

ACTION = Action("aws", "hook", "token", ("i-1",), "group")


def wait(**more: object) -> Wait:
    return Wait(ACTION, began_at=1000.0, lapses_at=1600.0, **more)  # type: ignore[arg-type]  # the fields that a test gives


def test_a_look_that_a_timer_brought_says_how_late_it_came() -> None:
    assert measures(wait(due_at=1200), 1261.4, None, held=False, by_budget=False) == {"late_s": 61}
    assert measures(wait(due_at=1200), 1198.0, None, held=False, by_budget=False) == {"late_s": 0}, "early is not late"


def test_a_first_look_and_one_inside_an_invocation_have_no_hour() -> None:
    assert measures(wait(), 1261.0, None, held=False, by_budget=False) == {}
    assert measures(wait(due_at=1200), 1261.0, None, held=True, by_budget=False) == {}


def test_a_look_that_acted_says_how_much_was_left_then() -> None:
    """At the call, after the checks; of the lapse that the wait came with."""
    assert measures(wait(), 1100.0, 1130.0, held=True, by_budget=False) == {"left_when_acted_s": 470}
    assert measures(wait(), 1100.0, 1700.0, held=True, by_budget=True) == {"left_when_acted_s": -100, "budget_ended": True}
