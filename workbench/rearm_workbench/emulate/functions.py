"""Functions that run: every file of DIR/aws and DIR/alibaba, with their platform's retries.

An invocation is numbered when its cloud makes it, so while the lock is held and always in the same order. Its end is written into the
journal; after a restart, whatever was begun and has no end is run again, as an at-least-once platform does. That it was cut off does not
count among its tries: the platform failed, not the function.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

from rearm.core.model import CloudName
from rearm_workbench.emulate.journal import Ends
from rearm_workbench.emulate.pools import Job, Pools
from rearm_workbench.emulate.running_clock import RunningClock
from rearm_workbench.emulate.worker_process import Function, Outcome

LAMBDA_RETRIES_S = (60.0, 120.0)
"""Pauses before Lambda runs a failed asynchronous invocation again. Function Compute's repetitions are its emulator's."""

FunctionMaker = Callable[[CloudName, str, Path], Function]
Report = Callable[[str, bool], object]
"""Function Compute's id of an invocation, and whether it ended well."""


class Book(Protocol):
    """Where ends are written down: the journal."""

    def done(self, invocation: int) -> None: ...
    def failed(self, invocation: int) -> None: ...


@dataclass(frozen=True)
class Invocation:
    """An asynchronous one. `known_as`: Function Compute's id of it, to report to."""

    number: int
    cloud: CloudName
    name: str
    payload: bytes
    known_as: str | None = None
    retry: int = 0


def names_of(directory: Path) -> dict[str, tuple[CloudName, Path]]:
    """What is invocable: `aws:rearm-sns`, `alibaba:rearm-mns_topic` (FC 3.0), `alibaba:rearm/mns_topic` (FC 2.0), with its file."""
    found: dict[str, tuple[CloudName, Path]] = {}
    clouds: tuple[tuple[CloudName, tuple[str, ...]], ...] = (("aws", ("rearm-",)), ("alibaba", ("rearm-", "rearm/")))
    for cloud, prefixes in clouds:
        for path in sorted((directory / cloud).glob("[!_.]*.py")):
            found |= {f"{cloud}:{prefix}{path.stem}": (cloud, path.resolve()) for prefix in prefixes}
    return found


def name_of(arn: str) -> str:
    """`arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`, or a name."""
    return arn.split(":")[6] if arn.count(":") >= 6 else arn


class Functions:
    """`make` gives a function its surroundings when it is first invoked. `book` is told how invocations end.

    `report` tells Function Compute how an asynchronous invocation ended.
    """

    def __init__(self, directory: Path, clock: RunningClock, make: FunctionMaker, book: Book, report: Report) -> None:
        self._files, self._clock, self._make, self._book, self._report = names_of(directory), clock, make, book, report
        self._pools = Pools(clock)
        self._numbered = 0
        self._stopped = False
        self.settle, self.say = self._pools.settle, self._pools.say
        self.muted: list[Invocation] | None = None
        """While the clouds are rebuilt: what they invoke is kept here and not run."""

    @property
    def names(self) -> list[str]:
        return sorted(self._files)

    def knows(self, cloud: CloudName, name: str) -> bool:
        return self._key(cloud, name) in self._files

    # what the clouds call, under the lock: it only puts into a queue

    def on_aws(self, arn: str, payload: bytes, *_: object) -> None:
        """By the function's ARN."""
        self._accept("aws", name_of(arn), payload)

    def on_alibaba(self, function: str, payload: bytes, _task_id: str | None = None, known_as: str | None = None) -> None:
        """`rearm-NAME` (FC 3.0) or `SERVICE/NAME` (FC 2.0)."""
        self._accept("alibaba", function, payload, known_as)

    def resume(self, ends: Ends) -> None:
        """The clouds stand again: from now on what they invoke is run. What has no end yet is run now, or when its pause is over."""
        with self._clock.lock:
            begun, self.muted = self.muted or [], None
            for invocation in begun:
                failed = ends.failed.get(invocation.number, [])
                if invocation.number in ends.done:
                    continue
                if failed:
                    self._try_again(invocation, len(failed), failed[-1])
                else:
                    self._start(invocation)

    def call(self, cloud: CloudName, name: str, payload: bytes) -> Outcome:
        """A synchronous invocation, without retries. Never call it while the lock is held."""
        answers: SimpleQueue[Outcome] = SimpleQueue()
        if not self._submit(cloud, name, Job(payload, 0, answers.put)):
            return Outcome(b"", f"there is no function {name}")
        return answers.get()

    def batch(self, name: str, payload: bytes, ended: Callable[[Outcome], None]) -> None:
        """A Lambda invocation by an event source, which sees to failures itself."""
        if not self._submit("aws", name, Job(payload, 0, ended)):
            ended(Outcome(b"", f"there is no function {name}"))

    def stop(self) -> None:
        """End every process. What was under way has no end: with a state directory it is run again after the restart."""
        with self._clock.lock:
            self._stopped = True
        self._pools.stop()

    # inside

    def _accept(self, cloud: CloudName, name: str, payload: bytes, known_as: str | None = None) -> None:
        self._numbered += 1
        invocation = Invocation(self._numbered, cloud, name, payload, known_as)
        if self.muted is not None:
            self.muted.append(invocation)
        else:
            self._start(invocation)

    def _start(self, invocation: Invocation) -> None:
        name, job = invocation.name, Job(invocation.payload, invocation.retry, lambda outcome: self._ended(invocation, outcome))
        if not self._submit(invocation.cloud, name, job):
            self.say(name, f"there is no function of that name: the event is dropped; there are {', '.join(self.names) or 'none'}")
            self._book.done(invocation.number)

    def _ended(self, invocation: Invocation, outcome: Outcome) -> None:
        why = _one_line(outcome.error or "")
        with self._clock.lock:
            if self._stopped:
                return
            if invocation.known_as is not None:
                self._report(invocation.known_as, outcome.error is None)
                again = "Function Compute may repeat it"
            elif outcome.error is not None and invocation.retry < len(LAMBDA_RETRIES_S):
                self.say(invocation.name, f"failed, again in {LAMBDA_RETRIES_S[invocation.retry]:g} s: {why}")
                self._book.failed(invocation.number)
                self._try_again(invocation, invocation.retry + 1, self._clock.now())
                return
            else:
                again = f"given up after {invocation.retry + 1} times"
            if outcome.error is not None:
                self.say(invocation.name, f"failed, {again}: {why}")
            self._book.done(invocation.number)

    def _try_again(self, invocation: Invocation, retry: int, failed_at: float) -> None:
        """Lambda's next try, `retry` counted from 1: its pause begins when the one before failed."""
        later = replace(invocation, retry=retry)
        self._clock.call_at(failed_at + LAMBDA_RETRIES_S[retry - 1], lambda: self._start(later))

    def _key(self, cloud: CloudName, name: str) -> str:
        """A dash stands for an underscore where there is no file with a dash."""
        key = f"{cloud}:{name}"
        head = key[: len(cloud) + len("rearm-") + 1]
        return key if key in self._files else head + key[len(head) :].replace("-", "_")

    def _submit(self, cloud: CloudName, name: str, job: Job) -> bool:
        key = self._key(cloud, name)
        if key not in self._files:
            return False
        self._pools.submit(key, lambda: self._make(cloud, name, self._files[key][1]), job)
        return True


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
