"""Functions in processes of their own: their contract, their log, their retries, their time."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rearm_workbench.emulate.functions import Functions, names_of
from rearm_workbench.emulate.running_clock import RunningClock
from rearm_workbench.emulate.sqs_source import failures
from rearm_workbench.emulate.worker_process import Function, Outcome

START = 1_800_000_000.0

LAMBDA = """
import os, sys
from rearm import clock
count = 0
def handler(event, context):
    global count
    count += 1
    print("got", event.get("do"))
    if event.get("do") == "fail":
        raise ValueError("no luck")
    if event.get("do") == "die":
        os._exit(3)
    if event.get("do") == "sleep":
        began = clock.now()
        clock.sleep(event["s"])
        return {"slept": clock.now() - began}
    if event.get("do") == "odd":
        return {1, 2}
    left = context.get_remaining_time_in_millis()
    env = os.environ.get("MINE")
    return {"count": count, "pid": os.getpid(), "now": clock.now(), "left": left, "name": context.function_name, "env": env,
            "foreign": os.environ.get("AWS_PROFILE"), "cwd": os.getcwd()}
"""
FC = """
import json
def handler(event, context):
    if event == b"fail":
        raise ValueError("no luck")
    service = getattr(getattr(context, "service", None), "name", None)
    return json.dumps({"event": event.decode(), "service": service, "function": context.function.name, "region": context.region})
"""


class World:
    """Two little functions."""

    def __init__(self, directory: Path) -> None:
        for cloud, text in (("aws", LAMBDA), ("alibaba", FC)):
            (directory / cloud).mkdir()
            (directory / cloud / "my_one.py").write_text(text)
        self.clock = RunningClock(start=START)
        self.done: list[int] = []
        self.reported: list[tuple[str, bool]] = []
        self.functions = Functions(directory, self.clock, self.make, self.done.append, lambda *told: self.reported.append(told))
        self.clock.run()

    def make(self, cloud, name, path) -> Function:
        return Function(cloud, name, str(path), {"MINE": "yes"}, credentials=("id", "secret", "token"), region="cn-hangzhou", account="1")

    def call(self, **event: object) -> dict[str, object]:
        outcome = self.functions.call("aws", "rearm-my_one", json.dumps(event).encode())
        assert outcome.error is None
        answer: dict[str, object] = json.loads(outcome.body)
        return answer


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("functions"))
    yield made
    made.functions.stop()
    made.clock.stop()


def wait_for(world: World, true: Callable[[], bool]) -> None:
    with world.functions._change:
        assert world.functions._change.wait_for(true, 10)


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


def test_what_a_handler_raises_is_the_outcome(world: World) -> None:
    outcome = world.functions.call("aws", "rearm-my_one", b'{"do":"fail"}')
    assert outcome.error == "ValueError: no luck"
    assert json.loads(outcome.body)["errorType"] == "ValueError"
    assert "not JSON serializable" in str(world.functions.call("aws", "rearm-my_one", b'{"do":"odd"}').error)


def test_a_crash_takes_nobody_along(world: World) -> None:
    assert "exit code 3" in str(world.functions.call("aws", "rearm-my_one", b'{"do":"die"}').error)
    assert world.call()["count"] == 1


def test_a_killed_process_is_started_again(world: World) -> None:
    os.kill(int(str(world.call()["pid"])), signal.SIGKILL)
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


def test_lambda_repeats_a_failed_asynchronous_invocation_twice(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.done.clear()
    world.functions.on_aws("arn:aws:lambda:us-east-1:123456789012:function:rearm-my_one", b'{"do":"fail"}')
    world.functions.settle()
    assert world.done == []
    world.clock.advance(600, world.functions.settle)
    assert len(world.done) == 1
    said = capfd.readouterr().err
    assert [line for line in said.splitlines() if "failed" in line] == [
        "rearm-my_one | failed, again in 60 s: ValueError: no luck",
        "rearm-my_one | failed, again in 120 s: ValueError: no luck",
        "rearm-my_one | failed, given up after 3 times: ValueError: no luck",
    ]


def test_function_compute_is_told_how_an_invocation_ended(world: World) -> None:
    world.reported.clear()
    world.done.clear()
    for text, known_as in ((b"well", "id-1"), (b"fail", "id-2")):
        world.functions.on_alibaba("rearm-my_one", text, "task", known_as)
        world.functions.settle()
    assert world.reported == [("id-1", True), ("id-2", False)]
    assert len(world.done) == 2


def test_a_function_that_is_not_there_is_told_and_over(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.done.clear()
    world.functions.on_aws("arn:aws:lambda:us-east-1:123456789012:function:rearm-nobody", b"{}")
    assert len(world.done) == 1
    assert "rearm-nobody | there is no function of that name" in capfd.readouterr().err
    assert "no function" in str(world.functions.call("aws", "rearm-nobody", b"{}").error)


def test_muted_invocations_are_run_afterwards_unless_they_have_an_end(tmp_path: Path) -> None:
    made = World(tmp_path)
    made.functions.muted = []
    for text in (b"one", b"two", b"three"):
        made.functions.on_alibaba("rearm-my_one", text, None)
    made.functions.resume({2})
    made.functions.settle()
    made.functions.stop()
    made.clock.stop()
    assert sorted(made.done) == [1, 3]


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
