"""When the next look is: `stay` and what it stands on, in `core/decide.py`. Slots and ticks are those of `core/grid.py`."""

import msgspec
import pytest

from core_world import START, action, profile
from rearm.core import decide as core
from rearm.core import grid
from rearm.core.limits import ALIBABA, AWS, Limits
from rearm.core.model import Heartbeat, Recheck, Wait


def wait(limits: Limits = AWS, **fields: object) -> Wait:
    """A wait on a hook of an hour that has just begun and was looked at before."""
    known = {"began_at": START, "lapses_at": START + 3600, "heartbeat_timeout_s": 3600, "granted_s": 3600, "looks": 1}
    return Wait(action=action(limits.cloud), **(known | fields))


def planned(one: Wait, every_s: int = 60, limits: Limits = AWS, now: float = START, budget_s: int | None = None) -> list[object]:
    return list(core.stay(one, profile(every_s, budget_s), limits, now, "why"))


def slot(one: Wait, every_s: int = 60, at: float = START) -> int:
    return grid.slot_after(one.action, every_s, at)


# the cadence


@pytest.mark.parametrize(("limits", "lead_s"), [(AWS, 10), (ALIBABA, 1)], ids=["aws", "alibaba"])
def test_the_next_look_is_at_the_next_slot_that_a_timer_can_be_set_for(limits: Limits, lead_s: int) -> None:
    one = wait(limits)
    at = slot(one, at=START + 60)
    assert planned(one, limits=limits, now=at - lead_s) == [Recheck(at, "why")]
    assert planned(one, limits=limits, now=at - lead_s + 0.1) == [Recheck(at + 60, "why")]


def test_a_slot_that_has_been_used_up_by_a_timer_that_came_early_is_not_used_again() -> None:
    one = wait()
    at = slot(one, at=START + 60)
    early = msgspec.structs.replace(one, due_at=at)
    assert planned(early, now=at - 15) == [Recheck(grid.tick_after(one.action, at + 1), "why")]


def test_the_last_look_comes_before_the_slot_if_the_budget_ends_first() -> None:
    """At the second, rounded down: a look at the end of the budget is in time."""
    one = wait()
    at = slot(one, 600, START + 60)
    assert planned(one, 600, now=at - 300.5, budget_s=int(at - 100 - START)) == [Recheck(at - 100, "why")]
    late = msgspec.structs.replace(one, began_at=START + 0.75, lapses_at=START + 3600)
    assert planned(late, 600, now=at - 300, budget_s=int(at - 100 - START)) == [Recheck(at - 100, "why")]


def test_but_never_sooner_than_a_timer_can_be() -> None:
    one = wait()
    at = slot(one, 600, START + 60)
    assert planned(one, 600, now=at - 300, budget_s=int(at - 300 - START)) == [Recheck(core.soonest_look(one, AWS, at - 300), "why")]


def test_no_timer_is_set_farther_than_function_compute_delays() -> None:
    one = wait(ALIBABA, lapses_at=START + 20_000)
    at = slot(one, 7200, START + 60)
    assert planned(one, 7200, ALIBABA, now=at - 3600) == [Recheck(at, "why")]
    assert planned(one, 7200, ALIBABA, now=at - 3700) == [Recheck(at - 100, "why")]
    aws = wait(lapses_at=START + 20_000, heartbeat_timeout_s=0)
    far = slot(aws, 7200, START + 60)
    assert planned(aws, 7200, now=far - 3700)[-1] == Recheck(far, "why")


# heartbeats between slots


def beaten(limits: Limits, lapses_s: float, every_s: int = 600, **fields: object) -> list[object]:
    """`stay` half-way between two slots, with the lapse so many seconds away; a heartbeat was recorded before."""
    one = wait(limits, heartbeats=1, **fields)
    now = slot(one, every_s) + every_s / 2
    return planned(msgspec.structs.replace(one, lapses_at=now + lapses_s), every_s, limits, now)


