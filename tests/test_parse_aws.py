"""Every shape in which an AWS lifecycle notification comes, and the action that it is."""

import json
from typing import Any

import pytest

from messages_aws import DOORWAYS, TERMINATING, TOKEN, bridge, flat, only, record, sns_event, wrapper
from rearm.clouds.aws import parse

ACTIONS: dict[str, tuple[str, Any]] = {
    "EventBridge": ("eventbridge", bridge()),
    "EventBridge, list of a pipe": ("eventbridge", [bridge()]),
    "EventBridge, InputPath $.detail": ("eventbridge", bridge()["detail"]),
    "direct": ("direct", flat()),
    "SNS": ("sns", sns_event(flat())),
    "SNS, EventBridge inside": ("sns", sns_event(bridge())),
    "SQS, flat": ("sqs", {"Records": [record(flat())]}),
    "SQS, EventBridge": ("sqs", {"Records": [record(bridge())]}),
    "SQS, SNS wrapper": ("sqs", {"Records": [record(wrapper(flat()))]}),
    "SQS, SNS wrapper, EventBridge": ("sqs", {"Records": [record(wrapper(bridge()))]}),
    "SQS, byte order mark and white space": ("sqs", {"Records": [record("\ufeff \r\n" + json.dumps(flat()) + "\n\n")]}),
    "SQS, no eventSource": ("sqs", {"Records": [{"messageId": "m-1", "body": json.dumps(flat())}]}),
    "SQS, doubled key": ("sqs", {"Records": [record('{"EC2InstanceId": "i-x",' + json.dumps(flat())[1:])]}),
    "unknown extra fields": ("direct", flat(Brand="new", More={"a": [1]})),
}


@pytest.mark.parametrize("case", ACTIONS)
def test_every_shape_gives_the_same_action(case: str) -> None:
    doorway, event = ACTIONS[case]
    answer = only(DOORWAYS[doorway](event))
    assert answer.verdict == "action", answer.reason
    action = answer.action
    assert action is not None
    assert (action.cloud, action.hook, action.token, action.group) == ("aws", "ready-hook", TOKEN, "web-asg")
    assert (action.instances, action.transition, action.metadata) == (("i-0123456789abcdef0",), "launch", "rack=7")
    assert "launch of i-0123456789abcdef0 in web-asg waits in hook ready-hook" in answer.reason
    assert TOKEN not in answer.reason


def test_the_reason_says_which_way_it_came() -> None:
    assert only(parse.eventbridge(bridge())).reason.endswith("(EventBridge)")
    assert only(parse.sqs({"Records": [record(wrapper(flat()))]})).reason.endswith("(SNS via SQS)")
    assert only(parse.sqs({"Records": [record(bridge())]})).reason.endswith("(EventBridge via SQS)")


@pytest.mark.parametrize(
    ("event", "transition", "origin", "destination", "cause"),
    [
        (flat(LifecycleTransition=TERMINATING, Origin="AutoScalingGroup", Destination="EC2"), "terminate", "AutoScalingGroup", "EC2", None),
        (
            flat(LifecycleTransition=TERMINATING, Origin="AutoScalingGroup", Destination="WarmPool"),
            "terminate",
            "AutoScalingGroup",
            "WarmPool",
            None,
        ),
        (flat(Action="ReplaceRootVolume"), "launch", "EC2", "AutoScalingGroup", "ReplaceRootVolume"),
        (flat(Action="ReplaceEverything"), "launch", "EC2", "AutoScalingGroup", None),
        (flat(Action=None, Origin=None, Destination=...), "launch", None, None, None),
        (flat(Origin="", Destination=7), "launch", None, None, None),
        (bridge(bridge()["detail"] | {"LifecycleTransition": TERMINATING}), "terminate", None, None, None),
        (bridge({k: v for k, v in bridge()["detail"].items() if k != "LifecycleTransition"}), "launch", None, None, None),
        (bridge(detail_type=...), "launch", None, None, None),
        (bridge(source=...), "launch", None, None, None),
        (bridge(source=..., detail_type=...), "launch", None, None, None),
    ],
)
def test_where_the_instance_comes_from_and_goes(event: Any, transition: str, origin: Any, destination: Any, cause: Any) -> None:
    action = only(parse.direct(event)).action
    assert action is not None
    assert (action.transition, action.origin, action.destination, action.cause) == (transition, origin, destination, cause)


def test_the_transition_stands_in_the_detail_type_too() -> None:
    event = bridge(flat(LifecycleTransition=...), detail_type="EC2 Instance-terminate Lifecycle Action")
    action = only(parse.eventbridge(event)).action
    assert action is not None
    assert action.transition == "terminate"


