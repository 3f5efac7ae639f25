"""One run: the deployed handlers, invoked on a virtual clock as their platforms would, in the weather of a scenario.

Every effect passes `effect`, in both tiers: there the weather strikes, time passes, the trace is written and the invariants look.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import msgspec

from rearm.core.limits import LIMITS
from rearm.core.model import Action, CheckResult, Result, Status
from rearm.errors import LimitSpent, TryAgain
from rearm_workbench.emulators.lifecycle import LifecycleAction
from rearm_workbench.simulator import deployed_code
from rearm_workbench.simulator.happenings import Happenings
from rearm_workbench.simulator.invariants import Invariants
from rearm_workbench.simulator.invocation import Invocation, Killed, kind_of
from rearm_workbench.simulator.platform import Platform
from rearm_workbench.simulator.rate import Rate
from rearm_workbench.simulator.scenario import Scenario, WaitPlan
from rearm_workbench.simulator.tier import Tier
from rearm_workbench.simulator.timers import Timers
from rearm_workbench.simulator.wait_record import WaitRecord
from rearm_workbench.simulator.waits import Waits
from rearm_workbench.simulator.weather import Weather
from rearm_workbench.virtual_clock import VirtualClock

START = 1_772_323_200.0
"""2026-03-01T00:00:00Z."""

LONGEST_S = 3 * 86_400.0
"""A run is broken off that long after its start, or after the last of the waits that were to come has begun."""

LET_GO_EACH = 256
"""So many waits begin between two times at which those are let go that are over."""

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder()


class Simulation:
    """A scenario played through. `trace` collects the timeline: (seconds since the start, what)."""

    def __init__(self, scenario: Scenario, *, trace: bool = False) -> None:
        self.scenario = scenario
        self.limits = LIMITS[scenario.cloud]
        self.clock = VirtualClock(START)
        self.weather = Weather(scenario)
        self.started_at = START
        self.trace: list[tuple[float, str]] | None = [] if trace else None
        self.waits = Waits(scenario, self.clock)
        self._released: set[str] = set()
        """Instances that the cloud has terminated: their launch was abandoned, or (AWS) they were to leave and their waits are over."""
        self._to_come = scenario.to_come() if scenario.to_come else None
        self._until = START + LONGEST_S
        self.invariants = Invariants(self)
        self.platform = Platform(self)
        self.happenings = Happenings(self)
        self.timers = Timers(self)
        self.rate = Rate(scenario.calls_per_s, scenario.cloud, self.clock)
        self.calls = 0
        self.looks = 0
        self.steps = 0

    def run(self, tier: Tier) -> None:
        """Play. Raises `Broken` at the first invariant that does not hold."""
        self.tier = tier
        with self.platform.in_charge(), deployed_code.asking(self.answer):
            for record in self.records:
                self.clock.call_at(START + record.plan.begins_s, partial(self.happenings.begin, record))
            self._await_next()
            if self.scenario.sweep_s:
                self.clock.call_at(START + self.scenario.sweep_s * 0.71, self._sweep)
            over, now, step = self._over, self.clock.now, self.clock.step
            while not over() and now() < self._until and step():
                self.after_step()
        self.invariants.at_the_end()

    def after_step(self) -> None:
        """Something has happened. An experiment looks here at what it measures."""
        self.steps += 1

    def pass_to(self, at: float) -> bool:
        """Inside a step's invocation: let time pass up to `at` at once, as the next step would. False if something is due before."""
        due_at = self.clock.next_at()
        if (due_at is not None and due_at <= at) or self.clock.now() >= self._until:
            return False
        self.after_step()
        self.clock.skip_to(at)
        return True

    def say(self, text: str) -> None:
        if self.trace is not None:
            self.trace.append((round(self.clock.now() - START, 3), text))

    @property
    def records(self) -> list[WaitRecord]:
        """Of all waits that have not been let go."""
        return self.waits.records

    # the world

    def _await_next(self) -> None:
        """The next of the waits that are to come begins in its time."""
        plan = next(self._to_come, None) if self._to_come else None
        if plan is None:
            self._to_come = None
            return
        self.clock.call_at(START + plan.begins_s, partial(self._arrive, plan))

    def _arrive(self, plan: WaitPlan) -> None:
        self._until = self.clock.now() + LONGEST_S
        if self.waits.count % LET_GO_EACH == 0:
            self._let_go()
        self.happenings.begin(self.waits.add(plan))
        self._await_next()

    def _let_go(self) -> None:
        """Forget the waits that are over, if no invocation runs that began before they ended: nobody knows them any more."""
        for record in self.waits.let_go(self.platform.oldest_at):
            self.invariants.at_its_end(record)
            self._released.difference_update(record.action.instances)
            if record.real is not None:
                record.real.on_end.clear()  # it knows the record, which knows it: else both would stay until Python looks for cycles
            self.tier.let_go(record)
        self.invariants.forget_before(self.clock.now())

    def ended(self, record: WaitRecord, real: LifecycleAction) -> None:
        """The cloud has ended a wait."""
        # On Alibaba Cloud the instances that leave are attached ones (`full_alibaba`), which their group does not terminate.
        leaves = real.result != "CONTINUE" if real.transition == "launch" else self.scenario.cloud == "aws"
        if leaves and not any(one.active for one in self.waits.of_the_same(record)):
            # With several hooks, the first ABANDON ends all the others on AWS; on Alibaba Cloud the last to end decides.
            self._released.update(real.instances)
        self.say(f"{self.name_of(record)} ended: {real.result} by {'somebody else' if record.ended_elsewhere else real.by}")
        self.invariants.on_end(record)

    def _sweep(self) -> None:
        self.say("sweep")
        self.platform.sweep()
        self.clock.call_at(self.clock.now() + (self.scenario.sweep_s or 0), self._sweep)

    def _over(self) -> bool:
        return self._to_come is None and not self.platform.busy and self.waits.are_over()

    # effects: what a handler asks of its cloud

    def effect(
        self,
        operation: str,
        invocation: Invocation,
        record: WaitRecord | None,
        do: Callable[[], T],
        call: Callable[[], object] | None = None,
    ) -> T:
        """Run one call in this weather. `operation`: a method of the port. `call`: `do` without what is kept of it here."""
        self.calls += 1
        if not self.rate.admits(operation, self._pause):
            self.strike(record, "throttled")
            raise TryAgain("throttled: the account's rate is used up")
        fate = self.weather.call(operation, record, self.clock.now(), invocation.redelivered_after_s)
        told = "" if self.trace is None else f"#{invocation.number} {operation}{f' {self.name_of(record)}' if record else ''}"
        if fate.outcome == "done":
            self.platform.sleep(fate.takes_s)
            return self._done(told, do)
        self.strike(record, f"{operation} {fate.outcome}")
        if fate.outcome == "killed before":
            raise Killed
        if fate.outcome == "refused":
            self.platform.sleep(fate.takes_s)
            self.say(f"{told}: refused")
            self.platform.standing_still(partial(self.tier.refuse, operation, call or do))
            raise AssertionError("a refused call must raise")
        answer = self._done(told, do)
        if fate.outcome == "killed after":
            raise Killed
        if fate.outcome in ("lost", "repeated"):
            self.platform.sleep(fate.takes_s)
            if fate.outcome == "lost" or (operation == "heartbeat" and self.scenario.cloud == "alibaba"):
                raise TryAgain(f"{operation}: no answer")
            answer = self._done(told + " again", do)
        return answer

    def _pause(self, longest_s: float) -> None:
        self.platform.sleep(self.weather.pause_s(longest_s))

    def _done(self, told: str, do: Callable[[], T]) -> T:
        try:
            answer = self.platform.standing_still(do)
        except Exception as error:
            self.say(f"{told}: {kind_of(error)} {error.code if isinstance(error, LimitSpent) else ''}".rstrip())
            raise
        if self.trace is not None:
            self.say(f"{told}: {answer if isinstance(answer, bool) else 'done'}")
        return answer

    def strike(self, record: WaitRecord | None, what: str) -> None:
        """A fault has hit the wait that this was about, if it was about one."""
        if record is not None:
            record.strike(what)

    def heartbeat(self, invocation: Invocation, action: Action, seconds: int, do: Callable[[], None]) -> None:
        self.invariants.before_heartbeat(action, seconds)
        record = self.record_of(action)

        def beat() -> None:
            try:
                do()
            except LimitSpent:
                if record is not None:
                    record.refused += 1
                raise
            if record is not None:
                record.extended_at = self.clock.now()
                record.heartbeats += 1

        self.effect("heartbeat", invocation, record, beat, do)

    def complete(self, invocation: Invocation, action: Action, result: Result, do: Callable[[], None]) -> None:
        record = self.record_of(action)

        def end() -> None:
            self.invariants.before_complete(record, action, result)
            do()

        self.effect(f"complete {result}", invocation, record, end, do)

    # checks

    def answer(self, instance: str, known: Callable[[], CheckResult]) -> CheckResult:
        """A check's answer about an instance; `known` asks it really. `failed` comes from here: no check configured here says it."""
        if self.weather.check_fails():
            return CheckResult("waiting", "the check could not be asked", error=True)
        if self.status_of(instance) == "failed":
            return CheckResult("failed", "the instance says that it failed")
        return self.platform.standing_still(known)

    def status_of(self, name: str) -> Status:
        """What is true of an instance now."""
        record, instance = self.waits.holding(name)
        return "gone" if name in self._released else record.status_of(instance)

    # log lines

    def said(self, invocation: Invocation, line: dict[str, object]) -> None:
        """A log line of the deployed code."""
        self.invariants.on_text(_ENCODER.encode(line).decode())
        if line.get("verdict") == "look":
            self.looks += 1
            instances = line.get("instances")
            record = self.waits.of(str(line.get("hook")), str(instances[0])) if isinstance(instances, list) else None
            if record is not None:
                self.invariants.on_look(record)
        if self.trace is not None:
            self.say(f"#{invocation.number} says {line.get('verdict')}")

    # who is who

    def record_of(self, action: Action) -> WaitRecord | None:
        return self.waits.of(action.hook, action.instances[0])

    def name_of(self, record: WaitRecord) -> str:
        return f"wait {record.number}"
