"""The queues of the emulated account as their event source sees them. moto keeps the times in milliseconds."""

from typing import Any

from rearm_workbench.emulate.running_clock import RunningClock
from rearm_workbench.emulate.settings import AWS_ACCOUNT

SOON_S = 0.002
"""moto shows a message again just after its time, not at it, and its times are rounded."""


class MotoQueues:
    """Made when moto's classes are installed."""

    def __init__(self, clock: RunningClock, region: str) -> None:
        from moto.sqs import sqs_backends

        self._clock, self._backend = clock, sqs_backends[AWS_ACCOUNT][region]

    def has_message(self, queue: str) -> bool:
        """Whether something can be received now."""
        with self._clock.lock:
            found = self._backend.queues.get(queue)
            return found is not None and bool(found.messages)

    def next_at(self, queue: str) -> float | None:
        """When the first message that is hidden or delayed now can be received; None if there is none."""
        with self._clock.lock:
            found = self._backend.queues.get(queue)
            now, messages = self._clock.now(), found._messages if found is not None else []
            return min((at for at in map(_shown_at, messages) if at > now), default=None)


def sqs_client(server: Any, region: str) -> Any:
    """A boto3 client of the emulated SQS, with the keys of the `AwsServer`."""
    import boto3

    key, secret, *_ = server.credentials
    return boto3.session.Session(key, secret, region_name=region).client("sqs", endpoint_url=f"http://{server.endpoint}")


def _shown_at(message: Any) -> float:
    at: float = max(message.visible_at, message.delayed_until) / 1000
    return at + SOON_S
