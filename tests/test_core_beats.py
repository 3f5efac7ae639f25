"""When a wait is extended and for how long: the heartbeat planner, `core/heartbeats.py`, number by number."""

import math

import msgspec
import pytest

from core_world import START, action, profile
from rearm.core import budget, grid, heartbeats
from rearm.core.limits import ALIBABA, AWS, Limits
from rearm.core.model import Action, Wait

END_S = 21_570
"""Six hours, less the half minute that the clocks may differ."""
GUARD_S = {"aws": 59 + 16, "alibaba": 60 + 30}


def wait(limits: Limits = ALIBABA, **fields: object) -> Wait:
    """A wait on a hook of 600 s, an hour old, extended before, that lapses in five minutes."""
    known = {"began_at": START - 3600, "lapses_at": START + 300, "heartbeat_timeout_s": 600, "granted_s": 3900, "heartbeats": 3, "looks": 9}
    return Wait(action=action(limits.cloud), **(known | fields))


def seconds(one: Wait, every_s: int = 60, budget_s: int | None = None, limits: Limits = ALIBABA, now: float = START) -> int:
    return heartbeats.heartbeat_seconds(one, profile(every_s, budget_s), limits, now)


# when


@pytest.mark.parametrize(
    ("limits", "timeout_s", "every_s", "guard_s"),
    [
        (AWS, 30, 60, 75),  # a timer's lateness and the margin: never less
        (AWS, 600, 60, 75),
        (AWS, 610, 60, 76.25),  # then an eighth of the timeout
        (AWS, 1560, 60, 195),
        (AWS, 7200, 60, 195),  # and never more than two looks beyond the least
        (AWS, 7200, 300, 675),
        (AWS, 7200, 3600, 900),
        (ALIBABA, 600, 60, 90),
        (ALIBABA, 21_600, 60, 210),
    ],
)
def test_a_heartbeat_is_due_that_long_before_the_lapse(limits: Limits, timeout_s: int, every_s: int, guard_s: float) -> None:
    one = wait(limits, heartbeat_timeout_s=timeout_s, began_at=START)
    assert heartbeats.guard_s(one, profile(every_s), limits) == guard_s
    assert heartbeats.heartbeat_due(one, profile(every_s), limits) == START + 300 - guard_s


def test_the_first_heartbeats_of_a_burst_are_spread_and_later_ones_keep_their_distance() -> None:
    """Over two minutes, or a third of a short hook's timeout."""
    for timeout_s, over_s in ((600, 120), (360, 120), (357, 119), (100, 100 / 3)):
        one = wait(AWS, heartbeat_timeout_s=timeout_s)
        assert heartbeats.spread_s(one) == pytest.approx(over_s * grid.share(one.action))
        first = msgspec.structs.replace(one, heartbeats=0)
        moved = heartbeats.heartbeat_due(one, profile(), AWS) - heartbeats.heartbeat_due(first, profile(), AWS)
        assert moved == pytest.approx(heartbeats.spread_s(one))


def test_a_wait_that_lasts_beyond_its_last_look_needs_no_heartbeat() -> None:
    """Beyond: by a timer's lateness and the margin, so that the last look can still end it."""
    needed_s = 1200 + GUARD_S["alibaba"]
    for lapses_s, due in ((needed_s, False), (needed_s - 1, True)):
        one = wait(began_at=START, lapses_at=START + lapses_s)
        assert (heartbeats.heartbeat_due(one, profile(budget_s=1200), ALIBABA) < math.inf) is due


def test_a_wait_whose_result_is_not_confirmed_is_extended_as_long_as_it_can_be() -> None:
    one = wait(began_at=START, lapses_at=START + 2000, ending="ABANDON")
    assert heartbeats.heartbeat_due(one, profile(budget_s=1200), ALIBABA) < math.inf
    assert heartbeats.heartbeat_due(msgspec.structs.replace(one, heartbeats=20), profile(budget_s=1200), ALIBABA) == math.inf


def test_a_first_heartbeat_that_failed_is_due_no_later_than_it_was() -> None:
    """The failed call counts as one of the heartbeats, and the spread is for the first one: there is time left to try again."""
    first = wait(AWS, heartbeats=0)
    failed = heartbeats.after_unsure_heartbeat(first)
    assert failed.heartbeats == 1
    due_at = heartbeats.heartbeat_due(first, profile(), AWS)
    assert heartbeats.heartbeat_due(failed, profile(), AWS) == due_at < START + 300 - GUARD_S["aws"]
    later = heartbeats.after_heartbeat(failed, 600, AWS, START)
    assert heartbeats.heartbeat_due(later, profile(), AWS) == START + 600 - GUARD_S["aws"]


