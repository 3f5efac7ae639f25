"""From the checks' answers to one verdict: `core/verdict.py`, rule by rule."""

from typing import Literal

import msgspec
import pytest

from core_world import START, action
from rearm.core.limits import ALIBABA
from rearm.core.model import CheckResult, Hook, Wait
from rearm.core.profile import All, Any, AtLeast, Check, Condition, Not, One, Profile
from rearm.core.verdict import BELIEVE_GONE_AFTER_S, Results, Verdict, judge

Word = Literal["passed", "waiting", "failed", "gone"]
BOTH = All(of=(One(0), One(1)))
EITHER = Any(of=(One(0), One(1)))
OLD_S = 300


def of(*statuses: Word | None, transition: str | None = "launch", age_s: float = OLD_S) -> Verdict:
    """The verdict over instances `i-1`, `i-2`, … with one check each; None: it was not asked."""
    instances = tuple(f"i-{n}" for n in range(1, len(statuses) + 1))
    results = {(0, one): CheckResult(status, f"{one} is {status}") for one, status in zip(instances, statuses, strict=True) if status}
    return judge(wait(instances, transition), results, profile(One(0)), START + age_s)


def wait(instances: tuple[str, ...], transition: str | None = "launch") -> Wait:
    return Wait(action=action("alibaba", instances=instances, transition=transition), began_at=START, lapses_at=START + 600)


def profile(condition: Condition) -> Profile:
    return Profile(name="p", checks=(Check("http", {}, label="http :80"), Check("tcp", {})), condition=condition)


def combined(condition: Condition, first: Word | None, second: Word | None) -> Verdict:
    """Two checks about one instance."""
    results = {(n, "i-1"): CheckResult(status, f"reason {n}") for n, status in enumerate((first, second)) if status}
    return judge(wait(("i-1",)), results, profile(condition), START + OLD_S)


@pytest.mark.parametrize(
    ("statuses", "launch", "terminate"),
    [
        (("passed",), "passed", "passed"),
        (("passed", "passed"), "passed", "passed"),
        (("passed", "waiting"), "waiting", "waiting"),
        (("waiting", "failed"), "failed", "failed"),
        (("passed", "failed"), "failed", "failed"),
        (("gone",), "gone", "gone"),
        (("gone", "gone"), "gone", "gone"),
        (("gone", "passed"), "failed", "passed"),  # a leaving instance that is gone needs no more; a new one is lost
        (("gone", "waiting"), "failed", "waiting"),
        (("gone", "failed"), "failed", "failed"),
        ((None,), "waiting", "waiting"),
        (("passed", None), "waiting", "waiting"),
    ],
)
def test_every_instance_counts(statuses: tuple[Word | None, ...], launch: Word, terminate: Word) -> None:
    assert of(*statuses).status == launch
    assert of(*reversed(statuses)).status == launch
    assert of(*statuses, transition="terminate").status == terminate
    assert of(*reversed(statuses), transition="terminate").status == terminate


def test_a_new_instance_may_be_unknown_for_two_minutes() -> None:
    """Describe calls are eventually consistent; for a leaving instance "gone" is no surprise."""
    assert BELIEVE_GONE_AFTER_S == 120
    assert [of("gone", age_s=age_s).status for age_s in (0, 119.9, 120, 500)] == ["waiting", "waiting", "gone", "gone"]
    assert of("gone", age_s=0, transition="terminate").status == "gone"
    assert of("passed", "gone", age_s=0).status == "waiting"
    assert [of(status, age_s=0).status for status in ("failed", "waiting", "passed")] == ["failed", "waiting", "passed"]


def test_a_transition_that_is_not_known_is_judged_as_a_launch() -> None:
    """The careful reading: a new instance that is gone is a failure."""
    assert of("gone", "passed", transition=None).status == "failed"
    assert of("gone", age_s=0, transition=None).status == "waiting"


