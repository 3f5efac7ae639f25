"""Simple Message Queue (SMQ, formerly MNS): queues, topics and subscriptions, by the emulator's clock.

Attributes, ranges and errors: help.aliyun.com 35134 (SendMessage), 35129 (CreateQueue), 27495 (CreateTopic), 27496 (Subscribe),
27501 (error codes).
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rearm_workbench.emulators.alibaba.ids import Ids
from rearm_workbench.emulators.alibaba.wire import ApiError
from rearm_workbench.emulators.lifecycle import Clock

NAMESPACE = "http://mns.aliyuncs.com/doc/v1/"
QUEUE_RANGES = {
    "VisibilityTimeout": (1, 43_200, 30),
    "MaximumMessageSize": (1024, 65_536, 65_536),
    "MessageRetentionPeriod": (60, 604_800, 345_600),
    "DelaySeconds": (0, 604_800, 0),
    "PollingWaitSeconds": (0, 30, 0),
}
"""Least, most, default."""
TOPIC_RANGES = {"MaximumMessageSize": (1024, 65_536, 65_536)}
TOPIC_RETENTION_S = 86_400
FORMATS = ("XML", "JSON", "SIMPLIFIED")
STRATEGIES = ("BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,255}")


@dataclass
class Message:
    """A message in a queue. Times are seconds since the epoch; `receipt` is "" until it was received."""

    message_id: str
    body: str
    enqueued_at: float
    visible_at: float
    expires_at: float
    priority: int = 8
    dequeues: int = 0
    first_dequeued_at: float = 0
    receipt: str = ""

    @property
    def md5(self) -> str:
        return hashlib.md5(self.body.encode(), usedforsecurity=False).hexdigest().upper()


@dataclass
class Subscription:
    name: str
    endpoint: str
    strategy: str
    content_format: str
    tag: str
    created_at: float
    modified_at: float


@dataclass
class Queue:
    name: str
    created_at: float
    modified_at: float
    attributes: dict[str, int]
    logging: bool = False
    messages: list[Message] = field(default_factory=list)


@dataclass
class Topic:
    name: str
    created_at: float
    modified_at: float
    attributes: dict[str, int]
    logging: bool = False
    published: int = 0
    subscriptions: dict[str, Subscription] = field(default_factory=dict)


Arrived = Callable[[Queue], None]
Published = Callable[[Topic, Message, str], None]


class Mns:
    """`on_arrival` is told when a queue has a message to receive, `on_publish` of each message to a topic, with its tag."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self.clock, self.ids = clock, ids
        self.queues: dict[str, Queue] = {}
        self.topics: dict[str, Topic] = {}
        self.on_arrival: list[Arrived] = []
        self.on_publish: list[Published] = []

    def exists(self, kind: str, name: str) -> bool:
        return name in (self.queues if kind == "queue" else self.topics)

    def queue(self, name: str) -> Queue:
        if name not in self.queues:
            raise ApiError("QueueNotExist", "The queue name you provided is not exist.", 404)
        return self.queues[name]

    def topic(self, name: str) -> Topic:
        if name not in self.topics:
            raise ApiError("TopicNotExist", "The topic name you provided is not exist.", 404)
        return self.topics[name]

    def subscription(self, topic: str, name: str) -> Subscription:
        found = self.topic(topic).subscriptions.get(name)
        if found is None:
            raise ApiError("SubscriptionNotExist", "The subscription you provided is not exist.", 404)
        return found

    def create_queue(self, name: str, given: Mapping[str, str]) -> bool:
        """True: made now; False: it was there, with the same attributes. Raises `ApiError`."""
        attributes = checked(given, QUEUE_RANGES, {key: row[2] for key, row in QUEUE_RANGES.items()})
        _named(name, "Queue")
        if name in self.queues:
            if self.queues[name].attributes != attributes:
                raise ApiError("QueueAlreadyExist", "The queue you want to create is already exist.", 409)
            return False
        self.queues[name] = Queue(name, self.clock.now(), self.clock.now(), attributes, _logging(given))
        return True

    def create_topic(self, name: str, given: Mapping[str, str]) -> bool:
        attributes = checked(given, TOPIC_RANGES, {key: row[2] for key, row in TOPIC_RANGES.items()})
        _named(name, "Topic")
        if name in self.topics:
            if self.topics[name].attributes != attributes:
                raise ApiError("TopicAlreadyExist", "The topic you want to create is already exist.", 409)
            return False
        self.topics[name] = Topic(name, self.clock.now(), self.clock.now(), attributes, _logging(given))
        return True

    def set_attributes(self, holder: Queue | Topic, given: Mapping[str, str]) -> None:
        ranges = QUEUE_RANGES if isinstance(holder, Queue) else TOPIC_RANGES
        holder.attributes = checked(given, ranges, holder.attributes)
        holder.logging = _logging(given) if "LoggingEnabled" in given else holder.logging
        holder.modified_at = self.clock.now()

    def subscribe(self, topic_name: str, name: str, given: Mapping[str, str]) -> bool:
        topic, now = self.topic(topic_name), self.clock.now()
        _named(name, "Subscription")
        made = Subscription(
            name,
            given.get("Endpoint", ""),
            given.get("NotifyStrategy") or "BACKOFF_RETRY",
            given.get("NotifyContentFormat") or "XML",
            given.get("FilterTag", ""),
            now,
            now,
        )
        if not made.endpoint or made.strategy not in STRATEGIES or made.content_format not in FORMATS or len(made.tag) > 16:
            raise ApiError("InvalidArgument", "The value of Endpoint, NotifyStrategy, NotifyContentFormat or FilterTag is not valid.")
        old = topic.subscriptions.get(name)
        if old is not None:
            if old.endpoint != made.endpoint:
                raise ApiError("SubscriptionAlreadyExist", "The subscription you want to create is already exist.", 409)
            return False
        topic.subscriptions[name] = made
        return True

    def send(self, queue: Queue, body: str, delay_s: int | None = None, priority: int = 8) -> Message:
        """`delay_s`: 0 to 604800; the queue's own when None. Raises `ApiError`."""
        self._fits(body, queue.attributes)
        now = self.clock.now()
        visible_at = now + (queue.attributes["DelaySeconds"] if delay_s is None else delay_s)
        expires_at = now + queue.attributes["MessageRetentionPeriod"]
        message = Message(self.ids.hex(32), body, now, visible_at, expires_at, priority)
        queue.messages.append(message)
        self._announce(queue, visible_at)
        return message

    def publish(self, topic: Topic, body: str, tag: str = "") -> Message:
        """Hand the message to the subscriptions; a topic keeps nothing."""
        self._fits(body, topic.attributes)
        now = self.clock.now()
        message = Message(self.ids.hex(32), body, now, now, now + TOPIC_RETENTION_S)
        topic.published += 1
        for tell in self.on_publish:
            tell(topic, message, tag)
        return message

    def visible(self, queue: Queue) -> list[Message]:
        """What can be received now, by priority (1 is the highest), then age. Expired messages are gone."""
        now = self.clock.now()
        queue.messages = [message for message in queue.messages if message.expires_at > now]
        found = [message for message in queue.messages if message.visible_at <= now]
        return sorted(found, key=lambda message: (message.priority, message.enqueued_at))

    def counts(self, queue: Queue) -> dict[str, int]:
        """Messages that can be received, that somebody has received and not deleted, and that are to be received later."""
        active, now = len(self.visible(queue)), self.clock.now()
        hidden = [message for message in queue.messages if message.visible_at > now]
        inactive = sum(message.dequeues > 0 for message in hidden)
        return {"ActiveMessages": active, "InactiveMessages": inactive, "DelayMessages": len(hidden) - inactive}

    def receive(self, queue: Queue, most: int) -> list[Message]:
        now, received = self.clock.now(), self.visible(queue)[:most]
        for message in received:
            message.dequeues += 1
            message.first_dequeued_at = message.first_dequeued_at or now
            self._hide(queue, message, queue.attributes["VisibilityTimeout"])
        return received

    def received(self, queue: Queue, receipt: str) -> Message:
        """The message of that receipt. Raises `ApiError` for one that was never given, or is no longer valid."""
        for message in queue.messages:
            if receipt and message.receipt == receipt:
                if message.visible_at <= self.clock.now():
                    raise ApiError("MessageNotExist", "Message not exist.", 404)
                return message
        raise ApiError("ReceiptHandleError", "The receipt handle you provide is not valid.")

    def delete(self, queue: Queue, receipt: str) -> None:
        queue.messages.remove(self.received(queue, receipt))

    def change_visibility(self, queue: Queue, receipt: str, seconds: int) -> Message:
        message = self.received(queue, receipt)
        self._hide(queue, message, seconds)
        return message

    def _hide(self, queue: Queue, message: Message, seconds: int) -> None:
        message.visible_at = self.clock.now() + seconds
        message.receipt = f"{message.priority}-{self.ids.hex(24)}-1-{message.priority}"
        self._announce(queue, message.visible_at)

    def _announce(self, queue: Queue, at: float) -> None:
        def arrived() -> None:
            if self.queues.get(queue.name) is queue:
                for tell in self.on_arrival:
                    tell(queue)

        if self.on_arrival:
            self.clock.call_at(at, arrived)

    def _fits(self, body: str, attributes: Mapping[str, int]) -> None:
        if not body or len(body.encode()) > attributes["MaximumMessageSize"]:
            raise ApiError("InvalidArgument", f"The size of MessageBody must be between 1 and {attributes['MaximumMessageSize']} bytes.")


def checked(given: Mapping[str, str], ranges: Mapping[str, tuple[int, int, int]], before: Mapping[str, int]) -> dict[str, int]:
    """`before` with what is given. Raises `InvalidArgument`."""
    made = dict(before)
    for name, (least, most, _) in ranges.items():
        if name in given:
            if not re.fullmatch("[0-9]{1,9}", given[name]) or not least <= int(given[name]) <= most:
                raise ApiError("InvalidArgument", f"The value of {name} should between {least} and {most}.")
            made[name] = int(given[name])
    return made


def _logging(given: Mapping[str, str]) -> bool:
    return given.get("LoggingEnabled", "").lower() == "true"


def _named(name: str, kind: str) -> None:
    if not _NAME.fullmatch(name):
        raise ApiError("InvalidArgument", f"The {kind} name you provided is invalid: letters, digits, - and _, at most 256 characters.")
