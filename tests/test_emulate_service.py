"""A state directory served again: what passes meanwhile, who is kept waiting, and a journal that has become shorter."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from rearm_workbench.deployed import functions_dir
from rearm_workbench.emulate import service as module
from rearm_workbench.emulate.functions import Functions
from rearm_workbench.emulate.running_clock import RunningClock
from rearm_workbench.emulate.service import Service
from rearm_workbench.emulate.settings import Settings
from rearm_workbench.emulate.state_dir import FILE


@pytest.fixture
def functions(tmp_path: Path) -> Path:
    (tmp_path / "aws").mkdir()
    (tmp_path / "aws" / "mine.py").write_text("def handler(event, context):\n    return event\n")
    return tmp_path


def served(path: Path, **more: Any) -> Service:
    return Service(Settings(state_dir=path / "state", **{"functions": functions_dir(), **more}))


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (path / "state" / FILE).read_text().splitlines()]


@pytest.mark.parametrize(("stands", "passed_s"), [(True, 0), (False, 600)])
def test_cloud_time_stands_or_passes_while_nobody_serves(tmp_path: Path, stands: bool, passed_s: int) -> None:
    with served(tmp_path) as first:
        first.jump(1000)
    last = records(tmp_path)[-1]
    with open(tmp_path / "state" / FILE, "a") as file:
        file.write(json.dumps({"what": "time", "at": last["at"], "wall": time.time() - 600}) + "\n")
    with served(tmp_path, stands_while_down=stands) as second:
        assert passed_s <= second.clock.now() - last["at"] < passed_s + 30


def test_whoever_moves_the_clock_while_the_clouds_are_rebuilt_is_kept_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions do not run yet: a jump would let their waits lapse."""
    with served(tmp_path):
        pass
    moved: list[str] = []
    advance, answers = RunningClock.advance, []

    def noted(clock: RunningClock, *arguments: Any) -> float:
        moved.append(threading.current_thread().name)
        return advance(clock, *arguments)

    def early(service: Service, _last: object) -> float:
        asker = threading.Thread(target=lambda: answers.append(service.control("/_clock", b'{"advance_s": 60}')), name="client")
        asker.start()
        asker.join(0.2)
        assert answers == []
        return 0.0

    monkeypatch.setattr(RunningClock, "advance", noted)
    monkeypatch.setattr(Service, "_missed_s", early)
    with served(tmp_path) as again:
        for _ in range(100):
            if answers:
                break
            time.sleep(0.02)
        assert json.loads(answers[0] or b"{}")["now"] <= again.clock.now()
    assert moved == ["MainThread", "client"]


def invoke(service: Service, what: str) -> None:
    """An asynchronous invocation, as a client asks for it."""
    import boto3

    key, secret = service.aws.credentials
    client = boto3.session.Session(key, secret, region_name="us-east-1").client("lambda", endpoint_url=f"http://{service.aws.endpoint}")
    client.invoke(FunctionName="rearm-mine", InvocationType="Event", Payload=json.dumps({"do": what}))


def test_a_long_journal_is_written_anew_and_says_the_same(tmp_path: Path, functions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[bytes] = []
    monkeypatch.setattr(Functions, "_start", lambda _self, invocation: begun.append(invocation.payload))
    with served(tmp_path, functions=functions) as first:
        for what in ("one", "two", "three"):
            invoke(first, what)
        first.jump(1)
        first.journal.done(2)
        for _ in range(10):
            first.journal.time()
        now = first.clock.now()
    long = records(tmp_path)
    monkeypatch.setattr(module, "COMPACT_FROM", 10)
    begun.clear()
    with served(tmp_path, functions=functions) as second:
        assert begun == [b'{"do": "one"}', b'{"do": "three"}']
        assert second.clock.now() >= now - 1
    short = records(tmp_path)
    assert [one["what"] for one in short if one["what"] != "time"] == ["start", "request", "request", "request", "done"]
    assert len(short) < len(long) - 8
