"""The heartbeat planner: when the next one is due, how long a one to ask for, and what a wait knows after it."""

import math

import msgspec

from rearm.core import budget, grid
from rearm.core.limits import Limits
from rearm.core.model import Wait
from rearm.core.profile import Profile

SPREAD_S = 120
"""The first heartbeats of a burst of instances are spread over this time, or a third of the hook's timeout if that is less."""


def guard_s(wait: Wait, profile: Profile, limits: Limits) -> float:
    """How long before the lapse a heartbeat is due: a timer's lateness and a margin at least, an eighth of the hook's timeout if that is
    more (room for a failed call), and never more than two looks beyond the least."""
    least = limits.timer_late_s + limits.margin_s
    return min(max(wait.heartbeat_timeout_s / 8, least), least + 2 * profile.every_s)


def heartbeat_due(wait: Wait, profile: Profile, limits: Limits) -> float:
    """When the next heartbeat is due; infinity if the wait already lasts beyond its last look. A wait whose completion is not confirmed
    needs no end: it is extended as long as it can be.

    Instances of a burst begin together. Their first heartbeats are spread, and all that follow keep that distance. One that has failed is
    due no later than it was: the time that the spread has left is for trying again.
    """
    if budget.heartbeats_left(wait, limits) == 0:
        return math.inf
    if wait.lapses_at >= budget.needed_until(wait, profile, limits) and not wait.ending:
        return math.inf
    spread = spread_s(wait) if wait.troubles or not wait.heartbeats else 0
    return wait.lapses_at - guard_s(wait, profile, limits) - spread


def spread_s(wait: Wait) -> float:
    """This wait's part of the time over which a burst of instances that began together is spread."""
    return grid.share(wait.action) * min(SPREAD_S, wait.heartbeat_timeout_s / 3)


def heartbeat_seconds(wait: Wait, profile: Profile, limits: Limits, now: float) -> int:
    """How long a heartbeat to ask for; 0 if none is worth asking for.

    Alibaba Cloud: up to the next rung of a ladder, whose rungs the wait's identity fixes: a second chain of looks (a sweep's, a copy's)
    asks for the same rung or a later one, so that no heartbeat shortens what another chain believes to have. The rungs spread the 6
    hours over the 20. The pages do not say whether a heartbeat sets or adds time, so the sum of all grants stays within the 6 hours
    too. When that sum is used up, the rest is asked for once: given, heartbeats set; refused twice, the second time for half as much,
    they add, and the sum is the lapse. A hook that could not be described yet may have given the wait more than any rung: then all
    that is left is asked for.
    """
    if not limits.heartbeat_is_chosen:
        return wait.heartbeat_timeout_s or limits.heartbeat_min_s
    ungranted_s = budget.ungranted_s(wait, limits)
    ends_at = budget.cloud_end(wait, limits)
    rest_s = (ends_at if wait.ending else min(budget.needed_until(wait, profile, limits), ends_at)) - now
    if not wait.heartbeat_timeout_s:
        seconds = rest_s / 2**wait.refused
    elif budget.heartbeats_add(wait):
        seconds = ungranted_s
    else:
        rung_s = rung_every_s(wait, profile, limits)
        least_s = max(rung_s / 2, wait.heartbeat_timeout_s)
        # Judged from the hour at which it is due, not from now: a copy's look soon after asks for the same hour, or a later one.
        due_at = wait.lapses_at - guard_s(wait, profile, limits)
        until = float(grid.slot_after(wait.action, rung_s, now + least_s))
        share_s = (now + rest_s - due_at) / max(1, budget.heartbeats_left(wait, limits) - budget.HEARTBEATS_IN_RESERVE)
        if share_s > 1.25 * rung_s:
            until = max(until, due_at + share_s)  # heartbeats were spent on failed calls: those that are left must reach farther
        seconds = min(until - now, rest_s)
        if ungranted_s < least_s:
            seconds = rest_s / 2**wait.refused
        elif ungranted_s < until - due_at + least_s:
            seconds = min(ungranted_s, rest_s)
        if now + seconds <= wait.lapses_at:
            return 0
    seconds = min(math.floor(seconds), limits.heartbeat_max_s)
    return seconds if seconds >= limits.heartbeat_min_s else 0


def rung_every_s(wait: Wait, profile: Profile, limits: Limits) -> int:
    """How far the ladder's rungs are apart: the longest wait spread over the heartbeats, and never so near that looks fall between them."""
    spread_over = (limits.heartbeats_max or 1) - budget.HEARTBEATS_IN_RESERVE - 1
    return math.ceil(max(limits.wait_max_s / spread_over, wait.heartbeat_timeout_s, 4 * profile.every_s))


def after_heartbeat(wait: Wait, seconds: int, limits: Limits, now: float) -> Wait:
    """The wait after a heartbeat that the cloud accepted at `now`."""
    lapses_at = (wait.lapses_at if budget.heartbeats_add(wait) else now) + seconds
    if not limits.heartbeat_is_chosen:
        lapses_at = min(lapses_at, wait.began_at + limits.wait_limit_s(wait.heartbeat_timeout_s))
    return msgspec.structs.replace(
        wait,
        lapses_at=lapses_at,
        heartbeats=wait.heartbeats + 1,
        granted_s=wait.granted_s + seconds,
        refused=wait.refused if budget.heartbeats_add(wait) else 0,
        troubles=wait.troubles if wait.ending else 0,
    )


def after_unsure_heartbeat(wait: Wait) -> Wait:
    """The wait after a heartbeat of which nobody knows whether it took place: counted, but nothing gained."""
    return msgspec.structs.replace(wait, heartbeats=wait.heartbeats + 1, troubles=wait.troubles + 1)


def after_refused_heartbeat(wait: Wait, seconds: int, limits: Limits, *, for_count: bool) -> Wait:
    """The wait after the cloud refused to extend it by `seconds`: the count is used up, or the time is.

    Time refused twice, the second time for half as much, shows that heartbeats add up: then the sum of the grants is the lapse.
    Refused once more, somebody else has used some of the time: then less than `seconds` is left, and half of it is tried next.
    """
    if for_count:
        return msgspec.structs.replace(wait, heartbeats=limits.heartbeats_max or wait.heartbeats, troubles=wait.troubles + 1)
    refused = wait.refused + 1
    lapses_at = max(wait.lapses_at, wait.began_at + wait.granted_s) if refused == budget.REFUSALS_THAT_PROVE else wait.lapses_at
    known = budget.heartbeats_add(wait) and wait.heartbeat_timeout_s
    granted_s = wait.granted_s
    if known:
        granted_s = limits.wait_max_s - limits.end_slack_s - seconds / 2
        lapses_at = max(lapses_at, wait.began_at + limits.wait_max_s - limits.end_slack_s - seconds)
    return msgspec.structs.replace(wait, refused=refused, lapses_at=lapses_at, granted_s=granted_s, troubles=wait.troubles + 1)
