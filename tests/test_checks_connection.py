"""The connection of one exchange: over at its deadline whoever drips, without a thread that watches; and whom it trusts."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from check_world import AWS, HERE, ask, served, status, status_with
from rearm.checks.network.connection import Line, trust
from rearm.core.model import CheckResult
from rearm_workbench.certificates import DAY, authority

NO_ANSWER = CheckResult("waiting", "no HTTP answer within 0.3 s")


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    mine, theirs = socket.socketpair()
    with mine, theirs:
        yield mine, theirs


@pytest.mark.parametrize("by_tls", [False, True])
def test_a_body_that_drips_is_cut_off(by_tls: bool) -> None:
    """By TLS each byte is a record of its own."""
    context = authority().server(("127.0.0.1",), DAY) if by_tls else None
    scheme = {"scheme": "https", "verify": False} if by_tls else {}
    began = time.monotonic()
    with served(status_with(b"x" * 100), context=context, drip=True) as (port, _):
        assert ask("http", HERE | {"port": port, "body_matches": "y", **scheme}, AWS, limit_s=0.3) == NO_ANSWER
    assert time.monotonic() - began < 2


def test_each_wait_gets_what_is_left_not_what_the_socket_was_given_before(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[0].settimeout(20)
    began = time.monotonic()
    with Line(pair[0], began + 0.2) as line, pytest.raises(TimeoutError):
        line.receive()
    assert 0.2 <= time.monotonic() - began < 2


def test_who_does_not_read_is_left_at_the_deadline(pair: tuple[socket.socket, socket.socket]) -> None:
    began = time.monotonic()
    with Line(pair[0], began + 0.2) as line, pytest.raises(TimeoutError):
        line.sendall(b"x" * 10_000_000)
    assert 0.2 <= time.monotonic() - began < 2


def test_whatever_is_sent_arrives_whole(pair: tuple[socket.socket, socket.socket]) -> None:
    sent, got = bytes(range(256)) * 4_000, list[bytes]()
    reader = threading.Thread(target=lambda: got.extend(iter(lambda: pair[1].recv(65_536), b"")), daemon=True)
    reader.start()
    with Line(pair[0], time.monotonic() + 20) as line:
        line.sendall(sent)
    reader.join(20)
    assert not reader.is_alive()  # leaving it has closed the line
    assert b"".join(got) == sent


def test_after_its_deadline_nothing_is_waited_for(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[1].sendall(b"too late")
    with Line(pair[0], time.monotonic()) as line:
        with pytest.raises(TimeoutError):
            line.receive()
        with pytest.raises(TimeoutError):
            line.sendall(b"x")


def test_an_exchange_takes_no_thread_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asks, begun, start = threading.current_thread(), list[threading.Thread](), threading.Thread.start

    def begins(thread: threading.Thread) -> None:
        if threading.current_thread() is asks:
            begun.append(thread)
        start(thread)

    with served(status(200)) as (port, _):
        monkeypatch.setattr(threading.Thread, "start", begins)
        assert ask("http", HERE | {"port": port}, AWS) == CheckResult("passed", "200")
        assert begun == []


def test_each_exchange_has_a_connection_of_its_own() -> None:
    """Whether new ones are accepted is part of the question: one that is kept would go on when the listener is gone."""
    lines: list[Any] = []

    def serve(listener: socket.socket) -> None:
        for _ in range(2):
            line, _ = listener.accept()
            lines.append(line)
            line.recv(65_536)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        settings = HERE | {"port": listener.getsockname()[1]}
        assert [ask("http", settings, AWS).status for _ in range(2)] == ["passed"] * 2
    assert [line.recv(1) for line in lines] == [b"", b""]
    assert ask("http", settings, AWS).reason.endswith("connection refused")
    for line in lines:
        line.close()


def test_the_machines_authorities_are_read_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trust(verify=True) is trust(verify=True)
    assert trust(verify=True) is not trust(verify=False)
    alone = Path(authority().file).read_text()
    assert trust(verify=True, ca=alone) is not trust(verify=True, ca=alone)
    of_the_machine = trust(verify=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority().file))
    assert trust(verify=True) is not of_the_machine
    assert trust(verify=True) is trust(verify=True)
