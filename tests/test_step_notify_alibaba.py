"""notify on Alibaba Cloud: SMQ of the emulator, over signed HTTP, and the official client's signature."""

import json
import os
import socket
import time
from typing import Any

import pytest
from mns.account import Account
from mns.mns_client import MNSClient
from mns.mns_common import RequestInfo
from mns.queue import QueueMeta
from mns.subscription import SubscriptionMeta
from mns.topic import TopicMessage, TopicMeta

from alibaba_signing import KEY, SECRET
from check_world import served, status
from rearm import steps
from rearm.checks.question import Question
from rearm.clouds.alibaba import smq
from rearm.clouds.alibaba.cloud import Alibaba
from rearm.clouds.alibaba.endpoints import mns_endpoint
from rearm.clouds.alibaba.settings import Credentials
from rearm.core.model import Action, StepResult

# The SDK warns of its own attributes when it reads them.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")
CALL = "mns:PublishMessage"
TOKEN = "9C2E9DA7-F794-449A-ACF6-CEE24444F7BB"
ACTION = Action("alibaba", "ash-1", TOKEN, ("i-1", "i-2"), "asg-1", "launch", region="cn-hangzhou", account="1234567890123456")
SENT = StepResult("done", "sent")
PATH = "/topics/drains/messages"


def ask(topic: str = "drains", limit_s: float = 5.0, **settings: Any) -> StepResult:
    os.environ.setdefault("FC_REGION", "cn-hangzhou")
    return steps.do("notify")({"smq_topic": topic} | settings, Question("", ACTION, Alibaba(None), {}, limit_s, "web", "late", 2))


@pytest.fixture
def heard(alibaba_cloud: Any) -> Any:
    """Reads what came through the topic `drains`, with the official SDK."""
    account = Account(f"http://{alibaba_cloud.endpoint}", KEY, SECRET)
    queue, topic = account.get_queue("heard"), account.get_topic("drains")
    queue.create(QueueMeta())
    queue.set_encoding(False)
    topic.create(TopicMeta())
    arn = "acs:mns:cn-hangzhou:1234567890123456:queues/heard"
    topic.get_subscription("q").subscribe(SubscriptionMeta(arn, notify_content_format="SIMPLIFIED"))

    def read() -> list[Any]:
        if not alibaba_cloud.emulator.mns.visible(alibaba_cloud.emulator.mns.queue("heard")):
            return []
        return [json.loads(one.message_body) for one in queue.batch_receive_message(16)]

    return read


def test_a_topic_hears_it(heard: Any) -> None:
    assert ask(text='drain <b> & "世界" ]]>') == SENT
    (told,) = heard()
    assert (told["cloud"], told["instances"], told["group"], told["hook"]) == ("alibaba", ["i-1", "i-2"], "asg-1", "ash-1")
    assert (told["profile"], told["stage"], told["text"]) == ("web", "late", 'drain <b> & "世界" ]]>')
    assert TOKEN not in str(told)


