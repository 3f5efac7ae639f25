"""Every shape in which an Alibaba Cloud lifecycle notification comes, and the action that it is."""

import base64
import json
from typing import Any

import pytest

from messages_alibaba import DOORWAYS, TOKEN, b64, cloud_event, content, message, only, queued, raw, text, topic
from rearm.clouds.alibaba import parse

# One more character of metadata for each, so that all three lengths of Base64 padding occur.
LENGTHS = [message(content(notificationMetadata="rack=7?~~~>>>" + "é" * count)) for count in range(4)]

ACTIONS: dict[str, tuple[str, Any]] = {
    "STREAM, plain": ("mns_topic", message()),
    "STREAM, Base64": ("mns_topic", b64(message())),
    "STREAM, Base64, new line": ("mns_topic", b64(message()) + "\r\n"),
    "STREAM, Base64 in lines of 76": ("mns_topic", base64.encodebytes(raw(message()))),
    "STREAM, Base64 without padding": ("mns_topic", b64(message(), padded=False)),
    "STREAM, Base64 with too much padding": ("mns_topic", b64(message(), padded=False) + "===="),
    "STREAM, Base64 twice": ("mns_topic", b64(b64(message()))),
    "STREAM, quoted": ("mns_topic", json.dumps(b64(message()))),
    "STREAM, JSON in JSON": ("mns_topic", json.dumps(text(message()))),
    "STREAM, byte order mark": ("mns_topic", b"\xef\xbb\xbf" + raw(message())),
    "STREAM, byte order mark inside Base64": ("mns_topic", b64(b"\xef\xbb\xbf" + raw(message()))),
    "STREAM, indented": ("mns_topic", "\n\n  " + json.dumps(message(), indent=4) + " \n"),
    "STREAM with attributes": ("mns_topic", {"body": b64(message()), "attrs": {"Extend": '{"key":"value"}'}}),
    "STREAM with attributes, plain": ("mns_topic", {"body": text(message()), "attrs": {}}),
    "STREAM with attributes, object": ("mns_topic", {"body": message(), "attrs": {}}),
    "STREAM, content is text": ("mns_topic", message(text(content()))),
    "STREAM, content is Base64": ("mns_topic", message(b64(content()))),
    "STREAM, content alone": ("mns_topic", content()),
    "JSON, Base64": ("mns_topic", topic(b64(message()))),
    "JSON, Base64 without padding": ("mns_topic", topic(b64(message(), padded=False))),
    "JSON, plain": ("mns_topic", topic(text(message()))),
    "JSON, object": ("mns_topic", topic(message())),
    "JSON, EventBridge inside": ("mns_topic", topic(text(cloud_event("ess:LifecycleHook:ScaleOut", content())))),
    "queue, Base64": ("mns_queue", queued(b64(message()))),
    "queue, decoded": ("mns_queue", queued(text(message()))),
    "queue, object": ("mns_queue", queued(message())),
    "queue, list of one": ("mns_queue", [queued(b64(message(), padded=False))]),
    "queue, list of raw data": ("mns_queue", [{"requestId": "r", "messageId": "m", "messageBody": b64(message())}]),
    "queue, list of texts": ("mns_queue", [text(queued(b64(message())))]),
    "queue, data is text": ("mns_queue", queued("") | {"data": text({"messageBody": text(message())})}),
    "EventBridge": ("eventbridge", cloud_event("ess:LifecycleHook:ScaleOut", content())),
    "EventBridge, data is text": ("eventbridge", cloud_event("ess:LifecycleHook:ScaleOut", text(content()))),
    "EventBridge, message in data": ("eventbridge", cloud_event("ess:LifecycleHook:ScaleOut", message())),
    "EventBridge, list": ("eventbridge", [cloud_event("ess:LifecycleHook:ScaleOut", content())]),
    "OOS": ("oos", content()),
    "OOS, list as text": ("oos", content(instanceIds='["i-bp1a", "i-bp1b"]')),
    "OOS, list in single quotes": ("oos", content(instanceIds="['i-bp1a', 'i-bp1b']")),
    "OOS, list without quotes": ("oos", content(instanceIds="[i-bp1a,i-bp1b]")),
    "OOS, 2014 shape as text": ("oos", content(instanceIds='{"InstanceId": ["i-bp1a", "i-bp1b"]}')),
    "OOS, commas": ("oos", content(instanceIds="i-bp1a, i-bp1b")),
    "OOS, other case": ("oos", {name[0].upper() + name[1:]: value for name, value in content().items()}),
    "OOS, all capitals": ("oos", {name.upper(): value for name, value in content().items()}),
    "OOS, 2014 shape": ("oos", content(instanceIds={"InstanceId": ["i-bp1a", "i-bp1b"]})),
    "doubled instance": ("oos", content(instanceIds=["i-bp1a", "i-bp1b", "i-bp1a"])),
    "unknown extra fields": ("mns_topic", message(content(brandNew=[1], more=None), product="ESS")),
}


@pytest.mark.parametrize("case", ACTIONS)
def test_every_shape_gives_the_same_action(case: str) -> None:
    doorway, event = ACTIONS[case]
    answer = only(DOORWAYS[doorway](raw(event)))
    assert answer.verdict == "action", answer.reason
    action = answer.action
    assert action is not None
    assert (action.cloud, action.hook, action.token, action.group) == ("alibaba", "ash-bp1hook", TOKEN, "asg-bp1group")
    assert (action.instances, action.transition, action.metadata) == (("i-bp1a", "i-bp1b"), "launch", "rack=7?~~~>>>")
    assert (action.hook_name, action.group_name) == ("ready-hook", "web-group")
    assert "launch of i-bp1a and 1 more in asg-bp1group waits in hook ash-bp1hook" in answer.reason or case == "doubled instance"
    assert TOKEN not in answer.reason
    assert DOORWAYS[doorway](raw(event).decode()) == [answer]


