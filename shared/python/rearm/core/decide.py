"""START HERE: every rule of the product is in this file.

A look gathers the checks' answers, asks `decide` what to do, and does it. `decide` is pure: time is an argument.

| what holds now                                          | what is decided                                        |
| ------------------------------------------------------- | ------------------------------------------------------ |
| a result was sent before and not confirmed              | Complete with the same result                          |
| every required check passed, for every instance         | Complete CONTINUE                                      |
| the instances are gone                                  | Complete: terminate CONTINUE, launch the failure answer |
| a check failed for good                                 | Complete with the profile's failure answer             |
| the budget ends before another look could come          | Complete with the profile's time-out answer            |
| the wait would lapse before the next look could save it | Heartbeat, then Recheck                                |
| anything else                                           | Recheck                                                |

So whatever is decided either ends the wait or looks again, strictly later, within every limit of the cloud. An error of a
check is the answer `waiting`: it never ends a wait, except by the time-out answer when the budget ends.

When Complete cannot be confirmed, `stay` says how to keep the wait alive meanwhile, and the result travels in `Wait.ending`.
"""

import math

import msgspec

from rearm.core import grid
from rearm.core.limits import Limits
from rearm.core.model import Action, Complete, Decision, Heartbeat, Held, Hook, Recheck, Result, Wait
from rearm.core.patience import Results
from rearm.core.profile import Profile
from rearm.core.verdict import judge

HEARTBEATS_IN_RESERVE = 2
"""Of the 20 on Alibaba Cloud, kept for calls that failed but may have counted."""

BEAT_EARLY_S = 10
"""A heartbeat that is due within this time is recorded now: a timer may come early too, and a look for it alone tells nothing new."""

SPREAD_S = 120
"""The first heartbeats of a burst of instances are spread over this time, or a third of the hook's timeout if that is less."""

UNTIMED_S = 60
"""A notification without a time of its own may have been so long under way: the wait began that much earlier."""

QUICK_TRIES = 3
"""Looks in a row before their slot, to try again what failed; after that the next slot is soon enough."""

REFUSALS_THAT_PROVE = 2
"""Refusals of time that the wait should still have: after so many, heartbeats are known to add up (Alibaba Cloud)."""


def first_wait(action: Action, hook: Hook | None, limits: Limits, now: float) -> Wait:
    """The wait as a notification shows it. `hook` None: it could not be described yet."""
    began_at = min(action.notified_at or now, now)
    timeout_s = hook.heartbeat_timeout_s if hook else 0
    # A notification without a time (OOS) may be a late copy: then nothing is known of the lapse, as with an adopted wait.
    lapses_at = now if action.notified_at is None else began_at + timeout_s
    return _begun(action, began_at, lapses_at, timeout_s, limits, now)


def adopted_wait(held: Held, limits: Limits, now: float) -> Wait:
    """The wait as the sweep finds it. Of an older one the lapse is not known: it is taken to lapse now, and its first look extends it."""
    began_at = now if held.began_at is None else min(held.began_at, now)
    timeout_s = held.hook.heartbeat_timeout_s
    lapses_at = now if held.began_at is None else max(now, began_at + timeout_s)
    return _begun(held.action, began_at, lapses_at, timeout_s, limits, now)


def _begun(action: Action, began_at: float, lapses_at: float, timeout_s: int, limits: Limits, now: float) -> Wait:
    """A wait of which only its beginning is known.

    After the hook's timeout (a late duplicate, or the sweep), either the wait is over or somebody has extended it meanwhile, so as many
    heartbeats count as spent as the plan spends in that time.
    """
    spent, granted_s = 0, float(timeout_s)
    if limits.heartbeats_max is not None and now - began_at > timeout_s > 0:
        planned_s = limits.wait_max_s / (limits.heartbeats_max - HEARTBEATS_IN_RESERVE)
        spent = min(limits.heartbeats_max - 1, math.ceil((now - began_at - timeout_s) / planned_s))
        granted_s = now - began_at
    return Wait(action, began_at, lapses_at, heartbeat_timeout_s=timeout_s, heartbeats=spent, granted_s=granted_s)


def with_hook(wait: Wait, hook: Hook, limits: Limits) -> Wait:
    """The wait once a hook that could not be described at first is known. On AWS a heartbeat gave the hook's own timeout."""
    timeout_s = hook.heartbeat_timeout_s
    lapses_at = wait.began_at + timeout_s
    if wait.lapses_at > wait.began_at:
        lapses_at = wait.lapses_at + (0 if limits.heartbeat_is_chosen else timeout_s - limits.heartbeat_min_s)
    return msgspec.structs.replace(wait, heartbeat_timeout_s=timeout_s, lapses_at=lapses_at, granted_s=wait.granted_s + timeout_s)


