"""SMQ over HTTP, as aliyun-mns-sdk speaks it: XML bodies, messages under `/queues/…` and `/topics/…`.

help.aliyun.com 27475 (queue API), 27490 (topic API). A receive with `waitseconds` is answered at once: time is the clock's.
"""

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree

from rearm_workbench.emulators.alibaba.loopback import Answer, Incoming
from rearm_workbench.emulators.alibaba.mns import Mns, Queue
from rearm_workbench.emulators.alibaba.mns_xml import (
    Fields,
    fields_of,
    local_name,
    ms,
    peeked,
    received,
    sent,
    subscription_fields,
    times,
    topic_fields,
    xml_answer,
)
from rearm_workbench.emulators.alibaba.wire import ApiError

PREFIXES = ("/queues", "/topics")
OPERATIONS: dict[tuple[str, str], str] = {
    ("GET", "queues"): "ListQueue",
    ("PUT", "queue"): "CreateQueue",
    ("GET", "queue"): "GetQueueAttributes",
    ("DELETE", "queue"): "DeleteQueue",
    ("POST", "messages"): "SendMessage",
    ("GET", "messages"): "ReceiveMessage",
    ("DELETE", "messages"): "DeleteMessage",
    ("PUT", "messages"): "ChangeMessageVisibility",
    ("GET", "topics"): "ListTopic",
    ("PUT", "topic"): "CreateTopic",
    ("GET", "topic"): "GetTopicAttributes",
    ("DELETE", "topic"): "DeleteTopic",
    ("POST", "publish"): "PublishMessage",
    ("GET", "subscriptions"): "ListSubscriptionByTopic",
    ("PUT", "subscription"): "Subscribe",
    ("GET", "subscription"): "GetSubscriptionAttributes",
    ("DELETE", "subscription"): "Unsubscribe",
}
"""(method, what the path means) -> operation; with `metaoverride=true` and `peekonly=true` two of them change their name."""
_VARIANTS = {"CreateQueue": "SetQueueAttributes", "CreateTopic": "SetTopicAttributes", "Subscribe": "SetSubscriptionAttributes"}
NAMES = (*OPERATIONS.values(), *_VARIANTS.values(), "PeekMessage")


class Request:
    """A request taken apart. `operation` is "" for what is not modelled."""

    def __init__(self, incoming: Incoming) -> None:
        self.incoming = incoming
        self.parts = [unquote(part) for part in incoming.path.strip("/").split("/")]
        self.query = {name: values[-1] for name, values in parse_qs(incoming.query, keep_blank_values=True).items()}
        operation = OPERATIONS.get((incoming.method, _meaning(self.parts)), "")
        if self.query.get("metaoverride") == "true":
            operation = _VARIANTS.get(operation, "")
        self.operation = "PeekMessage" if operation == "ReceiveMessage" and self.query.get("peekonly") == "true" else operation
        self.name = self.parts[1] if len(self.parts) > 1 else ""

    def root(self) -> ElementTree.Element:
        """The body. Raises `MalformedXML`."""
        try:
            return ElementTree.fromstring(self.incoming.body.decode())
        except (ElementTree.ParseError, UnicodeDecodeError):
            raise ApiError("MalformedXML", "The XML you provided was not well-formed.") from None

    def fields(self) -> dict[str, str]:
        return fields_of(self.root()) if self.incoming.body else {}

    def number(self, name: str, default: int, least: int, most: int) -> int:
        return _number(name, self.query.get(name, str(default)), least, most)

    def url(self, path: str) -> str:
        return f"http://{self.incoming.headers.get('host', '')}/{path}"


