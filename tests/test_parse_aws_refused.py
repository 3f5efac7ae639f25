"""AWS messages that are no action: the test notification, what is ignored, what is invalid; alone and in a batch."""

from typing import Any

import pytest

from messages_aws import DOORWAYS, TEST, TOKEN, bridge, flat, only, record, sns_event, verdicts, wrapper
from rearm.clouds.aws import parse

TEST_FLAT = {"AccountId": "123456789012", "AutoScalingGroupName": "web-asg", "Service": "AWS Auto Scaling", "Event": TEST}


@pytest.mark.parametrize(
    "fields", [TEST_FLAT, {"LifecycleTransition": TEST, "EC2InstanceId": "i-1"}, flat(LifecycleTransition=TEST), flat(Event=TEST)]
)
def test_a_test_notification_at_every_doorway(fields: dict[str, Any]) -> None:
    events = {
        "direct": fields,
        "sns": sns_event(fields),
        "sqs": {"Records": [record(fields), record(wrapper(fields), "m-2"), record(bridge(fields), "m-3")]},
        "eventbridge": bridge(fields, detail_type="EC2 Auto Scaling Test Notification"),
    }
    for doorway, event in events.items():
        assert set(verdicts(DOORWAYS[doorway](event))) == {"test"}, doorway


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (bridge({}, source="aws.events", detail_type="Scheduled Event"), "periodic timer"),
        (bridge({"StatusCode": "InProgress"}, detail_type="EC2 Instance Launch Successful"), "EC2 Instance Launch Successful"),
        (bridge(source="aws.ec2", detail_type="EC2 Instance State-change Notification"), "aws.ec2"),
        (bridge(source="my.app"), "my.app"),
        (
            flat(LifecycleTransition=..., LifecycleActionToken=..., LifecycleHookName=..., Event="autoscaling:EC2_INSTANCE_LAUNCH"),
            "EC2_INSTANCE_LAUNCH",
        ),
        ({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}, "s3:TestEvent"),
        ({"Records": [{"eventSource": "aws:s3", "s3": {}}]}, "aws:s3"),
        ({"Records": [record({"Records": [{"eventSource": "aws:s3"}]})]}, "aws:s3"),
        ({"Records": [record(wrapper("You have chosen to subscribe", Type="SubscriptionConfirmation"))]}, "SubscriptionConfirmation"),
        ({"rearm": {"action": {}}}, "recheck"),
        ({"Records": [record({"rearm": 1})]}, "recheck"),
    ],
)
def test_what_is_no_lifecycle_notification_is_ignored(event: Any, told: str) -> None:
    for doorway in DOORWAYS.values():
        answer = only(doorway(event))
        assert answer.verdict == "ignored", answer.reason
        assert told in answer.reason


@pytest.mark.parametrize(
    "name", ["LifecycleHookName", "LifecycleActionToken", "EC2InstanceId", "AutoScalingGroupName", "LifecycleTransition"]
)
@pytest.mark.parametrize("value", [..., None, "", "  ", 5, True, [], ["i-1"], {"a": 1}, "a\x00b", "\ud800", "x" * 5000])
def test_a_required_field_that_is_missing_or_no_text(name: str, value: Any) -> None:
    for event, path in ((flat(**{name: value}), name), ({"Records": [record(flat(**{name: value}))]}, f"Records[0].body.{name}")):
        answer = only(parse.sqs(event))
        assert answer.verdict == "invalid"
        assert path in answer.reason
        assert len(answer.reason) < 300
        assert TOKEN not in answer.reason


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (flat(LifecycleTransition="autoscaling:EC2_INSTANCE_FLYING"), "only autoscaling:EC2_INSTANCE_LAUNCHING"),
        (bridge(flat(LifecycleTransition="SCALE_OUT")), "detail.LifecycleTransition"),
        (bridge(flat(LifecycleTransition=...), detail_type="EC2 Instance-fly Lifecycle Action"), "LifecycleTransition"),
        (bridge(None), "detail is null"),
        (bridge({}), "detail.LifecycleHookName is missing"),
        (bridge("text"), "detail is text"),
        (bridge(detail_type=5), "detail-type is a number"),
        (bridge(source=[]), "source is a list"),
        (bridge({}, detail_type=...), "no Auto Scaling notification"),
        ({}, "the event is an object"),
        ({"hello": "world"}, "'hello'"),
        ({"Event": "hello"}, "'Event'"),
        ([], "empty list"),
        (None, "null"),
        (5, "a number"),
        (True, "true or false"),
        ("hello", "not JSON"),
        ("", "empty"),
        (b"\x00", "no JSON value"),
        ({"Records": []}, "empty list"),
        ({"Records": None}, "Records is null"),
        ({"Records": {}}, "Records is an object"),
        ({"Records": ["x"]}, "Records[0] is not JSON"),
        ({"Records": [None]}, "Records[0] is null"),
        ({"Records": [{}]}, "Records[0] is an object"),
        ({"Records": [{"eventSource": 5}]}, "Records[0].eventSource is a number"),
        ({"Records": [{"eventSource": "aws:sqs"}]}, "Records[0].body is missing"),
        ({"Records": [record("x") | {"body": None}]}, "Records[0].body is null"),
        ({"Records": [record("")]}, "Records[0].body is empty"),
        ({"Records": [record("[]")]}, "Records[0].body is a list"),
        ({"Records": [record({"Records": [{"Sns": {}}]})]}, "Records[0].body.Records are records inside"),
        ({"Records": [record("[" * 100_000)]}, "Records[0].body is nested too deeply"),
        ({"Records": [record("9" * 10_000)]}, "Records[0].body is a number"),
        ({"Records": [{"EventSource": "aws:sns"}]}, "Records[0].Sns is null"),
        ({"Records": [{"EventSource": "aws:sns", "Sns": {}}]}, "Records[0].Sns.Message is missing"),
        (sns_event("Service: AWS Auto Scaling"), "Records[0].Sns.Message is not JSON"),
    ],
)
def test_what_is_broken_is_invalid(event: Any, told: str) -> None:
    answer = only(parse.sqs(event))
    assert answer.verdict == "invalid", answer.reason
    assert told in answer.reason
    assert "\n" not in answer.reason


def test_a_message_wrapped_for_ever_is_invalid() -> None:
    message: Any = flat()
    for _ in range(20):
        message = wrapper(message)
    assert "wrapped too often" in only(parse.sqs({"Records": [record(message)]})).reason


def test_a_bad_record_never_hides_the_good_ones() -> None:
    event = {
        "Records": [
            record(flat(), "a"),
            record("{broken", "b"),
            record(TEST_FLAT, "c"),
            None,
            {"eventSource": "aws:sqs", "messageId": "d"},
            {"eventSource": "aws:kinesis", "kinesis": {}},
            sns_event(flat())["Records"][0],
            record(bridge(), "e"),
        ]
    }
    answers = parse.sqs(event)
    assert verdicts(answers) == ["action", "invalid", "test", "invalid", "invalid", "ignored", "action", "action"]
    assert [answer.record for answer in answers] == ["a", "b", "c", None, "d", None, None, "e"]
    assert "Records[1].body" in answers[1].reason


def test_a_bare_token_is_never_quoted_whole() -> None:
    assert TOKEN not in only(parse.sqs({"Records": [record(TOKEN)]})).reason
    assert TOKEN not in only(parse.direct(flat(LifecycleTransition=TOKEN))).reason
    assert TOKEN not in only(parse.direct({TOKEN: 1})).reason