# for how long, on AWS


def test_on_aws_a_heartbeat_is_as_long_as_the_hook() -> None:
    assert seconds(wait(AWS), limits=AWS) == 600
    assert seconds(wait(AWS, heartbeat_timeout_s=0), limits=AWS) == 30, "the shortest hook there is, while it is not known"


# for how long, on Alibaba Cloud: the ladder


@pytest.mark.parametrize(
    ("timeout_s", "every_s", "rung_s"),
    [
        (600, 60, 1271),  # six hours over twenty heartbeats, less two in reserve and one for the beginning
        (1271, 60, 1271),
        (1272, 60, 1272),  # the hook's own timeout, if that is longer
        (600, 317, 1271),
        (600, 318, 1272),  # four looks, if those take longer
        (600, 3600, 14_400),
    ],
)
def test_how_far_the_rungs_of_the_ladder_are_apart(timeout_s: int, every_s: int, rung_s: int) -> None:
    assert heartbeats.rung_every_s(wait(heartbeat_timeout_s=timeout_s), profile(every_s), ALIBABA) == rung_s


RUNG_S = 1271


def rung_after(one: Action, at: float) -> int:
    return grid.slot_after(one, RUNG_S, at)


def test_a_heartbeat_reaches_to_the_first_rung_that_is_half_a_step_away() -> None:
    one = wait()
    rung = rung_after(one.action, START)
    near = rung - RUNG_S / 2
    assert seconds(one, now=near) == math.floor(RUNG_S / 2)
    assert seconds(one, now=near + 1) == math.floor(RUNG_S * 1.5 - 1)
    assert seconds(one, now=near - 400) == math.floor(RUNG_S / 2 + 400)


@pytest.mark.parametrize(("heartbeats", "asked_s"), [(8, 1986), (14, 4650), (16, 9090), (17, 17_670), (18, 17_670), (19, 17_670)])
def test_when_heartbeats_were_lost_the_others_reach_farther(heartbeats: int, asked_s: int) -> None:
    """The heartbeat is due in 210 s. 17,760 s of the wait are left then: spread over what is left of the twenty less the two in reserve, as
    soon as that is more than a step and a quarter. 17,670 s are left of the sum of grants: with the reserve alone, or nearly, all that."""
    assert seconds(wait(heartbeats=heartbeats)) == asked_s


def test_shares_are_no_whole_seconds() -> None:
    """17,759.5 s over eleven, from 210.5 s on: 1614.5 s and 210.5 s."""
    assert seconds(wait(heartbeats=7, lapses_at=START + 300.5)) == 1825


def test_just_a_step_and_a_quarter_is_still_the_ladder() -> None:
    """8,000 s over four, where rungs are 1,600 s apart."""
    one, every_s, budget_s = wait(heartbeats=14), 400, 8000 + 3600 + 210 - 90
    before_a_rung = grid.slot_after(one.action, 4 * every_s, START) - 800
    assert seconds(one, every_s, budget_s, now=before_a_rung) == 800
    assert seconds(one, every_s, budget_s + 4, now=before_a_rung) == math.floor(START + 210 + 2001 - before_a_rung)


def test_a_step_and_a_quarter_is_still_the_ladder() -> None:
    """Less than 1498 s for each of twelve, where the next rung is half a step away."""
    one = wait(heartbeats=6)
    assert seconds(one, now=rung_after(one.action, START) - RUNG_S / 2) == math.floor(RUNG_S / 2)


def test_no_heartbeat_reaches_beyond_what_the_last_look_needs() -> None:
    assert seconds(wait(lapses_at=START + 10), budget_s=3600 + 100) == 100 + GUARD_S["alibaba"]
    assert seconds(wait(lapses_at=START + 10, ending="ABANDON"), budget_s=3600 + 100) > 190, "nobody knows when it will be confirmed"


def test_the_sum_of_all_grants_stays_within_the_six_hours() -> None:
    """Heartbeats may add. What is left of the sum is asked for at once where it is little more than a step."""
    least_s = RUNG_S / 2
    step_s = seconds(wait())
    reach_s = step_s - (300 - GUARD_S["alibaba"])  # from the hour at which it is due
    assert seconds(wait(granted_s=END_S - (reach_s + least_s))) == step_s
    assert seconds(wait(granted_s=END_S - (reach_s + least_s) + 1)) == math.floor(reach_s + least_s - 1)
    assert seconds(wait(granted_s=END_S - least_s)) == math.floor(least_s)
    later = {"lapses_at": START + 2000}
    step_s = seconds(wait(**later), now=START + 1910)
    assert seconds(wait(**later, granted_s=END_S - (step_s + least_s)), now=START + 1910) == step_s
    assert seconds(wait(**later, granted_s=END_S - (step_s + least_s) + 1), now=START + 1910) == math.floor(step_s + least_s - 1)


