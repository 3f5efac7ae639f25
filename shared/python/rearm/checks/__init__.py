"""The table of checks: a name in the configuration, and the file that asks. A file is imported when it is first used.

Beside the table there is one file for each check, and `question`, which each is asked. What they are made of is in folders:
    asking/          one call to a cloud, and two questions that many checks have: is the instance still there, is its agent online
    network/         connections: where to, by TCP, TLS or HTTP
    kubernetes/      one cluster's API server
    settings/        kinds of settings that several checks take
    aws/ alibaba/    what some of them do on one cloud, under the same names

A check's file holds
    Settings                       what the operator can set; the first line of the file's docstring is its text in the schema
    CALLS                          {cloud: the operations it calls there}; a cloud that is not in it is refused. A setting `permissions`
                                   adds to them (`python`)
    label(settings)                how logs name it; two checks of one profile that remember things need two labels
    ask(settings, question)        the answer; what it raises is told as `waiting`

and, where it needs them,
    calls(settings, cloud)         of CALLS, what these settings need on that cloud: without it, all of them are granted
    problems(settings, clouds)     [(key, text)]: what is wrong with settings whose types are right; key "" for the whole
    misfits(settings, clouds, transitions)     the same, of settings that are right, but not for the actions that the profile is for
    TARGET                         keys of which one has to be given
    SECRET                         keys whose values are never quoted
    SHORT                          the key that a plain text stands for (`python: package.module:function`)

`config_settings` and `config_schema` read them, and `rearm config permissions` reads CALLS and `calls`. To add a check: write its file,
add its line here and its section in docs/configuration.md; the tests say what else is missing.
"""

import importlib
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Protocol

import msgspec

from rearm.checks.question import Question
from rearm.core.model import CheckResult
from rearm.errors import in_one_line

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
            result: CheckResult = check.ask(msgspec.convert(settings, check.Settings), question)
        except Exception as error:  # noqa: BLE001 - whatever a check does wrong, the next look asks again
            return CheckResult("waiting", in_one_line(error, "the check"), error=True)
        return result

    return asked
