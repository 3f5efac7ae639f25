"""SQS: messages gather for a moment, and are received as one batch. What the answer names as failed comes again."""

from functools import partial
from typing import TYPE_CHECKING, Any

from rearm_workbench.simulator import envelopes
from rearm_workbench.simulator.invocation import Job
from rearm_workbench.simulator.wait_record import WaitRecord

if TYPE_CHECKING:
    from rearm_workbench.simulator.platform import Platform
    from rearm_workbench.simulator.simulation import Simulation


class Queue:
    """The queue of one run."""

    def __init__(self, run: "Simulation", platform: "Platform") -> None:
        self._run, self._scenario, self._platform = run, run.scenario, platform
        self._messages: list[tuple[str, str, WaitRecord, int]] = []

    def send(self, record: WaitRecord) -> None:
        """A notification arrives."""
        self._messages.append((f"m-{self._run.clock.now():.3f}-{len(self._messages)}", "", record, 0))
        if len(self._messages) == 1:
            self._platform.waiting += 1
            window_s = 0.5 if record.plan.timeout_s < 180 else 3.0
            self._run.clock.call_at(self._run.clock.now() + window_s, self._receive)

    def _receive(self) -> None:
        self._platform.waiting -= 1
        batch, self._messages = self._messages, []
        size = 1 if any(record.plan.timeout_s < 180 for _, _, record, _ in batch) else 10
        for start in range(0, len(batch), size):
            self._received(batch[start : start + size])

    def _received(self, batch: list[tuple[str, str, WaitRecord, int]]) -> None:
        messages = [(name, envelopes.aws("sqs", record.plan, record.began_at)) for name, _, record, _ in batch]
        poisoned = "poison" in self._scenario.faults
        if poisoned:
            messages.insert(0, ("m-poison", envelopes.POISON))
        records = [record for _, _, record, _ in batch]
        job = Job("sqs", envelopes.sqs(messages), (), records, done=partial(self._answered, batch, poisoned))
        self._platform.start(job, expected=all(received == 0 for _, _, _, received in batch))

    def _answered(self, batch: list[tuple[str, str, WaitRecord, int]], poisoned: bool, answer: Any) -> None:
        """`answer` None: the invocation failed, and every message is still in the queue."""
        failed = {name for name, *_ in batch} if answer is None else {item["itemIdentifier"] for item in answer["batchItemFailures"]}
        if answer is not None:
            self._run.invariants.after_batch(batch, failed, poisoned)
        for name, body, record, received in batch:
            if name not in failed:
                continue
            if received + 1 >= self._scenario.receives_max:
                record.strike("its message is a dead letter")
            else:
                again = [(name, body, record, received + 1)]
                self._platform.later(self._scenario.visibility_s, [record], partial(self._received, again))
