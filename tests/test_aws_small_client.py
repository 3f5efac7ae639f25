"""What the layer sends to AWS itself, held against botocore: the same requests byte for byte, the same reading of answers and errors.

Both talk to one loopback server, which keeps what came in and answers what the test says.
"""

import datetime
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
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
from rearm.clouds import connections
from rearm.clouds.aws import calls, faults, small_client, wire
from rearm.clouds.aws.cloud import Aws
from rearm.clouds.aws.operations import OPERATIONS
from rearm.core.model import Action
from rearm.errors import TryAgain
from rearm_workbench.certificates import Authority

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
        self.server.connections += 1  # type: ignore[attr-defined]  # it is the class above

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
        _surroundings(monkeypatch, f"http://127.0.0.1:{one.server_port}")
        yield one
        one.shutdown()
    calls.forget_clients()


def _surroundings(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
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


# what is sent

ODD = "ä b+/~*%&=\"'\n€"
ASKED: list[tuple[str, str, dict[str, Any]]] = [
    ("autoscaling", "describe_lifecycle_hooks", HOOK),
    ("autoscaling", "describe_lifecycle_hooks", {"AutoScalingGroupName": ODD, "LifecycleHookNames": ["a", ODD]}),
    (
        "autoscaling",
        "record_lifecycle_action_heartbeat",
        {"LifecycleHookName": "hold", "AutoScalingGroupName": "web", "InstanceId": "i-1", "LifecycleActionToken": "t-1"},
    ),
    ("autoscaling", "record_lifecycle_action_heartbeat", {"LifecycleHookName": "hold", "AutoScalingGroupName": "web", "InstanceId": ""}),
    (
        "autoscaling",
        "complete_lifecycle_action",
        {"LifecycleHookName": ODD, "AutoScalingGroupName": "w", "InstanceId": "i-1", "LifecycleActionResult": "ABANDON"},
    ),
    ("ec2", "describe_instance_status", {"InstanceIds": ["i-1"], "IncludeAllInstances": True}),
    ("ec2", "describe_instance_status", {"InstanceIds": ["i-1", "i-2"], "IncludeAllInstances": False, "MaxResults": 5}),
    ("ec2", "describe_instances", {"InstanceIds": ["i-1"]}),
    ("ec2", "describe_tags", {"Filters": [{"Name": "resource-id", "Values": ["i-1"]}, {"Name": "key", "Values": [ODD, "b"]}]}),
    ("scheduler", "create_schedule", SCHEDULE),
    ("scheduler", "create_schedule", {**SCHEDULE, "Name": "a" * 64, "Target": {**TARGET, "Input": ODD}}),
]


@pytest.mark.parametrize("token", ["", "FwoGZXIvYXdzE+/=="], ids=["keys", "session"])
@pytest.mark.parametrize(("service", "method", "asked"), ASKED, ids=lambda value: value if isinstance(value, str) else "")
def test_the_same_request_as_botocore_s(
    server: Server, monkeypatch: pytest.MonkeyPatch, service: str, method: str, asked: dict[str, Any], token: str
) -> None:
    if token:
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
        calls.forget_clients()
    server.answers = [(200, {}, b"{}" if service == "scheduler" else _empty(method))]
    for client in both(service):
        getattr(client, method)(**asked)
    (ours, theirs) = (
        (verb, path, {n: v for n, v in headers.items() if n not in UNSIGNED}, body) for verb, path, headers, body in server.seen
    )
    assert ours == theirs
    assert "Signature=" in ours[2]["authorization"]
    assert ours[2].get("x-amz-security-token", "") == token


def test_a_key_of_yesterday_is_not_used_today(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answers = [(200, {}, _empty("describe_lifecycle_hooks"))]
    ours, theirs = both("autoscaling")
    ours.describe_lifecycle_hooks(**HOOK)
    later = AT + 86_400
    moment = datetime.datetime.fromtimestamp(later, datetime.timezone.utc).replace(tzinfo=None)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: moment)
    monkeypatch.setattr(clock, "now", lambda: later)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalr/XUtn+")
    ours.describe_lifecycle_hooks(**HOOK)
    theirs.describe_lifecycle_hooks(**HOOK)
    today, tomorrow, botocore_s = (headers["authorization"] for _, _, headers, _ in server.seen)
    assert today != tomorrow == botocore_s


def test_a_schedule_has_one_token_for_all_attempts(server: Server) -> None:
    server.answers = [(500, {}, b"{}"), (200, {}, b"{}")]
    calls.client("scheduler").create_schedule(**{name: value for name, value in SCHEDULE.items() if name != "ClientToken"})  # type: ignore[arg-type]  # a table of any
    first, second = (body for *_, body in server.seen)
    assert b'"ClientToken": "' in first
    assert first == second


def test_every_endpoint_is_botocore_s(monkeypatch: pytest.MonkeyPatch) -> None:
    _surroundings(monkeypatch, "")
    session = botocore.session.get_session()
    regions = [region for name in session.get_available_partitions() for region in session.get_available_regions("ec2", name)]
    ours = {
        (service, region): f"{place.scheme}://{place.host}"
        for service in small_client.SERVICES
        for region in regions
        if (place := small_client.place_of(service, region, os.environ))
    }
    assert len(ours) >= 3 * 38
    assert not any("iso" in region or "eusc" in region for _, region in ours)
    for (service, region), url in ours.items():
        assert session.create_client(service, region_name=region).meta.endpoint_url == url


# what is read


def _empty(method: str) -> bytes:
    """An answer of that operation with nothing in it."""
    service, operation = small_client.METHODS[method]
    element = {"DescribeInstanceStatus": "instanceStatusSet", "DescribeInstances": "reservationSet", "DescribeTags": "tagSet"}
    if service == "ec2":
        return f"<{operation}Response {EC2}><{element[operation]}/></{operation}Response>".encode()
    inner = "<LifecycleHooks/>" if operation == "DescribeLifecycleHooks" else ""
    return f"<{operation}Response {AUTO_SCALING}><{operation}Result>{inner}</{operation}Result></{operation}Response>".encode()


ANSWERS: list[tuple[str, str]] = [
    (
        "describe_lifecycle_hooks",
        f"""<?xml version="1.0"?><DescribeLifecycleHooksResponse {AUTO_SCALING}>
  <DescribeLifecycleHooksResult>
    <LifecycleHooks>
      <member><LifecycleHookName>hold</LifecycleHookName><AutoScalingGroupName>web &amp; ä</AutoScalingGroupName>
        <HeartbeatTimeout>3600</HeartbeatTimeout><GlobalTimeout>172800</GlobalTimeout><DefaultResult>CONTINUE</DefaultResult>
        <RoleARN>arn:r</RoleARN><LifecycleTransition>autoscaling:EC2_INSTANCE_LAUNCHING</LifecycleTransition></member>
      <member><LifecycleHookName>two</LifecycleHookName><NotificationMetadata>{{"a": "&lt;b&gt;"}}</NotificationMetadata></member>
    </LifecycleHooks>
  </DescribeLifecycleHooksResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
</DescribeLifecycleHooksResponse>""",
    ),
    ("complete_lifecycle_action", _empty("complete_lifecycle_action").decode()),
    ("record_lifecycle_action_heartbeat", _empty("record_lifecycle_action_heartbeat").decode()),
    ("describe_lifecycle_hooks", _empty("describe_lifecycle_hooks").decode()),
    (
        "describe_instance_status",
        f"""<DescribeInstanceStatusResponse {EC2}><requestId>r</requestId><instanceStatusSet>
  <item><instanceId>i-1</instanceId><availabilityZone>z</availabilityZone>
    <instanceState><code>16</code><name>running</name></instanceState>
    <systemStatus><status>ok</status><details><item><name>reachability</name><status>passed</status></item></details></systemStatus>
    <instanceStatus><status>initializing</status></instanceStatus></item>
  <item><instanceId>i-2</instanceId></item>
</instanceStatusSet></DescribeInstanceStatusResponse>""",
    ),
    ("describe_instance_status", _empty("describe_instance_status").decode()),
    (
        "describe_instances",
        f"""<DescribeInstancesResponse {EC2}><reservationSet><item><reservationId>r</reservationId><instancesSet><item>
  <instanceId>i-1</instanceId><instanceState><code>16</code><name>running</name></instanceState>
  <privateDnsName>ip-10-0-0-1.internal</privateDnsName><dnsName/><privateIpAddress>10.0.0.1</privateIpAddress>
  <ipAddress>203.0.113.7</ipAddress><ipv6Address>2001:db8::1</ipv6Address>
  <networkInterfaceSet><item><networkInterfaceId>eni</networkInterfaceId><ipv6AddressesSet><item><ipv6Address>2001:db8::1</ipv6Address>
  <isPrimaryIpv6>true</isPrimaryIpv6></item></ipv6AddressesSet></item></networkInterfaceSet>
  <tagSet><item><key>a</key><value>b c</value></item><item><key>empty</key><value/></item></tagSet>
</item></instancesSet></item></reservationSet></DescribeInstancesResponse>""",
    ),
    ("describe_instances", _empty("describe_instances").decode()),
    (
        "describe_tags",
        f"""<DescribeTagsResponse {EC2}><tagSet><item><resourceId>i-1</resourceId><resourceType>instance</resourceType><key>k</key>
  <value>v</value></item></tagSet></DescribeTagsResponse>""",
    ),
    ("describe_tags", _empty("describe_tags").decode()),
]


@pytest.mark.parametrize(("method", "text"), ANSWERS, ids=[method for method, _ in ANSWERS])
def test_the_same_reading_of_answers(server: Server, method: str, text: str) -> None:
    server.answers = [(200, {"Content-Type": "text/xml"}, text.encode())]
    service, operation = small_client.METHODS[method]
    ours, theirs = (getattr(client, method)() for client in both(service))
    assert ours == _as_far_as(OPERATIONS[service][1][operation], theirs)


def test_every_operation_has_an_answer_with_all_that_is_read_of_it() -> None:
    """So that the comparison above covers the table."""
    for method, (service, operation) in small_client.METHODS.items():
        texts = " ".join(text for name, text in ANSWERS if name == method)
        assert [element for element in _elements(OPERATIONS[service][1][operation]) if f"<{element}" not in texts] == []


def _elements(shape: Any) -> Iterator[str]:
    if isinstance(shape, list):
        yield from _elements(shape[0])
    elif isinstance(shape, dict):
        for member in shape.values():
            yield member.element
            yield from _elements(member.holds)


def _as_far_as(shape: Any, value: Any) -> Any:
    """What botocore read, without what rearm does not use."""
    if isinstance(shape, list):
        return [_as_far_as(shape[0], one) for one in value]
    if isinstance(shape, dict):
        return {name: _as_far_as(member.holds, value[name]) for name, member in shape.items() if name in value}
    return value


# errors

ERRORS: list[tuple[str, str, int, dict[str, str], str]] = [
    (
        "autoscaling",
        "describe_lifecycle_hooks",
        400,
        {},
        f"<ErrorResponse {AUTO_SCALING}><Error><Type>Sender</Type><Code>ValidationError</Code><Message>AutoScalingGroup name not found - no"
        "</Message></Error><RequestId>r</RequestId></ErrorResponse>",
    ),
    (
        "autoscaling",
        "describe_lifecycle_hooks",
        400,
        {},
        "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate</Message></Error></ErrorResponse>",
    ),
    (
        "autoscaling",
        "describe_lifecycle_hooks",
        400,
        {},
        "<ErrorResponse><Error><Code>RateExceeded</Code><Message>R</Message></Error></ErrorResponse>",
    ),
    (
        "autoscaling",
        "describe_lifecycle_hooks",
        500,
        {},
        "<ErrorResponse><Error><Code>ResourceContention</Code><Message>busy</Message></Error></ErrorResponse>",
    ),
    ("autoscaling", "describe_lifecycle_hooks", 503, {"Content-Type": "text/html"}, "<html><b>Service Unavailable</b></html>"),
    (
        "autoscaling",
        "describe_lifecycle_hooks",
        408,
        {},
        "<ErrorResponse><Error><Code>RequestTimeout</Code><Message>m</Message></Error></ErrorResponse>",
    ),
    (
        "ec2",
        "describe_instance_status",
        400,
        {},
        "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>The instance ID 'i-1' does "
        "not exist</Message></Error></Errors><RequestID>r</RequestID></Response>",
    ),
    (
        "ec2",
        "describe_instance_status",
        403,
        {},
        "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>",
    ),
    (
        "ec2",
        "describe_instance_status",
        503,
        {},
        "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>s</Message></Error></Errors></Response>",
    ),
    ("scheduler", "create_schedule", 409, {"x-amzn-ErrorType": "ConflictException"}, '{"Message": "Schedule x already exists."}'),
    ("scheduler", "create_schedule", 400, {"x-amzn-ErrorType": "ValidationException:http://internal.amazon.com/"}, '{"message": "m"}'),
    ("scheduler", "create_schedule", 404, {}, '{"__type": "com.amazon#ResourceNotFoundException", "message": "no group"}'),
    ("scheduler", "create_schedule", 429, {}, '{"code": "ThrottlingException", "message": "slow"}'),
    ("scheduler", "create_schedule", 500, {"x-amzn-ErrorType": "InternalServerException"}, '{"Message": "oops"}'),
    ("scheduler", "create_schedule", 402, {"x-amzn-ErrorType": "ServiceQuotaExceededException"}, '{"Message": "full"}'),
]


@pytest.mark.parametrize(("service", "method", "status", "headers", "body"), ERRORS)
def test_the_same_reading_of_errors_and_the_same_number_of_attempts(
    server: Server, service: str, method: str, status: int, headers: dict[str, str], body: str
) -> None:
    server.answers = [(status, headers, body.encode())]
    told, attempts = [], []
    for client in both(service):
        server.seen.clear()
        with pytest.raises(Exception) as error:  # noqa: PT011 - two families of errors, compared by what they tell
            getattr(client, method)(
                **(SCHEDULE if service == "scheduler" else HOOK if service == "autoscaling" else {"InstanceIds": ["i-1"]})
            )
        told.append(faults.parts(error.value))
        attempts.append(len(server.seen))
    assert told[0][::2] == told[1][::2]
    assert attempts[0] == attempts[1]
    if not body.startswith("<html"):
        assert told[0] == told[1]


def test_what_botocore_tries_again_is_tried_again() -> None:
    transient = botocore.retries.standard.TransientRetryableChecker
    assert set(transient._TRANSIENT_ERROR_CODES) == small_client.PASSING_CODES
    assert set(transient._TRANSIENT_STATUS_CODES) == small_client.PASSING_STATUSES
    assert set(botocore.retries.standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES) >= small_client.THROTTLED
    assert calls.SDK_ATTEMPTS == small_client.ATTEMPTS


@pytest.mark.parametrize("body", [b"", b"<html>welcome</html>", b"{}", b"<DescribeLifecycleHooksResponse/>", b"<a", b"\xff\xfe"])
def test_what_is_no_answer_of_the_service_ends_nothing(server: Server, body: bytes) -> None:
    server.answers = [(200, {}, body)]
    with pytest.raises(TryAgain, match="autoscaling:DescribeLifecycleHooks failed") as error:
        Aws().describe_hook(ACTION)
    assert "\n" not in str(error.value)
    if body != b"<DescribeLifecycleHooksResponse/>":
        with pytest.raises(TryAgain, match="autoscaling:CompleteLifecycleAction failed"):
            Aws().complete(ACTION, "CONTINUE")


# the connection


def test_a_connection_is_kept_and_one_that_was_closed_meanwhile_is_not_used(server: Server) -> None:
    server.answers = [(200, {}, _empty("describe_lifecycle_hooks"))]
    client = calls.client("autoscaling")
    for _ in range(3):
        client.describe_lifecycle_hooks(**HOOK)  # type: ignore[arg-type]  # a table of any
    assert (server.connections, len(server.seen)) == (1, 3)
    server.closes = True
    client.describe_lifecycle_hooks(**HOOK)  # type: ignore[arg-type]
    (kept,) = wire.connections._idle[f"http://127.0.0.1:{server.server_port}"]
    _until(lambda: not connections.is_open(kept))
    server.closes = False
    client.describe_lifecycle_hooks(**HOOK)  # type: ignore[arg-type]
    assert (server.connections, len(server.seen)) == (2, 5)


def _until(true: Callable[[], bool]) -> None:
    """The loopback takes a moment to tell the other end."""
    for _ in range(1000):
        if true():
            return
        time.sleep(0.001)
    raise AssertionError("it never came to be")


def test_an_answer_that_never_came_is_asked_for_again(server: Server) -> None:
    server.answers = [(0, {}, b""), (0, {}, b""), (200, {}, _empty("describe_lifecycle_hooks"))]
    assert calls.client("autoscaling").describe_lifecycle_hooks(**HOOK) == {"LifecycleHooks": []}  # type: ignore[arg-type]
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
        _surroundings(monkeypatch, f"https://localhost:{one.server_port}")
        one.answers = [(200, {}, _empty("describe_lifecycle_hooks"))]
        monkeypatch.setattr(wire, "_trust", [])
        with pytest.raises(TryAgain, match=r"EndpointConnectionError\): no connection to localhost:\d+: CERTIFICATE_VERIFY_FAILED"):
            Aws().describe_hook(ACTION)
        assert one.seen == []
        monkeypatch.setattr(wire, "_trust", [])
        monkeypatch.setattr(wire, "_authorities", lambda: str(authority.file))
        assert calls.client("autoscaling").describe_lifecycle_hooks(**HOOK) == {"LifecycleHooks": []}  # type: ignore[arg-type]
        one.shutdown()
    calls.forget_clients()


def test_the_authorities_are_botocore_s() -> None:
    assert str(wire._authorities()).endswith("botocore/cacert.pem")


# whose surroundings


@pytest.mark.parametrize("name", small_client.NOT_OURS)
def test_surroundings_that_only_botocore_knows_are_left_to_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    _surroundings(monkeypatch, "")
    assert small_client.place_of("ec2", "eu-west-1", os.environ) is not None
    monkeypatch.setenv(name, "something")
    assert small_client.place_of("ec2", "eu-west-1", os.environ) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_ENDPOINT_URL", "http://gateway/with/a/path"),
        ("AWS_ENDPOINT_URL", "http://user@gateway"),
        ("AWS_ENDPOINT_URL_EC2", "ftp://gateway"),
    ],
)
def test_so_are_credentials_and_endpoints_of_another_kind(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    _surroundings(monkeypatch, "")
    monkeypatch.setenv(name, value)
    assert small_client.place_of("ec2", "eu-west-1", os.environ) is None


def test_so_is_a_file_of_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    _surroundings(monkeypatch, "")
    (tmp_path / "config").write_text("[default]\nuse_fips_endpoint = true\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert small_client.place_of("ec2", "eu-west-1", os.environ) is None
    calls.forget_clients()
    assert calls.client("ec2").meta.endpoint_url == "https://ec2-fips.eu-west-1.amazonaws.com"
    calls.forget_clients()


def test_a_service_s_own_endpoint_goes_before_the_common_one(monkeypatch: pytest.MonkeyPatch) -> None:
    _surroundings(monkeypatch, "http://all:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_AUTO_SCALING", "https://one:2/")
    found = {service: small_client.place_of(service, "eu-west-1", os.environ) for service in small_client.SERVICES}
    assert [f"{place.scheme}://{place.host}" for place in found.values() if place] == ["https://one:2", "http://all:1", "http://all:1"]


def test_any_other_operation_is_botocore_s(server: Server) -> None:
    server.answers = [
        (200, {}, f"<DescribeTagsResponse {AUTO_SCALING}><DescribeTagsResult><Tags/></DescribeTagsResult></DescribeTagsResponse>".encode())
    ]
    client = calls.client("autoscaling")
    assert client.describe_tags()["Tags"] == []
    assert client.meta is client.meta, "one client of botocore's, kept"
    with pytest.raises(AttributeError):
        client.describe_instance_status  # noqa: B018 - of another service


def test_a_call_of_every_look_loads_no_sdk(server: Server) -> None:
    server.answers = [(200, {}, ANSWERS[0][1].encode())]
    program = """
import sys
from rearm.clouds.aws.cloud import Aws
from rearm.core.model import Action
print(Aws().describe_hook(Action("aws", "hold", "", ("i-1",), "web", "launch")).heartbeat_timeout_s)
print({"boto3", "botocore", "urllib3"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("3600\nset()\n", "")
