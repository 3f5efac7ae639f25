"""Which steps are due, and what they hold back: `core/staging.py`."""

import msgspec
import pytest

from core_world import START, action
from rearm.core import staging
from rearm.core.model import CheckResult, StepResult, Wait
from rearm.core.profile import All, Check, One, Profile, Step
from rearm.core.verdict import judge

TWO = ("i-1", "i-2")


def wait(known: dict[str, str] | None = None, looks: int = 1, **more: object) -> Wait:
    return Wait(action=action("alibaba", instances=TWO, **more), began_at=START, lapses_at=START + 600, looks=looks, known=known or {})


def step(label: str = "cordon", **more: object) -> Step:
    return Step("tag", {}, label=label, **more)  # type: ignore[arg-type]  # fields by name


def due(*steps: Step, known: dict[str, str] | None = None, looks: int = 1, at_s: float = 0, later: bool = False) -> list[tuple[int, str]]:
    return staging.due(Profile("p", steps=steps), wait(known, looks), START + at_s, later=later)


def test_the_first_step_is_due_for_each_instance() -> None:
    assert due() == []
    assert due(step()) == [(0, "i-1"), (0, "i-2")]
    assert due(step(once=True)) == [(0, "")]


def test_each_instance_goes_on_by_itself() -> None:
    steps = (step(), step("drain"), step("stop"))
    assert due(*steps) == [(0, "i-1"), (0, "i-2")]
    assert due(*steps, known={"step:0:i-2": "done"}) == [(0, "i-1"), (1, "i-2")]
    assert due(*steps, known={"step:0:i-2": "done", "step:0:i-1": "going throttled"}) == [(0, "i-1"), (1, "i-2")]
    assert due(*steps, known={"step:0:i-2": "done", "step:1:i-2": "failed no such node"}) == [(0, "i-1"), (2, "i-2")]
    assert due(*steps, known={f"step:{index}:{one}": "done" for index in range(3) for one in TWO}) == []


def test_what_is_done_once_waits_for_all_and_holds_all() -> None:
    steps = (step(), step("tell", once=True), step("stop"))
    assert due(*steps, known={"step:0:i-1": "done"}) == [(0, "i-2")]
    assert due(*steps, known={"step:0:i-1": "done", "step:0:i-2": "done"}) == [(1, "")]
    assert due(*steps, known={"step:0:i-1": "done", "step:0:i-2": "done", "step:1:": "done"}) == [(2, "i-1"), (2, "i-2")]


def test_what_would_show_twice_waits_for_a_timers_look_and_what_follows_waits_too() -> None:
    steps = (step(), step("tell", repeatable=False), step("stop"))
    done = {"step:0:i-1": "done", "step:0:i-2": "done"}
    assert due(*steps, known=done, looks=0) == []
    assert due(*steps, known=done, looks=1) == [(1, "i-1"), (1, "i-2")]
    assert due(step(once=True, repeatable=False), step("stop"), looks=0) == []


def test_a_first_look_begins_only_what_cannot_be_a_copys() -> None:
    """A copy finds its timer set already, so no look of a timer follows it."""
    plan = Profile("p", steps=(step(), step("tell", repeatable=False, stage="other")))
    begun = [staging.due(plan, wait(looks=0, notified_at=START), START + at_s) for at_s in (0, 30, 30.1)]
    assert begun == [[(0, "i-1"), (0, "i-2")], [(0, "i-1"), (0, "i-2")], []]
    assert staging.due(plan, wait(looks=0, notified_at=None), START) == []
    assert len(staging.due(plan, wait(looks=1, notified_at=None), START + 999)) == 4


def test_a_stage_comes_at_its_time_whatever_the_others_do() -> None:
    steps = (step(), step("force", stage="force", after_s=300), step("kill", stage="force", after_s=300))
    assert due(*steps, at_s=300) == [(0, "i-1"), (0, "i-2")]
    assert due(*steps, at_s=299, later=True) == []
    assert due(*steps, at_s=300, later=True) == [(1, "i-1"), (1, "i-2")]
    assert sorted(due(*steps, at_s=300, later=True, known={"step:1:i-1": "done"})) == [(1, "i-2"), (2, "i-1")]


def test_a_step_that_is_not_required_is_tried_before_the_next_and_holds_it_up_no_more() -> None:
    steps = (step(required=False), step("drain"), step("stop", required=False, once=True), step("tell"))
    assert due(*steps) == [(0, "i-1"), (0, "i-2")]
    tried = {"step:0:i-1": "going denied", "step:0:i-2": "going denied"}
    assert due(*steps, known=tried) == [(0, "i-1"), (0, "i-2"), (1, "i-1"), (1, "i-2")]
    drained = tried | {"step:1:i-1": "done", "step:1:i-2": "done"}
    assert due(*steps, known=drained) == [(0, "i-1"), (0, "i-2"), (2, "")]
    assert due(*steps, known=drained | {"step:2:": "going denied"}) == [(0, "i-1"), (0, "i-2"), (2, ""), (3, "i-1"), (3, "i-2")]


