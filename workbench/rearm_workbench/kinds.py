"""What a notification file holds, recognised by its shape alone: whose it is, which doorway takes it, what each notification in it says.

The file may be what a function receives, or less: a bare SNS or SQS record, an SNS message, Base64 text. Pure: reads bytes, has no effect.
"""

import codecs
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from rearm.clouds import reading
from rearm.clouds.alibaba import parse as alibaba
from rearm.clouds.alibaba.encoding import decode
from rearm.clouds.aws import parse as aws
from rearm.core.model import CloudName, Parsed
from rearm.errors import InvalidNotification

Doorway = Literal["eventbridge", "sns", "sqs", "direct", "mns_topic", "mns_queue", "oos", "recheck"]

AWS_PARSERS: dict[Doorway, Callable[[object], list[Parsed]]] = {
    "eventbridge": aws.eventbridge,
    "sns": aws.sns,
    "sqs": aws.sqs,
    "direct": aws.direct,
}
ALIBABA_PARSERS: dict[Doorway, Callable[[bytes], list[Parsed]]] = {
    "mns_topic": alibaba.mns_topic,
    "mns_queue": alibaba.mns_queue,
    "eventbridge": alibaba.eventbridge,
    "oos": alibaba.oos,
}
_AWS_NAMES = {
    "EC2InstanceId",
    "AutoScalingGroupName",
    "AutoScalingGroupARN",
    "LifecycleActionToken",
    "LifecycleHookName",
    "LifecycleTransition",
    "Service",
    "Event",
}
_ESS_NAMES = {
    "lifecyclehookid",
    "scalinggroupid",
    "instanceids",
    "instanceid",
    "lifecycleactiontoken",
    "lifecycletransition",
    "lifecyclehookname",
}
_ESS_ONLY = {"lifecyclehookid", "scalinggroupid", "instanceids", "scalingactivityid"}
_NOT_FROM_OOS = {"scalingactivityid", "defaultresult", "requestid"}
"""ESS writes these itself; it puts none of them into a template's text."""
_TOPIC_NAMES = {"topicname", "topicowner", "subscriber", "subscriptionname", "publishtime", "messagemd5"}


@dataclass(frozen=True)
class Kind:
    """Whose message it is and which doorway takes it; `payload` is what that handler receives.

    The payload is decoded JSON on AWS and bytes on Alibaba Cloud. `doorway` is None for what no doorway takes (a timer),
    `cloud` too for what nobody knows.
    """

    cloud: CloudName | None
    doorway: Doorway | None
    payload: object


def recognise(raw: bytes) -> Kind:
    """The kind of a file's content. Never raises: what is no message has no cloud and no doorway."""
    try:
        return _recognise(_text(raw))
    except (InvalidNotification, RecursionError):
        return Kind(None, None, raw)


def explain(raw: bytes) -> tuple[Kind, list[Parsed]]:
    """The kind, and one answer for each notification in the file, in order. Never raises."""
    try:
        kind = _recognise(_text(raw))
        return kind, _answers(kind)
    except InvalidNotification as broken:
        return Kind(None, None, raw), [Parsed("invalid", str(broken))]
    except RecursionError:
        return Kind(None, None, raw), [Parsed("invalid", "the file is nested too deeply to be a lifecycle notification")]


def as_json(parsed: Parsed) -> dict[str, object]:
    """One object of `rearm explain --json`. `group` is null where an OOS message lacks it; `action` is the notification's `Action`."""
    answer: dict[str, object] = {"verdict": parsed.verdict, "reason": parsed.reason}
    action = parsed.action
    if action is None:
        return answer
    return answer | {
        "cloud": action.cloud,
        "transition": action.transition,
        "group": action.group or None,
        "hook": action.hook,
        "token": action.token,
        "instances": list(action.instances),
        "metadata": action.metadata,
        "origin": action.origin,
        "destination": action.destination,
        "action": action.cause,
    }


def _text(raw: bytes) -> str:
    """The file as text: UTF-8, with or without a byte order mark, or UTF-16 with one (PowerShell writes it)."""
    encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        raise InvalidNotification("the file is binary, not text: a lifecycle notification is JSON, or its Base64") from None
    if not text.strip():
        raise InvalidNotification("the file is empty: a lifecycle notification is JSON, or its Base64")
    return text


def _recognise(text: str) -> Kind:
    value = decode(text, "the file")
    payload = text.strip().encode()
    if isinstance(value, list):
        return _of_list(value, payload)
    if not isinstance(value, dict):
        return Kind(None, None, value)
    kind = _of_object(value, payload)
    bare = text.lstrip().startswith("{")
    return kind if bare or kind.cloud == "aws" else Kind("alibaba", "mns_topic", payload)


