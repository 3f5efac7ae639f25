"""What a wait has left: how long it can last, how many heartbeats the cloud still takes, and when its last look must be due."""

import math

from rearm.core.limits import Limits
from rearm.core.model import Wait
from rearm.core.profile import Profile

HEARTBEATS_IN_RESERVE = 2
"""Of the 20 on Alibaba Cloud, kept for calls that failed but may have counted."""

REFUSALS_THAT_PROVE = 2
"""Refusals of time that the wait should still have: after so many, heartbeats are known to add up (Alibaba Cloud)."""

UNTIMED_S = 60
"""A notification without a time of its own may have been so long under way: the wait began that much earlier."""


def last_look_at(wait: Wait, profile: Profile, limits: Limits) -> float:
    """When the last look must be due: at the end of the profile's budget, or of what the cloud still allows."""
    by_cloud = cloud_end(wait, limits) - limits.timer_late_s - limits.margin_s
    return by_cloud if profile.budget_s is None else min(wait.began_at + profile.budget_s, by_cloud)


def last_look(wait: Wait, profile: Profile, limits: Limits) -> tuple[float, str]:
    """When the last look must be due, and why then."""
    at, ends_at = last_look_at(wait, profile, limits), cloud_end(wait, limits)
    if at < ends_at - limits.timer_late_s - limits.margin_s:
        return at, f"the profile's budget of {profile.budget_s} s ends"
    if heartbeats_left(wait, limits) == 0 and ends_at == wait.lapses_at:
        return at, "no heartbeat is left and the wait lapses"
    return at, f"the cloud allows no more than {round(ends_at - wait.began_at)} s"


def needed_until(wait: Wait, profile: Profile, limits: Limits) -> float:
    """How long the wait must last so that its last look can still end it."""
    return last_look_at(wait, profile, limits) + limits.timer_late_s + limits.margin_s


def cloud_end(wait: Wait, limits: Limits) -> float:
    """When the cloud ends the wait whatever is done."""
    slack_s = limits.end_slack_s + (UNTIMED_S if wait.action.notified_at is None else 0)
    ends_at = wait.began_at + limits.wait_limit_s(wait.heartbeat_timeout_s) - slack_s
    if heartbeats_left(wait, limits) == 0:
        return min(ends_at, wait.lapses_at)
    return ends_at


def heartbeats_left(wait: Wait, limits: Limits) -> float:
    """How many heartbeats the cloud still takes; infinity where it does not count them."""
    if limits.heartbeats_max is None:
        return math.inf
    if heartbeats_add(wait) and ungranted_s(wait, limits) < limits.heartbeat_min_s:
        return 0
    return max(0, limits.heartbeats_max - wait.heartbeats)


def heartbeats_add(wait: Wait) -> bool:
    """True once it is known that a heartbeat adds to the time left instead of setting it."""
    return wait.refused >= REFUSALS_THAT_PROVE


def ungranted_s(wait: Wait, limits: Limits) -> float:
    return limits.wait_max_s - limits.end_slack_s - wait.granted_s
