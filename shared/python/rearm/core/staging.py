"""Which steps are to be done now, and what those that are not done mean for the wait.

What was done travels in `Wait.known`, as `step:<step>:<instance>`: `done`, `failed <why>` or `going <why>`. Steps of a stage are done one
after the other, for each instance; one that is done once for the action waits until every instance has come so far.
"""

from collections.abc import Iterator, Mapping

from rearm.core.model import StepResult, Wait
from rearm.core.profile import Profile, Step

FRESH_S = 30
"""A notification that comes later may be a copy. Its first look leaves the steps to the look of its timer, which a copy does not get."""

ONCE = ""
"""In the place of the instance: the step is done once for the action."""


def due(profile: Profile, wait: Wait, now: float, *, later: bool = False) -> list[tuple[int, str]]:
    """(index of the step, instance or `ONCE`) for each step to do in this look, as far as is known. `later`: of the stages that come
    later, and not of the beginning.

    One that is not required is tried once before the next ones, and then holds them up no more.
    """
    found: list[tuple[int, str]] = []
    for stage in dict.fromkeys(step.stage for step in profile.steps):
        held: set[str] = set()
        for index, step in enumerate(profile.steps):
            if step.stage != stage or bool(step.after_s) != later or now < wait.began_at + step.after_s:
                continue
            open_for = [target for target in _targets(step, wait) if not _has_ended(index, target, wait)]
            may_begin = wait.looks > 0 or (step.repeatable and _is_fresh(wait, now))
            found += [(index, target) for target in open_for if may_begin and not (held if step.once else target in held)]
            if not step.required:
                open_for = [target for target in open_for if _key(index, target) not in wait.known]
            held.update(wait.action.instances if step.once and open_for else open_for)
    return found


def noted(known: Mapping[str, str], results: Mapping[tuple[int, str], StepResult]) -> dict[str, str]:
    """What the wait knows after these steps."""
    out = dict(known)
    for (index, target), result in results.items():
        out.update(result.remember)
        out[_key(index, target)] = "done" if result.status == "done" else f"{result.status} {result.reason}"
    return out


def merged(ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """What two chains of looks know of the same wait. What has ended stays so, whoever knows it."""
    out = {**ours, **theirs}
    out.update({key: text for key, text in ours.items() if key.startswith("step:") and not text.startswith("going ")})
    return out


def holding(profile: Profile, wait: Wait, now: float) -> tuple[list[str], list[str]]:
    """(steps that have failed for good, steps that have to be done before the wait may go on), in words.

    A stage that comes later is an escalation: it does not hold back an instance that is ready.
    """
    failed, waiting = [], []
    for index, step in enumerate(profile.steps):
        if not step.required or now < wait.began_at + step.after_s:
            continue
        for target in _targets(step, wait):
            status, _, why = wait.known.get(_key(index, target), "going not known to be done").partition(" ")
            words = f"{step.label or step.kind}: {why}" if target in (ONCE, *wait.action.instances[:1]) else f"{step.label} {target}: {why}"
            if status == "failed":
                failed.append(words)
            elif status == "going" and not step.after_s:
                waiting.append(words)
    return failed, waiting


def told(profile: Profile, results: Mapping[tuple[int, str], StepResult]) -> Iterator[dict[str, str]]:
    """What this look has done, for its log line."""
    for (index, target), result in sorted(results.items()):
        step = profile.steps[index]
        line = {"step": step.label or step.kind, "status": result.status, "reason": result.reason}
        yield line | ({"stage": step.stage} if step.stage else {}) | ({"instance": target} if target else {})


def _is_fresh(wait: Wait, now: float) -> bool:
    return wait.action.notified_at is not None and now <= wait.began_at + FRESH_S


def _targets(step: Step, wait: Wait) -> tuple[str, ...]:
    return (ONCE,) if step.once else wait.action.instances


def _key(index: int, target: str) -> str:
    return f"step:{index}:{target}"


def _has_ended(index: int, target: str, wait: Wait) -> bool:
    return wait.known.get(_key(index, target), "").partition(" ")[0] in ("done", "failed")
