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
from rearm.core.model import Action, Complete, Decision, Heartbeat, Hook, Recheck, Result, Wait
from rearm.core.profile import Profile
from rearm.core.verdict import Results, judge

HEARTBEATS_IN_RESERVE = 2
"""Of the 20 on Alibaba Cloud, kept for calls that failed but may have counted."""

QUICK_TRIES = 3
"""Looks in a row before their slot, to try again what failed; after that the next slot is soon enough."""

REFUSALS_THAT_PROVE = 2
"""Refusals of time that the wait should still have: after so many, heartbeats are known to add up (Alibaba Cloud)."""


def first_wait(action: Action, hook: Hook | None, limits: Limits, now: float) -> Wait:
    """The wait as a notification shows it. `hook` None: it could not be described yet.

    A notification that comes after the hook's timeout is a late duplicate, or its action is over: if the wait still goes on, somebody has
    extended it meanwhile, so as many heartbeats count as spent as the plan spends in that time.
    """
    began_at = min(action.notified_at or now, now)
    timeout_s = hook.heartbeat_timeout_s if hook else 0
    spent, granted_s = 0, float(timeout_s)
    if limits.heartbeats_max is not None and now - began_at > timeout_s > 0:
        planned_s = limits.wait_max_s / (limits.heartbeats_max - HEARTBEATS_IN_RESERVE)
        spent = min(limits.heartbeats_max - 1, math.ceil((now - began_at - timeout_s) / planned_s))
        granted_s = now - began_at
    return Wait(
        action=action,
        began_at=began_at,
        lapses_at=began_at + timeout_s,
        heartbeat_timeout_s=timeout_s,
        heartbeats=spent,
        granted_s=granted_s,
    )


def with_hook(wait: Wait, hook: Hook, limits: Limits) -> Wait:
    """The wait once a hook that could not be described at first is known. Each heartbeat so far gave the hook's own timeout."""
    timeout_s = hook.heartbeat_timeout_s
    lapses_at = wait.began_at + timeout_s
    if wait.heartbeats:
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
    if now + limits.timer_lead_s > last_look_at:
        return (Complete(profile.timeout_result(action), f"{why}; last answer: {verdict.reason}"),)
    return stay(wait, profile, limits, now, verdict.reason)


def stay(wait: Wait, profile: Profile, limits: Limits, now: float, reason: str) -> Decision:
    """Keep the wait alive: `(Recheck,)` or `(Heartbeat, Recheck)`."""
    soonest = now + limits.timer_lead_s
    last_look_at = max(last_look(wait, profile, limits)[0], soonest)
    # A slot that comes at once is left out: a second look right after the first tells nothing new.
    slot = max(wait.slot + 1, grid.slot_after(wait.action, profile.every_s, max(soonest, now + profile.every_s / 6)))
    slot_at = grid.slot_at(wait.action, profile.every_s, slot)
    if limits.timer_max_s is not None:
        slot_at = min(slot_at, now + limits.timer_max_s)
    beat_at = heartbeat_due(wait, profile, limits)
    beats: Decision = ()
    if slot_at > beat_at and beat_at < soonest:
        seconds = heartbeat_seconds(wait, profile, limits, now)
        if seconds:
            beats = (Heartbeat(seconds, f"would lapse in {max(0, round(wait.lapses_at - now))} s"),)
            beat_at = heartbeat_due(after_heartbeat(wait, seconds, limits, now), profile, limits)
    at = min(slot_at, max(beat_at, soonest), last_look_at)
    return (*beats, Recheck(max(at, soonest), slot, reason))


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
    ends_at = wait.began_at + limits.wait_limit_s(wait.heartbeat_timeout_s) - limits.end_slack_s
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
    """When the next heartbeat is due; infinity if the wait already lasts beyond its last look."""
    if heartbeats_left(wait, limits) == 0 or wait.lapses_at >= _needed_until(wait, profile, limits):
        return math.inf
    return wait.lapses_at - guard_s(wait, profile, limits)


