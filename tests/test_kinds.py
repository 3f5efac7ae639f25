"""Files are recognised by their shape; every sample says what it should; nothing that anybody can write raises."""

import base64
import copy
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rearm.clouds.alibaba import parse as alibaba
from rearm.clouds.aws import parse as aws
from rearm.core.model import Action, Parsed
from rearm_workbench.kinds import ALIBABA_PARSERS, AWS_PARSERS, Kind, as_json, explain, recognise

EVENTS = Path(__file__).parent.parent / "events"

SAMPLES: dict[str, tuple[str, list[str]]] = {
    "aws/direct-launch.json": ("direct", ["action"]),
    "aws/direct-test.json": ("direct", ["test"]),
    "aws/eventbridge-launch.json": ("eventbridge", ["action"]),
    "aws/eventbridge-replace-root-volume.json": ("eventbridge", ["action"]),
    "aws/eventbridge-terminate.json": ("eventbridge", ["action"]),
    "aws/eventbridge-warm-pool-return.json": ("eventbridge", ["action"]),
    "aws/sns-terminate.json": ("sns", ["action"]),
    "aws/sns-test.json": ("sns", ["test"]),
    "aws/sqs-batch.json": ("sqs", ["action", "action", "action"]),
    "aws/sqs-raw-delivery.json": ("sqs", ["action"]),
    "alibaba/eventbridge-scale-in.json": ("eventbridge", ["action"]),
    "alibaba/eventbridge-scale-out.json": ("eventbridge", ["action"]),
    "alibaba/eventbridge-test.json": ("eventbridge", ["test"]),
    "alibaba/mns-queue-list.json": ("mns_queue", ["action", "action"]),
    "alibaba/mns-queue-single.json": ("mns_queue", ["action"]),
    "alibaba/mns-topic-json.json": ("mns_topic", ["action"]),
    "alibaba/mns-topic-stream.txt": ("mns_topic", ["action"]),
    "alibaba/oos.json": ("oos", ["action"]),
}


def sample(name: str) -> bytes:
    return (EVENTS / name).read_bytes()


def answers(value: Any) -> list[Parsed]:
    return explain(json.dumps(value).encode())[1]


def verdicts(value: Any) -> list[str]:
    return [answer.verdict for answer in answers(value)]


FLAT = json.loads(sample("aws/direct-launch.json"))
BRIDGE = json.loads(sample("aws/eventbridge-launch.json"))
SQS = json.loads(sample("aws/sqs-batch.json"))
SNS = json.loads(sample("aws/sns-terminate.json"))
OOS = json.loads(sample("alibaba/oos.json"))
QUEUE = json.loads(sample("alibaba/mns-queue-single.json"))
SCALE_OUT = json.loads(sample("alibaba/eventbridge-scale-out.json"))
MESSAGE = json.loads(base64.b64decode(sample("alibaba/mns-topic-stream.txt")))


def test_every_sample_file_is_listed() -> None:
    assert {str(path.relative_to(EVENTS)) for path in EVENTS.glob("*/*") if path.suffix in (".json", ".txt")} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_says_what_it_should(name: str) -> None:
    doorway, expected = SAMPLES[name]
    kind, parsed = explain(sample(name))
    assert (kind.cloud, kind.doorway) == (name.split("/")[0], doorway)
    assert kind == recognise(sample(name))
    assert [answer.verdict for answer in parsed] == expected, [answer.reason for answer in parsed]
    assert isinstance(kind.payload, bytes) == (kind.cloud == "alibaba")


def test_no_two_samples_share_a_token_or_an_instance() -> None:
    actions = [answer.action for name in SAMPLES for answer in explain(sample(name))[1] if answer.action]
    instances = [instance for action in actions for instance in action.instances]
    assert len({action.token for action in actions}) == len(actions)
    assert len(set(instances)) == len(instances)
    assert {len(action.token) for action in actions} == {36}
    assert any(len(action.instances) > 1 for action in actions)


