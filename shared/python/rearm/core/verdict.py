"""From the checks' answers, and the steps that are done, to one verdict for the action."""

from functools import lru_cache

import msgspec

from rearm.core import staging
from rearm.core.model import Status, Wait
from rearm.core.patience import Results
from rearm.core.profile import All, AtLeast, Condition, Not, One, Profile

BELIEVE_GONE_AFTER_S = 120
"""A new instance may be unknown to the cloud's describe calls for a while (eventual consistency)."""


class Verdict(msgspec.Struct, frozen=True):
    """What the checks say of the whole action."""

    status: Status
    reason: str


def judge(wait: Wait, results: Results, profile: Profile, now: float) -> Verdict:
    """The verdict over all instances and steps; `gone` only when every instance is gone."""
    checked = _of_the_checks(wait, results, profile, now)
    failed, waiting = staging.holding(profile, wait, now)
    if checked.status == "gone":
        return checked
    if failed:
        return Verdict("failed", "; ".join(failed))
    if checked.status in ("passed", "waiting") and waiting:
        return Verdict("waiting", "; ".join(waiting if checked.status == "passed" else [checked.reason, *waiting]))
    return checked


def _of_the_checks(wait: Wait, results: Results, profile: Profile, now: float) -> Verdict:
    launching = wait.action.transition != "terminate"
    per_instance: dict[str, Status] = {}
    for instance in wait.action.instances:
        status = _of_instance(profile.condition, instance, results)
        if status == "gone" and launching and now < wait.began_at + BELIEVE_GONE_AFTER_S:
            status = "waiting"
        per_instance[instance] = status
    statuses = list(per_instance.values())
    if set(statuses) == {"gone"}:
        return Verdict("gone", _say(per_instance, results, profile, "gone"))
    # A leaving instance that is gone needs no more; a new one is lost.
    ready = statuses.count("passed") + (0 if launching else statuses.count("gone"))
    lost = statuses.count("failed") + (statuses.count("gone") if launching else 0)
    needed = _needed(profile, len(statuses))
    if ready >= needed:
        return Verdict("passed", _passed(profile, ready, len(statuses)))
    if len(statuses) - lost < needed:
        first: Status = "gone" if "gone" in statuses and launching else "failed"
        return Verdict("failed", _say(per_instance, results, profile, first))
    return Verdict("waiting", _say(per_instance, results, profile, "waiting"))


def _needed(profile: Profile, instances: int) -> int:
    """How many instances have to be ready. Of an action with fewer, all."""
    if profile.instances == "all":
        return instances
    return 1 if profile.instances == "any" else min(profile.instances, instances)


def _passed(profile: Profile, ready: int, instances: int) -> str:
    if not profile.checks:
        return "every step is done" if profile.steps else "the profile asks for no check"
    return "every check passed" if ready == instances else f"every check passed for {ready} of {instances} instances"


def _of_instance(condition: Condition, instance: str, results: Results) -> Status:
    if isinstance(condition, One):
        result = results.get((condition.index, instance))
        return result.status if result else "waiting"
    if isinstance(condition, Not):
        return _opposite(condition.of, instance, results)
    parts = [_of_instance(part, instance, results) for part in condition.of]
    if "gone" in parts:
        return "gone"
    if isinstance(condition, All):
        order: tuple[Status, ...] = ("failed", "waiting")
        return next((status for status in order if status in parts), "passed")
    needed = condition.n if isinstance(condition, AtLeast) else min(1, len(parts))
    if parts.count("passed") >= needed:
        return "passed"
    return "waiting" if len(parts) - parts.count("failed") >= needed else "failed"


def _opposite(condition: Condition, instance: str, results: Results) -> Status:
    """`not`. An answer that nobody gave has no opposite: an error would pass."""
    status = _of_instance(condition, instance, results)
    if status == "gone":
        return "gone"
    if status == "passed":
        return "waiting"
    answers = [results.get((index, instance)) for index in indices(condition)]
    return "waiting" if any(answer is None or answer.error for answer in answers) else "passed"


def indices(condition: Condition) -> list[int]:
    """The checks that a condition asks for, in the order of the file."""
    if isinstance(condition, One):
        return [condition.index]
    parts = (condition.of,) if isinstance(condition, Not) else condition.of
    return [index for part in parts for index in indices(part)]


def _say(per_instance: dict[str, Status], results: Results, profile: Profile, status: Status) -> str:
    """The reasons of the checks that hold the verdict, shortest useful form."""
    several = len(per_instance) > 1
    negated = _negated(profile.condition)
    parts = []
    for instance, its_status in per_instance.items():
        if its_status != status:
            continue
        reasons = [
            f"{'not ' if index in negated else ''}{check.label or check.kind}: {results[index, instance].reason}"
            for index, check in enumerate(profile.checks)
            if check.required and (index, instance) in results and (results[index, instance].status != "passed") != (index in negated)
        ]
        text = "; ".join(reasons) or "not asked yet"
        parts.append(f"{instance}: {text}" if several else text)
    return " | ".join(parts)


@lru_cache(maxsize=64)
def _negated(condition: Condition) -> frozenset[int]:
    if isinstance(condition, One):
        return frozenset()
    if isinstance(condition, Not):
        return frozenset(indices(condition.of))
    return frozenset(index for part in condition.of for index in _negated(part))
