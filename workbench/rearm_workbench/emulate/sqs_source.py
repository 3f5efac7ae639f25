"""Lambda's event source mapping for SQS: messages of a queue invoke a function in batches, and its partial answer is honoured.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html: what `batchItemFailures` names, or everything when the
function fails, stays in the queue and is received again after its visibility timeout; the rest is deleted.
"""

import json
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, Protocol

from rearm_workbench.emulate.functions import Functions
from rearm_workbench.emulate.running_clock import RunningClock
from rearm_workbench.emulate.settings import AWS_ACCOUNT
from rearm_workbench.emulate.worker_process import Outcome

BATCH_MAX = 10
POLL_REAL_S = 0.1


class Queues(Protocol):
    """The emulated account's queues, looked at from inside."""

    def has_message(self, queue: str) -> bool:
        """Whether something can be received now."""

    def next_at(self, queue: str) -> float | None:
        """When a message that is hidden or delayed now can be received; None if there is none."""


class SqsSource:
    """`client()` is a boto3 client of the emulated SQS. `clock` is made to stop where a hidden message comes back."""

    def __init__(
        self,
        triggers: dict[str, str],
        functions: Functions,
        queues: Queues,
        clock: RunningClock,
        client: Callable[[], Any],
        region: str,
    ) -> None:
        self._triggers = {queue: name for queue, name in triggers.items() if functions.knows("aws", name)}
        self._functions, self._queues, self._clock, self._make_client, self._region = functions, queues, clock, client, region
        self._stops: dict[str, float] = {}
        self._client: Any = None
        self._one = threading.Lock()
        self._over = threading.Event()

    def start(self) -> None:
        """Look for messages from now on, on a thread of its own."""
        if self._triggers:
            threading.Thread(target=self._keep, name="sqs", daemon=True).start()

    def stop(self) -> None:
        self._over.set()

    def poll(self) -> bool:
        """Receive what there is. True if a function was invoked."""
        with self._one:
            asked = [self._ask(queue, name) for queue, name in self._triggers.items()]
            return any(asked)

    def _ask(self, queue: str, name: str) -> bool:
        try:
            invoked = self._queues.has_message(queue) and self._receive(queue, name)
            self._stop_at(queue)
        except Exception:  # noqa: BLE001 - a queue deleted in this moment, say: neither the other queues nor the next poll are to suffer
            if not self._over.is_set():
                traceback.print_exc(file=sys.stderr)
            return False
        return invoked

    def _stop_at(self, queue: str) -> None:
        """A jump of the clock goes from timer to timer: one has to be where a message that was not deleted can be received again."""
        with self._clock.lock:
            at = self._queues.next_at(queue)
            if at is not None and at != self._stops.get(queue):
                self._stops[queue] = at
                self._clock.call_at(at, lambda: None)

    def _keep(self) -> None:
        while not self._over.wait(POLL_REAL_S):
            self.poll()

    def _receive(self, queue: str, name: str) -> bool:
        if self._client is None:
            self._client = self._make_client()
        url = self._client.get_queue_url(QueueName=queue)["QueueUrl"]
        answer = self._client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=BATCH_MAX, AttributeNames=["All"], MessageAttributeNames=["All"], WaitTimeSeconds=0
        )
        messages = answer.get("Messages", [])
        if messages:
            records = [record(message, queue, self._region) for message in messages]
            handles = {message["MessageId"]: message["ReceiptHandle"] for message in messages}
            self._functions.batch(name, json.dumps({"Records": records}).encode(), lambda outcome: self._ended(name, url, handles, outcome))
        return bool(messages)

    def _ended(self, name: str, url: str, handles: dict[str, str], outcome: Outcome) -> None:
        kept = failures(outcome, handles)
        if kept:
            why = outcome.error or "named in batchItemFailures"
            self._functions.say(name, f"{len(kept)} of {len(handles)} messages stay in the queue: {' '.join(why.split())[:300]}")
        for message_id in handles.keys() - kept:
            self._client.delete_message(QueueUrl=url, ReceiptHandle=handles[message_id])


def record(message: dict[str, Any], queue: str, region: str) -> dict[str, Any]:
    """A message as the function sees it (docs.aws.amazon.com/lambda/latest/dg/with-sqs)."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{region}:{AWS_ACCOUNT}:{queue}",
        "awsRegion": region,
    }


def failures(outcome: Outcome, handles: dict[str, str]) -> set[str]:
    """Message ids that stay. An answer that names an unknown or empty id fails the whole batch; no answer at all is success."""
    if outcome.error is not None:
        return set(handles)
    try:
        answer = json.loads(outcome.body or b"null")
    except ValueError:
        return set(handles)
    named = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    ids = {item.get("itemIdentifier") if isinstance(item, dict) else None for item in named or ()}
    return set(handles) if ids - handles.keys() else {str(one) for one in ids}