class MnsHttp:
    """Serves one request with the state in `mns`. Raises `ApiError`."""

    def __init__(self, mns: Mns) -> None:
        self.mns = mns
        self._serve: dict[str, Callable[[Request], Answer]] = {
            "ListQueue": lambda one: self._list(one, "Queue", list(self.mns.queues)),
            "CreateQueue": lambda one: _made(one, self.mns.create_queue(one.name, one.fields())),
            "SetQueueAttributes": self._set,
            "GetQueueAttributes": lambda one: _ok("Queue", self._queue(self.mns.queue(one.name))),
            "DeleteQueue": lambda one: _gone(self.mns.queues.pop(one.name, None)),
            "SendMessage": self._send,
            "ReceiveMessage": self._receive,
            "PeekMessage": self._peek,
            "DeleteMessage": self._delete,
            "ChangeMessageVisibility": self._change,
            "ListTopic": lambda one: self._list(one, "Topic", list(self.mns.topics)),
            "CreateTopic": lambda one: _made(one, self.mns.create_topic(one.name, one.fields())),
            "SetTopicAttributes": self._set,
            "GetTopicAttributes": lambda one: _ok("Topic", topic_fields(self.mns.topic(one.name))),
            "DeleteTopic": lambda one: _gone(self.mns.topics.pop(one.name, None)),
            "PublishMessage": self._publish,
            "ListSubscriptionByTopic": self._subscriptions,
            "Subscribe": lambda one: _made(one, self.mns.subscribe(one.name, one.parts[3], one.fields())),
            "SetSubscriptionAttributes": self._set_subscription,
            "GetSubscriptionAttributes": lambda one: _ok(
                "Subscription", subscription_fields(one.name, self.mns.subscription(one.name, one.parts[3]))
            ),
            "Unsubscribe": lambda one: _gone(self.mns.topic(one.name).subscriptions.pop(one.parts[3], None)),
        }

    def serve(self, request: Request) -> Answer:
        if not request.operation:
            told = f"{request.incoming.method} {request.incoming.path}"
            raise ApiError("InvalidRequestURL", f"{told} is not modelled by the emulator; modelled: {', '.join(sorted(NAMES))}", 404)
        return self._serve[request.operation](request)

    def _list(self, request: Request, kind: str, names: list[str]) -> Answer:
        headers = request.incoming.headers
        found = sorted(name for name in names if name.startswith(headers.get("x-mns-prefix", "")))
        found = [name for name in found if name > headers.get("x-mns-marker", "")]
        size = _number("x-mns-ret-number", headers.get("x-mns-ret-number", "1000"), 1, 1000)
        path = f"{kind.lower()}s"
        shown = [{f"{kind}URL": request.url(f"{path}/{name}"), f"{kind}Name": name} for name in found[:size]]
        more = {"NextMarker": found[size - 1]} if len(found) > size else {}
        return _ok(f"{kind}s", {kind: shown, **more})

    def _set(self, request: Request) -> Answer:
        queue = request.parts[0] == "queues"
        self.mns.set_attributes(self.mns.queue(request.name) if queue else self.mns.topic(request.name), request.fields())
        return Answer(204, {})

    def _send(self, request: Request) -> Answer:
        queue, root = self.mns.queue(request.name), request.root()
        batch = local_name(root.tag) == "Messages"
        asked = [fields_of(one) for one in root] if batch else [fields_of(root)]
        if not 1 <= len(asked) <= 16:
            raise ApiError("InvalidArgument", "A batch holds 1 to 16 messages.")
        checked = [(one.get("MessageBody", ""), _delay(one), _number("Priority", one.get("Priority", "8"), 1, 16)) for one in asked]
        told = [sent(self.mns.send(queue, body, delay_s, priority)) for body, delay_s, priority in checked]
        return xml_answer(201, "Messages", {"Message": told}) if batch else xml_answer(201, "Message", told[0])

    def _receive(self, request: Request) -> Answer:
        queue = self.mns.queue(request.name)
        most = request.number("numOfMessages", 1, 1, 16)
        request.number("waitseconds", 0, 0, 30)
        return _messages(request, [received(one) for one in self.mns.receive(queue, most)])

    def _peek(self, request: Request) -> Answer:
        most = request.number("numOfMessages", 1, 1, 16)
        return _messages(request, [peeked(one) for one in self.mns.visible(self.mns.queue(request.name))[:most]])

    def _delete(self, request: Request) -> Answer:
        queue = self.mns.queue(request.name)
        if "ReceiptHandle" in request.query:
            self.mns.delete(queue, request.query["ReceiptHandle"])
            return Answer(204, {})
        failed = []
        for handle in [(one.text or "").strip() for one in request.root()]:
            try:
                self.mns.delete(queue, handle)
            except ApiError as error:
                failed.append({"ErrorCode": error.code, "ErrorMessage": error.message, "ReceiptHandle": handle})
        return xml_answer(404, "Errors", {"Error": failed}) if failed else Answer(204, {})

    def _change(self, request: Request) -> Answer:
        seconds = request.number("VisibilityTimeout", -1, 0, 43_200)
        changed = self.mns.change_visibility(self.mns.queue(request.name), request.query.get("ReceiptHandle", ""), seconds)
        return _ok("ChangeVisibility", {"ReceiptHandle": changed.receipt, "NextVisibleTime": ms(changed.visible_at)})

    def _publish(self, request: Request) -> Answer:
        given = request.fields()
        return xml_answer(
            201, "Message", sent(self.mns.publish(self.mns.topic(request.name), given.get("MessageBody", ""), given.get("MessageTag", "")))
        )

    def _subscriptions(self, request: Request) -> Answer:
        names = sorted(self.mns.topic(request.name).subscriptions)
        prefix = request.incoming.headers.get("x-mns-prefix", "")
        shown = [
            {"SubscriptionURL": request.url(f"topics/{request.name}/subscriptions/{name}")} for name in names if name.startswith(prefix)
        ]
        return _ok("Subscriptions", {"Subscription": shown})

    def _set_subscription(self, request: Request) -> Answer:
        found, strategy = self.mns.subscription(request.name, request.parts[3]), request.fields().get("NotifyStrategy", "")
        found.strategy, found.modified_at = strategy or found.strategy, self.mns.clock.now()
        return Answer(204, {})

    def _queue(self, queue: Queue) -> Fields:
        return {"QueueName": queue.name, **queue.attributes, **self.mns.counts(queue), **times(queue)}


