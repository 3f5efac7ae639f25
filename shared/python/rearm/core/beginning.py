"""A wait as it is first known: from its notification, or as the sweep finds it."""

import math

import msgspec

from rearm.core import budget
from rearm.core.limits import Limits
from rearm.core.model import Action, Held, Hook, Wait


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
        planned_s = limits.wait_max_s / (limits.heartbeats_max - budget.HEARTBEATS_IN_RESERVE)
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