@pytest.mark.parametrize("length", range(4))
@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("urlsafe", [True, False])
def test_base64_of_every_length_and_alphabet(length: int, padded: bool, urlsafe: bool) -> None:
    action = only(parse.mns_topic(b64(LENGTHS[length], padded, urlsafe).encode())).action
    assert action is not None
    assert action.metadata == "rack=7?~~~>>>" + "é" * length


@pytest.mark.parametrize(
    ("told", "kind", "transition"),
    [
        ("SCALE_OUT", "ess:LifecycleHook:ScaleOut", "launch"),
        ("SCALE_IN", "ess:LifecycleHook:ScaleIn", "terminate"),
        ("SCALE_IN", "ess:LifecycleHook:ScaleOut", "terminate"),
        (..., "ess:LifecycleHook:ScaleIn", "terminate"),
        (None, "ess:LifecycleHook:ScaleOut", "launch"),
        ("", "ess:LifecycleHook:ScaleOut", "launch"),
        ("${lifecycleTransition}", "ess:LifecycleHook:ScaleIn", "terminate"),
        ("scale_in", "ess:LifecycleHook:ScaleIn", "terminate"),
    ],
)
def test_the_transition_is_the_messages_else_the_types(told: Any, kind: str, transition: str) -> None:
    action = only(parse.eventbridge(raw(cloud_event(kind, content(lifecycleTransition=told))))).action
    assert action is not None
    assert action.transition == transition


def test_oos_may_lack_transition_and_group() -> None:
    event = {"lifecycleHookId": "ash-1", "lifecycleActionToken": TOKEN, "instanceIds": "i-bp1a"}
    answer = only(parse.oos(raw(event)))
    assert answer.action is not None
    assert (answer.action.transition, answer.action.group, answer.action.instances) == (None, "", ("i-bp1a",))
    assert "the hook will be asked" in answer.reason
    assert only(parse.oos(raw(event | {"scalingGroupId": "${scalingGroupId}"}))).verdict == "action"
    for doorway in ("mns_topic", "mns_queue", "eventbridge"):
        assert "scalingGroupId is missing" in only(DOORWAYS[doorway](raw(event))).reason


@pytest.mark.parametrize(
    ("value", "metadata"),
    [(..., None), (None, None), ("", None), ('{"a": 1}', '{"a": 1}'), ({"a": "ü"}, '{"a": "ü"}'), ({}, "{}"), ("\ud800x", "?x")],
)
def test_metadata_is_the_raw_text(value: Any, metadata: str | None) -> None:
    action = only(parse.mns_topic(raw(message(content(notificationMetadata=value))))).action
    assert action is not None
    assert action.metadata == metadata


@pytest.mark.parametrize(
    ("doorway", "event", "at"),
    [
        ("mns_topic", message(), None),
        ("mns_topic", message(time="2026-03-11T06:00:01Z"), 1773208801.0),
        ("mns_topic", topic(b64(message())), 1773050400.04),
        ("mns_topic", topic(b64(message()), PublishTime="1773050400040"), 1773050400.04),
        ("mns_topic", topic(b64(message()), PublishTime=-1), None),
        ("mns_topic", topic(b64(message()), PublishTime=True), None),
        ("mns_topic", topic(b64(message()), PublishTime=10**60), None),
        ("mns_topic", topic(b64(message()), PublishTime=10**400), None),
        ("mns_queue", queued(b64(message())), 1773208800.5),
        ("mns_queue", queued(b64(cloud_event("ess:LifecycleHook:ScaleOut", content(), time="2026-03-11T05:59:00Z"))), 1773208740.0),
        ("eventbridge", cloud_event("ess:LifecycleHook:ScaleOut", content()), 1773208800.5),
        ("eventbridge", cloud_event("ess:LifecycleHook:ScaleOut", content(), time="soon"), None),
        ("eventbridge", cloud_event("ess:LifecycleHook:ScaleOut", content(), time=7), None),
    ],
)
def test_the_time_is_the_nearest_layers(doorway: str, event: Any, at: float | None) -> None:
    action = only(DOORWAYS[doorway](raw(event))).action
    assert action is not None
    assert action.notified_at == (at if at is None else pytest.approx(at))


@pytest.mark.parametrize(
    ("event", "region", "account"),
    [
        (message(), "cn-hangzhou", "1234567890123456"),
        (message(userId=1234567890123456), "cn-hangzhou", "1234567890123456"),
        (message(regionId=..., userId=...), "cn-hangzhou", "1234567890123456"),
        (message(regionId=..., userId=..., resourceArn="acs:ess"), "", ""),
        (message(regionId=[], userId={}, resourceArn=5), "", ""),
        (content(), "", ""),
        (content(regionId="cn-shanghai"), "cn-shanghai", ""),
        (cloud_event("ess:LifecycleHook:ScaleOut", content()), "cn-beijing", "6543210987654321"),
        (cloud_event("ess:LifecycleHook:ScaleOut", content(), aliyunregionid=..., aliyunaccountid=...), "cn-beijing", "6543210987654321"),
        (queued(b64(message())), "cn-hangzhou", "1234567890123456"),
        (queued(b64(content())), "cn-beijing", "6543210987654321"),
    ],
)
def test_region_and_account_are_the_nearest_layers(event: Any, region: str, account: str) -> None:
    action = only(parse.mns_topic(raw(event))).action
    assert action is not None
    assert (action.region, action.account) == (region, account)
