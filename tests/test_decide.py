"""The rules of `core/decide.py`, against the emulators' model of a lifecycle action. No clock, no SDK."""

import math
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core_world import START, action, profile, run
from rearm.core import beginning, grid, heartbeats
from rearm.core import decide as core
from rearm.core.limits import ALIBABA, AWS, Limits
from rearm.core.model import CheckResult, Complete, Heartbeat, Hook, Recheck
from rearm.core.profile import All, Any, Check, One, Profile

tokens = st.uuids(version=4).map(str)
READY_40_MIN = 2400
READY_5_H_50 = 21_000


@given(tokens)
@settings(max_examples=60, deadline=None)
def test_aws_3600_ready_after_40_minutes_needs_no_heartbeat(token: str) -> None:
    done = run(action(token=token), profile(), AWS, timeout_s=3600, ready_at_s=READY_40_MIN)
    assert (done.book_action.result, len(done.beats)) == ("CONTINUE", 0)


@given(tokens)
@settings(max_examples=60, deadline=None)
def test_aws_600_ready_after_40_minutes_is_at_most_one_heartbeat_above_the_floor(token: str) -> None:
    done = run(action(token=token), profile(), AWS, timeout_s=600, ready_at_s=READY_40_MIN)
    assert done.book_action.result == "CONTINUE"
    assert len(done.beats) <= math.ceil((READY_40_MIN - 600) / 600) + 1


@pytest.mark.parametrize("adds", [False, True], ids=["sets", "adds"])
@pytest.mark.parametrize("timeout_s", [30, 60, 600, 3600, 21_600])
@given(token=tokens)
@settings(max_examples=10, deadline=None)
def test_alibaba_ready_after_5_h_50_continues_within_20_heartbeats(token: str, timeout_s: int, adds: bool) -> None:
    done = run(action("alibaba", token=token), profile(), ALIBABA, timeout_s=timeout_s, ready_at_s=READY_5_H_50, heartbeat_adds=adds)
    assert (done.book_action.result, done.book_action.by) == ("CONTINUE", "client")
    assert len(done.beats) <= 20


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, object]:
    """A cloud, a hook, a cadence, a budget and timers as late as the cloud's limits say they may be."""
    limits = draw(st.sampled_from([AWS, ALIBABA]))
    late = draw(st.lists(st.integers(0, limits.timer_late_s), min_size=1, max_size=7))
    least = limits.short_hook_s or limits.heartbeat_min_s
    return {
        "limits": limits,
        "timeout_s": draw(st.integers(least, 900) | st.integers(900, limits.heartbeat_max_s)),
        "every_s": draw(st.sampled_from([10, 30, 60, 61, 300, 3600])),
        "budget_s": draw(st.none() | st.integers(60, 30_000)),
        "ready_at_s": draw(st.none() | st.integers(0, 30_000)),
        "late": lambda look: late[look % len(late)],
        "adds": draw(st.booleans()),
        "token": draw(tokens),
    }


@given(worlds())
@settings(max_examples=250, deadline=None)
def test_every_wait_is_ended_by_rearm_within_every_limit(world: dict) -> None:
    limits: Limits = world["limits"]
    done = run(
        action(limits.cloud, token=world["token"]),
        profile(world["every_s"], world["budget_s"]),
        limits,
        timeout_s=world["timeout_s"],
        ready_at_s=world["ready_at_s"],
        late=world["late"],
        heartbeat_adds=world["adds"],
    )
    ended = done.book_action
    assert ended.by == "client", "the default result fell"
    assert len(done.sent) == 1
    assert len(done.beats) <= (limits.heartbeats_max or math.inf)
    assert ended.ended_at is not None
    assert ended.ended_at - START <= limits.wait_limit_s(world["timeout_s"])
    if limits.heartbeat_is_chosen:
        assert all(limits.heartbeat_min_s <= seconds <= limits.heartbeat_max_s for _, seconds in done.beats)
    if world["ready_at_s"] is None:
        assert ended.result == "ABANDON"
    if world["budget_s"] is not None:
        assert ended.ended_at - START <= world["budget_s"] + limits.timer_late_s + limits.timer_lead_s


