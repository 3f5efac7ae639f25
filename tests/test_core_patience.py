"""What an answer is worth at its time: `core/patience.py`."""

import pytest

from core_world import START, action
from rearm.core import patience
from rearm.core.model import CheckResult, Wait
from rearm.core.profile import Check, Profile

ONE = "i-1"


def wait(known: dict[str, str] | None = None) -> Wait:
    return Wait(action=action("alibaba", instances=(ONE, "i-2")), began_at=START, lapses_at=START + 600, known=known or {})


def looked(check: Check, *answers: tuple[float, str | CheckResult]) -> list[tuple[str, str]]:
    """What counts after each look, at so many seconds, with this answer."""
    out, known = [], dict[str, str]()
    for at_s, answer in answers:
        given = CheckResult(answer, "so it is") if isinstance(answer, str) else answer  # type: ignore[arg-type]  # a word of Status
        settled, known = patience.settle({(0, ONE): given}, wait(known), Profile("p", checks=(check,)), START + at_s)
        out.append((settled[0, ONE].status, settled[0, ONE].reason))
    return out


def test_a_check_is_asked_from_its_time_on() -> None:
    check = Check("tcp", {}, after_s=90)
    assert [patience.is_asked(check, wait(), START + at_s) for at_s in (0, 89.9, 90, 200)] == [False, False, True, True]
    answer = patience.not_yet(check, wait(), START + 30)
    assert (answer.status, answer.reason, answer.error) == ("waiting", "is asked in 60 s", True)


def test_without_more_an_answer_counts_as_it_is() -> None:
    for status in ("passed", "waiting", "failed", "gone"):
        assert looked(Check("tcp", {}), (0, status), (9000, status)) == [(status, "so it is")] * 2


def test_it_has_to_pass_for_so_long() -> None:
    assert looked(Check("tcp", {}, for_s=90), (0, "passed"), (60, "passed"), (89, "passed"), (90, "passed"), (91, "passed")) == [
        ("waiting", "so it is, for 0 of 90 s"),
        ("waiting", "so it is, for 60 of 90 s"),
        ("waiting", "so it is, for 89 of 90 s"),
        ("passed", "so it is"),
        ("passed", "so it is"),
    ]


def test_it_has_to_pass_for_longer_than_the_epoch_is_old() -> None:
    assert looked(Check("tcp", {}, for_s=5000), (0, "passed"), (2500, "passed"))[1] == ("waiting", "so it is, for 2500 of 5000 s")


def test_of_a_check_without_more_nothing_is_kept() -> None:
    _, known = patience.settle({(0, ONE): CheckResult("passed", "")}, wait(), Profile("p", checks=(Check("tcp", {}),)), START)
    assert known == {}


def test_it_has_to_pass_in_so_many_looks() -> None:
    assert looked(Check("tcp", {}, for_looks=3), (0, "passed"), (1, "passed"), (2, "passed"), (3, "passed")) == [
        ("waiting", "so it is, in 1 of 3 looks"),
        ("waiting", "so it is, in 2 of 3 looks"),
        ("passed", "so it is"),
        ("passed", "so it is"),
    ]


@pytest.mark.parametrize("between", ["waiting", "failed", "gone", CheckResult("waiting", "throttled", error=True)])
def test_whatever_comes_between_begins_it_anew(between: str | CheckResult) -> None:
    after = looked(Check("tcp", {}, for_s=60), (0, "passed"), (50, between), (70, "passed"), (129, "passed"), (130, "passed"))
    assert [status for status, _ in after[2:]] == ["waiting", "waiting", "passed"]
    counted = looked(Check("tcp", {}, for_looks=2), (0, "passed"), (50, between), (70, "passed"), (71, "passed"))
    assert [status for status, _ in counted[2:]] == ["waiting", "passed"]


def test_each_check_and_instance_is_counted_by_itself() -> None:
    checks = (Check("tcp", {}, for_looks=2), Check("http", {}, for_looks=2))
    passed = CheckResult("passed", "so it is")
    _, known = patience.settle({(0, ONE): passed}, wait(), Profile("p", checks=checks), START)
    settled, known = patience.settle(
        {(0, ONE): passed, (0, "i-2"): passed, (1, ONE): passed}, wait(known), Profile("p", checks=checks), START
    )
    assert [settled[key].status for key in ((0, ONE), (0, "i-2"), (1, ONE))] == ["passed", "waiting", "waiting"]
    assert known == {"passes:0:i-1": "1000.000 2", "passes:0:i-2": "1000.000 1", "passes:1:i-1": "1000.000 1"}


def test_one_that_waits_too_long_has_failed() -> None:
    check = Check("tcp", {}, fail_after_s=300)
    assert looked(check, (299, "waiting"), (300, "waiting"), (301, "passed"), (900, "waiting")) == [
        ("waiting", "so it is"),
        ("failed", "so it is, after 300 s"),
        ("passed", "so it is"),
        ("failed", "so it is, after 300 s"),
    ]


def test_where_nobody_can_be_asked_nothing_has_failed() -> None:
    assert looked(Check("tcp", {}, fail_after_s=300), (900, CheckResult("waiting", "throttled", error=True))) == [("waiting", "throttled")]


def test_what_checks_remember_is_kept() -> None:
    answer = CheckResult("waiting", "", {"address": "10.0.0.1", "old": "new"})
    _, known = patience.settle({(0, ONE): answer}, wait({"old": "old", "other": "kept"}), Profile("p", checks=(Check("tcp", {}),)), START)
    assert known == {"address": "10.0.0.1", "old": "new", "other": "kept"}
