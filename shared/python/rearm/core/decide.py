"""START HERE: what is done after a look. Every rule of the product is in this folder.

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

from rearm.core import budget, grid, heartbeats
from rearm.core.limits import Limits
from rearm.core.model import Complete, Decision, Heartbeat, Recheck, Result, Wait
from rearm.core.patience import Results
from rearm.core.profile import Profile
from rearm.core.verdict import judge

BEAT_EARLY_S = 10
"""A heartbeat that is due within this time is recorded now: a timer may come early too, and a look for it alone tells nothing new."""

SENT = "sent"
"""In `Wait.known`: a result that was sent between two looks and not confirmed, told to the timer that had been set before (AWS)."""

QUICK_TRIES = 3
"""Looks in a row before their slot, to try again what failed; after that the next slot is soon enough."""


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
    if soonest_look(wait, limits, now) > budget.last_look_at(wait, profile, limits):
        _, why = budget.last_look(wait, profile, limits)
        return (Complete(profile.timeout_result(action), f"{why}; last answer: {verdict.reason}", by_budget=True),)
    return stay(wait, profile, limits, now, verdict.reason)


def stay(wait: Wait, profile: Profile, limits: Limits, now: float, reason: str) -> Decision:
    """Keep the wait alive: `(Recheck,)` or `(Heartbeat, Recheck)`."""
    soonest = soonest_look(wait, limits, now)
    every_s, beats_between = pace(wait, profile, limits)
    at: float = max(grid.slot_after(wait.action, every_s, now + limits.timer_lead_s), soonest)
    beat_at = heartbeats.heartbeat_due(wait, profile, limits)
    beats: Decision = ()
    after = wait
    if profile.linger_s and not wait.looks:
        at = soonest  # only the looks of timers linger: the first of them comes at once
    if is_claimed_first(wait, limits, now):
        at = soonest
    elif at > beat_at and (beat_at < max(soonest, now + BEAT_EARLY_S) or not beats_between):
        seconds = heartbeats.heartbeat_seconds(wait, profile, limits, now)
        if seconds:
            beats = (Heartbeat(seconds, f"would lapse in {max(0, round(wait.lapses_at - now))} s"),)
            after = heartbeats.after_heartbeat(wait, seconds, limits, now)
            beat_at = heartbeats.heartbeat_due(after, profile, limits)
    at = min(at, budget.last_look_at(after, profile, limits), beat_at)
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
    usable_s = timeout_s - heartbeats.guard_s(wait, profile, limits)
    if profile.every_s <= usable_s / 4:
        return profile.every_s, True
    longest_s = max(limits.timer_lead_s, usable_s - limits.timer_lead_s - grid.TICK_S)
    return profile.every_s // math.ceil(profile.every_s / longest_s), False


def soonest_look(wait: Wait, limits: Limits, now: float) -> int:
    """The nearest tick at which a timer can be due, strictly later than the one that brought this look."""
    return grid.tick_after(wait.action, max(now + limits.timer_lead_s, wait.due_at + 1))


def after_unsure_completion(wait: Wait, result: Result) -> Wait:
    """The wait after a completion that was not confirmed: it may have taken place, so the same result is sent again, never another.

    Without a token it is not: the instance may be in a later action of the hook by then (warm pool). The next look asks the checks again.
    """
    return msgspec.structs.replace(wait, ending=result if wait.action.token else None, troubles=wait.troubles + 1)


def as_told(wait: Wait, limits: Limits) -> Wait:
    """The wait of a message that was told, after its timer had been set, which result was sent meanwhile (`SENT`)."""
    sent = wait.known.get(SENT)
    return msgspec.structs.replace(wait, ending=sent) if sent in limits.results and not wait.ending else wait


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
