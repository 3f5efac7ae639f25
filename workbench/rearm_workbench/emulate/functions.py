"""Functions that run: every file of DIR/aws and DIR/alibaba, in processes of their own, with their platform's retries.

An invocation is numbered when its cloud makes it, so while the lock is held and always in the same order. Its end is written into the
journal; after a restart, whatever was begun and has no end is run again, as an at-least-once platform does.
"""

import queue
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from rearm.core.model import CloudName
from rearm_workbench.emulate.running_clock import RunningClock
from rearm_workbench.emulate.worker_process import Function, Outcome, Worker

LAMBDA_RETRIES_S = (60.0, 120.0)
"""Pauses before Lambda runs a failed asynchronous invocation again. Function Compute's repetitions are its emulator's."""
PROCESSES_MAX = 8
"""Of one function; more invocations than that wait for their turn. The clouds would start more instances."""
SETTLE_REAL_S = 30.0
"""How long a jump waits at one instant for functions that do not end."""

FunctionMaker = Callable[[CloudName, str, Path], Function]
Report = Callable[[str, bool], object]
"""Function Compute's id of an invocation, and whether it ended well."""


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


@dataclass
class _Job:
    event: bytes
    retry: int
    ended: Callable[[Outcome], None]


@dataclass
class _Pool:
    """One function's processes, and what waits for them."""

    function: Function
    jobs: "queue.SimpleQueue[_Job | None]" = field(default_factory=queue.SimpleQueue)
    workers: list[Worker] = field(default_factory=list)
    unfinished: int = 0


class Functions:
    """`make` gives a function its surroundings when it is first invoked. `done` is told the number of each ended invocation.

    `report` tells Function Compute how an asynchronous invocation ended.
    """

    def __init__(self, directory: Path, clock: RunningClock, make: FunctionMaker, done: Callable[[int], None], report: Report) -> None:
        self._files, self._clock, self._make, self._done, self._report = (
            names_of(directory),
            clock,
            make,
            done,
            report,
        )
        self._pools: dict[str, _Pool] = {}
        self._busy = 0
        self._change = threading.Condition()
        self._numbered = 0
        self._stopped = False
        self._writing = threading.Lock()
        self.muted: list[Invocation] | None = None
        """While the clouds are rebuilt: what they invoke is kept here and not run."""
        clock.on_change.append(self._tell_time)

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

    def resume(self, done: set[int]) -> None:
        """The clouds stand again: from now on what they invoke is run, and first what has no end yet."""
        begun, self.muted = self.muted or [], None
        for invocation in begun:
            if invocation.number not in done:
                self._start(invocation)

    def call(self, cloud: CloudName, name: str, payload: bytes) -> Outcome:
        """A synchronous invocation, without retries. Never call it while the lock is held."""
        answers: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        if not self._submit(cloud, name, _Job(payload, 0, answers.put)):
            return Outcome(b"", f"there is no function {name}")
        return answers.get()

    def batch(self, name: str, payload: bytes, ended: Callable[[Outcome], None]) -> None:
        """A Lambda invocation by an event source, which sees to failures itself."""
        if not self._submit("aws", name, _Job(payload, 0, ended)):
            ended(Outcome(b"", f"there is no function {name}"))

    def settle(self) -> None:
        """Wait until every invocation has ended or sleeps, for at most `SETTLE_REAL_S`."""
        with self._change:
            self._change.wait_for(lambda: self._busy <= 0, SETTLE_REAL_S)

    def stop(self) -> None:
        """End every process. What was under way has no end: with a state directory it is run again after the restart."""
        with self._clock.lock:
            self._stopped = True
        for pool in self._pools.values():
            for worker in list(pool.workers):
                worker.end()

    def say(self, name: str, line: str) -> None:
        """One line on standard error, with the function's name in front."""
        with self._writing:
            sys.stderr.write(f"{name} | {line}\n")
            sys.stderr.flush()

    # inside

    def _accept(self, cloud: CloudName, name: str, payload: bytes, known_as: str | None = None) -> None:
        self._numbered += 1
        invocation = Invocation(self._numbered, cloud, name, payload, known_as)
        if self.muted is not None:
            self.muted.append(invocation)
        else:
            self._start(invocation)

    def _start(self, invocation: Invocation) -> None:
        name, job = invocation.name, _Job(invocation.payload, invocation.retry, lambda outcome: self._ended(invocation, outcome))
        if not self._submit(invocation.cloud, name, job):
            self.say(name, f"there is no function of that name: the event is dropped; there are {', '.join(self.names) or 'none'}")
            self._done(invocation.number)

    def _ended(self, invocation: Invocation, outcome: Outcome) -> None:
        why = _one_line(outcome.error or "")
        with self._clock.lock:
            if self._stopped:
                return
            if invocation.known_as is not None:
                self._report(invocation.known_as, outcome.error is None)
                again = "Function Compute may repeat it"
            elif outcome.error is not None and invocation.retry < len(LAMBDA_RETRIES_S):
                pause_s = LAMBDA_RETRIES_S[invocation.retry]
                self.say(invocation.name, f"failed, again in {pause_s:g} s: {why}")
                later = replace(invocation, retry=invocation.retry + 1)
                self._clock.call_at(self._clock.now() + pause_s, lambda: self._start(later))
                return
            else:
                again = f"given up after {invocation.retry + 1} times"
            if outcome.error is not None:
                self.say(invocation.name, f"failed, {again}: {why}")
            self._done(invocation.number)

    def _key(self, cloud: CloudName, name: str) -> str:
        """A dash stands for an underscore where there is no file with a dash."""
        key = f"{cloud}:{name}"
        head = key[: len(cloud) + len("rearm-") + 1]
        return key if key in self._files else head + key[len(head) :].replace("-", "_")

    def _submit(self, cloud: CloudName, name: str, job: _Job) -> bool:
        key = self._key(cloud, name)
        if key not in self._files:
            return False
        with self._change:
            if key not in self._pools:
                self._pools[key] = _Pool(self._make(cloud, name, self._files[key][1]))
            pool = self._pools[key]
            self._busy += 1
            pool.unfinished += 1
            grow = len(pool.workers) < min(PROCESSES_MAX, pool.unfinished)
            if grow:
                worker = Worker(pool.function, self._clock, self._asleep, lambda line: self.say(name, line))
                pool.workers.append(worker)
        if grow:
            threading.Thread(target=self._serve, args=(pool, worker), daemon=True, name=key).start()
        pool.jobs.put(job)
        return True

    def _serve(self, pool: _Pool, worker: Worker) -> None:
        while (job := pool.jobs.get()) is not None:
            try:
                outcome = worker.run(job.event, job.retry)
            except OSError as error:
                outcome = Outcome(b"", f"its process could not be started ({error.strerror})")
                time.sleep(0.1)
            job.ended(outcome)
            with self._change:
                pool.unfinished -= 1
                self._busy -= 1
                self._change.notify_all()

    def _asleep(self, change: int) -> None:
        with self._change:
            self._busy -= change
            self._change.notify_all()

    def _tell_time(self) -> None:
        for pool in list(self._pools.values()):
            for worker in list(pool.workers):
                worker.tell_time()


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
