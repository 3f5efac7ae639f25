"""notify on AWS: SNS and EventBridge of the emulator, over boto3; and what the message holds."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from check_world import served
from rearm import steps
from rearm.checks.question import Question
from rearm.clouds.aws.cloud import Aws, forget_clients
from rearm.core.model import Action, StepResult
from rearm.steps.aws import notify
from rearm.steps.notices import message

I = "i-0123456789abcdef0"  # noqa: E741 - the instance, as in check_world
DOCS = (Path(__file__).resolve().parents[1] / "docs" / "configuration.md").read_text().split("\n### step notify\n")[1].split("\n### ")[0]
TOKEN = "71514b9d-6a40-4b26-8523-05e7ee35fa40"
ACTION = Action("aws", "drain", TOKEN, (I,), "web", "terminate", region="us-east-1", account="123456789012")
TOPIC = "arn:aws:sns:us-east-1:123456789012:drains"
SENT = StepResult("done", "sent")


def ask(settings: dict[str, Any], action: Action = ACTION, limit_s: float = 5.0, **more: Any) -> StepResult:
    return steps.do("notify")(settings, Question("", action, Aws(), {}, limit_s, **more))


@pytest.fixture
def queue(aws_cloud: Any) -> Any:
    """Reads what came through the topic `drains` and the bus `ops`."""
    sqs, sns, events = (aws_cloud.client(service) for service in ("sqs", "sns", "events"))
    url, arn = sqs.create_queue(QueueName="heard")["QueueUrl"], "arn:aws:sqs:us-east-1:123456789012:heard"
    sns.create_topic(Name="drains")
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    events.create_event_bus(Name="ops")
    events.put_rule(Name="all", EventBusName="ops", EventPattern='{"source": ["rearm"], "detail-type": ["rearm notify"]}')
    events.put_targets(Rule="all", EventBusName="ops", Targets=[{"Id": "q", "Arn": arn}])
    return lambda: [json.loads(one["Body"]) for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])]


# the message


def test_the_message_is_the_one_of_the_page() -> None:
    shown = json.loads(re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)[0])
    question = Question("", ACTION, Aws(), {}, 5.0, "web drains", "late", 1)
    told = json.loads(message.message_of(question, shown["text"]).body)
    assert list(told) == list(shown)
    same = ("version", "cloud", "group", "hook", "transition", "instances", "profile", "stage", "text")
    assert [told[key] for key in same] == [shown[key] for key in same]
    assert re.fullmatch("[0-9a-f]{32}", told["id"])
    assert re.fullmatch("[0-9a-f]{32}", shown["id"])


def test_the_id_is_the_waits_the_steps_and_the_stages() -> None:
    def id_of(action: Action = ACTION, profile: str = "p", stage: str = "", number: int = 0, text: str = "") -> str:
        return message.message_of(Question("", action, Aws(), {}, 5.0, profile, stage, number), text).id

    swept = Action("aws", "drain", "", (I,), "web", "terminate")
    assert id_of() == id_of(swept) == id_of(profile="renamed", text="other words")
    others = [id_of(stage="late"), id_of(number=1), id_of(Action("aws", "drain", TOKEN, ("i-2",), "web")), id_of()]
    assert len(set(others)) == 4


def test_the_token_is_in_no_message_and_odd_texts_are_sent() -> None:
    odd = Action("aws", "a\0b\n", TOKEN, ("i-\ud800",), '<"&>', None)
    body = message.message_of(Question("", odd, Aws(), {}, 5.0), "世界").body
    assert TOKEN not in body
    assert TOKEN[:8] not in body
    assert "世界" in body
    assert json.loads(body.encode())["instances"] == ["i-?"]
    assert json.loads(body)["transition"] is None


# SNS and EventBridge


def test_a_topic_hears_it(queue: Any) -> None:
    assert ask({"topic": TOPIC, "text": "drain <b> & 世界"}, stage="late", profile="web", number=3) == SENT
    (told,) = queue()
    assert (told["instances"], told["stage"], told["profile"], told["text"]) == ([I], "late", "web", "drain <b> & 世界")
    assert (told["region"], told["account"], told["group"], told["hook"], told["cloud"]) == (
        "us-east-1",
        "123456789012",
        "web",
        "drain",
        "aws",
    )


def test_a_bus_hears_it(queue: Any) -> None:
    for bus in ("ops", "arn:aws:events:us-east-1:123456789012:event-bus/ops"):
        assert ask({"bus": bus, "text": "x"}) == SENT
    first, second = queue()
    assert (first["source"], first["detail-type"], first["detail"]["text"]) == ("rearm", "rearm notify", "x")
    assert first["detail"] == second["detail"]
    assert ask({"bus": "default"}) == SENT


def test_a_fifo_topic_gets_what_it_needs_to_drop_copies(aws_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    name = TOPIC + ".fifo"
    aws_cloud.client("sns").create_topic(Name="drains.fifo", Attributes={"FifoTopic": "true"})
    sent, real = list[Any](), notify.aws_once

    def spy(service: str, operation: str, limit_s: float, **params: Any) -> Any:
        sent.append(params)
        return real(service, operation, limit_s, **params)

    monkeypatch.setattr(notify, "aws_once", spy)
    assert [ask({"topic": name}, stage=stage) for stage in ("", "", "late")] == [SENT] * 3
    ids = [params["MessageDeduplicationId"] for params in sent]
    assert ids == [json.loads(params["Message"])["id"] for params in sent]
    assert (ids[0] == ids[1], ids[1] == ids[2], len({params["MessageGroupId"] for params in sent})) == (True, False, 1)


@pytest.mark.parametrize(("target", "call"), [({"topic": TOPIC}, "sns:Publish"), ({"bus": "ops"}, "events:PutEvents")])
@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("AccessDenied", 403, "is denied"),
        ("AccessDeniedException", 400, "is denied"),
        ("AuthorizationError", 403, "is denied"),
        ("Throttling", 400, "is throttled"),
        ("ThrottlingException", 429, "is throttled"),
        ("InternalError", 500, "failed (InternalError, HTTP 500)"),
        ("KMSAccessDenied", 400, "failed (KMSAccessDenied"),
        ("", 0, "failed (ConnectionClosedError)"),
    ],
)
def test_what_may_pass_is_tried_once_in_a_look(
    aws_cloud: Any, queue: Any, target: dict[str, Any], call: str, code: str, status: int, words: str
) -> None:
    aws_cloud.fail_next(call, code, status)
    found = ask(target)
    assert (found.status, found.reason.startswith(f"{call} {words}")) == ("going", True), found
    assert queue() == []
    assert ask(target) == SENT
    assert len(queue()) == 1


def test_no_such_topic_and_no_such_bus_are_for_good(aws_cloud: Any) -> None:
    found = ask({"topic": TOPIC})
    assert (found.status, "NotFound" in found.reason) == ("failed", True)
    # moto says so; EventBridge itself takes the event and loses it.
    found = ask({"bus": "ops"})
    assert (found.status, "ResourceNotFoundException" in found.reason) == ("failed", True)
    aws_cloud.fail_next("sns:Publish", "InvalidParameter", 400)
    assert ask({"topic": TOPIC}).status == "failed"


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("AccessDeniedException", "going", "is denied"),
        ("NotAuthorizedForSourceException", "going", "is denied"),
        ("ThrottlingException", "going", "failed (ThrottlingException): too much"),
        ("InternalFailure", "going", "failed"),
        ("SomethingNew", "going", "failed"),
        ("InvalidArgument", "failed", "failed (InvalidArgument)"),
        ("MalformedDetail", "failed", "failed"),
    ],
)
def test_an_event_that_is_refused_within_the_answer(monkeypatch: pytest.MonkeyPatch, code: str, status: str, words: str) -> None:
    """docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry."""
    answer = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": code, "ErrorMessage": "too much"}]}
    monkeypatch.setattr(notify, "aws_once", lambda *_args, **_more: answer)
    found = ask({"bus": "ops"})
    assert (found.status, words in found.reason) == (status, True), found


@pytest.mark.parametrize("answer", [{}, None, [], "<html>", {"Entries": []}, {"Entries": [None]}, {"Entries": [{}]}, {"Entries": None}])
@pytest.mark.parametrize("target", [{"topic": TOPIC}, {"bus": "ops"}])
def test_a_nonsense_answer_is_tried_again(monkeypatch: pytest.MonkeyPatch, target: dict[str, Any], answer: Any) -> None:
    monkeypatch.setattr(notify, "aws_once", lambda *_args, **_more: answer)
    found = ask(target)
    assert (found.status, found.reason.endswith("the answer cannot be read")) == ("going", True), found


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """SNS and EventBridge take the request, and say nothing."""
    with served(None) as (port, requests):
        for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_REGION", "eu-west-1")):
            monkeypatch.setenv(name, value)
        for service in ("SNS", "EVENTBRIDGE"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", f"http://127.0.0.1:{port}")
        forget_clients()
        yield requests
        forget_clients()


@pytest.mark.parametrize("target", [{"topic": TOPIC}, {"bus": "ops"}])
def test_a_slow_cloud_is_asked_once_and_left_at_the_limit(silent: list[bytes], target: dict[str, Any]) -> None:
    began = time.monotonic()
    found = ask(target, limit_s=0.3)
    assert (found.status, "ReadTimeoutError" in found.reason) == ("going", True), found
    assert len(silent) == 1
    assert time.monotonic() - began < 4