@pytest.mark.parametrize(
    ("first", "second", "both", "either"),
    [
        ("passed", "passed", "passed", "passed"),
        ("passed", "waiting", "waiting", "passed"),
        ("passed", "failed", "failed", "passed"),
        ("waiting", "waiting", "waiting", "waiting"),
        ("waiting", "failed", "failed", "waiting"),
        ("failed", "failed", "failed", "failed"),
        ("passed", "gone", "gone", "gone"),  # a check that knows the instance to be gone is right about every other
        ("failed", "gone", "gone", "gone"),
        ("waiting", "gone", "gone", "gone"),
        ("passed", None, "waiting", "passed"),
        ("failed", None, "failed", "waiting"),
    ],
)
def test_all_and_any_of_two_checks(first: Word, second: Word | None, both: Word, either: Word) -> None:
    assert combined(BOTH, first, second).status == both
    assert combined(EITHER, first, second).status == either
    swapped_both, swapped_either = All(of=(One(1), One(0))), Any(of=(One(1), One(0)))
    assert combined(swapped_both, first, second).status == both
    assert combined(swapped_either, first, second).status == either


def test_conditions_nest() -> None:
    assert combined(All(of=(One(0), Any(of=(One(1), One(0))))), "passed", "failed").status == "passed"
    assert combined(Any(of=(All(of=(One(0), One(1))), One(1))), "passed", "failed").status == "failed"


@pytest.mark.parametrize("condition", [All(of=()), Any(of=())])
def test_no_condition_is_passed(condition: Condition) -> None:
    assert combined(condition, "failed", "failed").status == "passed"


# what an operator reads


def told(results: Results, instances: tuple[str, ...] = ("i-1",), condition: Condition = BOTH) -> str:
    return judge(wait(instances), results, profile(condition), START + OLD_S).reason


def test_the_reason_names_each_check_that_did_not_pass() -> None:
    waiting, failed, passed = CheckResult("waiting", "status 503"), CheckResult("failed", "refused"), CheckResult("passed", "open")
    assert told({(0, "i-1"): waiting, (1, "i-1"): failed}) == "http :80: status 503; tcp: refused"
    assert told({(0, "i-1"): waiting, (1, "i-1"): passed}) == "http :80: status 503"
    assert told({(0, "i-1"): passed, (1, "i-1"): passed}) == "every check passed"


def test_the_reason_names_the_instances_that_hold_the_verdict_if_there_are_several() -> None:
    waiting, failed, passed = CheckResult("waiting", "status 503"), CheckResult("failed", "refused"), CheckResult("passed", "open")
    both = ("i-1", "i-2")
    assert told({(0, "i-1"): waiting, (0, "i-2"): failed}, both, One(0)) == "i-2: http :80: refused"
    assert told({(0, "i-1"): waiting, (0, "i-2"): passed}, both, One(0)) == "i-1: http :80: status 503"
    assert told({(0, "i-1"): waiting, (0, "i-2"): waiting}, both, One(0)) == "i-1: http :80: status 503 | i-2: http :80: status 503"


def test_the_reason_says_who_is_gone() -> None:
    gone, passed = CheckResult("gone", "the instance is terminated"), CheckResult("passed", "open")
    both = ("i-1", "i-2")
    assert told({(0, "i-1"): gone}, condition=One(0)) == "http :80: the instance is terminated"
    assert told({(0, "i-1"): gone, (0, "i-2"): passed}, both, One(0)) == "i-1: http :80: the instance is terminated"


def test_the_reason_says_what_was_not_asked_yet() -> None:
    assert told({}) == "not asked yet"
    assert told({}, ("i-1", "i-2")) == "i-1: not asked yet | i-2: not asked yet"
    assert told({(1, "i-1"): CheckResult("waiting", "closed")}) == "tcp: closed"


def test_a_profile_without_checks_passes_and_says_so() -> None:
    nothing = Profile(name="p", checks=(), condition=All(of=()))
    assert judge(wait(("i-1",)), {}, nothing, START) == Verdict("passed", "the profile asks for no check")


def test_a_wait_on_a_hook_begins_with_every_check_unanswered() -> None:
    """The status before the first answer is `waiting`, on both clouds and with any limits."""
    assert Hook(ALIBABA.heartbeat_min_s).transition is None
    assert of(None, None).status == "waiting"


def test_not_is_the_opposite_of_an_answer() -> None:
    opposite = Not(One(0))
    words: tuple[Word, ...] = ("passed", "waiting", "failed", "gone")
    assert [combined(opposite, word, None).status for word in words] == ["waiting", "passed", "passed", "gone"]
    assert combined(opposite, "passed", None).reason == "not http :80: reason 0"
    assert combined(All(of=(opposite, One(1))), "passed", "waiting").reason == "not http :80: reason 0; tcp: reason 1"
    assert combined(All(of=(opposite, One(1))), "waiting", "waiting").reason == "tcp: reason 1"


