"""The heartbeat planner's corners, one by one: states that a whole wait reaches rarely."""

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core_world import START, action, profile
from rearm.core import beginning, budget, heartbeats
from rearm.core import decide as core
from rearm.core.limits import ALIBABA, AWS
from rearm.core.model import Complete, Heartbeat, Hook, Recheck, Wait

SIX_HOURS = 21_570  # less the slack for clocks that differ


def waiting(**fields: object) -> Wait:
    """A wait on an Alibaba hook of 600 s, four hours old, that lapses in 80 s."""
    first = beginning.first_wait(action("alibaba"), Hook(600), ALIBABA, START - 14_400)
    return msgspec.structs.replace(first, **{"lapses_at": START + 80, "heartbeats": 12, "granted_s": 14_480, **fields})


def seconds(wait: Wait) -> int:
    return heartbeats.heartbeat_seconds(wait, profile(), ALIBABA, START)


@settings(deadline=None)
@given(st.integers(0, 9000), st.integers(0, 1000), st.integers(0, 3))
def test_two_chains_of_one_wait_never_shorten_what_the_other_has_asked_for(at_s: int, later_s: int, more_spent: int) -> None:
    """Whatever each knows of the heartbeats spent so far: both climb the same ladder."""
    one = beginning.first_wait(action("alibaba"), Hook(600), ALIBABA, START)
    other = msgspec.structs.replace(one, heartbeats=more_spent, lapses_at=START, granted_s=600 * more_spent)
    first = START + at_s + heartbeats.heartbeat_seconds(msgspec.structs.replace(one, lapses_at=START), profile(), ALIBABA, START + at_s)
    second = START + at_s + later_s + heartbeats.heartbeat_seconds(other, profile(), ALIBABA, START + at_s + later_s)
    assert second >= first - 1


@settings(deadline=None)
@given(
    st.integers(300, 21_000),
    st.integers(0, 19),
    st.floats(0, 21_000),
    st.floats(-200, 60),
    st.floats(0, 240),
    st.sampled_from([30, 60, 300]),
)
def test_the_same_timer_come_twice_never_shortens_the_wait(
    lapse_s: int, spent: int, more_granted_s: float, at_s: float, later_s: float, every_s: int
) -> None:
    """Both looks have the same message, and the second asks for the same hour as the first, or a later one."""
    first = beginning.first_wait(action("alibaba"), Hook(300), ALIBABA, START)
    one = msgspec.structs.replace(first, lapses_at=START + lapse_s, heartbeats=spent, granted_s=lapse_s + more_granted_s)
    looks = [one.lapses_at - heartbeats.guard_s(one, profile(every_s), ALIBABA) + late_s for late_s in (at_s, at_s + later_s)]
    asked_s = [heartbeats.heartbeat_seconds(one, profile(every_s), ALIBABA, now) for now in looks]
    assert 0 in asked_s or looks[1] + asked_s[1] >= looks[0] + asked_s[0] - 1


def test_a_rung_of_the_ladder_is_a_seventeenth_of_the_longest_wait() -> None:
    rung_s = heartbeats.rung_every_s(waiting(), profile(), ALIBABA)
    assert rung_s == math.ceil(21_600 / 17)
    assert rung_s / 2 <= seconds(waiting()) <= 1.5 * rung_s


def test_few_heartbeats_left_make_them_long() -> None:
    assert seconds(waiting(heartbeats=19)) == SIX_HOURS - 14_480  # all that may still be granted if heartbeats add


def test_the_sum_of_the_grants_stays_within_six_hours_and_is_used_up_at_once_when_little_is_left() -> None:
    assert seconds(waiting(granted_s=SIX_HOURS - 1500)) == 1500


def test_once_the_sum_is_used_up_the_rest_is_asked_for_then_half_of_it() -> None:
    rest = SIX_HOURS - 14_400
    assert seconds(waiting(granted_s=SIX_HOURS)) == rest
    assert seconds(waiting(granted_s=SIX_HOURS, refused=1)) == rest // 2


def test_refused_twice_heartbeats_add_and_the_sum_is_the_lapse() -> None:
    known = heartbeats.after_refused_heartbeat(waiting(refused=1, granted_s=20_000), 600, ALIBABA, for_count=False)
    assert budget.heartbeats_add(known)
    assert known.lapses_at == START - 14_400 + 20_000
    assert seconds(known) == SIX_HOURS - 20_000
    extended = heartbeats.after_heartbeat(known, 1570, ALIBABA, START)
    assert extended.lapses_at == known.lapses_at + 1570
    assert budget.heartbeats_left(extended, ALIBABA) == 0


def test_refused_once_proves_nothing() -> None:
    once = heartbeats.after_refused_heartbeat(waiting(granted_s=20_000), 600, ALIBABA, for_count=False)
    assert not budget.heartbeats_add(once)
    assert once.lapses_at == START + 80