@pytest.mark.parametrize(
    ("value", "cloud", "doorway"),
    [
        (FLAT, "aws", "direct"),
        (BRIDGE, "aws", "eventbridge"),
        (BRIDGE["detail"], "aws", "direct"),
        ([BRIDGE, BRIDGE], "aws", "eventbridge"),
        (SQS, "aws", "sqs"),
        (SQS["Records"][0], "aws", "sqs"),
        (SQS["Records"], "aws", "sqs"),
        (SNS, "aws", "sns"),
        (SNS["Records"][0], "aws", "sns"),
        (SNS["Records"][0]["Sns"], "aws", "sns"),
        ({"LifecycleHookName": "h"}, "aws", "direct"),
        ({"LifecycleTransition": "autoscaling:TEST_NOTIFICATION"}, "aws", "direct"),
        ({"Records": []}, "aws", None),
        ({"Records": [{"eventSource": "aws:s3"}]}, "aws", None),
        (MESSAGE, "alibaba", "mns_topic"),
        (MESSAGE["content"], "alibaba", "mns_topic"),
        ({"body": json.dumps(MESSAGE), "attrs": {}}, "alibaba", "mns_topic"),
        ({"Message": json.dumps(MESSAGE), "TopicName": "t"}, "alibaba", "mns_topic"),
        ({"Message": json.dumps(MESSAGE), "TopicName": "t", "Type": "an attribute"}, "alibaba", "mns_topic"),
        (base64.b64encode(json.dumps(MESSAGE).encode()).decode(), "alibaba", "mns_topic"),
        (OOS, "alibaba", "oos"),
        ({"LifecycleHookId": "h", "LifecycleActionToken": "t", "InstanceIds": "i-1"}, "alibaba", "oos"),
        ({"lifecycleActionToken": "t"}, "alibaba", "oos"),
        (QUEUE, "alibaba", "mns_queue"),
        ([QUEUE], "alibaba", "mns_queue"),
        (QUEUE["data"], "alibaba", "mns_queue"),
        ([json.dumps(QUEUE)], "alibaba", "mns_queue"),
        (SCALE_OUT, "alibaba", "eventbridge"),
        ({"type": "ess:LifecycleHook:Test"}, "alibaba", "eventbridge"),
        ({"triggerTime": "2026-07-29T10:02:58Z", "triggerName": "sweep", "payload": ""}, "alibaba", None),
        ({"rearm": {"action": {"cloud": "aws"}}}, "aws", "recheck"),
        ({"rearm": {"action": {"cloud": "alibaba"}}}, "alibaba", "recheck"),
        ({"rearm": 1}, None, "recheck"),
        ([BRIDGE, QUEUE], None, None),
        ([], None, None),
        ({}, None, None),
        ({"hello": "world"}, None, None),
        (5, None, None),
    ],
)
def test_whose_it_is_and_which_doorway_takes_it(value: Any, cloud: str | None, doorway: str | None) -> None:
    kind = recognise(json.dumps(value).encode())
    assert (kind.cloud, kind.doorway) == (cloud, doorway)


def test_the_payload_is_what_the_handler_receives() -> None:
    assert recognise(json.dumps(SQS["Records"][0]).encode()).payload == {"Records": [SQS["Records"][0]]}
    assert recognise(json.dumps(SNS["Records"]).encode()).payload == SNS
    assert recognise(sample("alibaba/mns-topic-stream.txt")).payload == sample("alibaba/mns-topic-stream.txt").strip()
    assert recognise(b"\xef\xbb\xbf " + json.dumps(OOS).encode()).payload == json.dumps(OOS).encode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (SQS["Records"][2], ["action"]),
        (SNS["Records"][0]["Sns"], ["action"]),
        ([BRIDGE, {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}], ["action", "ignored"]),
        ([BRIDGE, 5, QUEUE, "text", FLAT, []], ["action", "invalid", "action", "invalid", "action", "invalid"]),
        ([SQS, SNS], ["action"] * 4),
        ([SQS["Records"][0], SNS["Records"][0]], ["action", "action"]),
        ([QUEUE, {}, QUEUE], ["action", "invalid", "action"]),
        ({"rearm": {}}, ["ignored"]),
        ({"triggerTime": "2026-07-29T10:02:58Z", "triggerName": "sweep", "payload": ""}, ["ignored"]),
        ({"Service": "Amazon S3", "Event": "s3:TestEvent"}, ["ignored"]),
        (json.dumps(BRIDGE), ["action"]),
        ({"Records": []}, ["invalid"]),
        ([], ["invalid"]),
        (["text"], ["invalid"]),
        ({}, ["invalid"]),
        (None, ["invalid"]),
    ],
)
def test_one_answer_for_each_notification(value: Any, expected: list[str]) -> None:
    assert verdicts(value) == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", SAMPLES)
def test_a_byte_order_mark_and_white_space_change_nothing(name: str, encoding: str) -> None:
    padded = ("\r\n " + sample(name).decode() + "\r\n\r\n").encode(encoding)
    assert explain(padded)[1] == explain(sample(name))[1]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\n", "empty"),
        (b"\xff\xfe\x00", "binary"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary"),
        (b"hello", "neither JSON nor Base64"),
        (b"{", "not JSON"),
        (b"x" * 300_000, "neither JSON nor Base64"),
        (b"\x00" * 300_000, "neither JSON nor Base64"),
        (b"[" * 300_000, "nested too deeply"),
        (b'{"a":' * 60_000, "nested too deeply"),
        (b"1" * 300_000, "a number"),
        (b"NaN", "a number"),
        (b"[" * 900 + b"]" * 900, "a list in a list"),
    ],
)
def test_what_is_no_notification_at_all_is_invalid_in_one_line(raw: bytes, told: str) -> None:
    kind, parsed = explain(raw)
    assert (kind.cloud, kind.doorway) == (None, None)
    assert [answer.verdict for answer in parsed] == ["invalid"]
    assert told in parsed[0].reason
    assert "\n" not in parsed[0].reason
    assert len(parsed[0].reason) < 300
    assert recognise(raw) == Kind(kind.cloud, kind.doorway, recognise(raw).payload)


