"""Where a hook's notification goes, and the functions that get it.

The message: AlibabaCloudDocs/ess, "Automatically add ECS instances of a scaling group to a Redis instance whitelist" (its handler's
model classes). Function triggers: help pages "MNS topic trigger" (STREAM, JSON), "MNS queue trigger" (CloudEvents, one or a list),
"EventBridge trigger", "Time triggers"; OOS: CreateLifecycleHook, `NotificationMetadata` with `${…}`. A subscription of a topic to a
queue: SMQ's own.
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, ClassVar, Literal, get_args

from rearm_workbench.emulators.alibaba.account import ACCOUNT, REGION, target_of
from rearm_workbench.emulators.alibaba.groups import TRANSITIONS, Activity, Group, Hook
from rearm_workbench.emulators.alibaba.ids import Ids
from rearm_workbench.emulators.alibaba.mns import NAMESPACE, Message, Mns, Queue, Subscription, Topic
from rearm_workbench.emulators.alibaba.wire import ApiError
from rearm_workbench.emulators.lifecycle import Clock, LifecycleAction

TriggerKind = Literal["mns_topic", "mns_queue", "eventbridge", "oos", "timer"]
Enqueue = Callable[[str, bytes], object]
_QUEUE_ENDPOINT = re.compile(r"acs:mns:[a-z0-9-]+:[0-9]+:queues/(?P<queue>.+)")
_EVERY = re.compile(r"@every ([1-9][0-9]{0,3})m")
_CONTENT_TYPE = "application/json;charset=utf-8"


@dataclass(frozen=True)
class Trigger:
    """`source`: a topic, a queue, an event bus, or an OOS template, by its name; of a timer `@every 5m`."""

    kind: TriggerKind
    source: str
    function: str
    content_format: Literal["STREAM", "JSON"] = "STREAM"
    """A topic's."""
    batch: Literal["list", "single"] = "list"
    """A queue's: a list of CloudEvents (event stream), or one event for each message."""
    is_base64_decode: bool = False
    """A queue's: `IsBase64Decode` of the event source."""

    FORM: ClassVar[str] = (
        'write {"kind": "mns_topic", "source": TOPIC, "function": NAME, "content_format": "STREAM"}; kinds: mns_topic (content_format '
        "STREAM or JSON), mns_queue (batch list or single, is_base64_decode), eventbridge, oos, timer (source @every 5m)"
    )

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> "Trigger":
        """Raises `ApiError` for an unknown key or value."""
        allowed = {
            "kind": get_args(TriggerKind),
            "content_format": ("STREAM", "JSON"),
            "batch": ("list", "single"),
            "is_base64_decode": (True, False),
        }
        named = all(isinstance(given.get(key), str) and given[key] for key in ("source", "function"))
        valid = "kind" in given and all(value in allowed[key] for key, value in given.items() if key in allowed)
        valid = valid and (given["kind"] != "timer" or bool(_EVERY.fullmatch(str(given.get("source")))))
        if not named or not valid or given.keys() - {*allowed, "source", "function"}:
            raise ApiError("InvalidParameter", cls.FORM)
        return cls(**given)