def failure(request: Request, error: ApiError, request_id: str) -> Answer:
    fields = {"Code": error.code, "Message": error.message, "RequestId": request_id, "HostId": request.url("").rstrip("/")}
    return xml_answer(error.status, "Error", fields)


def _meaning(parts: list[str]) -> str:
    """What the path means: a key of `OPERATIONS`."""
    first, second = parts[0], parts[2] if len(parts) > 2 else ""
    if len(parts) == 1:
        return first
    if len(parts) == 2:
        return first.removesuffix("s")
    if len(parts) == 3:
        return "publish" if (first, second) == ("topics", "messages") else second
    return "subscription" if len(parts) == 4 and (first, second) == ("topics", "subscriptions") else ""


def _messages(request: Request, shown: list[Fields]) -> Answer:
    if not shown:
        raise ApiError("MessageNotExist", "Message not exist.", 404)
    return _ok("Messages", {"Message": shown}) if "numOfMessages" in request.query else _ok("Message", shown[0])


def _delay(given: Mapping[str, str]) -> int | None:
    return _number("DelaySeconds", given["DelaySeconds"], 0, 604_800) if "DelaySeconds" in given else None


def _number(name: str, text: str, least: int, most: int) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise ApiError("InvalidArgument", f"The value of {name} should between {least} and {most}.")
    return int(text)


def _made(request: Request, new: bool) -> Answer:
    return Answer(201 if new else 204, {"Location": request.url("/".join(request.parts))})


def _gone(_removed: object) -> Answer:
    """Deleting what is not there succeeds too."""
    return Answer(204, {})


def _ok(root: str, fields: Fields) -> Answer:
    return xml_answer(200, root, fields)
