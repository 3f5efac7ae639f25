"""Functions in processes of their own: their contract, their log, their retries, their time."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions_world import World
from rearm_workbench.emulate.functions import names_of
from rearm_workbench.emulate.sqs_source import failures
from rearm_workbench.emulate.worker_process import Function, Outcome


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("functions"))
    yield made
    made.functions.stop()
    made.clock.stop()


def test_the_names_are_the_files(tmp_path: Path) -> None:
    for file in ("aws/sns.py", "aws/_private.py", "alibaba/oos.py"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("")
    assert sorted(names_of(tmp_path)) == ["alibaba:rearm-oos", "alibaba:rearm/oos", "aws:rearm-sns"]


def test_a_lambda_gets_its_event_context_environment_and_stays_warm(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    first, second = world.call(), world.call()
    assert second["pid"] == first["pid"] != os.getpid()
    assert second["count"] == int(str(first["count"])) + 1
    assert (first["name"], first["env"], first["foreign"]) == ("rearm-my_one", "yes", None)
    assert str(first["cwd"]).endswith("/aws")
    assert 890_000 < int(str(first["left"])) <= 900_000


def test_its_clock_is_cloud_time_also_after_a_jump(world: World) -> None:
    for _ in range(2):
        before = world.clock.now()
        assert before <= float(str(world.call()["now"])) <= world.clock.now()
        world.clock.advance(5000)


def test_a_sleep_is_cloud_time_and_ends_in_the_middle_of_a_jump(world: World) -> None:
    answers: list[Outcome] = []
    world.functions.batch("rearm-my_one", b'{"do":"sleep","s":300}', answers.append)
    world.functions.settle()
    assert answers == []
    seen: list[list[Outcome]] = []
    world.clock.call_at(world.clock.now() + 400, lambda: seen.append(list(answers)))
    world.clock.advance(1000, world.functions.settle)
    assert len(answers) == 1
    assert seen == [answers]
    assert 300 <= json.loads(answers[0].body)["slept"] < 310


def test_whoever_is_killed_in_its_sleep_sleeps_no_more_and_does_not_wake_its_successor(world: World) -> None:
    """Otherwise a jump would take a function that works for one that sleeps, and the old alarm would end the new sleep."""
    first: list[Outcome] = []
    pid = int(str(world.call()["pid"]))
    world.functions.batch("rearm-my_one", b'{"do":"sleep","s":300}', first.append)
    world.functions.settle()
    os.kill(pid, signal.SIGKILL)
    for _ in range(100):
        if first:
            break
        time.sleep(0.05)
    assert "exit code -9" in str(first[0].error)
    second: list[Outcome] = []
    with world.clock.lock:
        world.functions.batch("rearm-my_one", b'{"do":"sleep","s":1000}', second.append)
    world.functions.settle()
    assert world.functions._pools._busy == 0
    world.clock.advance(600, world.functions.settle)
    assert second == []
    world.clock.advance(600, world.functions.settle)
    assert json.loads(second[0].body)["slept"] >= 1000
    assert world.functions._pools._busy == 0


def test_whoever_cannot_take_an_answer_holds_nobody_up(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    def fall(_outcome: Outcome) -> None:
        raise ValueError("the queue is gone")

    world.functions.batch("rearm-my_one", b"{}", fall)
    world.functions.settle()
    assert "rearm-my_one | its answer could not be handed on: ValueError: the queue is gone" in capfd.readouterr().err
    assert world.functions._pools._busy == 0
    assert world.call()["count"]


def test_what_a_handler_raises_is_the_outcome(world: World) -> None:
    outcome = world.functions.call("aws", "rearm-my_one", b'{"do":"fail"}')
    assert outcome.error == "ValueError: no luck"
    assert json.loads(outcome.body)["errorType"] == "ValueError"
    assert "not JSON serializable" in str(world.functions.call("aws", "rearm-my_one", b'{"do":"odd"}').error)


def test_a_crash_takes_nobody_along(world: World) -> None:
    assert "exit code 3" in str(world.functions.call("aws", "rearm-my_one", b'{"do":"die"}').error)
    assert world.call()["count"] == 1


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def test_a_killed_process_is_started_again(world: World) -> None:
    pid = int(str(world.call()["pid"]))
    os.kill(pid, signal.SIGKILL)
    while is_alive(pid):  # a busy machine may take a moment to kill
        time.sleep(0.01)
    for _ in range(2):
        outcome = world.functions.call("aws", "rearm-my_one", b"{}")
        if outcome.error is None:
            break
    assert json.loads(outcome.body)["count"] == 1


def test_a_process_ends_with_its_emulator_even_one_that_was_killed_before_it_read_everything(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("def handler(event, context):\n    return event\n")
    mine, theirs = socket.socketpair()
    process = subprocess.Popen([sys.executable, "-m", "rearm_workbench.emulate.worker", str(theirs.fileno())], pass_fds=[theirs.fileno()])
    theirs.close()
    spec = Function("aws", "rearm-f", str(tmp_path / "f.py"), {}).spec()
    run = {"run": 1, "event": "e30=", "retry": 0, "request_id": "r"}
    mine.sendall("".join(json.dumps(message) + "\n" for message in ({"spec": spec}, run)).encode())
    select.select([mine], [], [], 10)
    mine.close()
    assert process.wait(10) == 0


def test_log_lines_go_to_standard_error_with_the_name_in_front(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.functions.call("aws", "rearm-my_one", b'{"do":"look"}')
    world.functions.call("aws", "rearm-my_one", b"{}")
    written, ends_at = "", time.monotonic() + 5
    while "rearm-my_one | got None\n" not in written and time.monotonic() < ends_at:  # the lines come by a pipe of their own
        written += capfd.readouterr().err
    assert "rearm-my_one | got look\n" in written


@pytest.mark.parametrize(("name", "service"), [("rearm-my_one", None), ("rearm/my_one", "rearm"), ("rearm-my-one", None)])
def test_both_generations_of_function_compute(world: World, name: str, service: str | None) -> None:
    answer = json.loads(world.functions.call("alibaba", name, b"hello").body)
    assert answer == {"event": "hello", "service": service, "function": answer["function"], "region": "cn-hangzhou"}
    assert answer["function"] in ("my_one", "rearm-my_one")


@pytest.mark.parametrize(
    ("outcome", "stay"),
    [
        (Outcome(b"null"), set()),
        (Outcome(b'{"batchItemFailures": []}'), set()),
        (Outcome(b'{"batchItemFailures": [{"itemIdentifier": "a"}]}'), {"a"}),
        (Outcome(b'{"batchItemFailures": [{"itemIdentifier": ""}]}'), {"a", "b"}),
        (Outcome(b'{"batchItemFailures": [{"itemIdentifier": "stranger"}]}'), {"a", "b"}),
        (Outcome(b"", "ValueError: x"), {"a", "b"}),
    ],
)
def test_partial_answers_of_a_batch(outcome: Outcome, stay: set[str]) -> None:
    assert failures(outcome, {"a": "1", "b": "2"}) == stay
