"""The table of steps: a name in the configuration, and the file that does it. A file is imported when it is first used.

Each file holds `Settings`, `CALLS` and `label(settings)` as a check's does, and `do(settings, question)`. `ONCE = True`: it is done
once for the action, and `question.instance` is empty. `REPEATABLE = False`: to do it twice would show. Whatever a step does must be
safe to repeat: the process may be killed between what it did and the message that remembers it.
"""

import importlib
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any, Protocol

import msgspec

from rearm.checks.question import Question
from rearm.core.model import StepResult
from rearm.errors import RearmError

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
            judged: Any = msgspec.convert(settings, step.Settings)
            result: StepResult = step.do(judged, question)
        except RearmError as error:
            return StepResult("going", str(error))
        except Exception as error:  # noqa: BLE001 - whatever a step does wrong, the next look tries again
            # The text of an unknown error may quote a header or a signed URL: its name has to do.
            return StepResult("going", f"the step broke: {type(error).__name__}")
        return result

    return done
