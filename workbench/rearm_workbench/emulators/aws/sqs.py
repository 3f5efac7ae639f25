"""SQS by subclass: delays and visibility run on the virtual clock, and nobody waits for a message while holding the lock."""

import json
from typing import Any, ClassVar
from urllib.parse import parse_qs

from moto.sqs import models, urls


class Backend(models.SQSBackend):
    """moto's queues. A long poll is answered at once: on a clock that stands still it would never end."""

    _url_module: ClassVar[Any] = urls

    def receive_message(
        self, queue_name: str, count: int, _wait_s: int, visibility_timeout: int, *rest: Any, **more: Any
    ) -> list[models.Message]:
        found: list[models.Message] = super().receive_message(queue_name, count, 0, visibility_timeout, *rest, **more)
        return found

    def has_message(self, queue_name: str) -> bool:
        """Whether a receive would find anything now."""
        queue = self.queues.get(queue_name)
        return queue is None or any(message.visible for message in queue.messages)


def long_poll(target: str, body: bytes) -> tuple[str, float]:
    """Queue name and seconds of a ReceiveMessage that wants to wait; `("", 0)` for any other request.

    `target`: the X-Amz-Target header, empty for the query protocol.
    """
    if b"WaitTimeSeconds" not in body:
        return "", 0
    try:
        if target == "AmazonSQS.ReceiveMessage":
            asked = json.loads(body)
        else:
            asked = {key: values[0] for key, values in parse_qs(body.decode()).items()}
            if asked.get("Action") != "ReceiveMessage":
                return "", 0
        return str(asked["QueueUrl"]).rpartition("/")[2], min(20.0, float(asked["WaitTimeSeconds"]))
    except (ValueError, KeyError, TypeError):
        return "", 0
