"""SMQ (MNS) as aliyun-mns-sdk speaks it: queues with delays, topics and subscriptions, by the emulator's clock."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from mns.account import Account
from mns.mns_exception import MNSServerException
from mns.queue import Message, Queue, QueueMeta
from mns.subscription import SubscriptionMeta
from mns.topic import Topic, TopicMessage, TopicMeta

from alibaba_signing import KEY, SECRET
from alibaba_signing import mns as signed
from alibaba_world import START, DirectWorld

# The SDK warns of its own attributes when it reads them.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")
ARN = "acs:mns:cn-hangzhou:1234567890123456:queues/"


@pytest.fixture
def world() -> Iterator[DirectWorld]:
    made = DirectWorld()
    with made.emulator:
        yield made


@pytest.fixture
def account(world: DirectWorld) -> Any:
    return Account(f"http://{world.emulator.endpoint}", KEY, SECRET)


@pytest.fixture
def queue(account: Any) -> Queue:
    made = account.get_queue("work")
    made.create(QueueMeta(vis_timeout=20))
    return made


def refused(call: Any, *args: Any) -> str:
    with pytest.raises(MNSServerException) as error:
        call(*args)
    return str(error.value.type)


def test_queues(account: Any, queue: Queue) -> None:
    queue.create(QueueMeta(vis_timeout=20))
    assert refused(account.get_queue("work").create, QueueMeta(vis_timeout=21)) == "QueueAlreadyExist"
    for name in ("a1", "a2", "a3"):
        account.get_queue(name).create(QueueMeta())
    urls, marker = account.list_queue("a", 2)
    rest, end = account.list_queue("a", 2, marker)
    assert ([url.rpartition("/")[2] for url in [*urls, *rest]], end) == (["a1", "a2", "a3"], "")
    queue.set_attributes(QueueMeta(delay_sec=5))
    shown = queue.get_attributes()
    assert (shown.queue_name, shown.visibility_timeout, shown.delay_seconds, shown.create_time) == ("work", 20, 5, int(START))
    queue.delete()
    assert refused(queue.get_attributes) == "QueueNotExist"


def test_a_message_from_sending_to_deletion(world: DirectWorld, queue: Queue) -> None:
    """Delayed, received, hidden for its visibility timeout, received again, deleted."""
    sent = queue.send_message(Message("hello 世界", delay_seconds=10))
    assert refused(queue.receive_message, -1) == "MessageNotExist"
    world.clock.run_until(START + 10)
    assert queue.peek_message().dequeue_count == 0
    first = queue.receive_message(0)
    assert (first.message_body.decode(), first.message_id, first.dequeue_count) == ("hello 世界", sent.message_id, 1)
    assert first.message_body_md5 == sent.message_body_md5
    assert (first.next_visible_time, refused(queue.receive_message)) == ((START + 30) * 1000, "MessageNotExist")
    assert (queue.get_attributes().inactive_messages, queue.get_attributes().active_messages) == (1, 0)
    world.clock.run_until(START + 30)
    second = queue.receive_message()
    assert (second.dequeue_count, refused(queue.delete_message, first.receipt_handle)) == (2, "ReceiptHandleError")
    changed = queue.change_message_visibility(second.receipt_handle, 60)
    assert int(changed.next_visible_time) == (START + 90) * 1000
    queue.delete_message(changed.receipt_handle)
    world.clock.run_until(START + 100)
    assert refused(queue.peek_message) == "MessageNotExist"


def test_batches_and_priorities(world: DirectWorld, queue: Queue) -> None:
    queue.batch_send_message([Message("later", priority=9), Message("first", priority=1), Message("second")])
    assert [one.message_body for one in queue.batch_peek_message_with_str_body(16)] == ["first", "second", "later"]
    received = queue.batch_receive_message_with_str_body(2)
    assert [one.message_body for one in received] == ["first", "second"]
    queue.batch_delete_message([one.receipt_handle for one in received])
    assert refused(queue.batch_delete_message, [received[0].receipt_handle]) == "ReceiptHandleError"
    assert [one.message_body for one in queue.batch_receive_message_with_str_body(2)] == ["later"]


def test_what_is_too_long_is_refused_and_what_is_too_old_is_gone(world: DirectWorld, account: Any, queue: Queue) -> None:
    assert refused(queue.send_message, Message("x" * 50_000)) == "InvalidArgument"
    assert refused(queue.send_message, Message("x", delay_seconds=604_801)) == "InvalidArgument"
    assert refused(account.get_queue("bad").create, QueueMeta(vis_timeout=43_201)) == "InvalidArgument"
    queue.send_message(Message("x"))
    world.clock.run_until(START + 345_601)
    assert refused(queue.receive_message) == "MessageNotExist"


def test_topics_and_a_subscribed_queue(world: DirectWorld, account: Any, queue: Queue) -> None:
    topic: Topic = account.get_topic("news")
    assert refused(topic.get_attributes) == "TopicNotExist"
    topic.create(TopicMeta())
    subscription = topic.get_subscription("to-work")
    meta = SubscriptionMeta(f"{ARN}work", notify_content_format="SIMPLIFIED", filter_tag="a")
    subscription.subscribe(meta)
    subscription.subscribe(meta)
    assert refused(subscription.subscribe, SubscriptionMeta(f"{ARN}other")) == "SubscriptionAlreadyExist"
    published = topic.publish_message(TopicMessage("told", "a"))
    topic.publish_message(TopicMessage("not for it", "b"))
    queue.set_encoding(False)
    (received,) = queue.batch_receive_message(16)
    assert (received.message_body, received.message_body_md5) == ("told", published.message_body_md5)
    assert topic.get_attributes().message_count == 2
    shown = subscription.get_attributes()
    assert (shown.endpoint, shown.filter_tag, shown.notify_content_format) == (f"{ARN}work", "a", "SIMPLIFIED")
    assert topic.list_subscription()[0][0].endswith("/topics/news/subscriptions/to-work")
    subscription.unsubscribe()
    assert refused(subscription.get_attributes) == "SubscriptionNotExist"
    topic.delete()
    assert account.list_topic()[0] == []


def test_a_queue_feeds_a_function_when_its_message_becomes_visible(world: DirectWorld, queue: Queue) -> None:
    world.emulator.add_trigger("mns_queue", "work", "rearm-mns_queue")
    queue.send_message(Message("late", delay_seconds=60))
    queue.send_message(Message("soon", delay_seconds=5))
    world.clock.run_until(START + 100)
    events = [(at, [base64.b64decode(one["data"]["messageBody"]) for one in json.loads(body)]) for at, _, body, _ in world.invoked]
    assert events == [(5, [b"soon"]), (60, [b"late"])]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"key": "LTAIother"}, 403, "AccessIDAuthError"),
        ({"secret": "wrong"}, 403, "SignatureDoesNotMatch"),
    ],
)
def test_signatures(world: DirectWorld, headers: dict[str, str], status: int, code: str) -> None:
    answered, text, told = world.http("PUT", "/queues/work", b"", **signed("PUT", "/queues/work", **headers))
    assert (answered, f"<Code>{code}</Code>" in text, "x-mns-request-id" in told) == (status, True, True)
    assert world.http("PUT", "/queues/work", b"")[0] == 400
    assert world.emulator.mns.queues == {}
    assert world.http("PUT", "/queues/work", b"", **signed("PUT", "/queues/work"))[0] == 201


def test_what_is_not_modelled_or_not_xml(world: DirectWorld, queue: Queue) -> None:
    status, text, _ = world.http("POST", "/queues/work", b"", **signed("POST", "/queues/work"))
    assert (status, "POST /queues/work is not modelled by the emulator; modelled: ChangeMessageVisibility, " in text) == (404, True)
    path = "/queues/" + "work/messages"
    assert "MalformedXML" in world.http("POST", path, b"<Message", **signed("POST", path))[1]
    world.emulator.fail_next("mns:SendMessage", "InternalError", status=500)
    assert "InternalError" in world.http("POST", path, b"<Message/>", **signed("POST", path))[1]
