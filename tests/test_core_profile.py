"""Which actions a profile is for, and what it answers: `core/profile.py`."""

import pytest

from core_world import action
from rearm.core.model import Action
from rearm.core.profile import All, Check, Config, Match, Profile, Step

FULL = action(
    "alibaba",
    group="asg-1",
    group_name="web",
    hook="ash-1",
    hook_name="ready",
    transition="terminate",
    metadata="rack=7",
    origin="EC2",
    destination="WarmPool",
    cause="ReplaceRootVolume",
)
FIELDS = {
    "cloud": "alibaba",
    "group": "asg-1",
    "hook": "ash-1",
    "transition": "terminate",
    "metadata": "rack=7",
    "origin": "EC2",
    "destination": "WarmPool",
    "action": "ReplaceRootVolume",
}


def test_a_match_without_fields_takes_every_action() -> None:
    assert Match().accepts(FULL)
    assert Match().accepts(action())


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_is_held_against_its_own_and_all_must_fit(field: str) -> None:
    fitting = {name: (value,) for name, value in FIELDS.items()}
    assert Match(**fitting).accepts(FULL)
    assert Match(**{field: (FIELDS[field],)}).accepts(FULL)
    assert not Match(**{field: ("other",)}).accepts(FULL)
    assert not Match(**(fitting | {field: ("other",)})).accepts(FULL)


@pytest.mark.parametrize(("field", "name"), [("group", "web"), ("hook", "ready")])
def test_group_and_hook_are_known_by_id_and_by_name(field: str, name: str) -> None:
    assert Match(**{field: (name,)}).accepts(FULL)
    assert not Match(**{field: (name,)}).accepts(action(group="asg-1", hook="ash-1"))


def test_several_patterns_mean_any_of_them_and_case_counts() -> None:
    assert Match(group=("db-*", "w?b")).accepts(FULL)
    assert Match(group=("asg-[0-9]",)).accepts(FULL)
    assert not Match(group=("WEB",)).accepts(FULL)
    assert not Match(group=("we",)).accepts(FULL)


@pytest.mark.parametrize("field", ["metadata", "origin", "destination", "action", "transition"])
@pytest.mark.parametrize("missing", [None, ""])
def test_a_field_that_the_notification_lacks_matches_only_a_dash(field: str, missing: str | None) -> None:
    name = "cause" if field == "action" else field
    without = Action(cloud="aws", hook="h", token="t", instances=("i-1",), **{name: missing})
    assert Match(**{field: ("-",)}).accepts(without)
    assert Match(**{field: ("x", "-")}).accepts(without)
    assert not Match(**{field: ("*",)}).accepts(without)
    assert not Match(**{field: ("-",)}).accepts(FULL)


@pytest.mark.parametrize(("transition", "careful"), [("launch", "ABANDON"), ("terminate", "CONTINUE"), (None, "ABANDON")])
def test_the_careful_answer_unless_the_profile_says_another(transition: str | None, careful: str) -> None:
    """An instance that never became ready is given up; one that never drained goes anyway."""
    the_action = action(transition=transition)
    silent = Profile(name="p")
    assert (silent.failure_result(the_action), silent.timeout_result(the_action)) == (careful, careful)
    for result in ("CONTINUE", "ABANDON", "ROLLBACK"):
        assert Profile(name="p", on_failure=result).failure_result(the_action) == result
        assert Profile(name="p", on_failure=result).timeout_result(the_action) == careful
        assert Profile(name="p", on_timeout=result).timeout_result(the_action) == result
        assert Profile(name="p", on_timeout=result).failure_result(the_action) == careful


def test_the_first_profile_that_matches_is_used() -> None:
    web, rest = Profile(name="web", match=Match(group=("web",))), Profile(name="rest")
    assert Config((web, rest)).profile_for(FULL) == web
    assert Config((rest, web)).profile_for(FULL) == rest
    assert Config((web,)).profile_for(action()) is None
    assert Config(()).profile_for(FULL) is None


def test_what_a_profile_does_not_say() -> None:
    """A look a minute, for as long as the cloud allows; a check has five seconds; no check at all is passed at once."""
    silent = Profile(name="p")
    assert (silent.every_s, silent.budget_s, silent.checks, silent.condition) == (60, None, (), All(of=()))
    assert (Check("tcp", {}).limit_s, Check("tcp", {}).label) == (5.0, "")


def test_what_holds_for_a_check_and_a_step_of_which_nothing_more_is_said() -> None:
    check, step = Check("tcp", {}), Step("tag", {})
    assert (check.limit_s, check.after_s, check.for_s, check.for_looks, check.fail_after_s, check.required) == (5.0, 0, 0, 1, None, True)
    assert (step.limit_s, step.after_s, step.stage, step.once, step.repeatable, step.required) == (10.0, 0, "", False, True, True)
