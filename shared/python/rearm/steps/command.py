"""`command`: runs a script on the instance once, and waits for its end.

It is started and asked for as the check of that name does it: `checks.command`. Nothing on AWS keeps two looks of the same moment from
starting it twice, so the first look, which a copy of the notification may bring too, does not.
"""

from typing import Literal

import msgspec

from rearm.checks import command
from rearm.checks.question import Question
from rearm.core.model import StepResult

CALLS = command.CALLS
REPEATABLE = False
SECRET = command.SECRET


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`passed_on`: the exit codes with which it is done. With any other it has failed."""

    run: command.Script | command.Lines
    shell: Literal["sh", "powershell"] = "sh"
    timeout: command.Seconds | command.Duration = 3600
    passed_on: command.OneOrMore = (0,)


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    return command.problems(_as_check(settings), clouds)


def label(settings: Settings) -> str:
    """The program's name, and no more of the script: it is shown in logs."""
    return command.label(_as_check(settings))


def do(settings: Settings, question: Question) -> StepResult:
    """Starts the script if it was not, else asks how it is. Of an instance that is gone nothing is wanted any more. Raises RearmError."""
    # The number: the same script as a check, or as another step, is another one.
    owner = f"step {question.number} {label(settings)}"
    found = command.ask_for(owner, _as_check(settings), question)
    if found.status in ("passed", "gone"):
        return StepResult("done", found.reason)
    return StepResult("failed" if found.status == "failed" else "going", found.reason, found.remember)


def _as_check(settings: Settings) -> command.Settings:
    return command.Settings(settings.run, settings.shell, settings.timeout, settings.passed_on)