def test_a_look_is_set_for_a_heartbeat_that_is_due_before_the_slot() -> None:
    """An eighth of the hour, 450 s, before the lapse."""
    one = wait(heartbeats=1)
    now = slot(one, 600) + 300
    [recheck] = planned(msgspec.structs.replace(one, lapses_at=now + 450 + 100), 600, now=now)
    assert recheck == Recheck(now + 100, "why")
    assert planned(msgspec.structs.replace(one, lapses_at=now + 450 + 300), 600, now=now) == [Recheck(now + 300, "why")], "the slot"


def test_a_heartbeat_that_is_due_within_the_next_ten_seconds_is_recorded_now() -> None:
    for due_s, heartbeats in ((9.9, 1), (0, 1), (-50, 1), (15, 0)):
        made = beaten(AWS, 450 + due_s)
        assert sum(isinstance(effect, Heartbeat) for effect in made) == heartbeats
    for due_s, heartbeats in ((9.9, 1), (10.1, 0)):
        assert sum(isinstance(effect, Heartbeat) for effect in beaten(ALIBABA, 450 + due_s)) == heartbeats


def test_one_that_is_due_just_when_the_next_look_could_be_is_left_to_it() -> None:
    one = wait(heartbeats=1)
    now = slot(one, 600) + 300
    soonest = core.soonest_look(one, AWS, now)
    assert planned(msgspec.structs.replace(one, lapses_at=soonest + 450), 600, now=now) == [Recheck(soonest, "why")]
    made = planned(msgspec.structs.replace(one, lapses_at=soonest + 449), 600, now=now)
    assert [type(effect) for effect in made] == [Heartbeat, Recheck]


def test_the_reason_of_a_heartbeat_is_when_the_wait_would_lapse() -> None:
    assert beaten(AWS, 100.4)[0] == Heartbeat(3600, "would lapse in 100 s")
    assert beaten(AWS, -5)[0] == Heartbeat(3600, "would lapse in 0 s")


def test_after_a_heartbeat_the_slot_is_next_unless_another_is_due_before() -> None:
    one = wait(heartbeats=1)
    at = slot(one, 600)
    made = planned(msgspec.structs.replace(one, lapses_at=at + 400), 600, now=at + 300)
    assert made == [Heartbeat(3600, "would lapse in 100 s"), Recheck(at + 600, "why")]


def test_none_is_recorded_when_the_slot_comes_before_it_is_due() -> None:
    assert [type(effect) for effect in beaten(AWS, 450 + 400)] == [Recheck]


def test_where_none_is_worth_asking_for_only_a_look_is_set() -> None:
    """Alibaba Cloud, heartbeats add, and the sum of the grants is nearly used up."""
    made = beaten(ALIBABA, 100, refused=2, granted_s=21_570 - 40)
    assert [type(effect) for effect in made] == [Heartbeat, Recheck]
    made = beaten(ALIBABA, 100, refused=2, granted_s=21_570 - 20)
    assert [type(effect) for effect in made] == [Recheck]


# the first look of a notification without a time


@pytest.mark.parametrize(
    ("fields", "claims"),
    [
        ({}, True),
        ({"looks": 1}, False),
        ({"lapses_at": START + 1}, False),
        ({"lapses_at": START - 1}, True),
        ({"heartbeat_timeout_s": 30}, False),
        ({"heartbeat_timeout_s": 100}, False),  # a timer's lateness, the margin and two ticks: no time for that
        ({"heartbeat_timeout_s": 101}, True),
        ({"heartbeat_timeout_s": 0}, True),
    ],
)
def test_where_names_stay_taken_the_first_timer_is_set_before_a_heartbeat_is_spent(fields: dict[str, object], claims: bool) -> None:
    one = wait(ALIBABA, **({"looks": 0, "lapses_at": START} | fields))
    assert core.is_claimed_first(one, ALIBABA, START) is claims
    assert not core.is_claimed_first(one, AWS, START)


def test_that_timer_comes_at_once() -> None:
    one = wait(ALIBABA, looks=0, lapses_at=START)
    assert planned(one, limits=ALIBABA) == [Recheck(core.soonest_look(one, ALIBABA, START), "why")]


# short hooks beside long intervals (AWS)


