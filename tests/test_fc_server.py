"""The custom runtime's server: statuses, the log, bodies, connections, the environment, one invocation at a time."""

import http.client
import json
import re
import socket
from datetime import datetime, timezone
from pathlib import Path

import pytest

from served_world import PATIENCE_S, Served, asked, served
from served_world import code as code
from served_world import python as python
from served_world import server as server


def test_statuses(server: Served) -> None:
    """`x-fc-status` tells the platform of a function error, which makes it repeat an asynchronous invocation."""
    good, bad = server.invoke(b"x"), server.invoke(b"raise")
    assert (good.status, good.headers["x-fc-status"], good.headers["content-type"]) == (200, "200", "application/octet-stream")
    assert (bad.status, bad.headers["x-fc-status"], bad.json()["errorMessage"]) == (404, "404", "no luck")


def test_the_log(server: Served) -> None:
    server.invoke(b"log", request_id="r-1")
    server.invoke(b"raise", request_id="r-2")
    server.until("FC Invoke End RequestId: r-2, Error: Unhandled function error")
    lines = server.lines[1:]
    time = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")
    assert lines[0] == "FC Invoke Start RequestId: r-1"
    assert [time.sub("", line) for line in lines[1:4]] == [
        "r-1 [INFO] of the handler",
        "r-1 [WARNING] of a thread",
        "FC Invoke End RequestId: r-1",
    ]
    assert time.match(lines[1])
    assert time.sub("", lines[5]) == "r-2 [ERROR] {"
    assert '    "errorMessage": "no luck",' in lines


def test_times_are_utc_and_headers_of_any_case(python: Path, code: Path) -> None:
    """Go writes `X-Fc-Request-Id`."""
    with served(python, code, "main.handler", env={"TZ": "Asia/Shanghai"}) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
        connection.request("POST", "/invoke", b"log", {"X-Fc-Request-Id": "r-1"})
        assert connection.getresponse().read() == b""
        written = datetime.fromisoformat(server.until("r-1 [INFO]").partition("Z")[0] + "+00:00")
        assert abs((datetime.now(timezone.utc) - written).total_seconds()) < 60


def test_credentials_are_those_of_the_request(server: Served) -> None:
    """They are valid for hours, an instance may live longer."""
    for secret in ("first", "second"):
        reply = server.invoke(b"", access_key_id="id", access_key_secret=secret, security_token="token")
        assert reply.json()["env"]["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] == secret
    assert server.invoke(b"").json()["env"]["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] == "second"
    assert not any("second" in line for line in server.lines)


def test_what_the_function_has_set_itself_stays(python: Path, code: Path) -> None:
    with served(python, code, "main.handler", env={"FC_REGION": "cn-beijing", "FC_MINE": "x", "OWN": "1"}) as server:
        env = server.invoke(b"", region="eu-west-1").json()["env"]
    assert (env["FC_REGION"], env["OWN"], "FC_MINE" in env) == ("cn-beijing", "1", False)


def chunked(server: Served, parts: list[bytes]) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    connection.request("POST", "/invoke", iter(parts), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
    return connection.getresponse().read()


def test_a_body_in_chunks(server: Served) -> None:
    """What a client in Go sends when it does not know the length."""
    assert json.loads(chunked(server, [b"one,", b"two"]))["event"] == "one,two"


def test_a_connection_is_kept(server: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    sockets = set()
    for body in ("a", "b"):
        connection.request("POST", "/invoke", body)
        sockets.add(connection.sock)
        assert json.loads(connection.getresponse().read())["event"] == body
    assert len(sockets) == 1


@pytest.mark.parametrize("length", ["x", "-1"])
def test_a_length_that_is_none(server: Served, length: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as raw:
        raw.sendall(f"POST /invoke HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
        assert raw.makefile("rb").readline().split()[1] == b"400"
    assert server.invoke(b"x").status == 200


def test_paths_and_triggers_that_are_not_served(server: Served) -> None:
    for reply in (server.ask("GET", "/"), server.ask("POST", "/2016-08-15/proxy/x"), server.invoke(b"", http_params="e30=")):
        assert (reply.status, reply.headers["x-fc-status"], reply.json()["errorType"]) == (404, "404", "PathNotSupported")


def test_one_at_a_time_unless_told_otherwise(python: Path, code: Path) -> None:
    """The second waits for the first, and hooks wait for nobody. With two at once they meet."""
    gate = code / "gate"
    with served(python, code, "main.handler") as server:
        first, _ = asked(server, f"gate {gate}".encode(), request_id="r-1")
        server.until("at the gate")
        second, _ = asked(server, b"x", request_id="r-2")
        assert [server.ask("GET", "/pre-freeze").status for _ in range(20)] == [200] * 20
        gate.touch()
        for thread in (first, second):
            thread.join(PATIENCE_S)
        server.until("FC Invoke End RequestId: r-2")
        starts_and_ends = [line.removeprefix("FC Invoke ") for line in server.lines if line.startswith("FC Invoke")]
        assert starts_and_ends == [f"{what} RequestId: {who}" for who in ("r-1", "r-2") for what in ("Start", "End")]
    with served(python, code, "main.handler", env={"FC_CONCURRENT_LIMIT": "2"}) as server:
        threads = [asked(server, b"meet") for _ in range(2)]
        for thread, _ in threads:
            thread.join(PATIENCE_S)
        assert [getattr(found[0], "status", None) for _, found in threads] == [200, 200]
