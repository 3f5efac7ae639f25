"""fc2 and alibabacloud_fc20230330 against the emulator: asynchronous, delayed, duplicate, synchronous, failing."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from alibaba_signing import KEY, SECRET
from alibaba_world import START, DirectWorld

Call = Callable[..., tuple[int, bytes, dict[str, str]]]
"""Function, event, headers -> status, body, headers in lower case. An error's status comes back too."""


def answer(function: str, payload: bytes) -> tuple[bytes, bool]:
    return (b'{"errorMessage": "no"}', True) if payload == b"fail" else (function.encode() + b" got " + payload, False)


@pytest.fixture
def world() -> Iterator[DirectWorld]:
    made = DirectWorld(run=answer)
    with made.emulator:
        yield made


def fc2(endpoint: str, secret: str = SECRET) -> Call:
    import fc2 as sdk

    client = sdk.Client(endpoint=f"http://{endpoint}", accessKeyID=KEY, accessKeySecret=secret)

    def call(function: str, event: bytes, delay: str = "", task: str = "", sync: bool = False) -> tuple[int, bytes, dict[str, str]]:
        headers = {} if sync else {"x-fc-invocation-type": "Async"}
        headers |= {"x-fc-async-delay": delay} if delay else {}
        headers |= {"x-fc-stateful-async-invocation-id": task} if task else {}
        try:
            got = client.invoke_function("rearm", function, payload=event, headers=headers)
        except sdk.FcError as error:
            # It raises for a function error too, which is HTTP 200.
            return error.status_code, str(error.err_code).encode(), {"raised": str(error)}
        return 200 if sync else 202, got.data, {name.lower(): value for name, value in got.headers.items()}

    return call


def fc3(endpoint: str, secret: str = SECRET) -> Call:
    from alibabacloud_fc20230330 import models
    from alibabacloud_fc20230330.client import Client
    from alibabacloud_tea_openapi.utils_models import Config
    from Tea.exceptions import TeaException

    client = Client(Config(access_key_id=KEY, access_key_secret=secret, endpoint=endpoint, protocol="http"))

    def call(function: str, event: bytes, delay: str = "", task: str = "", sync: bool = False) -> tuple[int, bytes, dict[str, str]]:
        from alibabacloud_tea_util.models import RuntimeOptions

        headers = models.InvokeFunctionHeaders(x_fc_invocation_type="Sync" if sync else "Async", x_fc_async_task_id=task or None)
        headers.common_headers = {"x-fc-async-delay": delay} if delay else {}
        request = models.InvokeFunctionRequest(body=io.BytesIO(event))
        try:
            got = client.invoke_function_with_options(function, request, headers, RuntimeOptions())
        except TeaException as error:
            return int(error.statusCode), str(error.code).encode(), {}
        except Exception as error:
            if not hasattr(error, "status_code"):
                raise
            return int(error.status_code), str(error.code).encode(), {}
        body: Any = got.body
        return int(got.status_code or 0), body.read() if body else b"", {name.lower(): value for name, value in got.headers.items()}

    return call


CLIENTS = pytest.mark.parametrize(("client", "name"), [(fc2, "rearm/fn"), (fc3, "fn")])


@CLIENTS
def test_asynchronous_and_delayed(world: DirectWorld, client: Callable[..., Call], name: str) -> None:
    call = client(world.emulator.endpoint)
    assert call("fn", b"now")[0] == 202
    assert call("fn", b"later", delay="300", task="_look-1")[0] == 202
    assert call("fn", b"again", delay="300", task="_look-1")[0] == 409
    assert call("fn", b"far", delay="3601")[0] == 400
    world.clock.run_until(START + 300)
    assert world.invoked == [(0, name, b"now", None), (300, name, b"later", "_look-1")]


@CLIENTS
def test_synchronous(world: DirectWorld, client: Callable[..., Call], name: str) -> None:
    call = client(world.emulator.endpoint)
    status, body, headers = call("fn", b"event", sync=True)
    assert (status, body, "x-fc-error-type" in headers) == (200, name.encode() + b" got event", False)
    status, body, headers = call("fn", b"fail", sync=True)
    if client is fc2:
        assert (status, "raised" in headers) == (200, True)
    else:
        assert (status, body, headers["x-fc-error-type"]) == (200, b'{"errorMessage": "no"}', "UnhandledInvocationError")


@CLIENTS
def test_a_wrong_signature(world: DirectWorld, client: Callable[..., Call], name: str) -> None:
    call = client(world.emulator.endpoint, secret="wrong")
    assert call("fn", b"event")[0] == 403
    assert world.emulator.pending_invocations() == []


def test_a_function_may_call_the_emulator_while_it_is_awaited() -> None:
    """It runs outside the lock."""
    world = DirectWorld()

    def run(function: str, payload: bytes) -> tuple[bytes, bool]:
        beat = {"lifecycleHookId": "ash-1", "lifecycleActionToken": "t-1"}
        return str(world.rpc("2022-02-22", "RecordLifecycleActionHeartbeat", **beat)).encode(), False

    world.emulator = type(world.emulator)(world.clock, run=run)
    with world.emulator:
        action = world.begin()
        assert fc3(world.emulator.endpoint)("fn", b"", sync=True)[1] == b"{}"
    assert action.heartbeats == 1
