"""One run: the deployed handlers, invoked on a virtual clock as their platforms would, in the weather of a scenario.

Every effect passes `effect`, in both tiers: there the weather strikes, time passes, the trace is written and the invariants look.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar

import msgspec

from rearm import look
from rearm.core.limits import LIMITS
from rearm.core.model import Action, CheckResult, CloudName, Result, Status
from rearm.errors import LimitSpent, TryAgain
from rearm_workbench.emulators.lifecycle import LifecycleAction, LifecycleBook
from rearm_workbench.simulator import deployed_code
from rearm_workbench.simulator.invariants import Invariants
from rearm_workbench.simulator.platform import Invocation, Killed, Platform, kind_of
from rearm_workbench.simulator.scenario import Scenario, WaitPlan
from rearm_workbench.simulator.wait_record import WaitRecord
from rearm_workbench.simulator.weather import Weather
from rearm_workbench.virtual_clock import VirtualClock

START = 1_772_323_200.0
"""2026-03-01T00:00:00Z."""

LONGEST_S = 3 * 86_400.0

NOT_THROTTLED = frozenset(["recheck", "timers_due"])
THROTTLED_PAUSES_S: dict[CloudName, tuple[float, ...]] = {
    "aws": (1, 2, 4, 8, 1, 1, 2, 4, 8, 2, 1, 2, 4, 8, 3, 1, 2, 4, 8),
    "alibaba": (0.5, 1, 2),
}
"""The longest pause before each further try of a throttled call. AWS: botocore's five, four times over, with pauses of our own between
(`rearm.clouds.aws.calls`); Alibaba Cloud: four tries (`rearm.clouds.alibaba.calls`)."""

T = TypeVar("T")


class Tier(Protocol):
    """Who plays the cloud. `fast.Fast` answers at the port, `full.Full` on the wire."""

    book: LifecycleBook

    def begin(self, plan: WaitPlan, record: WaitRecord) -> LifecycleAction:
        """The instances reach their wait state now."""

    def delete_hook(self, group: str, hook: str) -> None: ...
    def change_hook(self, group: str, hook: str, timeout_s: int) -> None: ...
    def vanish(self, instance: str) -> None: ...

    def set_timer_offset(self, seconds: float) -> None:
        """How late the next timer that is set will come; below 0, how early."""

    def refuse(self, operation: str, run: Callable[[], object]) -> None:
        """Have a call fail for as long as its adapter tries: `run` raises `TryAgain`."""

    def invoke(self, function: str, event: Any, invocation: Invocation) -> Any:
        """Run a deployed handler."""

    def ended(self, name: str, over: bool) -> None:
        """The invocation that a timer of that name brought has ended; `over`: it will not be repeated."""


class Simulation:
    """A scenario played through. `trace` collects the timeline: (seconds since the start, what)."""

    def __init__(self, scenario: Scenario, *, trace: bool = False) -> None:
        self.scenario = scenario
        self.limits = LIMITS[scenario.cloud]
        self.clock = VirtualClock(START)
        self.weather = Weather(scenario)
        self.started_at = START
        self.trace: list[tuple[float, str]] | None = [] if trace else None
        self.records = [WaitRecord(plan, action_of(scenario, plan), self.clock) for plan in scenario.waits]
        self._numbers = {id(one): number for number, one in enumerate(self.records)}
        self._by_instance = {(one.action.hook, one.action.instances[0]): one for one in self.records}
        self._instances = {instance.name: (one, instance) for one in reversed(self.records) for instance in one.plan.instances}
        self._released: set[str] = set()
        """Instances that the cloud has terminated: their launch was abandoned, or (AWS) they were to leave and their waits are over."""
        self._open = list(self.records)
        """Those of which it is not known that they are over."""
        self.invariants = Invariants(self)
        self.platform = Platform(self)
        self._late: dict[str, tuple[float, ...]] = {}
        self._timers: defaultdict[bytes, list[tuple[str, WaitRecord | None, int]]] = defaultdict(list)
        """By message: the timer's name, its wait, and how many invocations led to it."""
        self._tokens = scenario.calls_per_s or 0.0
        self._refilled_at = START
        self.pauses_s = THROTTLED_PAUSES_S[scenario.cloud]
        self.calls = 0
        self.throttled = 0
        """Tries that the account refused for their rate."""
        self.looks = 0
        self.steps = 0

    def run(self, tier: Tier) -> None:
        """Play. Raises `Broken` at the first invariant that does not hold."""
        self.tier = tier
        with self.platform.in_charge(), deployed_code.asking(self.answer):
            for record in self.records:
                self.clock.call_at(START + record.plan.begins_s, partial(self._begin, record))
            if self.scenario.sweep_s:
                self.clock.call_at(START + self.scenario.sweep_s * 0.71, self._sweep)
            while not self._over() and self.clock.now() < START + LONGEST_S and self.clock.step():
                self.after_step()
        self.invariants.at_the_end()

    def after_step(self) -> None:
        """Something has happened. An experiment looks here at what it measures."""
        self.steps += 1

    def say(self, text: str) -> None:
        if self.trace is not None:
            self.trace.append((round(self.clock.now() - START, 3), text))

    # the world

    def _begin(self, record: WaitRecord) -> None:
        plan = record.plan
        record.real = self.tier.begin(plan, record)
        record.extended_at = self.clock.now()
        record.real.on_end.append(partial(self._ended, record))
        self.say(f"{self.name_of(record)} begins: {plan.timeout_s} s, {plan.transition}")
        began_at = self.clock.now()
        record.deliveries_left = len(plan.notified_s)
        if not plan.notified_s or plan.notified_s[0] > max(5.0, min(60.0, plan.timeout_s / 8)):
            record.strike("its notification is lost, or late")
        for after_s in plan.notified_s:
            self.clock.call_at(began_at + after_s, partial(self._notified, record))
        for instance in plan.instances:
            if instance.gone_s is not None:
                self.clock.call_at(began_at + instance.gone_s, partial(self._vanish, instance.name))
        if plan.elsewhere:
            self.clock.call_at(began_at + plan.elsewhere[0], partial(self._complete_elsewhere, record, plan.elsewhere[1]))
        if plan.hook_deleted_s is not None:
            self.clock.call_at(began_at + plan.hook_deleted_s, partial(self._delete_hook, plan))
        if plan.hook_changed:
            self.clock.call_at(began_at + plan.hook_changed[0], partial(self._change_hook, plan, plan.hook_changed[1]))

    def _notified(self, record: WaitRecord) -> None:
        record.starts.append(self.clock.now())
        self.say(f"{self.name_of(record)} notified through {self.scenario.doorway}")
        self.platform.notify(record)

    def _vanish(self, instance: str) -> None:
        self.say(f"{instance} vanishes")
        self.tier.vanish(instance)

    def _complete_elsewhere(self, record: WaitRecord, result: Result) -> None:
        if record.real is not None and record.active:
            record.ended_elsewhere = True
            self.tier.book.end(record.real, result, "client")

    def _delete_hook(self, plan: WaitPlan) -> None:
        self.say(f"{plan.hook} is deleted")
        self.tier.delete_hook(plan.group, plan.hook)

    def _change_hook(self, plan: WaitPlan, timeout_s: int) -> None:
        self.say(f"{plan.hook} gets {timeout_s} s")
        for record in self.records:
            if (record.plan.group, record.plan.hook) == (plan.group, plan.hook):
                record.strike("its hook was changed")
        self.tier.change_hook(plan.group, plan.hook, timeout_s)

    def _ended(self, record: WaitRecord, real: LifecycleAction) -> None:
        together = [one for one in self.records if one.real and one.plan.instances == record.plan.instances]
        # On Alibaba Cloud the instances that leave are attached ones (`full_alibaba`), which their group does not terminate.
        leaves = real.result != "CONTINUE" if real.transition == "launch" else self.scenario.cloud == "aws"
        if leaves and not any(one.active for one in together):
            # With several hooks, the first ABANDON ends all the others on AWS; on Alibaba Cloud the last to end decides.
            self._released.update(real.instances)
        self.say(f"{self.name_of(record)} ended: {real.result} by {'somebody else' if record.ended_elsewhere else real.by}")
        self.invariants.on_end(record)

    def _sweep(self) -> None:
        self.say("sweep")
        self.platform.sweep()
        self.clock.call_at(self.clock.now() + (self.scenario.sweep_s or 0), self._sweep)

    def _over(self) -> bool:
        while self._open and self._is_over(self._open[-1]):
            self._open.pop()
        return not self._open and not self.platform.busy and all(map(self._is_over, self.records))

    @staticmethod
    def _is_over(record: WaitRecord) -> bool:
        return record.real is not None and not record.active and not record.attended

    # effects: what a handler asks of its cloud

    def effect(
        self, operation: str, invocation: Invocation, action: Action | None, do: Callable[[], T], call: Callable[[], object] | None = None
    ) -> T:
        """Run one call in this weather. `operation`: a method of the port. `call`: `do` without what is kept of it here."""
        record = self.record_of(action) if action else None
        self.calls += 1
        self._throttle(operation, record)
        fate = self.weather.call(operation, record, self.clock.now(), invocation.redelivered_after_s)
        told = f"#{invocation.number} {operation}{f' {self.name_of(record)}' if record else ''}"
        if fate.outcome != "done":
            self._strike(record, f"{operation} {fate.outcome}")
        if fate.outcome == "killed before":
            raise Killed
        if fate.outcome == "refused":
            self.platform.sleep(fate.takes_s)
            self.say(f"{told}: refused")
            with self.platform.standing_still():
                self.tier.refuse(operation, call or do)
            raise AssertionError("a refused call must raise")
        if fate.outcome == "done":
            self.platform.sleep(fate.takes_s)
        answer = self._done(told, do)
        if fate.outcome == "killed after":
            raise Killed
        if fate.outcome in ("lost", "repeated"):
            self.platform.sleep(fate.takes_s)
            if fate.outcome == "lost" or (operation == "heartbeat" and self.scenario.cloud == "alibaba"):
                raise TryAgain(f"{operation}: no answer")
            answer = self._done(told + " again", do)
        return answer

    def _done(self, told: str, do: Callable[[], T]) -> T:
        try:
            with self.platform.standing_still():
                answer = do()
        except Exception as error:
            self.say(f"{told}: {kind_of(error)} {error.code if isinstance(error, LimitSpent) else ''}".rstrip())
            raise
        self.say(f"{told}: {answer if isinstance(answer, bool) else 'done'}")
        return answer

    def _strike(self, record: WaitRecord | None, what: str) -> None:
        if record is not None:
            record.strike(what)

    def _throttle(self, operation: str, record: WaitRecord | None) -> None:
        """An account of few calls a second: the adapter waits its turn with full jitter, as often as it does, and gives up.

        What is short is the API of the scaling groups. Timers are set and listed elsewhere, and are not counted: EventBridge Scheduler
        takes 250 a second at least (`scheduler/latest/UserGuide/scheduler-quotas`), Function Compute an invocation for each instance.
        """
        rate = self.scenario.calls_per_s
        if rate is None or operation in NOT_THROTTLED:
            return
        for longest_s in (*self.pauses_s, None):
            now = self.clock.now()
            self._tokens = min(2 * rate, self._tokens + (now - self._refilled_at) * rate)
            self._refilled_at = now
            if self._tokens >= 1:
                self._tokens -= 1
                return
            self.throttled += 1
            if longest_s is not None:
                self.platform.sleep(self.weather.pause_s(longest_s))
        self._strike(record, "throttled")
        raise TryAgain("throttled: the account's rate is used up")

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

        self.effect("heartbeat", invocation, action, beat, do)

    def complete(self, invocation: Invocation, action: Action, result: Result, do: Callable[[], None]) -> None:
        record = self.record_of(action)

        def end() -> None:
            self.invariants.before_complete(record, action, result)
            do()

        self.effect(f"complete {result}", invocation, action, end, do)

    def recheck(self, invocation: Invocation, name: str, at: float, now: float, payload: bytes, do: Callable[[], bool]) -> bool:
        wait = msgspec.json.decode(payload, type=look.Message).rearm
        record = self.record_of(wait.action)
        self.invariants.before_recheck(record, name, at, now, payload)
        if self.trace is not None:
            self.say(f"#{invocation.number} wants {name[31:]} in {at - now:.0f} s, lapse in {wait.lapses_at - now:.0f} s")

        def arm() -> bool:
            fate = self.weather.timer()
            self.tier.set_timer_offset(-fate.early_s if fate.early_s else fate.late_s[0] if fate.late_s else 0.0)
            new = do()
            if new:
                self._late[name] = (0.0,) if fate.early_s else fate.late_s
                self._timers[_without_memory(payload)].append((name, record, invocation.job.lineage + 1))
                if record is not None:
                    record.pending[name] = at
                    record.armed_at = self.clock.now()
                    if fate.late_s and fate.late_s[0] > self.limits.timer_late_s:
                        record.strike("a timer later than documented")
                    self.invariants.after_recheck(record, invocation)
            return new

        return self.effect("recheck", invocation, wait.action, arm, do)

    def timer_came(self, payload: bytes) -> None:
        """The cloud delivers a timer; the weather may have lost it on the way, or doubled it."""
        name, record, lineage = self._timers[_without_memory(payload)].pop(0)
        late_s = self._late.pop(name)
        if record is not None:
            record.pending.pop(name, None)
        if not late_s:
            self.say("a timer is lost")
            self._strike(record, "its timer is lost")
            self.tier.ended(name, True)
            return
        self.platform.recheck(record, payload, name, lineage)
        for more_s in late_s[1:]:
            if record is not None:
                record.deliveries_left += 1
            self.clock.call_at(self.clock.now() + more_s - late_s[0], partial(self._again, record, payload, lineage))

    def _again(self, record: WaitRecord | None, payload: bytes, lineage: int) -> None:
        if record is not None:
            record.deliveries_left -= 1
            record.starts.append(self.clock.now())
        self.platform.recheck(record, payload, "", lineage)

    # checks

    def answer(self, instance: str, known: Callable[[], CheckResult]) -> CheckResult:
        """A check's answer about an instance; `known` asks it really. `failed` comes from here: no shipped check says it."""
        if self.weather.check_fails():
            return CheckResult("waiting", "the check could not be asked")
        if self.status_of(instance) == "failed":
            return CheckResult("failed", "the instance says that it failed")
        with self.platform.standing_still():
            return known()

    def status_of(self, name: str) -> Status:
        """What is true of an instance now."""
        record, instance = self._instances[name]
        return "gone" if name in self._released else record.status_of(instance)

    # log lines

    def said(self, invocation: Invocation, line: dict[str, object]) -> None:
        """A log line of the deployed code."""
        self.invariants.on_text(msgspec.json.encode(line).decode())
        if line.get("verdict") == "look":
            self.looks += 1
            instances = line.get("instances")
            record = self._by_instance.get((str(line.get("hook")), str(instances[0]))) if isinstance(instances, list) else None
            if record is not None:
                self.invariants.on_look(record)
        self.say(f"#{invocation.number} says {line.get('verdict')}")

    # who is who

    def record_of(self, action: Action) -> WaitRecord | None:
        return self._by_instance.get((action.hook, action.instances[0]))

    def name_of(self, record: WaitRecord) -> str:
        return f"wait {self._numbers[id(record)]}"


def action_of(scenario: Scenario, plan: WaitPlan) -> Action:
    """The action as its notification will tell it, as far as it names the wait."""
    names = tuple(instance.name for instance in plan.instances)
    return Action(scenario.cloud, plan.hook, plan.token, names, plan.group, plan.transition)


def _without_memory(payload: bytes) -> bytes:
    """A recheck's message, whatever it remembers of checks and steps: that may be told to a timer after it was set."""
    message = json.loads(payload)
    message["rearm"].pop("known", None)
    return json.dumps(message).encode()
