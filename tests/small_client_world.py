"""A loopback server that both clients of AWS talk to, and their surroundings. It keeps what came in and answers what the test says."""

import datetime
import os
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import botocore.auth
import botocore.endpoint
import botocore.retries.standard
import botocore.session
import pytest

from check_world import closed_port as closed_port
from rearm import clock
from rearm.clouds.aws import calls, small_client
from rearm.core.model import Action

AT = 1_763_809_505.0
AUTO_SCALING = 'xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"'
EC2 = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"'
HOOK = {"AutoScalingGroupName": "web", "LifecycleHookNames": ["hold"]}
ACTION = Action(cloud="aws", hook="hold", token="", instances=("i-1",), group="web", transition="launch")
TARGET = {
    "Arn": "a",
    "RoleArn": "b",
    "Input": '{"w": "ä €"}',
    "RetryPolicy": {"MaximumEventAgeInSeconds": 7200, "MaximumRetryAttempts": 185},
}
SCHEDULE = {
    "Name": "rearm-1.x_y",
    "GroupName": "rearm",
    "ScheduleExpression": "at(2023-11-14T22:14:21)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "ActionAfterCompletion": "DELETE",
    "Target": TARGET,
    "ClientToken": "the-token-of-both",
}
UNSIGNED = ("user-agent", "amz-sdk-invocation-id", "amz-sdk-request", "accept-encoding", "connection")
"""Headers that neither side signs: who asks, and how often it has tried."""

Answer = tuple[int, dict[str, str], bytes]


class Server(ThreadingHTTPServer):
    """`seen`: method, path, headers, body of each request; `answers`: what comes, the last one for ever; `connections`: how many came."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answers: list[Answer] = []
        self.connections = 0
        self.closes = False
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, *_who: object) -> None:
        """A client that gives up is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        server: Any = self.server
        server.connections += 1

    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.seen.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        status, headers, content = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = server.closes

    def log_message(self, *_what: object) -> None:
        """Quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Both clients' endpoint and credentials; their clock stands still and their pauses take no time."""
    with Server() as one:
        threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        surroundings(monkeypatch, f"http://127.0.0.1:{one.server_port}")
        yield one
        one.shutdown()
    calls.forget_clients()


def surroundings(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name in (*small_client.NOT_OURS, *small_client.FILES, "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in small_client.FILES:
        monkeypatch.setenv(name, os.devnull)
    values = {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalr/XUtn+",
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": url,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    moment = datetime.datetime.fromtimestamp(AT, datetime.timezone.utc).replace(tzinfo=None)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: moment)
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _: None))
    monkeypatch.setattr(clock, "now", lambda: AT)
    monkeypatch.setattr(clock, "sleep", lambda _: None)
    calls.forget_clients()


def both(service: str) -> tuple[Any, Any]:
    ours = calls.client(service)
    assert isinstance(ours, small_client.SmallClient), "these surroundings are ours"
    return ours, calls.sdk_client(service)


def client_of(service: str) -> Any:
    """Ours, for calls out of tables."""
    return calls.client(service)


def empty(method: str) -> bytes:
    """An answer of that operation with nothing in it."""
    service, operation = small_client.METHODS[method]
    element = {"DescribeInstanceStatus": "instanceStatusSet", "DescribeInstances": "reservationSet", "DescribeTags": "tagSet"}
    if service == "ec2":
        return f"<{operation}Response {EC2}><{element[operation]}/></{operation}Response>".encode()
    inner = "<LifecycleHooks/>" if operation == "DescribeLifecycleHooks" else ""
    return f"<{operation}Response {AUTO_SCALING}><{operation}Result>{inner}</{operation}Result></{operation}Response>".encode()
