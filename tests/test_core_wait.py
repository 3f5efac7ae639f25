"""What is known of a wait, and how it changes with what happens: what builds a `Wait` in `core/`."""

import msgspec
import pytest

from core_world import START, action
from rearm.core import beginning, heartbeats
from rearm.core import decide as core
from rearm.core.limits import ALIBABA, AWS, Limits
from rearm.core.model import Held, Hook, Recheck, Wait

PLANNED_S = 21_600 / 18
"""How far one heartbeat reaches in the plan: six hours, twenty heartbeats less two in reserve."""


def first(limits: Limits = AWS, *, timeout_s: int | None = 600, told_s: float | None = 0) -> Wait:
    """The wait of a notification whose own time is `told_s` seconds ago; None: it has none."""
    told = action(limits.cloud, notified_at=None if told_s is None else START - told_s)
    return beginning.first_wait(told, None if timeout_s is None else Hook(timeout_s), limits, START)


def adopted(limits: Limits, began_s: float | None) -> Wait:
    held = Held(action(limits.cloud), Hook(600), None if began_s is None else START - began_s)
    return beginning.adopted_wait(held, limits, START)


def changed(wait: Wait, **fields: object) -> Wait:
    return msgspec.structs.replace(wait, **fields)


# how it begins


@pytest.mark.parametrize("limits", [AWS, ALIBABA], ids=["aws", "alibaba"])
def test_a_wait_begins_with_its_notification_and_lapses_after_the_hooks_timeout(limits: Limits) -> None:
    wait = first(limits, told_s=20)
    assert (wait.began_at, wait.lapses_at) == (START - 20, START + 580)
    assert (wait.heartbeat_timeout_s, wait.granted_s, wait.heartbeats) == (600, 600, 0)
    assert wait.action.cloud == limits.cloud


def test_a_notification_from_the_future_is_a_clock_that_is_wrong() -> None:
    assert first(told_s=-30).began_at == START


def test_a_notification_without_a_time_may_be_a_late_copy() -> None:
    """Nothing is known of the lapse, so it is taken to lapse now."""
    wait = first(ALIBABA, told_s=None)
    assert (wait.began_at, wait.lapses_at, wait.heartbeats, wait.granted_s) == (START, START, 0, 600)


def test_a_hook_that_could_not_be_described_yet_may_lapse_at_once() -> None:
    wait = first(timeout_s=None, told_s=5)
    assert (wait.began_at, wait.lapses_at, wait.heartbeat_timeout_s, wait.granted_s) == (START - 5, START - 5, 0, 0)


@pytest.mark.parametrize(
    ("age_s", "spent"),
    [
        (599, 0),
        (600, 0),  # it lapses just now: nobody need have extended it
        (601, 1),
        (600 + PLANNED_S, 1),
        (601 + PLANNED_S, 2),
        (600 + 18 * PLANNED_S, 18),
        (601 + 18 * PLANNED_S, 19),
        (100_000, 19),  # one is left to try with, whatever has happened
    ],
)
def test_a_wait_older_than_its_hooks_timeout_was_extended_by_somebody(age_s: float, spent: int) -> None:
    """As many heartbeats count as spent as the plan spends in that time, and the time as granted."""
    late = first(ALIBABA, told_s=age_s)
    assert (late.heartbeats, late.granted_s) == (spent, age_s if spent else 600)
    assert late.lapses_at == START - age_s + 600
    found = adopted(ALIBABA, age_s)
    assert (found.heartbeats, found.granted_s) == (spent, age_s if spent else 600)


def test_the_plan_need_not_be_whole_seconds() -> None:
    """1,000 s over five heartbeats less two: one in 333.3 s, so that the third lasts until 1,000 s and no less."""
    limits = msgspec.structs.replace(ALIBABA, wait_max_s=1000, heartbeats_max=5)
    assert [first(limits, told_s=600 + extended_s).heartbeats for extended_s in (666, 667, 1000, 1001)] == [2, 3, 3, 4]


def test_heartbeats_are_not_counted_on_aws_nor_where_the_hook_is_not_known() -> None:
    assert (first(told_s=5000).heartbeats, first(told_s=5000).granted_s) == (0, 600)
    unknown = first(ALIBABA, timeout_s=None, told_s=5000)
    assert (unknown.heartbeats, unknown.granted_s) == (0, 0)


