"""The connection to AWS: kept, closed meanwhile, lost, late, and over TLS."""

import threading
import time
from collections.abc import Callable

import pytest

from check_world import closed_port as closed_port
from rearm.clouds import connections
from rearm.clouds.aws import calls, wire
from rearm.clouds.aws.cloud import Aws
from rearm.errors import TryAgain
from rearm_workbench.certificates import Authority
from small_client_world import ACTION, HOOK, Handler, Server, client_of, empty, surroundings
from small_client_world import server as server

# the connection


def test_a_connection_is_kept_and_one_that_was_closed_meanwhile_is_not_used(server: Server) -> None:
    server.answers = [(200, {}, empty("describe_lifecycle_hooks"))]
    client = client_of("autoscaling")
    for _ in range(3):
        client.describe_lifecycle_hooks(**HOOK)
    assert (server.connections, len(server.seen)) == (1, 3)
    server.closes = True
    client.describe_lifecycle_hooks(**HOOK)
    (kept,) = wire.connections._idle[f"http://127.0.0.1:{server.server_port}"]
    _until(lambda: not connections.is_open(kept))
    server.closes = False
    client.describe_lifecycle_hooks(**HOOK)
    assert (server.connections, len(server.seen)) == (2, 5)


def _until(true: Callable[[], bool]) -> None:
    """The loopback takes a moment to tell the other end."""
    for _ in range(1000):
        if true():
            return
        time.sleep(0.001)
    raise AssertionError("it never came to be")


def test_an_answer_that_never_came_is_asked_for_again(server: Server) -> None:
    server.answers = [(0, {}, b""), (0, {}, b""), (200, {}, empty("describe_lifecycle_hooks"))]
    assert client_of("autoscaling").describe_lifecycle_hooks(**HOOK) == {"LifecycleHooks": []}
    assert len(server.seen) == 3


def test_five_answers_that_never_came_are_one_line(server: Server) -> None:
    server.answers = [(0, {}, b"")]
    with pytest.raises(TryAgain, match=r"DescribeLifecycleHooks failed \(ConnectionClosedError\): the connection to 127.0.0.1:\d+ broke"):
        Aws().describe_hook(ACTION)
    assert len(server.seen) == 5


def test_nobody_there(server: Server, monkeypatch: pytest.MonkeyPatch, closed_port: int) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed_port}")
    calls.forget_clients()
    with pytest.raises(TryAgain, match=r"failed \(EndpointConnectionError\): no connection to 127.0.0.1:\d+: Connection refused"):
        Aws().describe_hook(ACTION)


def test_an_answer_that_takes_too_long(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "READ_TIMEOUT_S", 0.05)
    released = threading.Event()
    monkeypatch.setattr(Handler, "do_POST", lambda _: released.wait(10))
    with pytest.raises(TryAgain, match=r"failed \(ReadTimeoutError\): no answer from 127.0.0.1:\d+ within 0.05 s"):
        Aws().describe_hook(ACTION)
    released.set()


def test_a_token_that_is_none_is_not_quoted(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answers = [(200, {}, b"")]
    monkeypatch.setenv("AWS_SESSION_TOKEN", "very\nsecret")
    with pytest.raises(TryAgain, match="a credential has a character that HTTP cannot carry") as error:
        Aws().describe_hook(ACTION)
    assert "secret" not in str(error.value)


def test_a_certificate_that_nobody_vouches_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority()
    with Server(authority.server(("localhost",))) as one:
        threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        surroundings(monkeypatch, f"https://localhost:{one.server_port}")
        one.answers = [(200, {}, empty("describe_lifecycle_hooks"))]
        monkeypatch.setattr(wire, "_trust", [])
        with pytest.raises(TryAgain, match=r"EndpointConnectionError\): no connection to localhost:\d+: CERTIFICATE_VERIFY_FAILED"):
            Aws().describe_hook(ACTION)
        assert one.seen == []
        monkeypatch.setattr(wire, "_trust", [])
        monkeypatch.setattr(wire, "_authorities", lambda: str(authority.file))
        assert client_of("autoscaling").describe_lifecycle_hooks(**HOOK) == {"LifecycleHooks": []}
        one.shutdown()
    calls.forget_clients()


def test_the_authorities_are_botocore_s() -> None:
    assert str(wire._authorities()).endswith("botocore/cacert.pem")
