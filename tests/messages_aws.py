"""AWS notifications in every envelope, for the parser's tests."""

import json
from typing import Any

from rearm.clouds.aws import parse
from rearm.core.model import Parsed

TOKEN = "71514b9d-6a40-4b26-8523-05e7ee35fa40"
LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"
TEST = "autoscaling:TEST_NOTIFICATION"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:rearm-hooks"
TOPIC = "arn:aws-cn:sns:cn-north-1:210987654321:rearm-hooks"
DOORWAYS = {"eventbridge": parse.eventbridge, "sns": parse.sns, "sqs": parse.sqs, "direct": parse.direct}


def flat(**changes: Any) -> dict[str, Any]:
    """The flat object; a change to `...` takes the field away."""
    fields = {
        "LifecycleHookName": "ready-hook",
        "AccountId": "123456789012",
        "RequestId": "5d858daa-5692-435e-98ca-ef04118c2ab5",
        "LifecycleTransition": LAUNCHING,
        "AutoScalingGroupName": "web-asg",
        "Service": "AWS Auto Scaling",
        "Time": "2026-03-05T12:00:00.414Z",
        "EC2InstanceId": "i-0123456789abcdef0",
        "LifecycleActionToken": TOKEN,
        "NotificationMetadata": "rack=7",
        "Origin": "EC2",
        "Destination": "AutoScalingGroup",
    }
    return {name: value for name, value in (fields | changes).items() if value is not ...}


def bridge(detail: Any = ..., **changes: Any) -> dict[str, Any]:
    names = (
        "LifecycleHookName",
        "LifecycleTransition",
        "AutoScalingGroupName",
        "EC2InstanceId",
        "LifecycleActionToken",
        "NotificationMetadata",
    )
    event = {
        "version": "0",
        "detail-type": "EC2 Instance-launch Lifecycle Action",
        "source": "aws.autoscaling",
        "account": "123456789012",
        "time": "2026-03-02T09:15:00Z",
        "region": "eu-central-1",
        "resources": ["arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:6b164a47:autoScalingGroupName/web-asg"],
        "detail": {name: flat()[name] for name in names} if detail is ... else detail,
    }
    changed = event | {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in changed.items() if value is not ...}


def wrapper(message: Any, **changes: Any) -> dict[str, Any]:
    text = message if isinstance(message, str) else json.dumps(message)
    return {"Type": "Notification", "TopicArn": TOPIC, "Message": text, "Timestamp": "2026-03-05T12:00:09.500Z"} | changes


def sns_event(*messages: Any) -> dict[str, Any]:
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": wrapper(message)} for message in messages]}


def record(body: Any, message_id: str = "m-1", **changes: Any) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    made = {
        "messageId": message_id,
        "body": text,
        "attributes": {"SentTimestamp": "1772712010000"},
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE,
    }
    return made | changes


def only(answers: list[Parsed]) -> Parsed:
    assert len(answers) == 1
    return answers[0]


def verdicts(answers: list[Parsed]) -> list[str]:
    return [answer.verdict for answer in answers]