def _of_list(items: list[object], payload: bytes) -> Kind:
    """A list is the queue's batch on Alibaba Cloud; on AWS it is records without their envelope, or events of one kind."""
    kinds = [_of_object(item, payload) for item in items if isinstance(item, dict)]
    known = {(kind.cloud, kind.doorway) for kind in kinds if kind.cloud}
    if any(cloud == "alibaba" for cloud, _ in known) or (not known and any(isinstance(item, str) for item in items)):
        return Kind(None, None, items) if any(cloud == "aws" for cloud, _ in known) else Kind("alibaba", "mns_queue", payload)
    if len(known) != 1 or any(isinstance(item, dict) and "Records" in item for item in items):
        return Kind(None, None, items)
    _, doorway = known.pop()
    return Kind("aws", doorway, {"Records": items} if doorway in ("sns", "sqs") else items)


def _of_object(value: Mapping[str, object], payload: bytes) -> Kind:
    names = {name.lower() for name in value}
    if "rearm" in value:
        return _of_recheck(value, payload)
    if "Records" in value or "Sns" in value or "eventSource" in value or {"body", "messageId"} <= set(value):
        return _of_records(value)
    if "detail-type" in value or "detail" in value:
        return Kind("aws", "eventbridge", value)
    if "Message" in value and {"TopicArn", "Type"} & set(value) and not names & _TOPIC_NAMES:
        return Kind("aws", "sns", {"Records": [{"EventSource": "aws:sns", "Sns": value}]})
    if "triggername" in names and "triggertime" in names:
        return Kind("alibaba", None, payload)
    if alibaba.event_type({name.lower(): field for name, field in value.items()}) or "specversion" in names:
        return Kind("alibaba", "mns_queue" if _is_queue(value) else "eventbridge", payload)
    if names & _ESS_NAMES or _AWS_NAMES & set(value):
        return _of_flat(value, names, payload)
    if "messagebody" in names:
        return Kind("alibaba", "mns_queue", payload)
    if names & (_TOPIC_NAMES | {"message", "body", "content"}):
        return Kind("alibaba", "mns_topic", payload)
    return Kind("alibaba", "eventbridge", payload) if "data" in names else Kind(None, None, value)


def _of_recheck(value: Mapping[str, object], payload: bytes) -> Kind:
    """rearm's own message: `{"rearm": {"action": {"cloud": …}}}`."""
    wait = value["rearm"]
    action = wait.get("action") if isinstance(wait, dict) else None
    cloud = action.get("cloud") if isinstance(action, dict) else None
    if cloud == "alibaba":
        return Kind("alibaba", "recheck", payload)
    return Kind("aws" if cloud == "aws" else None, "recheck", value)


def _of_records(value: Mapping[str, object]) -> Kind:
    event = value if "Records" in value else {"Records": [value]}
    records = event["Records"]
    items = [record for record in records if isinstance(record, dict)] if isinstance(records, list) else []
    if any(item.get("eventSource") == "aws:sqs" or "body" in item for item in items):
        return Kind("aws", "sqs", event)
    if any(item.get("EventSource") == "aws:sns" or "Sns" in item for item in items):
        return Kind("aws", "sns", event)
    return Kind("aws", None, event)


def _of_flat(value: Mapping[str, object], names: set[str], payload: bytes) -> Kind:
    """The flat names tell the cloud: `EC2InstanceId`, `LifecycleActionToken` on AWS; `lifecycleHookId`, `instanceIds` on Alibaba Cloud."""
    if {"EC2InstanceId", "AutoScalingGroupName"} & set(value) or (_AWS_NAMES & set(value) and not names & _ESS_ONLY):
        return Kind("aws", "direct", value)
    return Kind("alibaba", "mns_topic" if names & _NOT_FROM_OOS else "oos", payload)


def _is_queue(value: Mapping[str, object]) -> bool:
    kind, data = value.get("type"), value.get("data")
    return (isinstance(kind, str) and kind.startswith("mns:")) or (isinstance(data, dict) and "messageBody" in data)


def _answers(kind: Kind) -> list[Parsed]:
    payload = kind.payload
    if kind.cloud == "alibaba" and isinstance(payload, bytes):
        return ALIBABA_PARSERS.get(kind.doorway or "eventbridge", alibaba.eventbridge)(payload)
    if kind.cloud == "aws" or kind.doorway == "recheck":
        return AWS_PARSERS.get(kind.doorway or "direct", aws.direct)(payload)
    if isinstance(payload, list) and payload:
        return [answer for index, item in enumerate(payload) for answer in _of_item(item, index)]
    if not isinstance(payload, dict):
        raise InvalidNotification(f"the file holds {reading.kind_of(payload)}, no lifecycle notification")
    names = ", ".join(reading.quoted(name) for name in list(payload)[:3]) or "none"
    raise InvalidNotification(f"the file holds an object that is no lifecycle notification of either cloud (its keys: {names})")


def _of_item(item: object, index: int) -> list[Parsed]:
    """One item of a list whose messages belong to several doorways, judged as if it were alone."""
    if isinstance(item, list):
        return [Parsed("invalid", f"[{index}] is a list in a list: send lifecycle notifications only")]
    _, answers = explain(json.dumps(item).encode())
    named = [f"[{index}]: {answer.reason}" if answer.verdict == "invalid" else answer.reason for answer in answers]
    return [Parsed(answer.verdict, reason, answer.action, answer.record) for answer, reason in zip(answers, named, strict=True)]
