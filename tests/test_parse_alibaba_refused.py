"""Alibaba Cloud messages that are no action: the test event, what is ignored, what is invalid; alone and in a batch."""

from typing import Any

import pytest

from messages_alibaba import DOORWAYS, TOKEN, b64, cloud_event, content, message, only, queued, raw, text, topic, verdicts
from rearm.clouds.alibaba import parse


@pytest.mark.parametrize(
    "event",
    [
        cloud_event("ess:LifecycleHook:Test", {}),
        cloud_event("ess:LifecycleHook:Test", ...),
        cloud_event("ess:LifecycleHook:Test", content()),
        queued(b64(cloud_event("ess:LifecycleHook:Test", {}))),
        topic(text(cloud_event("ess:LifecycleHook:Test", {}))),
    ],
)
def test_the_test_event(event: Any) -> None:
    for doorway in DOORWAYS.values():
        assert verdicts(doorway(raw(event))) == ["test"]


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (cloud_event("ess:ScalingActivity:ScaleOutSuccess", {"scalingGroupId": "asg-1"}), "ess:ScalingActivity:ScaleOutSuccess"),
        (cloud_event("ess:CloudMonitor:AUTOSCALING[SCALEOUTSUCCESS]", {}), "ess:CloudMonitor"),
        (cloud_event("ess:ActionTrail:ApiCall", ...), "ess:ActionTrail:ApiCall"),
        (
            cloud_event("eventbridge:Events:ScheduledEvent", {}, source="housekeeping.scheduledevent"),
            "ScheduledEvent",
        ),
        (cloud_event("oss:ObjectCreated:PutObject", {}, source="acs.oss"), "oss:ObjectCreated"),
        ({"triggerTime": "2026-07-29T10:02:58Z", "triggerName": "sweep-timer", "payload": "TestPayload"}, "periodic timer"),
        ({"rearm": {"action": {}}}, "recheck"),
        (message({"event": "AUTOSCALING:SCALE_OUT_SUCCESS"}), "AUTOSCALING:SCALE_OUT_SUCCESS"),
        (queued(b64({"rearm": {}})), "recheck"),
    ],
)
def test_what_is_no_lifecycle_notification_is_ignored(event: Any, told: str) -> None:
    for doorway in DOORWAYS.values():
        answer = only(doorway(raw(event)))
        assert answer.verdict == "ignored", answer.reason
        assert told in answer.reason


@pytest.mark.parametrize("name", ["lifecycleHookId", "lifecycleActionToken", "scalingGroupId"])
@pytest.mark.parametrize("value", [..., None, "", "  ", 5, True, [], ["x"], {"a": 1}, "a\x00b", "\ud800", "x" * 5000, "${x}", "{{ x }}"])
def test_a_required_field_that_is_missing_or_no_text(name: str, value: Any) -> None:
    answer = only(parse.mns_queue(raw(queued(b64(message(content(**{name: value})))))))
    assert answer.verdict == "invalid"
    assert f"data.messageBody.content.{name} " in answer.reason
    assert TOKEN not in answer.reason


@pytest.mark.parametrize(
    "value",
    [
        ...,
        None,
        "",
        " ",
        ",",
        5,
        {},
        [],
        [5],
        [""],
        ["i-1", None],
        "[]",
        '["i-1", 5]',
        '["i-1"',
        "{i-1}",
        ["i 1"],
        "${instanceIds}",
        ["${instanceIds}"],
    ],
)
def test_instances_that_are_none(value: Any) -> None:
    answer = only(parse.oos(raw(content(instanceIds=value))))
    assert answer.verdict == "invalid"
    assert answer.reason.startswith("instanceIds")


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\x00\xff\xfe", "binary"),
        (b"hello", "neither JSON nor Base64"),
        (b"hello world, this is text", "'hello world, this is text'"),
        (b"====", "neither JSON nor Base64"),
        (b64("hello hello"), "neither JSON nor Base64"),
        (b64(b"\xff\xfe\x00"), "neither JSON nor Base64"),
        (b64(message())[:-30], "not JSON (Unterminated string starting at, character"),
        (b64(b64(b64(b64(b64(message()))))), "encoded too often"),
        (b"{broken", "not JSON"),
        (b"null", "null"),
        (b"5", "a number"),
        (b"9" * 10_000, "a number"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'"' + b"A" * 300_000 + b'"', "neither JSON nor Base64"),
        ([], "empty list"),
        ([[]], "[0] is an empty list"),
        ({}, "no lifecycle notification"),
        ({"hello": "world"}, "'hello'"),
        (message(...) | {"content": ""}, "content is empty"),
        (message(5), "content is a number"),
        ({"body": 5, "attrs": {}}, "body is a number"),
        (topic(""), "Message is empty"),
        (queued(None), "data is an object"),
        (queued("") | {"data": None}, "data is missing"),
        (cloud_event("ess:LifecycleHook:ScaleOut", ...), "lifecycleHookId is missing"),
        (cloud_event("ess:LifecycleHook:ScaleOut", {}), "data.lifecycleHookId is missing"),
        (cloud_event("ess:LifecycleHook:Sideways", content(lifecycleTransition=...)), "'ess:LifecycleHook:Sideways'"),
        (content(lifecycleTransition="SIDEWAYS"), "only SCALE_OUT and SCALE_IN"),
        (content(lifecycleTransition=5), "lifecycleTransition is a number"),
    ],
)
def test_what_is_broken_is_invalid(event: Any, told: str) -> None:
    for doorway in DOORWAYS.values():
        answer = only(doorway(raw(event)))
        assert answer.verdict == "invalid", answer.reason
        assert told in answer.reason
        assert "\n" not in answer.reason
        assert len(answer.reason) < 300


def test_layers_for_ever_are_invalid() -> None:
    event: Any = message()
    for _ in range(40):
        event = {"body": event}
    assert "wrapped too often" in only(parse.mns_topic(raw(event))).reason


def test_a_bad_message_never_hides_the_good_ones() -> None:
    good, gone = queued(b64(message())), queued(b64(message(content(lifecycleActionToken=...))))
    events = [
        good,
        gone,
        5,
        queued("x"),
        cloud_event("ess:ScalingActivity:ScaleInStart", {}),
        cloud_event("ess:LifecycleHook:Test", {}),
        good,
    ]
    answers = parse.mns_queue(raw(events))
    assert verdicts(answers) == ["action", "invalid", "invalid", "invalid", "ignored", "test", "action"]
    assert "[1].data.messageBody.content.lifecycleActionToken is missing" in answers[1].reason
    assert "[3].data.messageBody is neither" in answers[3].reason


def test_a_bare_token_is_never_quoted_whole() -> None:
    for event in (TOKEN, {TOKEN: 1}, queued(TOKEN), content(lifecycleTransition=TOKEN)):
        assert TOKEN not in only(parse.oos(raw(event))).reason
