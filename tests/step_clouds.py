"""Steps done on the emulated clouds, over the real SDKs, look by look: what `check_clouds` is for checks."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from check_clouds import ALIBABA_TROUBLE, AWS_TROUBLE, I
from rearm import config as configs
from rearm import look, steps
from rearm.checks.question import Question
from rearm.core.model import Action, StepResult
from rearm.errors import TryAgain
from rearm_workbench.timeline import WaitRecord
from test_replay import replayed

TERMINATE = {"aws": "aws/eventbridge-terminate.json", "alibaba": "alibaba/eventbridge-scale-in.json"}
NONSENSE = ({}, None, [], {"Reservations": None}, "<html>")


def do(cloud: Any, kind: str, settings: Mapping[str, object], known: dict[str, str] | None = None, number: int = 0) -> StepResult:
    """One step for `I`. What it remembers is in `known` afterwards."""
    port = cloud._port()
    action = Action(port.name, "hook", "t", (I,), "group", "terminate")
    result = steps.do(kind)(settings, Question(I, action, port, {} if known is None else known, 5.0, "p", "", number))
    if known is not None:
        known.update(result.remember)
    return result


def assert_trouble_is_going(cloud: Any, call: str, kind: str, settings: Mapping[str, object]) -> None:
    """Denied and throttled: the step is tried again, and the reason names the permission."""
    on_aws = hasattr(cloud.emulator, "client")
    for code, status, words in AWS_TROUBLE if on_aws else ALIBABA_TROUBLE:
        cloud.emulator.fail_next(call, code, status, times=5 if code.startswith("Throttling") and on_aws else 1 if status == 403 else 4)
        found = do(cloud, kind, settings)
        assert found.status == "going"
        assert call in found.reason
        assert words in found.reason
        cloud.emulator._running.faults.clear() if on_aws else cloud.emulator._faults.forget(call)


def assert_nonsense_is_going(monkeypatch: pytest.MonkeyPatch, cloud: Any, place: str, kind: str, settings: Mapping[str, object]) -> None:
    """`place`: the module attribute by which the step calls its cloud."""
    for answer in NONSENSE:
        with monkeypatch.context() as patch:
            patch.setattr(place, lambda *_args, _answer=answer, **_more: _answer)
            found = do(cloud, kind, settings)
        assert found.status == "going", answer
        assert found.reason


def judged(step: Mapping[str, object], **match: str) -> list[str]:
    """The problems of a profile with that step."""
    _, problems = configs.judge({"version": 1, "profiles": [{"name": "p", "match": match, "checks": [], "steps": [step]}]})
    return problems


def every_other_timer_fails(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Looks that cannot set their timer are delivered again. Answers what happened, as a list that grows."""
    happened, real = list[str](), look.arm

    def arm(*given: Any) -> bool:
        happened.append("failed" if len(happened) % 2 == 0 else "set")
        if happened[-1] == "failed":
            raise TryAgain("the timer cannot be set")
        return real(*given)

    monkeypatch.setattr(look, "arm", arm)
    return happened


def played(cloud: str, tmp_path: Path, *given: Mapping[str, object], checks: Any = (), **world: Any) -> WaitRecord:
    """The wait of a terminating instance under a profile with these steps."""
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
    match = {"cloud": cloud, "transition": "terminate"}
    profile = {"name": "p", "match": match, "steps": given, "checks": checks, "budget": "30m", "on_timeout": "ABANDON"}
    path.write_text(json.dumps({"version": 1, "profiles": [profile]}))
    known = {"ready_after": "10m", "hook": {"heartbeat_timeout": "10m"}, "duplicates": 4} | world
    return replayed(TERMINATE[cloud], configs.load(str(path)), path, **known).waits[0]


def said(wait: WaitRecord) -> Iterator[str]:
    """What its steps told, in the order of the timeline."""
    return (f"{entry.what}: {entry.why}" for entry in wait.timeline if entry.what.startswith("step"))
