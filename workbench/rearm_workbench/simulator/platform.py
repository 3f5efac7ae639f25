"""Who invokes a handler, and how often again: Lambda's asynchronous invocation, SQS, Function Compute.

Lambda runs a failed asynchronous invocation two more times, after one and two minutes (lambda/latest/dg/invocation-async-error-handling).
Function Compute runs it three more times (help pages, "Error handling"; the pauses are the emulator's). A message of SQS comes again after
its visibility timeout until it has been received maxReceiveCount times, then it is a dead letter.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import greenlet
import msgspec

from rearm import clock, look
from rearm_workbench.simulator import envelopes
from rearm_workbench.simulator.invocation import Invocation, Job, Killed, kind_of
from rearm_workbench.simulator.sqs import Queue
from rearm_workbench.simulator.wait_record import WaitRecord

if TYPE_CHECKING:
    from rearm_workbench.simulator.simulation import Simulation

T = TypeVar("T")

LAMBDA_RETRIES_S = (60.0, 120.0)
FC_RETRIES_S = (1.0, 2.0, 4.0)
LINEAGE_MAX = 16
"""Lambda stops a recursive loop after about 16 invocations (lambda/latest/dg/invocation-recursion)."""


class Platform:
    """Invocations of one run: each a greenlet; a handler that sleeps gives the time to everything else."""

    def __init__(self, simulation: "Simulation") -> None:
        self._run = simulation
        self._scenario = simulation.scenario
        self._memories: dict[tuple[str, int], look.Armed] = {}
        self._occupied: set[tuple[str, int]] = set()
        self._queue = Queue(simulation, self)
        self._hub: greenlet.greenlet | None = None
        self._running: dict[greenlet.greenlet, Invocation] = {}
        self._idle: list[greenlet.greenlet] = []
        """Those that wait for their next invocation: to make one takes a fourth of the time of the look that it runs."""
        self._count = 0
        self.frozen = False
        """See `standing_still`."""
        self.alive = 0
        self.waiting = 0

    @property
    def busy(self) -> bool:
        return bool(self.alive or self.waiting)

    @property
    def oldest_at(self) -> float:
        """When the invocation began that runs for the longest time; now, if none runs."""
        began = (invocation.ends_at - invocation.timeout_s for invocation in self._running.values())
        return min(began, default=self._run.clock.now())

    @contextlib.contextmanager
    def in_charge(self) -> Iterator[None]:
        """The deployed code's clock is this run's."""
        self._hub, kept = greenlet.getcurrent(), look.armed
        skew_s, virtual = self._scenario.skew_s, self._run.clock
        clock.use((lambda: virtual.now() + skew_s) if skew_s else virtual.now, self.sleep)
        try:
            yield
        finally:
            while self._idle:
                self._idle.pop().throw()
            clock.use_real()
            look.armed = kept

    def standing_still(self, do: Callable[[], T]) -> T:
        """What `do` returns. While an adapter works, no time passes: the weather has said how long its call takes."""
        before, self.frozen = self.frozen, True
        try:
            return do()
        finally:
            self.frozen = before

    def sleep(self, seconds: float) -> None:
        """Let time pass for the invocation that runs. It is killed when its function's time is used up."""
        running = greenlet.getcurrent()
        invocation = self._running.get(running)
        if self.frozen or invocation is None or self._hub is None:
            return
        virtual, ends_at = self._run.clock, invocation.ends_at
        wakes_at = virtual.now() + max(0.0, seconds)
        at = min(wakes_at, ends_at)
        if not (invocation.job.alone and self._run.pass_to(at)):
            memory = look.armed
            virtual.call_at(at, running.switch)
            self._hub.switch()
            look.armed = memory
        if wakes_at > ends_at:
            self._run.invariants.ran_into_its_timeout(invocation)
            raise Killed

    # who invokes

    def notify(self, record: WaitRecord) -> None:
        """A notification arrives at its doorway."""
        scenario, plan = self._scenario, record.plan
        if scenario.cloud == "alibaba":
            event: Any = envelopes.alibaba(scenario.doorway, plan, record.began_at)
            self.start(Job(scenario.doorway, event, FC_RETRIES_S, [record]), expected=True)
        elif scenario.doorway == "sqs":
            self._queue.send(record)
        else:
            event = envelopes.aws(scenario.doorway, plan, record.began_at)
            self.start(Job(scenario.doorway, event, LAMBDA_RETRIES_S, [record]), expected=True)

    def recheck(self, record: WaitRecord | None, payload: bytes, timer: str, lineage: int, *, alone: bool = False) -> None:
        """A timer comes. `lineage`: how many invocations have led to it. `alone`: see `Job`."""
        if self._scenario.timer_carries_lineage and lineage >= LINEAGE_MAX:
            self._run.say("the platform stops the chain as recursive")
            if record is not None:
                record.strike("stopped as recursive")
            return
        aws = self._scenario.cloud == "aws"
        event: Any = msgspec.json.decode(payload) if aws else payload
        pauses_s = LAMBDA_RETRIES_S if aws else FC_RETRIES_S
        self.start(Job("recheck", event, pauses_s, [record] if record else [], lineage, timer, alone))

    def sweep(self) -> None:
        """The sweep's own schedule."""
        aws = self._scenario.cloud == "aws"
        began_at = self._run.clock.now()
        job = Job("sweep", {} if aws else b"{}", (), [], done=lambda _: self._run.invariants.after_sweep(began_at))
        self.start(job)

    def start(self, job: Job, *, expected: bool = False) -> None:
        """Invoke now. `expected`: it was counted among the waits' deliveries before."""
        if expected:
            for record in job.records:
                record.deliveries_left -= 1
        self._attempt(job, job.pauses_s)

    def _attempt(self, job: Job, left: tuple[float, ...]) -> None:
        scenario = self._scenario
        self._count += 1
        again_s = left[0] if left else scenario.visibility_s if job.function == "sqs" else 1e9
        now = self._run.clock.now
        invocation = Invocation(self._count, job, now() + scenario.function_timeout_s, now, again_s, scenario.function_timeout_s)
        running = self._idle.pop() if self._idle else greenlet.greenlet(self._work, parent=self._hub)
        self._running[running] = invocation
        running.switch(invocation, left)

    def _work(self, invocation: Invocation, left: tuple[float, ...]) -> None:
        """One invocation after the other, until the run is over."""
        here = greenlet.getcurrent()
        while self._hub is not None:
            self._body(invocation, left)
            self._idle.append(here)
            invocation, left = self._hub.switch()

    def _body(self, invocation: Invocation, left: tuple[float, ...]) -> None:
        job, run = invocation.job, self._run
        place = (job.function, self._container(job.function))
        memory = self._memories.get(place)
        if memory is None:
            memory = self._memories[place] = look.Armed()
        look.armed = memory
        self.alive += 1
        self._occupied.add(place)
        for record in job.records:
            record.running += 1
        ok, answer = False, None
        try:
            answer = run.tier.invoke(job.function, job.event, invocation)
            ok = True
        except Killed:
            run.say(f"#{invocation.number} is killed")
            self._memories.pop(place, None)
        except Exception as error:  # noqa: BLE001 - the platform's part: whatever a handler raises is delivered again
            run.say(f"#{invocation.number} raises {kind_of(error)}")
            run.invariants.on_text(str(error))
            run.invariants.on_error(error)
        finally:
            self.alive -= 1
            del self._running[greenlet.getcurrent()]
            self._occupied.discard(place)
            for record in job.records:
                record.running -= 1
                record.left_at = run.clock.now()
        if job.timer:
            run.tier.ended(job.timer, ok or not left)
        if ok:
            if job.done is not None:
                job.done(answer)
        elif left:
            self.later(left[0], job.records, partial(self._attempt, job, left[1:]))
        elif job.done is not None and job.function == "sqs":
            job.done(None)
        else:
            for record in job.records:
                record.strike("its platform gave up")

    def _container(self, function: str) -> int:
        if not self._scenario.many_containers:
            return self._run.weather.container()
        return next(number for number in itertools.count() if (function, number) not in self._occupied)

    def later(self, after_s: float, records: list[WaitRecord], run: Callable[[], None]) -> None:
        """Deliver again. Meanwhile the waits are in the platform's hands."""
        self.waiting += 1
        for record in records:
            record.deliveries_left += 1

        def now() -> None:
            self.waiting -= 1
            for record in records:
                record.deliveries_left -= 1
                record.starts.append(self._run.clock.now())
            run()

        self._run.clock.call_at(self._run.clock.now() + after_s, now)