class Targets:
    """Sends notifications, and feeds the triggers. `enqueue(function, payload)` invokes asynchronously."""

    def __init__(self, mns: Mns, clock: Clock, ids: Ids, enqueue: Enqueue) -> None:
        self.mns, self.clock, self.ids, self.enqueue = mns, clock, ids, enqueue
        self.triggers: list[Trigger] = []
        mns.on_arrival.append(self._arrived)
        mns.on_publish.append(self._published)

    def add(self, trigger: Trigger) -> None:
        """From now on. Function Compute's timers know cron expressions too; here it is `@every Nm` only."""
        self.triggers.append(trigger)
        every = _EVERY.fullmatch(trigger.source) if trigger.kind == "timer" else None
        if every:
            self._tick(trigger, 60 * int(every[1]))

    def _tick(self, trigger: Trigger, every_s: int) -> None:
        def run() -> None:
            at = datetime.fromtimestamp(self.clock.now(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            self.enqueue(trigger.function, json.dumps({"triggerTime": at, "triggerName": "timer", "payload": ""}).encode())
            self._tick(trigger, every_s)

        self.clock.call_at(self.clock.now() + every_s, run)

    def notify(self, group: Group, hook: Hook, activity: Activity, action: LifecycleAction) -> None:
        """Tell the hook's target that an action began. A queue, topic or trigger that is gone gets nothing: delivery is best effort."""
        target = target_of(hook.arn)
        if target is None:
            return
        message = notification(group, hook, activity, action)
        if target.kind in ("queue", "topic") and self.mns.exists(target.kind, target.name):
            body = base64.b64encode(json.dumps(message, separators=(",", ":")).encode()).decode()
            if target.kind == "queue":
                self.mns.send(self.mns.queues[target.name], body)
            else:
                self.mns.publish(self.mns.topics[target.name], body)
        elif target.kind == "eventbridge":
            kind = "ess:LifecycleHook:ScaleOut" if hook.transition == "launch" else "ess:LifecycleHook:ScaleIn"
            event = self._cloud_event("acs.ess", kind, message["resourceArn"], group.region, target.name, message["content"])
            self._invoke("eventbridge", target.name, event)
        elif target.kind == "oos":
            self._invoke("oos", target.name, oos_parameters(group.region, hook, message["content"]))

    def _invoke(self, kind: TriggerKind, source: str, payload: dict[str, Any]) -> None:
        for trigger in self._of(kind, source):
            self.enqueue(trigger.function, json.dumps(payload).encode())

    def _of(self, kind: TriggerKind, source: str) -> list[Trigger]:
        return [trigger for trigger in self.triggers if (trigger.kind, trigger.source) == (kind, source)]

    def _published(self, topic: Topic, message: Message, tag: str) -> None:
        for trigger in self._of("mns_topic", topic.name):
            told = _topic_notice(topic, message, f"fc-{trigger.function.replace('/', '-')}")
            payload = json.dumps(told) if trigger.content_format == "JSON" else message.body
            self.enqueue(trigger.function, payload.encode())
        for subscription in topic.subscriptions.values():
            found = _QUEUE_ENDPOINT.fullmatch(subscription.endpoint)
            if found and found["queue"] in self.mns.queues and subscription.tag in ("", tag):
                self._forward(self.mns.queues[found["queue"]], topic, message, subscription)

    def _forward(self, queue: Queue, topic: Topic, message: Message, subscription: Subscription) -> None:
        told = _topic_notice(topic, message, subscription.name)
        if subscription.content_format == "JSON":
            body = json.dumps(told)
        elif subscription.content_format == "XML":
            inner = "".join(f"<{name}>{value}</{name}>" for name, value in told.items())
            body = f'<?xml version="1.0" encoding="utf-8"?><Notification xmlns="{NAMESPACE}">{inner}</Notification>'
        else:
            body = message.body
        try:
            self.mns.send(queue, body)
        except ApiError:
            return  # With its envelope the message can be larger than the queue takes.

    def _arrived(self, queue: Queue) -> None:
        """The event source takes every message there is, and deletes it."""
        triggers = self._of("mns_queue", queue.name)
        if not triggers:
            return
        messages = self.mns.visible(queue)
        queue.messages = [message for message in queue.messages if message not in messages]
        for trigger in triggers:
            events = [self._queue_event(queue, message, trigger.is_base64_decode) for message in messages]
            for payload in [events] if trigger.batch == "list" and events else events:
                self.enqueue(trigger.function, json.dumps(payload).encode())

    def _queue_event(self, queue: Queue, message: Message, decode: bool) -> dict[str, Any]:
        body = _decoded(message.body) if decode else message.body
        subject = f"acs:mns:{REGION}:{ACCOUNT}:queues/{queue.name}"
        data = {"requestId": self.ids.hex(24), "messageId": message.message_id, "messageBody": body}
        source = f"MNS-{queue.name}"
        return self._cloud_event(source, "mns:Queue:SendMessage", subject, REGION, source, data) | {"id": message.message_id}

    def _cloud_event(self, source: str, kind: str, subject: str, region: str, bus: str, data: dict[str, Any]) -> dict[str, Any]:
        at = datetime.fromtimestamp(self.clock.now(), timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {
            "id": self.ids.uuid(),
            "source": source,
            "specversion": "1.0",
            "type": kind,
            "datacontenttype": _CONTENT_TYPE,
            "subject": subject,
            "time": at,
            "aliyunaccountid": ACCOUNT,
            "aliyunpublishtime": at,
            "aliyunoriginalaccountid": ACCOUNT,
            "aliyuneventbusname": bus,
            "aliyunregionid": region,
            "aliyunpublishaddr": "127.0.0.1",
            "data": data,
        }


def notification(group: Group, hook: Hook, activity: Activity, action: LifecycleAction) -> dict[str, Any]:
    """What ESS tells of an action. The key of the metadata is the likely one: no sample shows it."""
    content: dict[str, Any] = {
        "lifecycleHookId": hook.hook_id,
        "lifecycleActionToken": action.token,
        "lifecycleHookName": hook.name,
        "scalingGroupId": group.group_id,
        "scalingGroupName": group.name,
        "lifecycleTransition": TRANSITIONS[hook.transition],
        "defaultResult": hook.default_result,
        "requestId": activity.request_id,
        "scalingActivityId": activity.activity_id,
        "instanceIds": list(action.instances),
    }
    if hook.metadata:
        content["notificationMetadata"] = hook.metadata
    arn = f"acs:ess:{group.region}:{ACCOUNT}:scalinggroup/{group.group_id}"
    return {"userId": ACCOUNT, "regionId": group.region, "resourceArn": arn, "content": content}


def oos_parameters(region: str, hook: Hook, content: dict[str, Any]) -> dict[str, Any]:
    """The template's parameters: the public templates' defaults, the hook's own on top, and `${…}` filled in."""
    values = {
        "regionId": region,
        "instanceIds": json.dumps(content["instanceIds"]),
        "lifecycleHookId": content["lifecycleHookId"],
        "lifecycleActionToken": content["lifecycleActionToken"],
        "scalingGroupId": content["scalingGroupId"],
        "lifecycleActionResult": content["defaultResult"],
    }
    parameters: dict[str, Any] = {name: f"${{{name}}}" for name in values if name != "lifecycleActionResult"}
    try:
        own = json.loads(hook.metadata or "{}")
    except ValueError:
        own = {}
    parameters |= own if isinstance(own, dict) else {}
    return {name: _filled(value, values) for name, value in parameters.items()}


def _filled(value: Any, values: dict[str, str]) -> Any:
    if not isinstance(value, str):
        return value
    return re.sub(r"\$\{(\w+)\}", lambda found: values.get(found[1], found[0]), value)


def _topic_notice(topic: Topic, message: Message, subscription: str) -> dict[str, Any]:
    return {
        "TopicOwner": ACCOUNT,
        "Message": message.body,
        "Subscriber": ACCOUNT,
        "PublishTime": round(message.enqueued_at * 1000),
        "SubscriptionName": subscription,
        "MessageMD5": message.md5,
        "TopicName": topic.name,
        "MessageId": message.message_id,
    }


def _decoded(body: str) -> str:
    try:
        return base64.b64decode(body, validate=True).decode()
    except ValueError:
        return body