@given(tokens, st.sampled_from([AWS, ALIBABA]), st.sets(st.integers(1, 400), max_size=40))
@settings(max_examples=60, deadline=None)
def test_single_failed_heartbeats_never_cost_the_wait(token: str, limits: Limits, failing: set[int]) -> None:
    """A call that failed once is repaired by the look after it, with timers on time."""
    lonely = {beat for beat in failing if beat - 1 not in failing}
    budget = sorted(lonely)[:2] if limits.heartbeats_max else lonely
    done = run(action(limits.cloud, token=token), profile(), limits, timeout_s=600, ready_at_s=None, beat_fails=lambda beat: beat in budget)
    assert (done.book_action.result, done.book_action.by) == ("ABANDON", "client")


answers = st.sampled_from(["passed", "waiting", "failed", "gone"]).map(lambda status: CheckResult(status, "told"))


@given(
    limits=st.sampled_from([AWS, ALIBABA]),
    timeout_s=st.sampled_from([0, 30, 180, 600, 7200]),
    heartbeats=st.integers(0, 25),
    refused=st.integers(0, 4),
    granted_s=st.integers(0, 22_000),
    began_ago_s=st.integers(0, 200_000),
    lapses_in_s=st.integers(-5000, 22_000),
    due_in_s=st.integers(-3600, 5),
    every_s=st.integers(10, 3600),
    budget_s=st.none() | st.integers(1, 200_000),
    transition=st.sampled_from(["launch", "terminate"]),
    given_answers=st.lists(answers, min_size=2, max_size=2),
)
@settings(max_examples=600, deadline=None)
def test_any_decision_ends_the_wait_or_looks_again_strictly_later(
    limits, timeout_s, heartbeats, refused, granted_s, began_ago_s, lapses_in_s, due_in_s, every_s, budget_s, transition, given_answers
) -> None:
    """Also from states that no orderly run reaches."""
    the_action = action(limits.cloud, instances=("i-1", "i-2"), transition=transition)
    wait = core.Wait(
        action=the_action,
        began_at=START - began_ago_s,
        lapses_at=START + lapses_in_s,
        heartbeat_timeout_s=timeout_s,
        heartbeats=heartbeats,
        refused=refused,
        granted_s=granted_s,
        due_at=int(START) + due_in_s,
    )
    results = {(0, "i-1"): given_answers[0], (0, "i-2"): given_answers[1]}
    decision = core.decide(wait, results, profile(every_s, budget_s), limits, START)
    *beats, last = decision
    if isinstance(last, Complete):
        assert not beats
        assert last.result in limits.results
        if last.result == "CONTINUE" and transition == "launch":
            assert all(result.status == "passed" for result in results.values())
        return
    assert isinstance(last, Recheck)
    assert last.at >= START + limits.timer_lead_s
    assert last.at > wait.due_at
    assert last.at <= START + limits.timer_lead_s + grid.TICK_S + every_s
    assert limits.timer_max_s is None or last.at <= START + limits.timer_max_s
    for beat in beats:
        assert isinstance(beat, Heartbeat)
        assert limits.heartbeat_min_s <= beat.seconds <= limits.heartbeat_max_s
        assert heartbeats < (limits.heartbeats_max or math.inf)


def test_an_unanswered_or_broken_check_never_completes_a_wait_before_its_budget() -> None:
    wait = beginning.first_wait(action(), Hook(3600), AWS, START)
    for results in ({}, {(0, "i-1"): CheckResult("waiting", "the check broke: KeyError")}):
        assert all(not isinstance(effect, Complete) for effect in core.decide(wait, results, profile(), AWS, START + 3000))


def test_a_result_once_sent_is_sent_again_and_never_another() -> None:
    wait = beginning.first_wait(action(), Hook(3600), AWS, START)
    sent = core.Wait(**{**{name: getattr(wait, name) for name in wait.__struct_fields__}, "ending": "CONTINUE"})
    decision = core.decide(sent, {(0, "i-1"): CheckResult("failed", "now it fails")}, profile(), AWS, START)
    assert [effect.result for effect in decision if isinstance(effect, Complete)] == ["CONTINUE"]