def test_the_count_used_up_ends_the_wait_at_its_lapse() -> None:
    spent = heartbeats.after_refused_heartbeat(waiting(), 600, ALIBABA, for_count=True)
    assert spent.heartbeats == 20
    assert budget.cloud_end(spent, ALIBABA) == spent.lapses_at
    assert isinstance(core.decide(spent, {}, profile(), ALIBABA, START)[-1], Complete)


def test_a_heartbeat_that_may_have_counted_is_counted() -> None:
    unsure = heartbeats.after_unsure_heartbeat(waiting())
    assert (unsure.heartbeats, unsure.lapses_at, unsure.troubles) == (13, START + 80, 1)


def test_a_wait_that_cannot_be_extended_any_more_is_ended_before_it_lapses() -> None:
    """Shortly before the six hours are over, the sum used up, and less than a heartbeat's least length to ask for."""
    last = msgspec.structs.replace(waiting(granted_s=SIX_HOURS, refused=1), began_at=START - SIX_HOURS + 50, lapses_at=START + 20)
    assert seconds(last) == 0
    assert isinstance(core.decide(last, {}, profile(), ALIBABA, START)[-1], Complete)


def test_no_heartbeat_is_asked_that_would_shorten_the_wait() -> None:
    assert seconds(waiting(granted_s=SIX_HOURS, refused=1, lapses_at=START + 10_000)) == 0


def test_a_timer_is_never_set_farther_than_the_cloud_allows() -> None:
    # A slot 3600.5 s away: the delay of Function Compute ends at 3600 s.
    slot = core.grid.slot_after(action("alibaba"), 3600, START)
    [recheck] = core.stay(waiting(lapses_at=START + 7200), profile(every_s=3600), ALIBABA, slot - 3600.5, "waiting")
    assert recheck == Recheck(slot - 1, "waiting")


def test_a_slot_too_near_for_a_timer_is_left_out() -> None:
    first = core.grid.slot_after(action(), 60, START)
    for before_s, wanted in ((9.5, first + 60), (10, first)):
        [recheck] = core.decide(beginning.first_wait(action(), Hook(3600), AWS, START), {}, profile(), AWS, first - before_s)
        assert recheck == Recheck(wanted, "not asked yet")


def test_on_aws_a_heartbeat_is_as_long_as_the_hook_and_never_beyond_the_global_timeout() -> None:
    wait = beginning.first_wait(action(), Hook(600), AWS, START - 59_700)
    assert heartbeats.heartbeat_seconds(wait, profile(), AWS, START) == 600
    assert heartbeats.after_heartbeat(wait, 600, AWS, START).lapses_at == START - 59_700 + 60_000


@pytest.mark.parametrize(("timeout_s", "guard_s"), [(30, 75), (600, 75), (1000, 125), (3600, 195), (7200, 195)])
def test_a_heartbeat_is_due_an_eighth_of_the_timeout_before_the_lapse_within_bounds(timeout_s: int, guard_s: int) -> None:
    assert heartbeats.guard_s(beginning.first_wait(action(), Hook(timeout_s), AWS, START), profile(), AWS) == guard_s


def test_no_heartbeat_is_due_when_the_wait_lasts_beyond_its_last_look() -> None:
    wait = beginning.first_wait(action(), Hook(3600), AWS, START)
    assert heartbeats.heartbeat_due(wait, profile(budget_s=1200), AWS) == float("inf")
    [recheck] = core.decide(wait, {}, profile(budget_s=1200), AWS, START)
    assert isinstance(recheck, Recheck)


@pytest.mark.parametrize(
    ("troubles", "lapses_in_s", "slot_in_s", "quick"),
    [(1, 1000, 50, True), (3, 1000, 50, True), (4, 1000, 50, False), (9, 60, 50, True), (1, -1, 50, False), (1, 1000, 5, False)],
)
def test_what_failed_is_tried_again_soon_as_long_as_that_can_help(troubles: int, lapses_in_s: int, slot_in_s: int, quick: bool) -> None:
    wait = msgspec.structs.replace(waiting(), troubles=troubles, lapses_at=START + lapses_in_s)
    planned = Recheck(int(START) + slot_in_s, "waiting")
    again = core.soon(wait, planned, AWS, START, "throttled")
    assert again == (Recheck(core.grid.tick_after(wait.action, START + 10), "throttled") if quick else planned)
    assert core.next_wait(wait, again).due_at == again.at


def test_a_heartbeat_that_succeeds_ends_the_troubles_but_not_those_of_a_completion() -> None:
    wait = heartbeats.after_unsure_heartbeat(waiting())
    assert heartbeats.after_heartbeat(wait, 600, ALIBABA, START).troubles == 0
    ending = core.after_unsure_completion(wait, "CONTINUE")
    assert (ending.ending, heartbeats.after_heartbeat(ending, 600, ALIBABA, START).troubles) == ("CONTINUE", 2)


def test_the_reason_of_a_heartbeat_is_when_it_would_lapse() -> None:
    beat, _ = core.decide(waiting(), {}, profile(), ALIBABA, START)
    assert isinstance(beat, Heartbeat)
    assert beat.reason == "would lapse in 80 s"
