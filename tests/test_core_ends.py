"""When a wait ends and with what: what completes it in `core/decide.py`, and the limits of `core/budget.py`, from both sides."""

import math

import msgspec
import pytest

from core_world import START, action, profile
from rearm.core import budget, grid
from rearm.core import decide as core
from rearm.core.limits import ALIBABA, AWS, Limits
from rearm.core.model import CheckResult, Complete, Recheck, Wait
from rearm.core.profile import Profile

SIX_HOURS, DAYS = 21_600, 172_800
AHEAD = {"aws": 59 + 16, "alibaba": 60 + 30}
"""The last look comes this long before the end: a timer's lateness and the margin."""


def wait(limits: Limits = AWS, age_s: float = 0, **fields: object) -> Wait:
    """A wait on a hook of an hour; a notification with a time of its own told of it."""
    told = action(limits.cloud, notified_at=START - age_s)
    known = {"began_at": START - age_s, "lapses_at": START - age_s + 3600, "heartbeat_timeout_s": 3600, "granted_s": 3600, "looks": 1}
    return Wait(action=told, **(known | fields))


def answered(one: Wait, status: str, the_profile: Profile | None = None, limits: Limits = AWS, now: float = START) -> Complete | Recheck:
    return core.decide(one, {(0, "i-1"): CheckResult(status, "told")}, the_profile or profile(), limits, now)[-1]


# what the checks decide


@pytest.mark.parametrize(
    ("status", "launch", "terminate"),
    [("passed", "CONTINUE", "CONTINUE"), ("gone", "ABANDON", "CONTINUE"), ("failed", "ABANDON", "CONTINUE")],
)
def test_an_answer_that_ends_the_wait(status: str, launch: str, terminate: str) -> None:
    joining = wait(age_s=300)
    leaving = msgspec.structs.replace(joining, action=action(transition="terminate"))
    reason = "every check passed" if status == "passed" else "c: told"
    assert answered(joining, status) == Complete(launch, reason)
    assert answered(leaving, status) == Complete(terminate, reason)


def test_the_profiles_own_results_are_for_failure_and_for_the_end_of_the_budget() -> None:
    asked = profile(budget_s=600, on_failure="ROLLBACK", on_timeout="CONTINUE")
    gone = {status: answered(wait(age_s=300), status, asked) for status in ("failed", "gone", "passed")}
    assert [one.result for one in gone.values()] == ["ROLLBACK", "ROLLBACK", "CONTINUE"]
    assert answered(wait(age_s=600), "waiting", asked).result == "CONTINUE"
    leaving = msgspec.structs.replace(wait(age_s=300), action=action(transition="terminate"))
    assert answered(leaving, "gone", asked).result == "CONTINUE", "a leaving instance that is gone has not failed"
    assert answered(leaving, "failed", asked).result == "ROLLBACK"


def test_an_instance_that_is_gone_counts_as_failed_while_the_transition_is_not_known() -> None:
    unknown = msgspec.structs.replace(wait(age_s=300), action=action(transition=None))
    assert answered(unknown, "gone") == Complete("ABANDON", "c: told")


def test_waiting_ends_nothing() -> None:
    assert isinstance(answered(wait(), "waiting"), Recheck)


def test_a_result_once_sent_is_sent_again_whatever_the_checks_say() -> None:
    for status in ("failed", "waiting", "gone"):
        assert answered(wait(ending="CONTINUE"), status) == Complete("CONTINUE", "sent before, not confirmed")


# when the last look comes


@pytest.mark.parametrize(("limits", "most_s"), [(AWS, DAYS), (ALIBABA, SIX_HOURS - 30)], ids=["aws", "alibaba"])
def test_without_a_budget_the_last_look_comes_a_late_timer_before_the_clouds_end(limits: Limits, most_s: int) -> None:
    at, why = budget.last_look(wait(limits), profile(), limits)
    assert at == START + most_s - AHEAD[limits.cloud]
    assert why == f"the cloud allows no more than {most_s} s"


def test_the_clouds_end_is_a_hundred_timeouts_on_aws() -> None:
    short = wait(heartbeat_timeout_s=600)
    assert budget.cloud_end(short, AWS) == START + 60_000
    assert budget.last_look(short, profile(), AWS) == (START + 60_000 - 75, "the cloud allows no more than 60000 s")


def test_a_budget_that_ends_sooner_counts_and_one_that_ends_later_does_not() -> None:
    by_cloud = DAYS - AHEAD["aws"]
    assert budget.last_look(wait(), profile(budget_s=1200), AWS) == (START + 1200, "the profile's budget of 1200 s ends")
    assert budget.last_look(wait(), profile(budget_s=by_cloud - 1), AWS)[0] == START + by_cloud - 1
    assert budget.last_look(wait(), profile(budget_s=by_cloud), AWS)[1].startswith("the cloud allows")
    assert budget.last_look(wait(), profile(budget_s=by_cloud + 1), AWS)[0] == START + by_cloud


