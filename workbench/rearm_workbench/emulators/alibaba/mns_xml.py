"""What SMQ writes and reads: XML in its own namespace."""

from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from rearm_workbench.emulators.alibaba.account import ACCOUNT
from rearm_workbench.emulators.alibaba.loopback import Answer
from rearm_workbench.emulators.alibaba.mns import NAMESPACE, TOPIC_RETENTION_S, Message, Queue, Subscription, Topic

Fields = Mapping[str, Any]


def sent(message: Message) -> Fields:
    return {"MessageId": message.message_id, "MessageBodyMD5": message.md5}


def peeked(message: Message) -> Fields:
    return {
        **sent(message),
        "MessageBody": message.body,
        "EnqueueTime": ms(message.enqueued_at),
        "FirstDequeueTime": ms(message.first_dequeued_at or message.enqueued_at),
        "DequeueCount": message.dequeues,
        "Priority": message.priority,
    }


def received(message: Message) -> Fields:
    return {**peeked(message), "ReceiptHandle": message.receipt, "NextVisibleTime": ms(message.visible_at)}


def topic_fields(topic: Topic) -> Fields:
    counts = {"MessageCount": topic.published, "MessageRetentionPeriod": TOPIC_RETENTION_S}
    return {"TopicName": topic.name, **topic.attributes, **counts, **times(topic)}


def subscription_fields(topic: str, one: Subscription) -> Fields:
    return {
        "TopicOwner": ACCOUNT,
        "TopicName": topic,
        "SubscriptionName": one.name,
        "Endpoint": one.endpoint,
        "NotifyStrategy": one.strategy,
        "NotifyContentFormat": one.content_format,
        "FilterTag": one.tag,
        "CreateTime": int(one.created_at),
        "LastModifyTime": int(one.modified_at),
    }


def times(one: Queue | Topic) -> Fields:
    return {"CreateTime": int(one.created_at), "LastModifyTime": int(one.modified_at), "LoggingEnabled": one.logging}


def ms(seconds: float) -> int:
    return round(seconds * 1000)


def fields_of(element: ElementTree.Element) -> dict[str, str]:
    return {local_name(child.tag): (child.text or "") for child in element}


def local_name(tag: str) -> str:
    return tag.rpartition("}")[2]


def xml_answer(status: int, root: str, fields: Fields) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="{NAMESPACE}">{"".join(_elements(fields.items()))}</{root}>'
    return Answer(status, {"Content-Type": "text/xml;charset=utf-8"}, text.encode())


def _elements(items: Iterable[tuple[str, Any]]) -> Iterable[str]:
    for name, value in items:
        for one in value if isinstance(value, list) else [value]:
            inner = "".join(_elements(one.items())) if isinstance(one, Mapping) else escape(str(one))
            yield f"<{name}>{inner}</{name}>"
