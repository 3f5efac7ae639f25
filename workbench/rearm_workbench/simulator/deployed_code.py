"""The deployed code, prepared for virtual time: its configuration, its doorways with another cloud behind them, its checks side by side.

Nothing of the rules is replaced: only the class that a doorway makes for its cloud, the threads that ask the checks (in virtual time
they ask one after the other), and the clock.
"""

import contextlib
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
        undo = _replaced("threading", SimpleNamespace(Thread=_InTurn))  # what observe uses of it
        try:
            with environment({"REARM_CONFIG": str(path)}):
                yield
        finally:
            undo()


def _replaced(name: str, value: object) -> Callable[[], None]:
    """Put `value` in the place of a module that `observe` imports; the answer puts it back."""
    kept = getattr(observe, name)
    setattr(observe, name, value)
    return lambda: setattr(observe, name, kept)


class _InTurn:
    """A thread that runs at once, to its end: virtual time passes for one after the other."""

    def __init__(self, *, target: Callable[..., None], args: tuple[Any, ...], daemon: bool) -> None:  # noqa: ARG002 - as a thread is made
        self._run = target, args

    def start(self) -> None:
        target, args = self._run
        target(*args)

    def join(self, timeout: float) -> None:
        """It has ended."""


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
