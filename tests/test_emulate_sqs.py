"""The event source of SQS beside a clock that jumps."""

from collections.abc import Iterator
from typing import Any

import pytest

from rearm_workbench.emulate.running_clock import RunningClock
from rearm_workbench.emulate.sqs_source import SqsSource
from rearm_workbench.emulate.worker_process import Outcome

START = 1_800_000_000.0


class Queue:
    """One message, which is hidden for 30 s each time that it is received. As a queue, as its client, and as the function."""

    def __init__(self) -> None:
        self.clock = RunningClock(start=START)
        self.shown_at: float | None = START
        self.received: list[float] = []
        self.trouble = 0
        self.outcomes = [Outcome(b"", "the process was killed"), Outcome(b"null")]
        self.source = SqsSource({"q": "f", "other": "f"}, self, self, self.clock, lambda: self, "us-east-1")

    def has_message(self, queue: str) -> bool:
        if self.trouble:
            self.trouble -= 1
            raise KeyError(queue)
        return queue == "q" and self.shown_at is not None and self.clock.now() >= self.shown_at

    def next_at(self, queue: str) -> float | None:
        hidden = queue == "q" and self.shown_at is not None and self.clock.now() < self.shown_at
        return self.shown_at if hidden else None

    def get_queue_url(self, QueueName: str) -> dict[str, str]:
        return {"QueueUrl": QueueName}

    def receive_message(self, **_asked: Any) -> Any:
        self.shown_at = self.clock.now() + 30
        self.received.append(self.clock.now() - START)
        return {"Messages": [{"MessageId": "1", "ReceiptHandle": "h", "Body": "{}", "MD5OfBody": "x"}]}

    def delete_message(self, **_asked: Any) -> None:
        self.shown_at = None

    def knows(self, _cloud: str, _name: str) -> bool:
        return True

    def batch(self, _name: str, _payload: bytes, ended: Any) -> None:
        ended(self.outcomes.pop(0))

    def say(self, *_line: str) -> None: ...


@pytest.fixture
def queue() -> Iterator[Queue]:
    made = Queue()
    yield made
    made.clock.stop()


def settle(queue: Queue) -> None:
    while queue.source.poll():
        pass


def test_a_jump_stops_where_a_message_that_was_not_deleted_comes_back(queue: Queue) -> None:
    """An invocation that was killed leaves it hidden; without a stop it would come back at the jump's end, after the wait's lapse."""
    queue.clock.advance(3600, lambda: settle(queue))
    assert queue.received == [0, 30]


def test_also_one_that_was_hidden_before_a_restart(queue: Queue) -> None:
    queue.shown_at, queue.outcomes = START + 17, [Outcome(b"null")]
    queue.clock.advance(3600, lambda: settle(queue))
    assert queue.received == [17]


def test_trouble_with_one_queue_is_neither_the_others_nor_the_next_polls(queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    queue.trouble = 1
    assert not queue.source.poll()
    assert "KeyError: 'q'" in capsys.readouterr().err
    assert queue.source.poll()
