"""The table of checks: a name in the configuration, and the file that asks. A file is imported when it is first used.

Each file holds `Settings` (what the operator can set), `CALLS` (the permissions it needs on each cloud), `label(settings)`
(how logs name it) and `ask(settings, question)`. To add a check: write its file, add its line here and its section in
docs/configuration.md.
"""

import importlib
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any, Protocol

import msgspec

from rearm.checks.question import Question
from rearm.core.model import CheckResult
from rearm.errors import RearmError

TABLE: dict[str, str] = {
    "http": "rearm.checks.http",
    "tcp": "rearm.checks.tcp",
    "tls": "rearm.checks.tls",
    "instance_status": "rearm.checks.instance_status",
    "tag": "rearm.checks.tag",
    "python": "rearm.checks.python",
    "target_health": "rearm.checks.target_health",
    "metric": "rearm.checks.metric",
    "queue_empty": "rearm.checks.queue_empty",
    "ecs_tasks": "rearm.checks.ecs_tasks",
    "command": "rearm.checks.command",
    "parameter": "rearm.checks.parameter",
    "object": "rearm.checks.object",
    "function": "rearm.checks.function",
    "kubernetes_node": "rearm.checks.kubernetes_node",
}


class Ask(Protocol):
    """Asks about one instance. `settings` as the configuration holds them."""

    def __call__(self, settings: Mapping[str, object], question: Question) -> CheckResult: ...


@cache
def module(kind: str) -> ModuleType:
    """The check's file, imported. KeyError for a kind that is not in the table."""
    return importlib.import_module(TABLE[kind])


def settings_type(kind: str) -> type[msgspec.Struct]:
    """What the operator can set, besides `limit`."""
    found: type[msgspec.Struct] = module(kind).Settings
    return found


def ask(kind: str) -> Ask:
    """The check's question. An error, of whatever kind, is the answer `waiting`: it never passes and never fails a wait."""
    check = module(kind)

    def asked(settings: Mapping[str, object], question: Question) -> CheckResult:
        try:
            judged: Any = msgspec.convert(settings, check.Settings)
            result: CheckResult = check.ask(judged, question)
        except RearmError as error:
            return CheckResult("waiting", str(error), error=True)
        except Exception as error:  # noqa: BLE001 - whatever a check does wrong, the next look asks again
            # The text of an unknown error may quote a header or a signed URL: its name has to do.
            return CheckResult("waiting", f"the check broke: {type(error).__name__}", error=True)
        return result

    return asked