def test_an_answer_that_nobody_gave_has_no_opposite() -> None:
    error, real = CheckResult("waiting", "throttled", error=True), CheckResult("waiting", "no tag")
    for condition in (Not(One(0)), Not(Any(of=(One(0), One(1))))):
        assert judge(wait(("i-1",)), {(0, "i-1"): error, (1, "i-1"): real}, profile(condition), START + OLD_S).status == "waiting"
        assert judge(wait(("i-1",)), {}, profile(condition), START + OLD_S).status == "waiting"
        assert judge(wait(("i-1",)), {(0, "i-1"): real, (1, "i-1"): real}, profile(condition), START + OLD_S).status == "passed"
    assert judge(wait(("i-1",)), {(0, "i-1"): real}, profile(Not(BOTH)), START + OLD_S).status == "waiting", "the second was not asked"


@pytest.mark.parametrize(
    ("n", "first", "second", "status"),
    [
        (1, "passed", "failed", "passed"),
        (1, "waiting", "failed", "waiting"),
        (1, "failed", "failed", "failed"),
        (2, "passed", "passed", "passed"),
        (2, "passed", "waiting", "waiting"),
        (2, "passed", "failed", "failed"),
        (1, "passed", "gone", "gone"),
    ],
)
def test_so_many_of_them_have_to_pass(n: int, first: Word, second: Word, status: Word) -> None:
    assert combined(AtLeast(n, (One(0), One(1))), first, second).status == status


@pytest.mark.parametrize(
    ("instances", "statuses", "launch", "terminate"),
    [
        ("any", ("passed", "waiting", "failed"), "passed", "passed"),
        ("any", ("passed", "passed", "waiting"), "passed", "passed"),
        ("any", ("waiting", "failed", "failed"), "waiting", "waiting"),
        ("any", ("failed", "failed", "failed"), "failed", "failed"),
        ("any", ("gone", "waiting", "waiting"), "waiting", "passed"),
        (2, ("passed", "passed", "failed"), "passed", "passed"),
        (2, ("passed", "waiting", "failed"), "waiting", "waiting"),
        (2, ("passed", "failed", "failed"), "failed", "failed"),
        (2, ("passed", "waiting", "gone"), "waiting", "passed"),
        (2, ("waiting", "gone", "gone"), "failed", "passed"),
        (2, ("gone", "gone", "gone"), "gone", "gone"),
        (5, ("passed", "passed", "passed"), "passed", "passed"),
        (5, ("passed", "passed", "waiting"), "waiting", "waiting"),
    ],
)
def test_how_many_instances_have_to_be_ready(instances: str | int, statuses: tuple[Word, ...], launch: Word, terminate: Word) -> None:
    names = ("i-1", "i-2", "i-3")
    results = {(0, one): CheckResult(status, "so") for one, status in zip(names, statuses, strict=True)}
    wanted = msgspec.structs.replace(profile(One(0)), instances=instances)
    assert judge(wait(names), results, wanted, START + OLD_S).status == launch
    assert judge(wait(names, "terminate"), results, wanted, START + OLD_S).status == terminate


def test_the_reason_names_the_instance_that_is_lost() -> None:
    assert of("passed", "gone").reason == "i-2: http :80: i-2 is gone"
    assert of("waiting", "gone", "failed").reason == "i-2: http :80: i-2 is gone"
    assert of("waiting", "gone", "failed", transition="terminate").reason == "i-3: http :80: i-3 is failed"
    assert of("passed", "failed").reason == "i-2: http :80: i-2 is failed"


def test_some_ready_instances_are_said_to_be_some() -> None:
    results = {(0, "i-1"): CheckResult("passed", "so"), (0, "i-2"): CheckResult("waiting", "no")}
    some = msgspec.structs.replace(profile(One(0)), instances="any")
    assert judge(wait(("i-1", "i-2")), results, some, START + OLD_S).reason == "every check passed for 1 of 2 instances"


def test_a_check_that_is_not_required_is_no_reason() -> None:
    known = msgspec.structs.replace(profile(One(1)), checks=(Check("http", {}, required=False), Check("tcp", {})))
    results = {(0, "i-1"): CheckResult("failed", "broken"), (1, "i-1"): CheckResult("waiting", "closed")}
    assert judge(wait(("i-1",)), results, known, START + OLD_S) == Verdict("waiting", "tcp: closed")
