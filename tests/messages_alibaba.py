"""Alibaba Cloud notifications in every layer, for the parser's tests."""

import base64
import json
from collections.abc import Callable
from typing import Any

from rearm.clouds.alibaba import parse
from rearm.core.model import Parsed

TOKEN = "9C2E9DA7-F794-449A-ACF6-CEE24444F7BB"
DOORWAYS: dict[str, Callable[[bytes], list[Parsed]]] = {
    "mns_topic": parse.mns_topic,
    "mns_queue": parse.mns_queue,
    "eventbridge": parse.eventbridge,
    "oos": parse.oos,
}


def content(**changes: Any) -> dict[str, Any]:
    """What ESS tells of the action; a change to `...` takes the field away."""
    fields = {
        "lifecycleHookId": "ash-bp1hook",
        "lifecycleActionToken": TOKEN,
        "lifecycleHookName": "ready-hook",
        "scalingGroupId": "asg-bp1group",
        "scalingGroupName": "web-group",
        "lifecycleTransition": "SCALE_OUT",
        "defaultResult": "ABANDON",
        "requestId": "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E",
        "scalingActivityId": "asa-bp1activity",
        "instanceIds": ["i-bp1a", "i-bp1b"],
        "notificationMetadata": "rack=7?~~~>>>",
    }
    return {name: value for name, value in (fields | changes).items() if value is not ...}


def message(inner: Any = ..., **changes: Any) -> dict[str, Any]:
    made = {
        "userId": "1234567890123456",
        "regionId": "cn-hangzhou",
        "resourceArn": "acs:ess:cn-hangzhou:1234567890123456:scalinggroup/asg-bp1group",
        "content": content() if inner is ... else inner,
    }
    return {name: value for name, value in (made | changes).items() if value is not ...}


def text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def raw(value: Any) -> bytes:
    return value if isinstance(value, bytes) else text(value).encode()


def b64(value: Any, padded: bool = True, urlsafe: bool = False) -> str:
    encoded = (base64.urlsafe_b64encode if urlsafe else base64.b64encode)(raw(value)).decode()
    return encoded if padded else encoded.rstrip("=")


def topic(inner: Any, **changes: Any) -> dict[str, Any]:
    return {"TopicOwner": "1", "Message": inner, "PublishTime": 1773050400040, "TopicName": "t", "MessageId": "m", "key": "value"} | changes


def cloud_event(kind: str, data: Any, **changes: Any) -> dict[str, Any]:
    event = {
        "id": "1",
        "source": "acs.ess",
        "specversion": "1.0",
        "type": kind,
        "subject": "acs:ess:cn-beijing:6543210987654321:scalinggroup/asg-bp1group",
        "time": "2026-03-11T06:00:00.500Z",
        "aliyunaccountid": "6543210987654321",
        "aliyunregionid": "cn-beijing",
        "data": data,
    }
    return {name: value for name, value in (event | changes).items() if value is not ...}


def queued(body: Any, **changes: Any) -> dict[str, Any]:
    return cloud_event("mns:Queue:SendMessage", {"requestId": "r", "messageId": "m", "messageBody": body}, source="MNS-q", **changes)


def only(answers: list[Parsed]) -> Parsed:
    assert len(answers) == 1
    return answers[0]


def verdicts(answers: list[Parsed]) -> list[str]:
    return [answer.verdict for answer in answers]