def heartbeat_seconds(wait: Wait, profile: Profile, limits: Limits, now: float) -> int:
    """How long a heartbeat to ask for; 0 if none is worth asking for.

    Alibaba Cloud: what is left of the wait is spread over what is left of the heartbeats. The pages do not say whether a
    heartbeat sets or adds time, so the sum of all grants stays within the 6 hours too. When that sum is used up, the rest is
    asked for once: given, heartbeats set; refused twice, the second time for half as much, they add, and the sum is the lapse.
    """
    if not limits.heartbeat_is_chosen:
        return wait.heartbeat_timeout_s or limits.heartbeat_min_s
    ungranted_s = _ungranted_s(wait, limits)
    rest_s = min(_needed_until(wait, profile, limits), cloud_end(wait, limits)) - now
    if heartbeats_add(wait):
        seconds = ungranted_s
    else:
        share_s = rest_s / max(1, heartbeats_left(wait, limits) - HEARTBEATS_IN_RESERVE)
        least_s = max(wait.heartbeat_timeout_s, 4 * profile.every_s, 2 * guard_s(wait, profile, limits))
        seconds = min(max(share_s, least_s), rest_s)
        if ungranted_s < least_s:
            seconds = rest_s / 2**wait.refused
        elif ungranted_s < seconds + least_s:
            seconds = min(ungranted_s, rest_s)
        if now + seconds <= wait.lapses_at:
            return 0
    seconds = min(math.floor(seconds), limits.heartbeat_max_s)
    return seconds if seconds >= limits.heartbeat_min_s else 0


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
        troubles=wait.troubles if wait.ending else 0,
    )


def after_unsure_heartbeat(wait: Wait) -> Wait:
    """The wait after a heartbeat of which nobody knows whether it took place: counted, but nothing gained."""
    return msgspec.structs.replace(wait, heartbeats=wait.heartbeats + 1, troubles=wait.troubles + 1)


def after_unsure_completion(wait: Wait, result: Result) -> Wait:
    """The wait after a completion that was not confirmed: it may have taken place, so the same result is sent again, never another."""
    return msgspec.structs.replace(wait, ending=result, troubles=wait.troubles + 1)


def after_refused_heartbeat(wait: Wait, limits: Limits, *, for_count: bool) -> Wait:
    """The wait after the cloud refused to extend it: the count is used up, or the time is.

    Time refused twice, the second time for half as much, shows that heartbeats add up: then the sum of the grants is the lapse.
    """
    if for_count:
        return msgspec.structs.replace(wait, heartbeats=limits.heartbeats_max or wait.heartbeats, troubles=wait.troubles + 1)
    refused = wait.refused + 1
    lapses_at = max(wait.lapses_at, wait.began_at + wait.granted_s) if refused == REFUSALS_THAT_PROVE else wait.lapses_at
    return msgspec.structs.replace(wait, refused=refused, lapses_at=lapses_at, troubles=wait.troubles + 1)


def soon(wait: Wait, recheck: Recheck, limits: Limits, now: float, reason: str) -> Recheck:
    """Instead of `recheck`, a look as soon as a timer can be: for a heartbeat or a completion that failed.

    As long as it can still help: not after the lapse, and not for ever when there is time enough until the next slot.
    """
    soon_at = now + limits.timer_lead_s
    lapses_first = wait.lapses_at < recheck.at + limits.timer_late_s + limits.margin_s
    if recheck.at <= soon_at or now >= wait.lapses_at or (wait.troubles > QUICK_TRIES and not lapses_first):
        return recheck
    return Recheck(soon_at, recheck.slot, reason, hop=wait.troubles)


def next_wait(wait: Wait, recheck: Recheck) -> Wait:
    """The wait as the recheck's message carries it."""
    slot = wait.slot if recheck.hop else recheck.slot
    return msgspec.structs.replace(wait, slot=slot, hop=recheck.hop, due_at=recheck.at, looks=wait.looks + 1)