def test_a_notification_without_a_time_may_have_been_a_minute_under_way() -> None:
    untimed = msgspec.structs.replace(wait(ALIBABA), action=action("alibaba", notified_at=None))
    assert budget.cloud_end(wait(ALIBABA), ALIBABA) - budget.cloud_end(untimed, ALIBABA) == 60


def test_with_no_heartbeat_left_the_wait_ends_when_it_lapses() -> None:
    spent = wait(ALIBABA, heartbeats=20)
    assert budget.cloud_end(spent, ALIBABA) == START + 3600
    assert budget.last_look(spent, profile(), ALIBABA) == (START + 3600 - 90, "no heartbeat is left and the wait lapses")
    one_left = wait(ALIBABA, heartbeats=19)
    assert budget.cloud_end(one_left, ALIBABA) == START + SIX_HOURS - 30
    long_granted = wait(ALIBABA, heartbeats=20, lapses_at=START + 30_000)
    assert budget.cloud_end(long_granted, ALIBABA) == START + SIX_HOURS - 30
    assert budget.last_look(long_granted, profile(), ALIBABA)[1] == f"the cloud allows no more than {SIX_HOURS - 30} s"


def test_a_wait_extended_to_its_very_end_ends_by_the_clouds_limit() -> None:
    extended = wait(lapses_at=START + DAYS)
    assert budget.last_look(extended, profile(), AWS)[1] == f"the cloud allows no more than {DAYS} s"


@pytest.mark.parametrize(("heartbeats", "left"), [(0, 20), (1, 19), (19, 1), (20, 0), (21, 0)])
def test_twenty_heartbeats_on_alibaba_cloud_and_no_end_of_them_on_aws(heartbeats: int, left: int) -> None:
    assert budget.heartbeats_left(wait(ALIBABA, heartbeats=heartbeats), ALIBABA) == left
    assert budget.heartbeats_left(wait(heartbeats=heartbeats), AWS) == math.inf


@pytest.mark.parametrize(("refused", "ungranted_s", "left"), [(2, 29, 0), (2, 30, 17), (3, 29, 0), (1, 29, 17), (0, 0, 17)])
def test_where_heartbeats_add_none_is_left_when_less_than_the_shortest_may_be_granted(refused: int, ungranted_s: int, left: int) -> None:
    one = wait(ALIBABA, heartbeats=3, refused=refused, granted_s=SIX_HOURS - 30 - ungranted_s)
    assert budget.heartbeats_left(one, ALIBABA) == left


@pytest.mark.parametrize(("limits", "lead_s"), [(AWS, 10), (ALIBABA, 1)], ids=["aws", "alibaba"])
def test_the_wait_is_ended_as_soon_as_no_timer_could_come_before_the_last_look(limits: Limits, lead_s: int) -> None:
    """The nearest tick that a timer can be set for is still in time, or this look was the last."""
    one = wait(limits)
    tick = grid.tick_after(one.action, START + 600)
    budget_s = int(tick - START)
    for now, result in ((tick - lead_s, None), (tick - lead_s + 0.5, "ABANDON"), (tick, "ABANDON")):
        last = answered(one, "waiting", profile(budget_s=budget_s), limits, now)
        assert (last.result if isinstance(last, Complete) else None) == result
    last = answered(one, "waiting", profile(budget_s=budget_s), limits, tick)
    assert last.reason == f"the profile's budget of {budget_s} s ends; last answer: c: told"


def test_the_budget_counts_from_the_beginning_of_the_wait_not_from_this_look() -> None:
    assert budget.last_look(wait(age_s=500), profile(budget_s=1200), AWS)[0] == START + 700


# how soon a look can be


@pytest.mark.parametrize(("limits", "lead_s"), [(AWS, 10), (ALIBABA, 1)], ids=["aws", "alibaba"])
def test_the_soonest_look_is_the_first_tick_after_the_lead(limits: Limits, lead_s: int) -> None:
    one = wait(limits)
    tick = grid.tick_after(one.action, START + 100)
    assert core.soonest_look(one, limits, tick - lead_s) == tick
    assert core.soonest_look(one, limits, tick - lead_s + 0.1) == tick + 5


def test_and_strictly_later_than_the_one_that_came_early() -> None:
    one = wait()
    tick = grid.tick_after(one.action, START + 100)
    assert core.soonest_look(msgspec.structs.replace(one, due_at=tick), AWS, tick - 60) == tick + 5
    assert core.soonest_look(msgspec.structs.replace(one, due_at=tick - 1), AWS, tick - 60) == tick
