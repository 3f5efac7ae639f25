"""The table of steps: a name in the configuration, and the file that does it. A file is imported when it is first used.

A step's file holds what a check's does (see `checks`: `Settings`, `CALLS`, `label`, and `calls`, `problems`, `misfits`, `TARGET`, `SECRET`,
`SHORT` where it needs them), but instead of `ask`
    do(settings, question)         does it, and says how far it is; what it raises is told as `going`

and, where it needs them,
    ONCE = True                    it is done once for the action, and `question.instance` is empty; else once for each instance
    REPEATABLE = False             to do it twice would show: a look that a copy of the notification may bring too leaves it to the next

Whatever a step does must be safe to repeat: the process may be killed between what it did and the message that remembers it.
"""

import importlib
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Protocol

import msgspec

from rearm.checks.question import Question
from rearm.core.model import StepResult
from rearm.errors import in_one_line

TABLE: dict[str, str] = {
    "tag": "rearm.steps.tag",
    "suspend_processes": "rearm.steps.suspend_processes",
    "notify": "rearm.steps.notify",
    "deregister_targets": "rearm.steps.deregister_targets",
    "ecs_drain": "rearm.steps.ecs_drain",
    "command": "rearm.steps.command",
    "kubernetes_cordon": "rearm.steps.kubernetes_cordon",
    "kubernetes_drain": "rearm.steps.kubernetes_drain",
    "python": "rearm.steps.python",
}


class Do(Protocol):
    """Does it for one instance, or once for the action."""

    def __call__(self, settings: Mapping[str, object], question: Question) -> StepResult: ...


@cache
def module(kind: str) -> ModuleType:
    """The step's file, imported. KeyError for a kind that is not in the table."""
    return importlib.import_module(TABLE[kind])


def do(kind: str) -> Do:
    """The step. An error, of whatever kind, is the answer `going`: it is tried again at the next look."""
    step = module(kind)

    def done(settings: Mapping[str, object], question: Question) -> StepResult:
        try:
            result: StepResult = step.do(msgspec.convert(settings, step.Settings), question)
        except Exception as error:  # noqa: BLE001 - whatever a step does wrong, the next look tries again
            return StepResult("going", in_one_line(error, "the step"))
        return result

    return done
