"""Ask the checks: side by side, each within its own time limit. An error is never more than the answer `waiting`."""

import threading
from collections.abc import Mapping

from rearm import checks, clock
from rearm.checks.question import Question
from rearm.clouds import Cloud
from rearm.core.model import CheckResult, Wait
from rearm.core.profile import Check, Profile

RESERVE_S = 10
"""Of the invocation's time, kept for what follows the checks."""

Results = dict[tuple[int, str], CheckResult]


def observe(wait: Wait, profile: Profile, cloud: Cloud) -> Results:
    """Every check's answer about every instance of the action."""
    # Before any thread: the `http` check and the SDK of Alibaba Cloud both import it, and its six does so while it holds the lock of all
    # imports. Side by side, each waits for the other until the invocation's time is over. Both clouds' SDKs need it anyway.
    import http.client  # noqa: F401

    results: Results = {}
    started = clock.monotonic()
    room_s = max(1.0, cloud.remaining_s() - RESERVE_S)
    asked = []
    for index, check in enumerate(profile.checks):
        for instance in wait.action.instances:
            # A daemon: one that hangs costs its limit and does not hold up the end of the invocation.
            thread = threading.Thread(target=_ask, args=(results, index, check, instance, wait, cloud), daemon=True)
            thread.start()
            asked.append((thread, index, check, instance))
    for thread, index, check, instance in asked:
        limit_s = min(check.limit_s, room_s)
        thread.join(max(0.0, started + limit_s - clock.monotonic()))
        results.setdefault((index, instance), CheckResult("waiting", f"no answer within {limit_s:g} s"))
    return dict(results)


def remembered(known: Mapping[str, str], results: Results) -> dict[str, str]:
    """What the next look is to know: what was known, and what the checks add."""
    out = dict(known)
    for result in results.values():
        out.update(result.remember)
    return out


def _ask(results: Results, index: int, check: Check, instance: str, wait: Wait, cloud: Cloud) -> None:
    question = Question(instance, wait.action, cloud, wait.known, check.limit_s)
    result = checks.ask(check.kind)(check.settings, question)
    results.setdefault((index, instance), result)
