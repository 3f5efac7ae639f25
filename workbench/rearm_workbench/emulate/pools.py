"""The functions' processes: each function has some of its own, and a queue of what waits for one."""

import queue
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rearm_workbench.emulate.running_clock import RunningClock
from rearm_workbench.emulate.worker_process import Function, Outcome, Worker

PROCESSES_MAX = 8
"""Of one function; more invocations than that wait for their turn. The clouds would start more instances."""
SETTLE_REAL_S = 30.0
"""How long a jump waits at one instant for functions that do not end."""


@dataclass
class Job:
    """One run of a function. `ended` is called with its outcome, by the thread that waited for it."""

    event: bytes
    retry: int
    ended: Callable[[Outcome], None]


@dataclass
class _Pool:
    function: Function
    jobs: "queue.SimpleQueue[Job | None]" = field(default_factory=queue.SimpleQueue)
    workers: list[Worker] = field(default_factory=list)
    unfinished: int = 0


class Pools:
    """The processes of all functions. They are told the clock's time, and their log goes to standard error."""

    def __init__(self, clock: RunningClock) -> None:
        self._clock = clock
        self._pools: dict[str, _Pool] = {}
        self._busy = 0
        self._change = threading.Condition()
        self._writing = threading.Lock()
        clock.on_change.append(self._tell_time)

    def submit(self, key: str, make: Callable[[], Function], job: Job) -> None:
        """Have a job run, by a new process if all of the function's are busy. `make` is called for its first job."""
        with self._change:
            if key not in self._pools:
                self._pools[key] = _Pool(make())
            pool = self._pools[key]
            self._busy += 1
            pool.unfinished += 1
            grow = len(pool.workers) < min(PROCESSES_MAX, pool.unfinished)
            if grow:
                name = pool.function.name
                worker = Worker(pool.function, self._clock, self._asleep, lambda line: self.say(name, line))
                pool.workers.append(worker)
        if grow:
            threading.Thread(target=self._serve, args=(pool, worker), daemon=True, name=key).start()
        pool.jobs.put(job)

    def settle(self) -> None:
        """Wait until every job has ended or sleeps, for at most `SETTLE_REAL_S`."""
        with self._change:
            self._change.wait_for(lambda: self._busy <= 0, SETTLE_REAL_S)

    def stop(self) -> None:
        """End every process."""
        for pool in list(self._pools.values()):
            for worker in list(pool.workers):
                worker.end()

    def say(self, name: str, line: str) -> None:
        """One line on standard error, with the function's name in front."""
        with self._writing:
            sys.stderr.write(f"{name} | {line}\n")
            sys.stderr.flush()

    def _serve(self, pool: _Pool, worker: Worker) -> None:
        while (job := pool.jobs.get()) is not None:
            try:
                outcome = worker.run(job.event, job.retry)
            except OSError as error:
                outcome = Outcome(b"", f"its process could not be started ({error.strerror})")
                time.sleep(0.1)
            try:
                job.ended(outcome)
            except Exception as error:  # noqa: BLE001 - whoever asked for this job is in trouble, the function's next job is not
                self.say(pool.function.name, f"its answer could not be handed on: {type(error).__name__}: {error}")
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