def decide(wait: Wait, results: Results, profile: Profile, limits: Limits, now: float) -> Decision:
    """What to do after a look. Either `(Complete,)`, or `stay(...)`."""
    if wait.ending:
        return (Complete(wait.ending, "sent before, not confirmed"),)
    verdict = judge(wait, results, profile, now)
    action = wait.action
    if verdict.status == "passed" or (verdict.status == "gone" and action.transition == "terminate"):
        return (Complete("CONTINUE", verdict.reason),)
    if verdict.status in ("failed", "gone"):
        return (Complete(profile.failure_result(action), verdict.reason),)
    last_look_at, why = last_look(wait, profile, limits)
    if soonest_look(wait, limits, now) > last_look_at:
        return (Complete(profile.timeout_result(action), f"{why}; last answer: {verdict.reason}"),)
    return stay(wait, profile, limits, now, verdict.reason)


def stay(wait: Wait, profile: Profile, limits: Limits, now: float, reason: str) -> Decision:
    """Keep the wait alive: `(Recheck,)` or `(Heartbeat, Recheck)`."""
    soonest = soonest_look(wait, limits, now)
    every_s, beats_between = pace(wait, profile, limits)
    at: float = max(grid.slot_after(wait.action, every_s, now + limits.timer_lead_s), soonest)
    beat_at = heartbeat_due(wait, profile, limits)
    beats: Decision = ()
    after = wait
    if is_claimed_first(wait, limits, now):
        at = soonest
    elif at > beat_at and (beat_at < max(soonest, now + BEAT_EARLY_S) or not beats_between):
        seconds = heartbeat_seconds(wait, profile, limits, now)
        if seconds:
            beats = (Heartbeat(seconds, f"would lapse in {max(0, round(wait.lapses_at - now))} s"),)
            after = after_heartbeat(wait, seconds, limits, now)
            beat_at = heartbeat_due(after, profile, limits)
    at = min(at, last_look(after, profile, limits)[0], beat_at)
    if limits.timer_max_s is not None:
        at = min(at, now + limits.timer_max_s)
    return (*beats, Recheck(max(math.floor(at), soonest), reason))


def is_claimed_first(wait: Wait, limits: Limits, now: float) -> bool:
    """Whether the first look sets its timer and leaves the extension to the next one, at once.

    A notification without a time may be a late copy. It then finds the first timer's name taken, before it has spent a heartbeat.
    """
    least_s = limits.timer_late_s + limits.margin_s + 2 * grid.TICK_S
    is_short = 0 < wait.heartbeat_timeout_s <= least_s
    return limits.timer_names_stay and not wait.looks and wait.lapses_at <= now and not is_short


def pace(wait: Wait, profile: Profile, limits: Limits) -> tuple[int, bool]:
    """Seconds between two slots, and whether a look for a heartbeat may fall between them.

    It may where several slots lie between two heartbeats: there two chains of looks meet. On a hook that is short beside the profile's
    interval, heartbeats fall on the slots, and the interval is divided so that each comes in time.
    """
    timeout_s = wait.heartbeat_timeout_s
    if limits.heartbeat_is_chosen or not timeout_s:
        return profile.every_s, True
    usable_s = timeout_s - guard_s(wait, profile, limits)
    if profile.every_s <= usable_s / 4:
        return profile.every_s, True
    longest_s = max(limits.timer_lead_s, usable_s - limits.timer_lead_s - grid.TICK_S)
    return profile.every_s // math.ceil(profile.every_s / longest_s), False


def soonest_look(wait: Wait, limits: Limits, now: float) -> int:
    """The nearest tick at which a timer can be due, strictly later than the one that brought this look."""
    return grid.tick_after(wait.action, max(now + limits.timer_lead_s, wait.due_at + 1))


def last_look(wait: Wait, profile: Profile, limits: Limits) -> tuple[float, str]:
    """When the last look must be due, and why then: the profile's budget or what the cloud still allows."""
    ends_at = cloud_end(wait, limits)
    by_cloud = ends_at - limits.timer_late_s - limits.margin_s
    if profile.budget_s is not None and wait.began_at + profile.budget_s < by_cloud:
        return wait.began_at + profile.budget_s, f"the profile's budget of {profile.budget_s} s ends"
    if heartbeats_left(wait, limits) == 0 and ends_at == wait.lapses_at:
        return by_cloud, "no heartbeat is left and the wait lapses"
    return by_cloud, f"the cloud allows no more than {round(ends_at - wait.began_at)} s"


def _needed_until(wait: Wait, profile: Profile, limits: Limits) -> float:
    """How long the wait must last so that its last look can still end it."""
    return last_look(wait, profile, limits)[0] + limits.timer_late_s + limits.margin_s


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
    if heartbeats_add(wait) and _ungranted_s(wait, limits) < limits.heartbeat_min_s:
        return 0
    return max(0, limits.heartbeats_max - wait.heartbeats)


def heartbeats_add(wait: Wait) -> bool:
    """True once it is known that a heartbeat adds to the time left instead of setting it."""
    return wait.refused >= REFUSALS_THAT_PROVE