@pytest.mark.parametrize(
    ("transition", "age_s", "statuses", "wanted"),
    [
        ("launch", 30, ("gone", "gone"), None),  # eventual consistency: a new instance may be unknown for a while
        ("launch", 300, ("gone", "gone"), "ABANDON"),
        ("launch", 300, ("passed", "gone"), "ABANDON"),
        ("launch", 300, ("passed", "waiting"), None),
        ("launch", 300, ("passed", "passed"), "CONTINUE"),
        ("terminate", 300, ("gone", "gone"), "CONTINUE"),
        ("terminate", 300, ("passed", "gone"), "CONTINUE"),
        ("terminate", 300, ("waiting", "gone"), None),
        ("terminate", 300, ("failed", "passed"), "CONTINUE"),
        ("launch", 300, ("failed", "waiting"), "ABANDON"),
    ],
)
def test_every_instance_counts(transition: str, age_s: int, statuses: tuple[str, str], wanted: str | None) -> None:
    the_action = action("alibaba", instances=("i-1", "i-2"), transition=transition)
    results = {(0, f"i-{n}"): CheckResult(status, "told") for n, status in enumerate(statuses, 1)}
    decision = core.decide(beginning.first_wait(the_action, Hook(3600), ALIBABA, START), results, profile(), ALIBABA, START + age_s)
    completed = [effect.result for effect in decision if isinstance(effect, Complete)]
    assert completed == ([wanted] if wanted else [])


@pytest.mark.parametrize(
    ("condition", "statuses", "wanted"),
    [
        (All(of=(One(0), One(1))), ("passed", "waiting"), "stay"),
        (All(of=(One(0), One(1))), ("passed", "failed"), "ABANDON"),
        (Any(of=(One(0), One(1))), ("failed", "passed"), "CONTINUE"),
        (Any(of=(One(0), One(1))), ("failed", "waiting"), "stay"),
        (Any(of=(One(0), One(1))), ("failed", "failed"), "ABANDON"),
        (All(of=(One(0), Any(of=(One(1),)))), ("passed", "passed"), "CONTINUE"),
        (All(of=()), ("failed", "failed"), "CONTINUE"),
    ],
)
def test_all_and_any(condition: All | Any, statuses: tuple[str, str], wanted: str) -> None:
    the_profile = Profile(name="p", checks=(Check("a", {}), Check("b", {})), condition=condition)
    results = {(n, "i-1"): CheckResult(status, "told") for n, status in enumerate(statuses)}
    last = core.decide(beginning.first_wait(action(), Hook(3600), AWS, START), results, the_profile, AWS, START + 200)[-1]
    assert (last.result if isinstance(last, Complete) else "stay") == wanted


@pytest.mark.parametrize(("age_s", "spent"), [(0, 0), (600, 0), (660, 1), (1860, 2), (12_600, 10), (100_000, 19)])
def test_a_late_notification_takes_heartbeats_as_spent_that_the_plan_would_have_spent(age_s: int, spent: int) -> None:
    wait = beginning.first_wait(action("alibaba", notified_at=START - age_s), Hook(600), ALIBABA, START)
    assert wait.heartbeats == spent
    assert beginning.first_wait(action(notified_at=START - age_s), Hook(600), AWS, START).heartbeats == 0


def test_a_hook_described_late_is_taken_into_account() -> None:
    unknown = beginning.first_wait(action(), None, AWS, START)
    first = core.decide(unknown, {}, profile(), AWS, START)
    assert isinstance(first[0], Heartbeat)
    beaten = heartbeats.after_heartbeat(unknown, first[0].seconds, AWS, START)
    known = beginning.with_hook(beaten, Hook(3600), AWS)
    assert (known.heartbeat_timeout_s, known.lapses_at) == (3600, START + 3600)


@settings(deadline=None)
@given(tokens, st.integers(10, 3600), st.floats(0, 4e9))
def test_slots_lie_on_a_grid_fixed_by_the_action(token: str, every_s: int, at: float) -> None:
    the_action = action(token=token)
    slot = grid.slot_after(the_action, every_s, at)
    assert slot - every_s < at <= slot
    assert slot % every_s == grid.phase_s(the_action, every_s)


def test_timer_names_fit_both_clouds_and_never_meet() -> None:
    actions = [action(cloud, token=str(uuid.UUID(int=n))) for n in range(25) for cloud in ("aws", "alibaba")]
    names = {grid.timer_name(one, slot, hop) for one in actions for slot in (0, 2**31) for hop in (0, 9)}
    assert len(names) == 200
    assert all(len(name) <= 64 and name[0].isalpha() and name.replace("-", "").isalnum() for name in names)


@pytest.mark.parametrize("cloud", ["aws", "alibaba"])
def test_a_burst_spreads_over_the_interval(cloud: str) -> None:
    burst = [action(cloud, group="web", token=str(uuid.UUID(int=n)), instances=(f"i-{n:017x}",)) for n in range(600)]
    phases = {grid.phase_s(one, 60) for one in burst}
    assert len(phases) == 60
