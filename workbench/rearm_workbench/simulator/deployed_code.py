"""The deployed code, prepared for virtual time: its configuration, its doorways with another cloud behind them, its checks side by side.

Nothing of the rules is replaced: only the class that a doorway makes for its cloud, the threads that ask the checks (in virtual time
they ask one after the other), and the clock.
"""

import contextlib
import gc
import json
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rearm import checks, config, observe
from rearm.checks.question import Question
from rearm.clouds import Cloud
from rearm.core.model import CheckResult, CloudName
from rearm.observe import Key
from rearm_workbench.deployed import environment, functions_dir, load
from rearm_workbench.simulator.scenario import PACES

DRAINED = {"key": "drained", "value": "true"}
CLASS: dict[CloudName, str] = {"aws": "Aws", "alibaba": "Alibaba"}


def configuration() -> dict[str, Any]:
    """Two profiles for each pace: what a group's name ends with says which."""
    profiles = []
    for number, pace in enumerate(PACES):
        common: dict[str, Any] = {"every": f"{pace.every_s}s"}
        if pace.budget_s:
            common["budget"] = f"{pace.budget_s}s"
        if pace.linger_s:
            common["linger"] = f"{pace.linger_s}s"
        if pace.on_timeout:
            common["on_timeout"] = pace.on_timeout
        for transition, check in (("launch", "instance_status"), ("terminate", {"tag": DRAINED})):
            match = {"transition": transition, "group": f"*-p{number}"}
            profiles.append({"name": f"{transition}-p{number}", "match": match, "checks": [check], **common})
    return {"version": 1, "profiles": profiles}


@contextlib.contextmanager
def prepared() -> Iterator[None]:
    """The surroundings of every run in this process: the configuration, and checks that are asked in turn."""
    with tempfile.TemporaryDirectory(prefix="rearm-") as scratch:
        path = Path(scratch) / "config.json"
        path.write_text(json.dumps(configuration()))
        config.load(str(path))  # judged by the shipped checks, and kept
        undo = _replaced("_side_by_side", _in_turn)
        try:
            with environment({"REARM_CONFIG": str(path)}):
                yield
        finally:
            undo()


@contextlib.contextmanager
def seldom_collected() -> Iterator[None]:
    """Python looks for cycles after each 700 new objects, which is each second look. A run leaves few."""
    kept = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*kept)


def _replaced(name: str, value: object) -> Callable[[], None]:
    """Put `value` in the place of what `observe` calls so; the answer puts it back."""
    kept = getattr(observe, name)
    setattr(observe, name, value)
    return lambda: setattr(observe, name, kept)


def _in_turn(todo: list[tuple[Key, float, Callable[[], Any]]], cloud: Cloud, late: object) -> dict[Key, Any]:  # noqa: ARG001 - as declared
    """One after the other, each to its end: no limit ends what takes no real time."""
    return {key: ask() for key, _, ask in todo}


@cache
def doorway(cloud: CloudName, name: str) -> Any:
    """The module `functions/<cloud>/<name>.py`, loaded once in a process."""
    return load(functions_dir() / cloud / f"{name}.py")


def handle(cloud: CloudName, name: str, event: Any, context: Any, make: Callable[[Any], Cloud]) -> Any:
    """Run a deployed handler with `make(context)` as its cloud."""
    module = doorway(cloud, name)
    setattr(module, CLASS[cloud], make)
    return module.handler(event, context)


@contextlib.contextmanager
def asking(answer: Callable[[str, Callable[[], CheckResult]], CheckResult]) -> Iterator[None]:
    """Have every check's answer pass through `answer(instance, ask it really)`."""

    @cache
    def ask(kind: str) -> Any:
        deployed = checks.ask(kind)

        def asked(settings: Any, question: Question) -> CheckResult:
            return answer(question.instance, lambda: deployed(settings, question))

        return asked

    undo = _replaced("checks", SimpleNamespace(ask=ask))  # what observe uses of it
    try:
        yield
    finally:
        undo()


@contextlib.contextmanager
def stand_ins() -> Iterator[None]:
    """The shipped checks replaced by `stand_in`, which asks the simulated world."""
    kept = dict(checks.TABLE)
    checks.TABLE.update(dict.fromkeys(("tag", "instance_status"), "rearm_workbench.simulator.stand_in"))
    checks.module.cache_clear()
    try:
        yield
    finally:
        checks.TABLE.update(kept)
        checks.module.cache_clear()
