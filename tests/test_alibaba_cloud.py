"""The adapter and ESS: its own signed calls over loopback HTTP, against the emulator."""

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from alibaba_world import ACTION, COMPLETE, HEARTBEAT, START, TOKEN, AdapterWorld, adapter_world, answering
from rearm.clouds.alibaba import rpc
from rearm.clouds.alibaba.cloud import Alibaba, forget_clients
from rearm.core.model import Hook
from rearm.errors import ActionGone, LimitSpent, TryAgain


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[AdapterWorld]:
    with adapter_world(monkeypatch) as made:
        yield made


def test_describes_the_hook(world: AdapterWorld) -> None:
    world.begin(timeout_s=900)
    assert world.cloud().describe_hook(ACTION) == Hook(heartbeat_timeout_s=900, default_result="ABANDON", transition="launch")
    assert world.calls == ["ess:DescribeLifecycleHooks"]


def test_a_hook_that_is_not_there_is_gone(world: AdapterWorld) -> None:
    with pytest.raises(ActionGone, match="no hook ash-1"):
        world.cloud().describe_hook(ACTION)


@pytest.mark.parametrize(
    "body",
    [
        {"LifecycleHooks": {"LifecycleHook": [{"LifecycleHookId": "ash-1", "HeartbeatTimeout": 60, "LifecycleTransition": "SCALE_IN"}]}},
        {"LifecycleHooks": {"LifecycleHook": {"LifecycleHookId": "ash-1", "HeartbeatTimeout": "60", "LifecycleTransition": "SCALE_IN"}}},
        {"lifecycleHooks": [{"lifecycleHookId": "ash-1", "heartbeatTimeout": 60, "lifecycleTransition": "SCALE_IN"}], "totalCount": 1},
        {"LifecycleHooks": [{"LifecycleHookId": "ash-1", "HeartbeatTimeout": 60, "LifecycleTransition": "SCALE_IN"}]},
    ],
)
def test_reads_every_documented_shape_of_a_hook(world: AdapterWorld, body: dict[str, Any]) -> None:
    """Four shapes stand in the operation's old and new pages."""
    with answering(200, json.dumps(body).encode()) as endpoint:
        hook = world.cloud(REARM_ENDPOINT_ESS=endpoint).describe_hook(ACTION)
    assert hook == Hook(heartbeat_timeout_s=60, default_result=None, transition="terminate")


def test_a_heartbeat_extends_and_a_completion_ends_the_wait(world: AdapterWorld) -> None:
    action = world.begin()
    cloud = world.cloud()
    world.clock.run_until(START + 500)
    cloud.heartbeat(ACTION, 1200)
    assert (action.lapses_at, action.heartbeats) == (START + 1700, 1)
    cloud.complete(ACTION, "ROLLBACK")
    assert (action.result, action.by) == ("ROLLBACK", "client")
    assert world.calls == [HEARTBEAT, COMPLETE]


def test_an_action_that_ended_is_gone(world: AdapterWorld) -> None:
    world.begin()
    cloud = world.cloud()
    cloud.complete(ACTION, "CONTINUE")
    with pytest.raises(ActionGone):
        cloud.complete(ACTION, "CONTINUE")
    with pytest.raises(ActionGone) as gone:
        cloud.heartbeat(ACTION, 600)
    assert TOKEN not in str(gone.value)


def test_the_21st_heartbeat_is_refused_by_count_and_a_long_one_by_time(world: AdapterWorld) -> None:
    world.begin()
    cloud = world.cloud()
    world.clock.run_until(START + 10)
    with pytest.raises(LimitSpent) as by_time:
        cloud.heartbeat(ACTION, 21_600)
    for _ in range(20):
        cloud.heartbeat(ACTION, 600)
    with pytest.raises(LimitSpent) as by_count:
        cloud.heartbeat(ACTION, 600)
    assert by_count.value.code == "LifecycleAction.RecordTimesExceeded"
    assert by_time.value.code == "LifecycleAction.TimeExceeded"


@pytest.mark.parametrize("code", ["Throttling", "Throttling.User", "Rejected.Throttling"])
def test_throttling_is_retried_even_for_a_heartbeat(world: AdapterWorld, code: str) -> None:
    """Throttling is HTTP 400 here, and surely nothing was done."""
    action = world.begin()
    world.emulator.fail_next(HEARTBEAT, code, times=2)
    world.cloud().heartbeat(ACTION, 600)
    assert world.calls == [HEARTBEAT] * 3
    assert action.heartbeats == 1
    assert len(world.sleeps) == 2


def test_throttling_without_end_is_given_up(world: AdapterWorld) -> None:
    world.begin()
    world.emulator.fail_next(COMPLETE, "Throttling", times=100)
    with pytest.raises(TryAgain, match="ess:CompleteLifecycleAction: Throttling"):
        world.cloud().complete(ACTION, "CONTINUE")
    assert len(world.calls) == 4
    assert sum(world.sleeps) < 4


