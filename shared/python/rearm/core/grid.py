"""When looks fall, and what their timers are called.

Slots are fixed by the action alone: a phase hashed from its identity (so that a burst of instances spreads), then one slot
every `every_s` seconds since the epoch. A duplicate, a redelivery and a sweep arrive at the same timer name, and
"already exists" means success: the name is the lock, and chains cannot multiply.
"""

import hashlib

from rearm.core.model import Action


def identity(action: Action) -> str:
    """24 hex digits that name the action wherever its notification came from."""
    return hashlib.sha256(f"{action.cloud}\0{action.hook}\0{action.token}".encode(errors="replace")).hexdigest()[:24]


def phase_s(action: Action, every_s: int) -> int:
    """Where the action's slots lie within `every_s`."""
    return int(identity(action)[:12], 16) % every_s


def slot_after(action: Action, every_s: int, at: float) -> int:
    """The first slot that is not before `at`."""
    return int(-((phase_s(action, every_s) - at) // every_s))


def slot_at(action: Action, every_s: int, slot: int) -> float:
    """The time of a slot, seconds since the epoch."""
    return phase_s(action, every_s) + slot * every_s


def timer_name(action: Action, slot: int, hop: int = 0) -> str:
    """The timer's name: at most 64 of `[0-9a-zA-Z-]`, first a letter (EventBridge Scheduler names and FC task ids both allow it).

    `hop` counts timers that came too early for this slot and were set again: a used name stays taken on Function Compute.
    """
    return f"rearm-{identity(action)}-{slot}" + (f"-{hop}" if hop else "")
