"""What an answer is worth at this time: asked too early, not yet for long enough, or waited for too long.

How long a check has passed in a row travels in `Wait.known`, as `passes:<check>:<instance>`: since when, and in how many looks.
"""

from collections.abc import Mapping

import msgspec

from rearm.core.model import CheckResult, Wait
from rearm.core.profile import Check, Profile

Results = Mapping[tuple[int, str], CheckResult]
"""(index of the check in the profile, instance id) -> its answer."""


def is_asked(check: Check, wait: Wait, now: float) -> bool:
    """Whether the check's time has come."""
    return now >= wait.began_at + check.after_s


def not_yet(check: Check, wait: Wait, now: float) -> CheckResult:
    """The answer of a check that is not asked yet."""
    return CheckResult("waiting", f"is asked in {round(wait.began_at + check.after_s - now)} s", error=True)


def settle(results: Results, wait: Wait, profile: Profile, now: float) -> tuple[dict[tuple[int, str], CheckResult], dict[str, str]]:
    """The answers as they count now, and what the wait knows after this look."""
    settled, known = {}, dict(wait.known)
    for (index, instance), result in results.items():
        check, key = profile.checks[index], f"passes:{index}:{instance}"
        since = known.pop(key, "")
        known.update(result.remember)
        settled[index, instance] = result
        if result.status == "passed" and (check.for_s or check.for_looks > 1):
            settled[index, instance], known[key] = _for_long_enough(check, result, since, now)
        elif result.status == "waiting" and not result.error:
            settled[index, instance] = _not_for_too_long(check, result, wait, now)
    return settled, known


def _for_long_enough(check: Check, result: CheckResult, since: str, now: float) -> tuple[CheckResult, str]:
    """A check that passes, and since when: an answer in between that was no pass has begun the count anew."""
    began, _, looks = since.partition(" ")
    since_at, count = (float(began), int(looks) + 1) if since else (now, 1)
    noted = f"{since_at:.3f} {count}"
    if count < check.for_looks:
        return msgspec.structs.replace(result, status="waiting", reason=f"{result.reason}, in {count} of {check.for_looks} looks"), noted
    if now < since_at + check.for_s:
        reason = f"{result.reason}, for {round(now - since_at)} of {check.for_s} s"
        return msgspec.structs.replace(result, status="waiting", reason=reason), noted
    return result, noted


def _not_for_too_long(check: Check, result: CheckResult, wait: Wait, now: float) -> CheckResult:
    """An error is not counted: when nobody can be asked, no instance has failed."""
    if check.fail_after_s is None or now < wait.began_at + check.fail_after_s:
        return result
    return msgspec.structs.replace(result, status="failed", reason=f"{result.reason}, after {check.fail_after_s} s")
