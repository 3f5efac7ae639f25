"""What the tests of the checks share: loopback servers, EC2 through botocore's stubber, an object of the Alibaba adapter's shape."""

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from check_clouds import without_existence
from rearm import checks
from rearm.checks.question import Question
from rearm.clouds.aws import calls
from rearm.clouds.aws import cloud as aws_cloud
from rearm.core.limits import ALIBABA
from rearm.core.model import Action, CheckResult

ROOT = Path(__file__).resolve().parents[1]
I = "i-0123456789abcdef0"  # noqa: E741 - the instance, everywhere below


class Ecs:
    """An object of the Alibaba adapter's shape, with the answers that the API's pages document."""

    name = "alibaba"
    limits = ALIBABA

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, list[tuple[str, dict[str, Any]]]()

    def call(self, product: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        assert product == "ecs"
        self.asked.append((action, params))
        answer = self.answers[action]
        if isinstance(answer, Exception):
            raise answer
        found: dict[str, Any] = answer
        return found


def ask(kind: str, settings: Mapping[str, object], cloud: Any, known: Mapping[str, str] | None = None, limit_s: float = 2.0) -> CheckResult:
    action = Action(cloud.name if cloud else "aws", "hook", "", (I,), "group", "launch")
    return without_existence(checks.ask(kind)(settings, Question(I, action, cloud, known or {}, limit_s)))


@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """EC2's client of the adapter, answering what the test says and refusing any other call."""
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_REGION", "eu-west-1")):
        monkeypatch.setenv(name, value)
    aws_cloud.forget_clients()
    # The stubber answers botocore's own client only. What stands for it is compared with it in test_aws_small_client.
    with Stubber(calls.kept("ec2", lambda: calls.sdk_client("ec2"))) as stubber:
        yield stubber
    stubber.assert_no_pending_responses()
    aws_cloud.forget_clients()


AWS = aws_cloud.Aws()


@contextlib.contextmanager
def served(answer: bytes | None, *, context: ssl.SSLContext | None = None, drip: bool = False) -> Iterator[tuple[int, list[bytes]]]:
    """A server on the loopback: its port, and the requests that came. `None`: takes connections and says nothing."""
    requests: list[bytes] = []
    ended = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(line: socket.socket) -> None:
        with contextlib.suppress(OSError), line:
            stream = context.wrap_socket(line, server_side=True) if context else line
            requests.append(_request(stream))
            for part in [answer[at : at + 1] for at in range(len(answer))] if answer and drip else [answer or b""]:
                stream.sendall(part)
                if drip:
                    ended.wait(0.1)
            if answer is None:
                ended.wait(10)
            stream.close()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = listener.accept()
                threading.Thread(target=serve, args=(line,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], requests
    finally:
        ended.set()
        listener.close()


def _request(stream: socket.socket) -> bytes:
    """What comes at once, and the rest of a body that is announced."""
    got = stream.recv(65_536)
    announced = re.search(rb"(?i)^content-length: (\d+)", got, re.MULTILINE)
    while announced and len(got.partition(b"\r\n\r\n")[2]) < int(announced[1]):
        got += stream.recv(65_536)
    return got


def status(code: int, headers: str = "") -> bytes:
    return f"HTTP/1.1 {code} Whatever\r\nContent-Length: 0\r\n{headers}\r\n".encode()


def status_with(body: bytes, code: int = 200) -> bytes:
    return f"HTTP/1.1 {code} Whatever\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is taken but not listened at: connections are refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


HERE = {"host": "127.0.0.1"}


def ecs_status(status_: str | None) -> dict[str, object]:
    return {"InstanceStatuses": {"InstanceStatus": [{"InstanceId": I, "Status": status_}] if status_ else []}}