def test_a_heartbeat_that_may_have_counted_is_not_repeated(world: AdapterWorld) -> None:
    action = world.begin()
    world.emulator.fail_next(HEARTBEAT, "InternalError", status=500, after_effect=True)
    with pytest.raises(TryAgain, match="InternalError"):
        world.cloud().heartbeat(ACTION, 600)
    assert (world.calls, action.heartbeats) == ([HEARTBEAT], 1)


def test_a_completion_is_repeated_with_the_same_client_token(world: AdapterWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    action = world.begin()
    texts: list[str] = []
    monkeypatch.setattr(world.emulator, "_on_call", lambda name, text: texts.append(text))
    world.emulator.fail_next(COMPLETE, "ServiceUnavailable", status=503)
    world.cloud().complete(ACTION, "CONTINUE")
    tokens = {part for text in texts for part in text.split("&") if part.startswith("ClientToken=")}
    assert len(texts) == 2
    assert len(tokens) == 1
    assert len(tokens.pop()) == len("ClientToken=") + 64
    assert action.result == "CONTINUE"


def test_a_missing_permission_names_it(world: AdapterWorld) -> None:
    world.begin()
    world.emulator.fail_next(HEARTBEAT, "Forbidden.RAM", status=403)
    with pytest.raises(TryAgain) as error:
        world.cloud().heartbeat(ACTION, 600)
    assert "does the function's role allow ess:RecordLifecycleActionHeartbeat?" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"Code": "SignatureDoesNotMatch", "Message": "no colon in here"}'),
        (400, b"<html>bad gateway</html>"),
        (502, b"\xff\xfe"),
        (200, b"not json"),
        (200, b"[]"),
    ],
)
def test_odd_answers_are_try_again(world: AdapterWorld, status: int, body: bytes) -> None:
    """A 5xx whose body is nothing known may pass, and is tried again; what came with 200 was an answer, if an odd one."""
    connections: list[int] = []
    with answering(status, body, connections) as endpoint, pytest.raises(TryAgain, match="ess:CompleteLifecycleAction"):
        world.cloud(REARM_ENDPOINT_ESS=endpoint).complete(ACTION, "CONTINUE")
    assert len(connections) == (4 if status == 502 else 1)


def test_a_wrong_secret_is_told_and_not_quoted(world: AdapterWorld) -> None:
    """The service quotes all that was signed, with the tokens in it."""
    world.begin()
    with pytest.raises(TryAgain) as error:
        world.cloud(ALIBABA_CLOUD_ACCESS_KEY_SECRET="another").complete(ACTION, "CONTINUE")
    said = "ess:CompleteLifecycleAction: SignatureDoesNotMatch (HTTP 400) - is the secret that of the access key?"
    assert str(error.value) == said


def test_a_heartbeat_uses_no_kept_connection(world: AdapterWorld) -> None:
    """One kept while the instance was frozen may be dead, and a heartbeat is not repeated then."""
    connections: list[int] = []
    with answering(200, b"{}", connections) as endpoint:
        cloud = world.cloud(REARM_ENDPOINT_ESS=endpoint)
        cloud.complete(ACTION, "CONTINUE")
        cloud.complete(ACTION, "CONTINUE")
        cloud.heartbeat(ACTION, 600)
    assert connections[0] == connections[1] != connections[2]


def test_forgetting_lets_go_of_kept_connections(world: AdapterWorld) -> None:
    connections: list[int] = []
    with answering(200, b"{}", connections) as endpoint:
        cloud = world.cloud(REARM_ENDPOINT_ESS=endpoint)
        cloud.complete(ACTION, "CONTINUE")
        forget_clients()
        cloud.complete(ACTION, "CONTINUE")
    assert connections[0] != connections[1]


@pytest.mark.parametrize(
    ("use", "attempts"), [(lambda cloud: cloud.heartbeat(ACTION, 600), 1), (lambda cloud: cloud.complete(ACTION, "CONTINUE"), 4)]
)
def test_time_outs(world: AdapterWorld, monkeypatch: pytest.MonkeyPatch, use: Callable[[Alibaba], object], attempts: int) -> None:
    """A call without an answer may have been done: a completion is sent again, a heartbeat is not."""
    monkeypatch.setattr(rpc, "READ_TIMEOUT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cloud = world.cloud(REARM_ENDPOINT_ESS=f"127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(TryAgain, match="NoAnswer no answer in time"):
            use(cloud)
        silent.setblocking(False)
        came = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                silent.accept()[0].close()
                came += 1
    assert came == attempts


def test_ecs_calls_reach_the_emulator(world: AdapterWorld) -> None:
    world.begin()
    world.emulator.set_ready("i-1", lambda: False)
    answer = world.cloud().call("ecs", "DescribeInstanceStatus", {"InstanceId.1": "i-1", "InstanceId.2": "i-2"})
    assert answer["InstanceStatuses"]["InstanceStatus"] == [
        {"InstanceId": "i-1", "Status": "Starting"},
        {"InstanceId": "i-2", "Status": "Running"},
    ]