@pytest.mark.parametrize("limits", [AWS, ALIBABA], ids=["aws", "alibaba"])
def test_an_adopted_wait_lapses_now_unless_it_is_younger_than_its_hook(limits: Limits) -> None:
    assert (adopted(limits, None).began_at, adopted(limits, None).lapses_at) == (START, START)
    assert (adopted(limits, 200).began_at, adopted(limits, 200).lapses_at) == (START - 200, START + 400)
    assert (adopted(limits, 700).began_at, adopted(limits, 700).lapses_at) == (START - 700, START)
    assert (adopted(limits, -50).began_at, adopted(limits, -50).lapses_at) == (START, START + 600)
    assert adopted(limits, None).heartbeat_timeout_s == 600


# a hook that is known late


def test_a_hook_known_late_and_no_heartbeat_yet() -> None:
    known = beginning.with_hook(first(timeout_s=None, told_s=5), Hook(600), AWS)
    assert (known.heartbeat_timeout_s, known.lapses_at, known.granted_s) == (600, START + 595, 600)


def test_on_aws_a_heartbeat_before_the_hook_was_known_gave_the_hooks_own_timeout() -> None:
    beaten = heartbeats.after_heartbeat(first(timeout_s=None), 30, AWS, START + 1)
    known = beginning.with_hook(beaten, Hook(600), AWS)
    assert (known.lapses_at, known.heartbeats) == (START + 601, 1)


def test_on_alibaba_cloud_it_gave_what_was_asked_for() -> None:
    beaten = heartbeats.after_heartbeat(first(ALIBABA, timeout_s=None), 700, ALIBABA, START + 1)
    known = beginning.with_hook(beaten, Hook(600), ALIBABA)
    assert (known.lapses_at, known.granted_s) == (START + 701, 1300)


# heartbeats


def test_a_heartbeat_sets_the_time_left_and_is_counted() -> None:
    wait = changed(first(ALIBABA), troubles=2, lapses_at=START + 10)
    after = heartbeats.after_heartbeat(wait, 900, ALIBABA, START)
    assert (after.lapses_at, after.heartbeats, after.granted_s, after.troubles) == (START + 900, 1, 1500, 0)


def test_once_it_is_known_that_heartbeats_add_it_adds() -> None:
    wait = changed(first(ALIBABA), refused=2, lapses_at=START + 10)
    assert heartbeats.after_heartbeat(wait, 900, ALIBABA, START).lapses_at == START + 910
    assert heartbeats.after_heartbeat(wait, 900, ALIBABA, START).refused == 2


def test_on_aws_no_heartbeat_reaches_beyond_the_global_timeout() -> None:
    old = changed(first(timeout_s=600), began_at=START - 59_500)
    assert heartbeats.after_heartbeat(old, 600, AWS, START).lapses_at == START + 500
    young = changed(old, began_at=START - 59_399)
    assert heartbeats.after_heartbeat(young, 600, AWS, START).lapses_at == START + 600


def test_on_alibaba_cloud_a_heartbeat_that_was_accepted_is_believed() -> None:
    old = changed(first(ALIBABA), began_at=START - 21_500)
    assert heartbeats.after_heartbeat(old, 900, ALIBABA, START).lapses_at == START + 900


def test_the_troubles_of_a_completion_are_not_ended_by_a_heartbeat() -> None:
    ending = core.after_unsure_completion(first(), "CONTINUE")
    assert heartbeats.after_heartbeat(ending, 600, AWS, START).troubles == 1


def test_a_heartbeat_of_which_nobody_knows_is_counted_and_gains_nothing() -> None:
    wait = changed(first(ALIBABA), heartbeats=4, troubles=1)
    after = heartbeats.after_unsure_heartbeat(wait)
    assert after == changed(wait, heartbeats=5, troubles=2)


# completions


def test_a_result_that_was_sent_and_not_confirmed_is_kept() -> None:
    after = core.after_unsure_completion(changed(first(), troubles=1), "ABANDON")
    assert after == changed(first(), ending="ABANDON", troubles=2)


def test_without_a_token_a_later_action_must_not_get_the_result_of_an_earlier_one() -> None:
    nameless = changed(first(), action=action(token=""))
    assert core.after_unsure_completion(nameless, "ABANDON") == changed(nameless, troubles=1)


# the next look


def test_the_message_of_the_next_look_carries_its_hour_and_counts_looks_not_hops() -> None:
    wait = changed(first(), looks=3, hop=2, troubles=1, due_at=7)
    assert core.next_wait(wait, Recheck(1_800_000_060, "r")) == changed(wait, due_at=1_800_000_060, hop=0, looks=4)