def test_the_signature_is_the_official_clients_to_the_byte(alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours from its headers, and its from ours."""
    account = Account(f"http://{alibaba_cloud.endpoint}", KEY, SECRET)
    account.get_topic("drains").create(TopicMeta())
    sent, send = list[Any](), account.mns_client.http.send_request
    monkeypatch.setattr(account.mns_client.http, "send_request", lambda request: sent.append(request) or send(request))
    account.get_topic("drains").publish_message(TopicMessage("told"), RequestInfo("a-request"))
    theirs = sent[-1]
    mine = Credentials(KEY, SECRET)
    assert (theirs.method, theirs.uri) == ("POST", PATH)
    assert len([name for name in theirs.header if name.startswith("x-mns-")]) == 2
    assert smq.authorization(mine, "POST", PATH, theirs.header) == theirs.header["Authorization"]

    ours = smq.signed(mine, "POST", PATH, 1_772_323_200)
    assert ours["date"] == "Sun, 01 Mar 2026 00:00:00 GMT"
    client = MNSClient("http://x", KEY, SECRET)
    assert client.get_signature("POST", ours, PATH, client.credentials_provider.get_credentials()) == ours["Authorization"]
    assert "security-token" not in ours


def test_the_roles_token_goes_along_and_the_body_is_xml(alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(status(201)) as (port, requests):
        monkeypatch.setenv("REARM_ENDPOINT_MNS", f"127.0.0.1:{port}")
        assert ask(text="<&>") == SENT
    head, _, body = requests[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /topics/drains/messages HTTP/1.1"
    assert f"security-token: {alibaba_cloud.emulator.credentials[2]}".encode() in lines
    assert body.startswith(
        b'<?xml version="1.0" encoding="utf-8"?><Message xmlns="http://mns.aliyuncs.com/doc/v1/"><MessageBody>{"version":1'
    )
    assert b'"text":"&lt;&amp;&gt;"}</MessageBody></Message>' in body


@pytest.mark.parametrize(
    ("code", "http", "words"),
    [
        ("AccessDenied", 403, "mns:PublishMessage: AccessDenied (HTTP 403)"),
        ("Forbidden.RAM", 403, "does the function's role allow mns:PublishMessage?"),
        ("Throttling.User", 400, "mns:PublishMessage: Throttling.User (HTTP 400)"),
        ("InternalError", 500, "mns:PublishMessage: InternalError (HTTP 500)"),
        ("", 0, "mns:PublishMessage: NoAnswer"),
    ],
)
def test_what_may_pass_is_tried_once_in_a_look(alibaba_cloud: Any, heard: Any, code: str, http: int, words: str) -> None:
    alibaba_cloud.fail_next(CALL, code, http)
    found = ask()
    assert (found.status, words in found.reason) == ("going", True), found
    assert heard() == []
    assert ask() == SENT
    assert len(heard()) == 1


def test_an_answer_that_is_lost_makes_a_copy_with_the_same_id(alibaba_cloud: Any, heard: Any) -> None:
    alibaba_cloud.fail_next(CALL, "InternalError", 500, after_effect=True)
    assert [ask().status, ask().status] == ["going", "done"]
    first, second = heard()
    assert first == second


def test_no_such_topic_is_for_good(alibaba_cloud: Any) -> None:
    found = ask()
    assert (found.status, "mns:PublishMessage: TopicNotExist (HTTP 404)" in found.reason) == ("failed", True)
    alibaba_cloud.fail_next(CALL, "InvalidArgument")
    assert ask().status == "failed"


def test_a_wrong_secret_is_told_without_it(alibaba_cloud: Any, heard: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "quite another")
    found = ask()
    assert (found.status, found.reason) == (
        "going",
        "mns:PublishMessage: SignatureDoesNotMatch (HTTP 403) - is the secret that of the access key?",
    )
    assert heard() == []


def test_secrets_in_an_answer_are_not_told(alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    key, secret, token = alibaba_cloud.emulator.credentials
    body = f"<Error><Code>Odd</Code><Message>{key} {secret}\n{token}</Message></Error>".encode()
    with served(f"HTTP/1.1 400 X\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body) as (port, _):
        monkeypatch.setenv("REARM_ENDPOINT_MNS", f"127.0.0.1:{port}")
        assert ask() == StepResult("going", "mns:PublishMessage: Odd (HTTP 400) *** *** ***")


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH\r\n", status(200), status(302, "Location: http://x/\r\n"), status(404), status(403)]
)
def test_nonsense_is_tried_again(alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    with served(answer) as (port, requests):
        monkeypatch.setenv("REARM_ENDPOINT_MNS", f"127.0.0.1:{port}")
        assert ask().status == "going"
        assert len(requests) == 1


def test_slow_past_its_limit_and_nobody_there(alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(None) as (port, requests):
        monkeypatch.setenv("REARM_ENDPOINT_MNS", f"127.0.0.1:{port}")
        began = time.monotonic()
        assert ask(limit_s=0.2) == StepResult("going", "mns:PublishMessage: NoAnswer no answer in time")
        assert len(requests) == 1
        assert time.monotonic() - began < 4
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("REARM_ENDPOINT_MNS", place)
        assert ask() == StepResult("going", f"mns:PublishMessage: NotSent no connection to {place} (ConnectionRefusedError)")


def test_without_an_account_there_is_no_endpoint(alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REARM_ENDPOINT_MNS")
    found = ask()
    assert (found.status, found.reason.startswith("no account id for SMQ")) == ("going", True)
    assert mns_endpoint("1234567890123456", "cn-hangzhou").url == "https://1234567890123456.mns.cn-hangzhou.aliyuncs.com"