def test_what_was_done_is_noted() -> None:
    results = {
        (0, "i-1"): StepResult("done", "cordoned", {"node": "n-1"}),
        (0, "i-2"): StepResult("going", "429 Too Many Requests"),
        (1, ""): StepResult("failed", "no such topic"),
    }
    assert staging.noted({"kept": "so", "step:0:i-1": "going denied"}, results) == {
        "kept": "so",
        "node": "n-1",
        "step:0:i-1": "done",
        "step:0:i-2": "going 429 Too Many Requests",
        "step:1:": "failed no such topic",
    }


def test_two_chains_together_know_what_has_ended() -> None:
    ours = {"step:0:i-1": "done", "step:0:i-2": "going denied", "step:1:": "failed for good", "address": "10.0.0.1", "mine": "1"}
    theirs = {"step:0:i-1": "going throttled", "step:0:i-2": "done", "address": "10.0.0.2"}
    assert staging.merged(ours, theirs) == {
        "step:0:i-1": "done",
        "step:0:i-2": "done",
        "step:1:": "failed for good",
        "address": "10.0.0.2",
        "mine": "1",
    }


def verdict(status: str, known: dict[str, str], *steps: Step, at_s: float = 300, checks: bool = True) -> tuple[str, str]:
    """Of both instances, whose check answers so."""
    profile = Profile(
        "p", checks=(Check("tcp", {}, label="tcp :1"),) if checks else (), condition=All((One(0),) if checks else ()), steps=steps
    )
    results = {(0, one): CheckResult(status, "so") for one in TWO}  # type: ignore[arg-type]  # a word of Status
    found = judge(wait(known), results if checks else {}, profile, START + at_s)
    return found.status, found.reason


DONE = {"step:0:i-1": "done", "step:0:i-2": "done"}
HALF = {"step:0:i-1": "done"}


@pytest.mark.parametrize(
    ("status", "known", "wanted"),
    [
        ("passed", DONE, ("passed", "every check passed")),
        ("passed", HALF, ("waiting", "cordon i-2: not known to be done")),
        ("passed", {}, ("waiting", "cordon: not known to be done; cordon i-2: not known to be done")),
        ("passed", HALF | {"step:0:i-2": "going denied"}, ("waiting", "cordon i-2: denied")),
        ("waiting", HALF, ("waiting", "i-1: tcp :1: so | i-2: tcp :1: so; cordon i-2: not known to be done")),
        ("waiting", DONE, ("waiting", "i-1: tcp :1: so | i-2: tcp :1: so")),
        ("waiting", HALF | {"step:0:i-2": "failed no node"}, ("failed", "cordon i-2: no node")),
        ("passed", {"step:0:i-1": "failed no node"}, ("failed", "cordon: no node")),
        ("failed", HALF, ("failed", "i-1: tcp :1: so | i-2: tcp :1: so")),
        ("failed", {"step:0:i-1": "failed no node"}, ("failed", "cordon: no node")),
        ("gone", {"step:0:i-1": "failed no node"}, ("gone", "i-1: tcp :1: so | i-2: tcp :1: so")),
    ],
)
def test_a_wait_goes_on_when_its_steps_are_done(status: str, known: dict[str, str], wanted: tuple[str, str]) -> None:
    assert verdict(status, known, step()) == wanted


def test_a_step_that_is_not_required_decides_nothing() -> None:
    for known in ({}, {"step:0:i-1": "failed no node"}):
        assert verdict("passed", known, step(required=False))[0] == "passed"


def test_one_behind_it_decides() -> None:
    assert verdict("passed", {}, step(required=False), step("drain")) == (
        "waiting",
        "drain: not known to be done; drain i-2: not known to be done",
    )


def test_an_escalation_holds_nobody_back_but_may_fail() -> None:
    force = step("force", stage="force", after_s=300)
    assert verdict("passed", {}, force)[0] == "passed"
    assert verdict("waiting", {"step:0:i-1": "failed no node"}, force, at_s=300) == ("failed", "force: no node")
    assert verdict("waiting", {"step:0:i-1": "failed no node"}, force, at_s=299)[0] == "waiting"


def test_without_checks_the_steps_alone_decide() -> None:
    assert verdict("passed", {}, step(), checks=False)[0] == "waiting"
    assert verdict("passed", DONE, step(), checks=False) == ("passed", "every step is done")


def test_the_log_tells_step_instance_and_stage() -> None:
    profile = Profile("p", steps=(step(), msgspec.structs.replace(step("", once=True), stage="force")))
    results = {(1, ""): StepResult("going", "throttled"), (0, "i-2"): StepResult("done", "tagged")}
    assert list(staging.told(profile, results)) == [
        {"step": "cordon", "status": "done", "reason": "tagged", "instance": "i-2"},
        {"step": "tag", "status": "going", "reason": "throttled", "stage": "force"},
    ]