def test_the_sum_used_up_the_rest_is_asked_for_and_half_of_it_when_that_was_refused() -> None:
    rest_s = END_S - 3600
    assert seconds(wait(granted_s=END_S - 635)) == rest_s
    assert seconds(wait(granted_s=END_S)) == rest_s
    assert seconds(wait(granted_s=END_S, refused=1)) == rest_s // 2


def test_where_heartbeats_add_the_rest_of_the_sum_is_asked_for() -> None:
    assert seconds(wait(refused=2, granted_s=END_S - 700)) == 700
    assert seconds(wait(refused=3, granted_s=END_S - 700.5)) == 700


def test_of_a_hook_that_could_not_be_described_all_that_is_left_is_asked_for() -> None:
    unknown = wait(heartbeat_timeout_s=0, granted_s=0)
    rest_s = END_S - 3600
    assert seconds(unknown) == rest_s
    assert seconds(msgspec.structs.replace(unknown, refused=1)) == rest_s // 2
    assert seconds(msgspec.structs.replace(unknown, refused=3)) == rest_s // 8


def test_a_heartbeat_that_would_shorten_the_wait_or_leave_it_as_it_is_is_none() -> None:
    step_s = seconds(wait())
    assert seconds(wait(lapses_at=START + step_s - 1)) == step_s
    assert seconds(wait(lapses_at=START + step_s)) == 0
    assert seconds(wait(lapses_at=START + step_s + 1)) == 0


def test_no_heartbeat_is_shorter_than_the_cloud_allows_or_longer() -> None:
    for left_s, asked in ((29, 0), (29.9, 0), (30, 30)):
        assert seconds(wait(refused=2, granted_s=END_S - left_s)) == asked
    assert seconds(wait(began_at=START + 4000, heartbeat_timeout_s=0)) == 21_600


def test_nothing_is_asked_for_when_the_end_has_passed() -> None:
    assert seconds(wait(lapses_at=START - 300), budget_s=3600 - 200) == 0


# refusals


def test_the_count_used_up() -> None:
    after = heartbeats.after_refused_heartbeat(wait(troubles=1), 900, ALIBABA, for_count=True)
    assert after == wait(heartbeats=20, troubles=2)
    assert heartbeats.after_refused_heartbeat(wait(AWS), 900, AWS, for_count=True) == wait(AWS, troubles=1)


def test_time_refused_once_proves_nothing_and_twice_that_the_sum_is_the_lapse() -> None:
    once = heartbeats.after_refused_heartbeat(wait(troubles=1, granted_s=5000), 900, ALIBABA, for_count=False)
    assert once == wait(troubles=2, granted_s=5000, refused=1)
    assert not budget.heartbeats_add(once)
    twice = heartbeats.after_refused_heartbeat(once, 450, ALIBABA, for_count=False)
    assert twice == wait(troubles=3, granted_s=5000, refused=2, lapses_at=START - 3600 + 5000)
    assert budget.heartbeats_add(twice)
    known_longer = heartbeats.after_refused_heartbeat(msgspec.structs.replace(once, granted_s=3000), 450, ALIBABA, for_count=False)
    assert known_longer.lapses_at == START + 300


def test_refused_once_more_somebody_else_has_used_some_and_half_is_tried() -> None:
    again = heartbeats.after_refused_heartbeat(wait(refused=2, granted_s=20_000), 800, ALIBABA, for_count=False)
    assert (again.granted_s, again.refused) == (END_S - 400, 3)
    assert again.lapses_at == START - 3600 + END_S - 800, "so much is used, by whomever"
    young = heartbeats.after_refused_heartbeat(wait(began_at=START, refused=2, granted_s=20_000), 800, ALIBABA, for_count=False)
    assert young.lapses_at == START + END_S - 800
    assert seconds(again) == 400
    unknown = wait(refused=2, heartbeat_timeout_s=0, granted_s=20_000)
    after = heartbeats.after_refused_heartbeat(unknown, 800, ALIBABA, for_count=False)
    assert (after.granted_s, after.lapses_at) == (20_000, unknown.lapses_at)
    odd = heartbeats.after_refused_heartbeat(wait(refused=2, granted_s=20_000), 61, ALIBABA, for_count=False)
    assert odd.granted_s == END_S - 30.5


def test_one_that_was_accepted_ends_the_doubt() -> None:
    assert heartbeats.after_heartbeat(wait(refused=1), 900, ALIBABA, START).refused == 0
    assert heartbeats.after_heartbeat(wait(refused=2), 900, ALIBABA, START).refused == 2
