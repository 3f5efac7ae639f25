"""From the checks' answers to one verdict for the action: every instance must pass."""

from collections.abc import Mapping

import msgspec

from rearm.core.model import CheckResult, Status, Wait
from rearm.core.profile import All, Condition, One, Profile

Results = Mapping[tuple[int, str], CheckResult]
"""(index of the check in the profile, instance id) -> its answer."""

BELIEVE_GONE_AFTER_S = 120
"""A new instance may be unknown to the cloud's describe calls for a while (eventual consistency)."""


class Verdict(msgspec.Struct, frozen=True):
    """What the checks say of the whole action."""

    status: Status
    reason: str


def judge(wait: Wait, results: Results, profile: Profile, now: float) -> Verdict:
    """The verdict over all instances; `gone` only when every instance is gone."""
    launching = wait.action.transition != "terminate"
    per_instance: dict[str, Status] = {}
    for instance in wait.action.instances:
        status = _of_instance(profile.condition, instance, results)
        if status == "gone" and launching and now < wait.began_at + BELIEVE_GONE_AFTER_S:
            status = "waiting"
        per_instance[instance] = status
    statuses = set(per_instance.values())
    if statuses == {"gone"}:
        return Verdict("gone", _say(per_instance, results, profile, "gone"))
    if "gone" in statuses and launching:
        return Verdict("failed", _say(per_instance, results, profile, "gone"))
    for status in ("failed", "waiting"):
        if status in statuses:
            return Verdict(status, _say(per_instance, results, profile, status))
    return Verdict("passed", "every check passed" if profile.checks else "the profile asks for no check")


def _of_instance(condition: Condition, instance: str, results: Results) -> Status:
    if isinstance(condition, One):
        result = results.get((condition.index, instance))
        return result.status if result else "waiting"
    parts = [_of_instance(part, instance, results) for part in condition.of]
    if "gone" in parts:
        return "gone"
    if isinstance(condition, All):
        order: tuple[Status, ...] = ("failed", "waiting")
        return next((status for status in order if status in parts), "passed")
    if not parts or "passed" in parts:
        return "passed"
    return "waiting" if "waiting" in parts else "failed"


def _say(per_instance: dict[str, Status], results: Results, profile: Profile, status: Status) -> str:
    """The reasons of the checks that hold the verdict, shortest useful form."""
    several = len(per_instance) > 1
    parts = []
    for instance, its_status in per_instance.items():
        if its_status != status:
            continue
        reasons = [
            f"{check.label or check.kind}: {results[index, instance].reason}"
            for index, check in enumerate(profile.checks)
            if (index, instance) in results and results[index, instance].status != "passed"
        ]
        text = "; ".join(reasons) or "not asked yet"
        parts.append(f"{instance}: {text}" if several else text)
    return " | ".join(parts)