@pytest.mark.parametrize(
    ("value", "metadata"),
    [
        (..., None),
        (None, None),
        ("", None),
        (" ", " "),
        ('{"a": 1}', '{"a": 1}'),
        ({"a": "ü"}, '{"a": "ü"}'),
        ([1, 2], "[1, 2]"),
        ("\ud800x", "?x"),
        ("a\nb", "a\nb"),
    ],
)
def test_metadata_is_the_raw_text(value: Any, metadata: str | None) -> None:
    action = only(parse.direct(flat(NotificationMetadata=value))).action
    assert action is not None
    assert action.metadata == metadata


def test_metadata_too_deep_to_write_again_is_unset() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert only(parse.direct(flat(NotificationMetadata=deep))).verdict == "action"


@pytest.mark.parametrize(
    ("doorway", "event", "at"),
    [
        ("direct", flat(), 1772712000.414),
        ("direct", flat(Time="2026-03-05T14:00:00+02:00"), 1772712000.0),
        ("direct", flat(Time="2026-03-05T12:00:00.123456789Z"), 1772712000.123456),
        ("direct", flat(Time=...), None),
        ("direct", flat(Time="yyyy-mm-ddThh:mm:ssZ"), None),
        ("direct", flat(Time="2026-02-30T12:00:00Z"), None),
        ("direct", flat(Time="9999-12-31T23:59:59Z"), None),
        ("direct", flat(Time="1969-12-31T23:59:59Z"), None),
        ("direct", flat(Time="2026-03-05T12:00:00+99:99"), None),
        ("direct", flat(Time=10**400), None),
        ("eventbridge", bridge(), 1772442900.0),
        ("eventbridge", bridge(time="yyyy-mm-ddThh:mm:ssZ"), None),
        ("sns", sns_event(flat()), 1772712000.414),
        ("sns", sns_event(flat(Time=...)), 1772712009.5),
        ("sqs", {"Records": [record(flat())]}, 1772712000.414),
        ("sqs", {"Records": [record(flat(Time="soon"))]}, 1772712010.0),
        ("sqs", {"Records": [record(wrapper(flat(Time=...)))]}, 1772712009.5),
        ("sqs", {"Records": [record(bridge(time=...))]}, 1772712010.0),
        ("sqs", {"Records": [record(flat(Time=...), attributes={"SentTimestamp": "9" * 15})]}, None),
        ("sqs", {"Records": [record(flat(Time=...), attributes={"SentTimestamp": -5})]}, None),
        ("sqs", {"Records": [record(flat(Time=...), attributes={"SentTimestamp": 10**400})]}, None),
        ("sqs", {"Records": [record(flat(Time=...), attributes=None)]}, None),
    ],
)
def test_the_time_is_the_notifications_own_else_the_nearest_envelopes(doorway: str, event: Any, at: float | None) -> None:
    action = only(DOORWAYS[doorway](event)).action
    assert action is not None
    assert action.notified_at == (at if at is None else pytest.approx(at, abs=1e-5))


@pytest.mark.parametrize(
    ("doorway", "event", "region", "account"),
    [
        ("direct", flat(), "", "123456789012"),
        (
            "direct",
            flat(AutoScalingGroupARN="arn:aws:autoscaling:us-west-2:5:autoScalingGroup:x:autoScalingGroupName/x"),
            "us-west-2",
            "123456789012",
        ),
        ("eventbridge", bridge(), "eu-central-1", "123456789012"),
        ("eventbridge", bridge(region=..., account=...), "eu-central-1", "123456789012"),
        ("eventbridge", bridge(region=7, account=None, resources="x"), "", ""),
        ("sns", sns_event(flat(AccountId=...)), "cn-north-1", "210987654321"),
        ("sqs", {"Records": [record(flat(AccountId=...))]}, "eu-west-1", "123456789012"),
        ("sqs", {"Records": [record(wrapper(flat()))]}, "cn-north-1", "123456789012"),
        ("sqs", {"Records": [record(flat(), eventSourceARN="arn:aws:sqs")]}, "", "123456789012"),
        ("sqs", {"Records": [record(flat(), eventSourceARN=5)]}, "", "123456789012"),
    ],
)
def test_region_and_account(doorway: str, event: Any, region: str, account: str) -> None:
    action = only(DOORWAYS[doorway](event)).action
    assert action is not None
    assert (action.region, action.account) == (region, account)
