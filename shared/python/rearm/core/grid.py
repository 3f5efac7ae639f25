"""When looks fall, and what their timers are called.

Slots are fixed by the wait alone: a phase hashed from its identity (so that a burst of instances spreads), then one slot
every `every_s` seconds since the epoch. A timer is named by the second in which it is due, and "already exists" means success:
the name is the lock. What comes between two slots (a heartbeat, another try, an adopted wait) falls on a tick, and its chain of looks
meets any other chain of the same wait at the next slot: so chains cannot multiply.
"""

import hashlib
from functools import lru_cache

from rearm.core.model import Action

TICK_S = 5
IDENTITY_DIGITS = 24
TIMER_PREFIX = "rearm-"
"""How every timer's name begins: what a sweep lists."""


@lru_cache(maxsize=1024)
def identity(action: Action) -> str:
    """The hex digits that name the wait, whoever tells of it: a notification, a duplicate of it, or the sweep.

    AWS tells nobody the token of a waiting action, so there it is group, hook and instance: a later action of the same instance in the same
    hook (warm pool) has the same identity. Alibaba Cloud: hook and token.
    """
    parts = (action.group, action.hook, *action.instances) if action.cloud == "aws" else (action.hook, action.token)
    text = "\0".join((action.cloud, *parts))
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:IDENTITY_DIGITS]


def identity_of(timer: str) -> str | None:
    """The identity in a timer's name; None if the name is not one of `timer_name`."""
    found = timer.removeprefix(TIMER_PREFIX).partition("-")[0]
    return found if timer.startswith(TIMER_PREFIX) and len(found) == IDENTITY_DIGITS else None


@lru_cache(maxsize=2048)
def phase_s(action: Action, every_s: int) -> int:
    """Where the action's slots lie within `every_s`."""
    return int(identity(action)[:12], 16) % every_s


def share(action: Action) -> float:
    """A number from 0 to 1 that is the wait's own: where it stands in a burst that is spread over some time."""
    return int(identity(action)[-6:], 16) / 0xFFFFFF


def slot_after(action: Action, every_s: int, at: float) -> int:
    """The first slot that is not before `at`; seconds since the epoch."""
    phase = phase_s(action, every_s)
    return phase - int((phase - at) // every_s) * every_s


def tick_after(action: Action, at: float) -> int:
    """The first tick that is not before `at`; seconds since the epoch. The ticks of a burst are spread too."""
    return slot_after(action, TICK_S, at)


def timer_name(action: Action, due_at: int, hop: int = 0) -> str:
    """The timer's name: at most 64 of `[0-9a-zA-Z-]`, first a letter (EventBridge Scheduler names and FC task ids both allow it).

    `hop` counts timers that came too early for their hour and were set again: a used name stays taken on Function Compute.
    """
    return f"{TIMER_PREFIX}{identity(action)}-{due_at}" + (f"-{hop}" if hop else "")


def first_name(action: Action) -> str:
    """The name of the timer that a notification's first look sets, where used names stay taken: a copy of it finds that, at any time."""
    return f"{TIMER_PREFIX}{identity(action)}-first"