@pytest.mark.parametrize(
    ("timeout_s", "every_s", "looks_every_s", "between"),
    [
        (3600, 60, 60, True),
        (595, 130, 130, True),  # a quarter of what is left after the guard: four looks between two heartbeats
        (595, 131, 131, False),
        (600, 600, 300, False),  # 510 s from one heartbeat to the next at the most: two looks in the interval
        (600, 1020, 510, False),
        (600, 1021, 340, False),
        (240, 60, 60, False),
        (240, 3600, 150, False),
        (180, 90, 90, False),
        (100, 60, 10, False),  # nothing is left: as near as timers can be
        (75, 1, 1, False),
        (0, 3600, 3600, True),  # not known yet
    ],
)
def test_on_a_hook_that_is_short_beside_the_interval_heartbeats_fall_on_the_slots(
    timeout_s: int, every_s: int, looks_every_s: int, between: bool
) -> None:
    assert core.pace(wait(heartbeat_timeout_s=timeout_s), profile(every_s), AWS) == (looks_every_s, between)


def test_where_the_length_of_a_heartbeat_is_chosen_the_interval_is_kept() -> None:
    assert core.pace(wait(ALIBABA, heartbeat_timeout_s=60), profile(3600), ALIBABA) == (3600, True)


def test_on_a_short_hook_each_slot_before_the_lapse_brings_its_heartbeat() -> None:
    one = wait(heartbeat_timeout_s=600, heartbeats=1)
    at = slot(one, 300)
    made = planned(msgspec.structs.replace(one, lapses_at=at + 300), 600, now=at)
    assert made == [Heartbeat(600, "would lapse in 300 s"), Recheck(at + 300, "why")]
    for lapses_s in (300 + 75, 300 + 76, 600):  # due at the next slot, or after it
        assert planned(msgspec.structs.replace(one, lapses_at=at + lapses_s), 600, now=at) == [Recheck(at + 300, "why")]


# after trouble


@pytest.mark.parametrize(
    ("troubles", "lapses_s", "planned_s", "quick"),
    [
        (3, 1000, 50, True),
        (4, 1000, 50, False),  # three quick tries, then the cadence
        (4, 50 + 74, 50, True),  # unless it lapses before the planned look could help: a late timer, and the margin
        (4, 50 + 75, 50, False),
        (1, 0, 50, False),  # too late to help
        (1, 0.5, 50, True),
    ],
)
def test_what_failed_is_tried_again_soon_while_that_can_help(troubles: int, lapses_s: float, planned_s: int, quick: bool) -> None:
    one = wait(troubles=troubles, lapses_at=START + lapses_s)
    next_look = Recheck(int(START) + planned_s, "planned")
    soon = Recheck(core.soonest_look(one, AWS, START), "throttled")
    assert core.soon(one, next_look, AWS, START, "throttled") == (soon if quick else next_look)


def test_a_look_that_is_as_soon_already_stays_as_it_is() -> None:
    one = wait(troubles=1)
    at = core.soonest_look(one, AWS, START)
    for next_look in (Recheck(at, "planned"), Recheck(at - 5, "planned")):
        assert core.soon(one, next_look, AWS, START, "throttled") == next_look
    assert core.soon(one, Recheck(at + 1, "planned"), AWS, START, "throttled") == Recheck(at, "throttled")


@pytest.mark.parametrize(
    ("limits", "left_s", "troubles", "pause_s"),
    [
        (AWS, 77.1, 1, 0),  # a timer still comes in time: lead, lateness and half the margin
        (AWS, 77, 1, 3.0),
        (AWS, 12, 1, 3.0),
        (AWS, 8, 1, 2.0),
        (AWS, 1, 9, 0.25),
        (AWS, 0.9, 3, 2.0),  # lapsed, as far as is known: a few tries
        (AWS, -500, 3, 2.0),
        (AWS, -500, 1, 2.0),
        (AWS, 0.9, 4, 0),
        (ALIBABA, 76, 1, 3.0),
        (ALIBABA, 76.1, 1, 0),
        (msgspec.structs.replace(ALIBABA, margin_s=31), 76.3, 1, 3.0),
    ],
)
def test_where_no_timer_would_come_in_time_a_call_is_tried_again_after_a_pause(
    limits: Limits, left_s: float, troubles: int, pause_s: float
) -> None:
    assert core.insist_s(wait(limits, lapses_at=START + left_s, troubles=troubles), limits, START) == pytest.approx(pause_s)