def _ungranted_s(wait: Wait, limits: Limits) -> float:
    return limits.wait_max_s - limits.end_slack_s - wait.granted_s


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
    if heartbeats_left(wait, limits) == 0:
        return math.inf
    if wait.lapses_at >= _needed_until(wait, profile, limits) and not wait.ending:
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
    ungranted_s = _ungranted_s(wait, limits)
    ends_at = cloud_end(wait, limits)
    rest_s = (ends_at if wait.ending else min(_needed_until(wait, profile, limits), ends_at)) - now
    if not wait.heartbeat_timeout_s:
        seconds = rest_s / 2**wait.refused
    elif heartbeats_add(wait):
        seconds = ungranted_s
    else:
        rung_s = rung_every_s(wait, profile, limits)
        least_s = max(rung_s / 2, wait.heartbeat_timeout_s)
        # Judged from the hour at which it is due, not from now: a copy's look soon after asks for the same hour, or a later one.
        due_at = wait.lapses_at - guard_s(wait, profile, limits)
        until = float(grid.slot_after(wait.action, rung_s, now + least_s))
        share_s = (now + rest_s - due_at) / max(1, heartbeats_left(wait, limits) - HEARTBEATS_IN_RESERVE)
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
    spread_over = (limits.heartbeats_max or 1) - HEARTBEATS_IN_RESERVE - 1
    return math.ceil(max(limits.wait_max_s / spread_over, wait.heartbeat_timeout_s, 4 * profile.every_s))


def after_heartbeat(wait: Wait, seconds: int, limits: Limits, now: float) -> Wait:
    """The wait after a heartbeat that the cloud accepted at `now`."""
    lapses_at = (wait.lapses_at if heartbeats_add(wait) else now) + seconds
    if not limits.heartbeat_is_chosen:
        lapses_at = min(lapses_at, wait.began_at + limits.wait_limit_s(wait.heartbeat_timeout_s))
    return msgspec.structs.replace(
        wait,
        lapses_at=lapses_at,
        heartbeats=wait.heartbeats + 1,
        granted_s=wait.granted_s + seconds,
        refused=wait.refused if heartbeats_add(wait) else 0,
        troubles=wait.troubles if wait.ending else 0,
    )


def after_unsure_heartbeat(wait: Wait) -> Wait:
    """The wait after a heartbeat of which nobody knows whether it took place: counted, but nothing gained."""
    return msgspec.structs.replace(wait, heartbeats=wait.heartbeats + 1, troubles=wait.troubles + 1)


def after_unsure_completion(wait: Wait, result: Result) -> Wait:
    """The wait after a completion that was not confirmed: it may have taken place, so the same result is sent again, never another.

    Without a token it is not: the instance may be in a later action of the hook by then (warm pool). The next look asks the checks again.
    """
    return msgspec.structs.replace(wait, ending=result if wait.action.token else None, troubles=wait.troubles + 1)


def after_refused_heartbeat(wait: Wait, seconds: int, limits: Limits, *, for_count: bool) -> Wait:
    """The wait after the cloud refused to extend it by `seconds`: the count is used up, or the time is.

    Time refused twice, the second time for half as much, shows that heartbeats add up: then the sum of the grants is the lapse.
    Refused once more, somebody else has used some of the time: then less than `seconds` is left, and half of it is tried next.
    """
    if for_count:
        return msgspec.structs.replace(wait, heartbeats=limits.heartbeats_max or wait.heartbeats, troubles=wait.troubles + 1)
    refused = wait.refused + 1
    lapses_at = max(wait.lapses_at, wait.began_at + wait.granted_s) if refused == REFUSALS_THAT_PROVE else wait.lapses_at
    known = heartbeats_add(wait) and wait.heartbeat_timeout_s
    granted_s = wait.granted_s
    if known:
        granted_s = limits.wait_max_s - limits.end_slack_s - seconds / 2
        lapses_at = max(lapses_at, wait.began_at + limits.wait_max_s - limits.end_slack_s - seconds)
    return msgspec.structs.replace(wait, refused=refused, lapses_at=lapses_at, granted_s=granted_s, troubles=wait.troubles + 1)


def soon(wait: Wait, recheck: Recheck, limits: Limits, now: float, reason: str) -> Recheck:
    """Instead of `recheck`, a look as soon as a timer can be: for a heartbeat or a completion that failed.

    As long as it can still help: not after the lapse, and not for ever when there is time enough until the next slot.
    """
    soon_at = soonest_look(wait, limits, now)
    lapses_first = wait.lapses_at < recheck.at + limits.timer_late_s + limits.margin_s
    if recheck.at <= soon_at or now >= wait.lapses_at or (wait.troubles > QUICK_TRIES and not lapses_first):
        return recheck
    return Recheck(soon_at, reason)


def insist_s(wait: Wait, limits: Limits, now: float) -> float:
    """How long to pause before a failed call is tried again in the same invocation; 0 where a timer would still come before the lapse.

    Of a wait that has lapsed as far as is known, nothing is known: a few tries are worth it.
    """
    left_s = wait.lapses_at - now
    if left_s < 1:
        return 2.0 if wait.troubles <= QUICK_TRIES else 0
    if left_s > limits.timer_lead_s + limits.timer_late_s + limits.margin_s / 2:
        return 0
    return min(3.0, left_s / 4)


def next_wait(wait: Wait, recheck: Recheck) -> Wait:
    """The wait as the recheck's message carries it."""
    return msgspec.structs.replace(wait, due_at=recheck.at, hop=0, looks=wait.looks + 1)
