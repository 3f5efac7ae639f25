"""What each cloud allows, number by number. The pages are named in `core/limits.py`; the boundary is tried from both sides."""

import msgspec
import pytest

from rearm.core.limits import ALIBABA, AWS, LIMITS, Limits

HOUR_S = 3600


def test_each_cloud_has_its_limits_under_its_name() -> None:
    assert LIMITS == {"aws": AWS, "alibaba": ALIBABA}
    assert [limits.cloud for limits in LIMITS.values()] == ["aws", "alibaba"]


def test_a_hook_waits_from_30_seconds_to_2_hours_on_aws_and_to_6_hours_on_alibaba_cloud() -> None:
    assert (AWS.heartbeat_min_s, AWS.heartbeat_max_s) == (30, 2 * HOUR_S)
    assert (ALIBABA.heartbeat_min_s, ALIBABA.heartbeat_max_s) == (30, 6 * HOUR_S)


@pytest.mark.parametrize(
    ("timeout_s", "longest_s"),
    [
        (30, 50 * 60),  # a hundred timeouts
        (600, 100 * 600),
        (1728, 48 * HOUR_S),  # where both meet
        (1727, 172_700),
        (1729, 48 * HOUR_S),
        (7200, 48 * HOUR_S),
        (0, 48 * HOUR_S),  # not known yet
    ],
)
def test_on_aws_a_wait_ends_after_48_hours_or_100_timeouts(timeout_s: int, longest_s: int) -> None:
    assert AWS.wait_limit_s(timeout_s) == longest_s


@pytest.mark.parametrize("timeout_s", [0, 30, 21_600])
def test_on_alibaba_cloud_a_wait_ends_after_6_hours_whatever_the_hook(timeout_s: int) -> None:
    assert ALIBABA.wait_limit_s(timeout_s) == 6 * HOUR_S


def test_heartbeats_are_counted_on_alibaba_cloud_only_and_their_length_is_chosen_there_only() -> None:
    assert (AWS.heartbeats_max, ALIBABA.heartbeats_max) == (None, 20)
    assert (AWS.heartbeat_is_chosen, ALIBABA.heartbeat_is_chosen) == (False, True)


def test_rollback_is_a_result_of_alibaba_cloud_only() -> None:
    assert AWS.results == ("CONTINUE", "ABANDON")
    assert ALIBABA.results == ("CONTINUE", "ABANDON", "ROLLBACK")


def test_a_schedule_comes_within_its_minute_and_a_delay_is_at_most_an_hour() -> None:
    """EventBridge Scheduler has 60 s precision, so 59 s late at most, and no farthest time; Function Compute delays up to 3600 s."""
    assert (AWS.timer_late_s, AWS.timer_max_s) == (59, None)
    assert (ALIBABA.timer_late_s, ALIBABA.timer_max_s) == (60, HOUR_S)


def test_a_schedule_set_for_now_may_be_refused_and_a_delay_may_be_a_second() -> None:
    assert (AWS.timer_lead_s, ALIBABA.timer_lead_s) == (10, 1)


def test_a_used_name_stays_taken_on_function_compute_only() -> None:
    assert (AWS.timer_names_stay, ALIBABA.timer_names_stay) == (False, True)


def test_time_is_left_for_a_call_that_has_to_be_tried_again() -> None:
    """A read time-out of 5 s and two more tries, and on Alibaba Cloud for a clock that is half a minute off."""
    assert (AWS.margin_s, ALIBABA.margin_s) == (16, 30)
    assert (AWS.end_slack_s, ALIBABA.end_slack_s) == (0, 30)


def test_a_hook_below_three_minutes_is_too_short_for_a_schedule() -> None:
    """Lead, lateness and margin, twice over: a timer for the look, another to repair it."""
    assert AWS.short_hook_s == 180
    assert AWS.short_hook_s > 2 * (AWS.timer_late_s + AWS.margin_s) + AWS.timer_lead_s
    assert ALIBABA.short_hook_s == 0


@pytest.mark.parametrize("limits", [AWS, ALIBABA])
def test_looks_repeated_inside_one_invocation_are_exact_to_a_second(limits: Limits) -> None:
    held = limits.held()
    assert (held.timer_late_s, held.timer_lead_s, held.margin_s) == (1, 1, 8)
    exact = {"timer_late_s": limits.timer_late_s, "timer_lead_s": limits.timer_lead_s, "margin_s": limits.margin_s}
    assert msgspec.structs.replace(held, **exact) == limits, "nothing else changes"


def test_a_margin_that_is_small_already_is_kept_when_looks_are_held() -> None:
    assert msgspec.structs.replace(AWS, margin_s=3).held().margin_s == 3


def test_limits_cannot_be_changed_by_accident() -> None:
    with pytest.raises(AttributeError):
        AWS.margin_s = 1  # type: ignore[misc]  # that is what must not work