def test_as_json_is_the_interface_of_explain() -> None:
    action = Action(
        "aws", "h", "t", ("i-1",), group="g", transition="launch", metadata="m", origin="EC2", destination="EC2", cause="ReplaceRootVolume"
    )
    assert as_json(Parsed("action", "why", action, record="r")) == {
        "verdict": "action",
        "reason": "why",
        "cloud": "aws",
        "transition": "launch",
        "group": "g",
        "hook": "h",
        "token": "t",
        "instances": ["i-1"],
        "metadata": "m",
        "origin": "EC2",
        "destination": "EC2",
        "action": "ReplaceRootVolume",
    }
    assert as_json(Parsed("ignored", "why")) == {"verdict": "ignored", "reason": "why"}
    bare = as_json(Parsed("action", "why", Action("alibaba", "h", "t", ("i-1",))))
    assert (bare["group"], bare["transition"], bare["metadata"]) == (None, None, None)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
WORDS = [
    *("Records", "Sns", "Message", "body", "eventSource", "messageId", "detail", "detail-type", "source", "Event", "Type"),
    *("content", "data", "type", "specversion", "messageBody", "lifecycleHookId", "instanceIds", "LifecycleTransition"),
    *("rearm", "triggerName", "triggerTime"),
]
WORD_OBJECTS = st.recursive(
    JSON_VALUES | st.sampled_from(["aws:sqs", "aws:sns", "aws.autoscaling", "ess:LifecycleHook:ScaleOut", "mns:Queue:SendMessage"]),
    lambda inner: st.dictionaries(st.sampled_from(WORDS), inner, max_size=5) | st.lists(inner, max_size=3) | inner.map(json.dumps),
    max_leaves=12,
)


def check(parsed: list[Parsed]) -> None:
    """Always an answer, in one line, that can be printed and sent."""
    assert parsed
    for answer in parsed:
        assert answer.reason
        assert "\n" not in answer.reason
        assert (answer.action is not None) == (answer.verdict == "action")
        json.dumps(as_json(answer), allow_nan=False).encode()
        answer.reason.encode()
        if answer.action is not None:
            assert msgspec.json.decode(msgspec.json.encode(answer.action), type=Action) == answer.action
            assert answer.action.token not in answer.reason or len(answer.action.token) < 30


def check_everywhere(value: object, raw: bytes) -> None:
    check(explain(raw)[1])
    for from_object in AWS_PARSERS.values():
        check(from_object(value))
    for from_bytes in ALIBABA_PARSERS.values():
        check(from_bytes(raw))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_never_raise(raw: bytes) -> None:
    check(explain(raw)[1])
    check(alibaba.mns_topic(raw))
    check(alibaba.mns_topic(base64.b64encode(raw)))


@settings(deadline=None)
@given(JSON_VALUES | WORD_OBJECTS)
def test_random_json_never_raises(value: Any) -> None:
    check_everywhere(value, json.dumps(value).encode())


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A sample with one place anywhere in it (also inside its texts) taken away or replaced."""
    event = opened(sample(draw(st.sampled_from(sorted(SAMPLES)))).decode().strip())
    places = list(walk(event))
    holder, key = draw(st.sampled_from(places))
    if draw(st.booleans()):
        del holder[key]
    else:
        holder[key] = draw(JSON_VALUES | st.sampled_from(["", "autoscaling:TEST_NOTIFICATION", "${x}", "2026-13-45T99:99:99Z", 10**40, -1]))
    return event


def opened(value: Any) -> Any:
    """The value with each text in it that is JSON, or the Base64 of JSON, replaced by what it holds."""
    if isinstance(value, str):
        try:
            text = value if value.startswith(("{", "[")) else base64.b64decode(value, validate=True).decode()
            return opened(json.loads(text))
        except ValueError:
            return value
    if isinstance(value, dict):
        return {key: opened(field) for key, field in value.items()}
    return [opened(item) for item in value] if isinstance(value, list) else value


def walk(value: Any) -> Any:
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from walk(value[key])


def closed(value: Any) -> Any:
    """Put the texts back: what lies under a text field is JSON again."""
    if isinstance(value, list):
        return [closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    fields = {key: closed(field) for key, field in value.items()}
    texts = {key: json.dumps(fields[key]) for key in ("body", "Message", "messageBody") if isinstance(fields.get(key), dict)}
    return fields | texts


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_no_mutation_of_a_sample_raises(event: Any) -> None:
    before = copy.deepcopy(event)
    check_everywhere(event, json.dumps(event).encode())
    check_everywhere(closed(event), json.dumps(closed(event)).encode())
    assert json.dumps(event) == json.dumps(before)


@settings(deadline=None)
@given(st.lists(st.sampled_from(SQS["Records"]) | WORD_OBJECTS, min_size=1, max_size=5))
def test_in_a_batch_each_record_has_its_own_answer(records: list[Any]) -> None:
    parsed = aws.sqs({"Records": records})
    assert len(parsed) == len(records)
    for answer, record in zip(parsed, records, strict=True):
        assert answer.action is not None or record not in SQS["Records"]
