"""The emulated Function Compute: delayed asynchronous invocation of both APIs."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest

from alibaba_signing import acs3, fc2
from alibaba_world import BEAT, START, DirectWorld
from rearm_workbench.emulators.alibaba import AlibabaEmulator

OLD, NEW, ECS = "2014-08-28", "2022-02-22", "2014-05-26"


@pytest.fixture
def world() -> Iterator[DirectWorld]:
    made = DirectWorld()
    with made.emulator:
        yield made


FC2_PATH = "/2016-08-15/services/svc.LATEST/functions/fn/invocations"
FC3_PATH = "/2023-03-30/functions/fn/invocations?qualifier=LATEST"
FC = pytest.mark.parametrize(
    ("path", "function", "task_header", "code_key"),
    [
        (FC2_PATH, "svc/fn", "x_fc_stateful_async_invocation_id", "ErrorCode"),
        (FC3_PATH, "fn", "x_fc_async_task_id", "Code"),
    ],
)
ASYNC = {"x_fc_invocation_type": "Async"}


def post(world: DirectWorld, path: str, body: bytes = b"", method: str = "POST", **headers: str) -> tuple[int, str, dict[str, str]]:
    """Signed as the API's own SDK does, unless an `Authorization` is given."""
    bare, _, query = path.partition("?")
    given = {name: value for name, value in headers.items() if name != "Authorization"}
    signed = fc2(method, bare, **given) if "/services/" in path else acs3(method, bare, dict(parse_qsl(query)), body, **given)
    return world.http(method, path, body, **signed | ({"Authorization": headers["Authorization"]} if "Authorization" in headers else {}))


@FC
def test_a_delayed_invocation(path: str, function: str, task_header: str, code_key: str) -> None:
    world = DirectWorld(timers_late_s=7)
    with world.emulator:
        status, text, headers = post(world, path, b"event", **ASYNC, x_fc_async_delay="60", **{task_header: "_a-1"})
        assert (status, text, "x-fc-request-id" in headers) == (202, "", True)
        assert [one.at - START for one in world.emulator.pending_invocations()] == [67]
        world.clock.run_until(START + 100)
        assert world.invoked == [(67, function, b"event", "_a-1")]
        assert world.emulator.pending_invocations() == []
        status, text, _ = post(world, path, b"event", **ASYNC, **{task_header: "_a-1"})
        assert (status, json.loads(text)[code_key]) == (409, "StatefulAsyncInvocationAlreadyExists")
        assert post(world, path.replace("/fn/", "/other/"), b"event", **ASYNC, **{task_header: "_a-1"})[0] == 202
        assert post(world, path, b"no task id", **ASYNC)[0] == 202


@FC
@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"x_fc_async_delay": "3601"}, 400, "InvalidArgument"),
        ({"x_fc_async_delay": "-1"}, 400, "InvalidArgument"),
        ({"x_fc_async_delay": "1.5"}, 400, "InvalidArgument"),
        ({"task": "1-starts-with-a-digit"}, 400, "InvalidArgument"),
        ({"task": "x" * 129}, 400, "InvalidArgument"),
        ({"x_fc_invocation_type": "Sync"}, 400, "PathNotSupported"),
        ({"Authorization": "FC other:c2ln"}, 403, "InvalidAccessKeyID"),
        ({"Authorization": "FC STS.EmulatedAccessKeyId:c2ln"}, 403, "SignatureNotMatch"),
        (
            {"Authorization": "ACS3-HMAC-SHA256 Credential=STS.EmulatedAccessKeyId,SignedHeaders=host,Signature=00"},
            403,
            "SignatureNotMatch",
        ),
        ({"Authorization": ""}, 403, "InvalidAccessKeyID"),
    ],
)
def test_invocations_refused(
    world: DirectWorld, path: str, function: str, task_header: str, code_key: str, more: dict[str, str], status: int, code: str
) -> None:
    headers = ASYNC | {(task_header if name == "task" else name): value for name, value in more.items()}
    got, text, _ = post(world, path, b"{}", **headers)
    assert (got, json.loads(text)[code_key]) == (status, code)
    assert world.emulator.pending_invocations() == []
    assert [name for name, _ in world.calls] == ["fc:InvokeFunction"]


def test_a_large_event_and_other_fc_operations_are_refused(world: DirectWorld) -> None:
    status, text, _ = post(world, FC3_PATH, b"x" * 131_073, **ASYNC)
    assert (status, json.loads(text)["Code"]) == (400, "EntityTooLarge")
    status, text, _ = post(world, "/2023-03-30/functions", b"", "GET", **ASYNC)
    assert status == 404
    assert "GET /2023-03-30/functions of Function Compute is not modelled" in text


def test_invoke_may_speak_to_the_emulator() -> None:
    """The clock calls it outside the lock: a handler's own calls come on another thread."""
    outer = DirectWorld()

    def invoke(function: str, payload: bytes, task_id: str | None) -> None:
        outer.rpc(NEW, "RecordLifecycleActionHeartbeat", **BEAT)

    outer.emulator = AlibabaEmulator(outer.clock, invoke=invoke)
    with outer.emulator:
        action = outer.begin()
        post(outer, FC3_PATH, b"{}", **ASYNC)
        outer.clock.run_until(START + 1)
    assert action.heartbeats == 1
