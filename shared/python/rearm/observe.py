"""Do the steps that are due, and ask the checks: side by side, each within its own time limit.

An error is never more than the answer `waiting`, and of a step never more than that it is tried again.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from rearm import checks, clock, side_by_side, steps
from rearm.checks.question import Question
from rearm.clouds import Cloud
from rearm.core import patience, staging
from rearm.core.model import CheckResult, StepResult, Wait
from rearm.core.profile import Check, Profile

RESERVE_S = 10
"""Of the invocation's time, kept for what follows the checks."""

T = TypeVar("T")
Key = tuple[int, str]
Results = dict[Key, CheckResult]


def observe(wait: Wait, profile: Profile, cloud: Cloud) -> Results:
    """Every check's answer about every instance of the action."""
    now = clock.now()
    results: Results = {}
    todo = []
    for index, check in enumerate(profile.checks):
        for instance in wait.action.instances:
            if not patience.is_asked(check, wait, now):
                results[index, instance] = patience.not_yet(check, wait, now)
                continue
            todo.append(((index, instance), check.limit_s, _question(check, instance, wait, cloud)))
    found = _side_by_side(todo, cloud, lambda limit_s: CheckResult("waiting", f"no answer within {limit_s:g} s", error=True))
    return results | found


def work(wait: Wait, profile: Profile, cloud: Cloud, *, later: bool = False) -> tuple[Wait, dict[Key, StepResult]]:
    """Do what is due, and what is due then. Each step is tried once in a look. `later`: the stages that come later."""
    now, done = clock.now(), dict[Key, StepResult]()
    while todo := [key for key in staging.due(profile, wait, now, later=later) if key not in done]:
        asked = [(key, profile.steps[key[0]].limit_s, _task(profile, key, wait, cloud)) for key in todo]
        results = _side_by_side(asked, cloud, lambda limit_s: StepResult("going", f"no answer within {limit_s:g} s"))
        wait = msgspec.structs.replace(wait, known=staging.noted(wait.known, results))
        done |= results
    return wait, done


def _question(check: Check, instance: str, wait: Wait, cloud: Cloud) -> Callable[[], CheckResult]:
    question = Question(instance, wait.action, cloud, wait.known, check.limit_s)
    return lambda: checks.ask(check.kind)(check.settings, question)


def _task(profile: Profile, key: Key, wait: Wait, cloud: Cloud) -> Callable[[], StepResult]:
    number, target = key
    step = profile.steps[number]
    question = Question(target, wait.action, cloud, wait.known, step.limit_s, profile.name, step.stage, number)
    return lambda: steps.do(step.kind)(step.settings, question)


def _side_by_side(todo: list[tuple[Key, float, Callable[[], T]]], cloud: Cloud, late: Callable[[float], T]) -> dict[Key, T]:
    """What each says, or `late` of its limit. One that hangs costs its limit and does not hold up the end of the invocation."""
    if not todo:
        return {}
    # Before any thread: the clouds' clients import it, and a `six`, where an SDK brings one, does so while it holds the lock of all
    # imports. Side by side, each waits for the other until the invocation's time is over.
    import http.client  # noqa: F401 - for its lock, see above

    room_s = max(1.0, cloud.remaining_s() - RESERVE_S)
    return side_by_side.answers([(key, min(limit_s, room_s), ask) for key, limit_s, ask in todo], late)
