"""What must hold, whatever the weather. Each is checked at the step where it could break, and `Broken` says which wait, and why.

| invariant                                                             | checked                      |
| --------------------------------------------------------------------- | ---------------------------- |
| a completion is justified by the checks, or by the end of the budget  | before each completion       |
| never two different results for one action                            | before each completion       |
| heartbeats and timers lie within every limit                          | before each of them          |
| looks are strictly later                                              | before each timer            |
| at most one timer is due for a wait; where something arrived that     | after each timer             |
| could begin a second chain, it merges at the next slot                |                              |
| not many more looks than slots                                        | after each look              |
| calm weather: who is ready is let go                                  | after each look              |
| the default result never falls on a wait that nothing has struck      | at each end                  |
| gentle weather: every wait is ended by rearm                          | at each end                  |
| the sweep leaves no wait behind that the cloud holds                  | after each sweep             |
| a batch loses no good message to a bad one                            | after each batch             |
| looks of a burst are spread over the interval                         | at the end                   |
| nothing is left behind: no timer, and no look after the lapse         | at each look, and at the end |
| no token in a log line or an error                                    | at each line                 |
| no invocation runs into its function's time-out                       | when one does                |
| a handler raises only what its platform can act on                    | at each error                |
"""

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from rearm.core import grid
from rearm.core.budget import UNTIMED_S
from rearm.core.model import Action, Result
from rearm.errors import InvalidNotification, TryAgain
from rearm_workbench.simulator.invocation import Invocation
from rearm_workbench.simulator.wait_record import WaitRecord

if TYPE_CHECKING:
    from rearm_workbench.simulator.simulation import Simulation

UUID_AFTER_8 = re.compile(r"-(?=[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
"""The first hyphen of a UUID, after 8 digits: what begins with a letter that is there or not is found six times as fast."""
TIMER_NAME = re.compile(r"[a-zA-Z][0-9a-zA-Z-]{0,63}")
PAYLOAD_MAX = 128 * 1024
SETTLE_S = 120.0
"""A second chain of looks has merged by then, on top of two intervals."""


class Broken(BaseException):
    """An invariant does not hold. No `except Exception` of the deployed code may hide it."""


class Invariants:
    """The watch over one run."""

    def __init__(self, run: "Simulation") -> None:
        self._run = run
        self._scenario = run.scenario
        self._limits = run.limits
        self._dues: Counter[int] = Counter()
        """How many looks are due in each second, in the first minutes of a burst, before heartbeats and budgets align them."""
        self._most_due = 0
        """The most in a second that is past."""

    # completions

    def before_complete(self, record: WaitRecord | None, action: Action, result: Result) -> None:
        if record is None:
            raise Broken(f"a completion for an action that nobody announced: {action.hook} {action.instances}")
        others = {sent for _, sent in record.sent} - {result}
        # A look of a second chain may be under way when the first one ends the wait: the cloud refuses what comes after the end.
        if others and record.active and self._recent(record, record.starts) < 2:
            self._fail(record, f"two different results for one action: {others.pop()} before, {result} now")
        if not self._is_justified(record, result) and not record.sent:
            self._fail(record, f"{result} is not justified: no check asked for it and the budget has not ended")
        record.sent.append((self._run.clock.now(), result))

    def _is_justified(self, record: WaitRecord, result: Result) -> bool:
        plan = record.plan
        careful: Result = "CONTINUE" if plan.transition == "terminate" else "ABANDON"
        passed = all(record.ever("passed", one) for one in plan.instances)
        lost = any(record.ever("failed", one) or self._run.status_of(one.name) == "gone" for one in plan.instances)
        if passed and result == "CONTINUE":
            return True
        if lost and result == careful:
            return True
        return result == (plan.pace.on_timeout or careful) and self._run.clock.now() >= self._earliest_timeout(record)

    def _earliest_timeout(self, record: WaitRecord) -> float:
        """No time-out answer is right before this."""
        limits, plan = self._limits, record.plan
        lead_s = limits.timer_lead_s + grid.TICK_S + abs(self._scenario.skew_s) + 1.0 + UNTIMED_S
        budget_at = record.began_at + (plan.pace.budget_s or math.inf)
        end_at = record.began_at + limits.wait_limit_s(plan.timeout_s) - limits.end_slack_s
        if self._hook_changed(record):
            end_at = record.began_at + limits.wait_limit_s(min(180, plan.timeout_s)) - limits.end_slack_s
        if record.real is not None and limits.heartbeats_max is not None:
            # The count may be used up sooner where heartbeats were lost on the way; then the known lapse is the end.
            spent = record.heartbeats + len(record.struck) >= limits.heartbeats_max - 2 or record.starts[1:] or self._scenario.sweep_s
            if spent:
                return -math.inf
        return min(budget_at, end_at - limits.timer_late_s - limits.margin_s) - lead_s

    # heartbeats and timers

    def before_heartbeat(self, action: Action, seconds: int) -> None:
        if not self._limits.heartbeat_min_s <= seconds <= self._limits.heartbeat_max_s:
            allowed = f"{self._limits.heartbeat_min_s} to {self._limits.heartbeat_max_s}"
            raise Broken(f"a heartbeat of {seconds} s for {action.hook}: {allowed} is allowed")

    def before_recheck(self, record: WaitRecord | None, name: str, at: float, now: float, payload: bytes) -> None:
        if record is None:
            raise Broken(f"a timer for an action that nobody announced: {name}")
        if not TIMER_NAME.fullmatch(name):
            self._fail(record, f"no timer can have the name {name!r}")
        if len(payload) > PAYLOAD_MAX:
            self._fail(record, f"the message has {len(payload)} bytes")
        if at <= now:
            self._fail(record, f"the next look is not later: {at - now:.1f} s from now")
        if self._limits.timer_max_s is not None and at > now + self._limits.timer_max_s:
            self._fail(record, f"a timer {at - now:.0f} s ahead: {self._limits.timer_max_s} s is the farthest")
        if at > now + self._limits.timer_lead_s + grid.TICK_S + record.plan.pace.every_s + 1:
            self._fail(record, f"the next look is {at - now:.0f} s away: more than an interval")

    def after_recheck(self, record: WaitRecord, invocation: Invocation) -> None:
        now = self._run.clock.now()
        if invocation.job.function == "sweep":
            record.starts.append(now)
        due, due_at, began_at = len(record.pending), max(record.pending.values()), record.began_at
        if began_at + 60 < due_at < began_at + 400:
            self._dues[int(due_at)] += 1
        if due > 1 and due > 1 + self._recent(record, record.starts) + self._recent(record, [at for at, _ in record.struck]):
            names = ", ".join(f"{name} in {at - now:.0f} s" for name, at in record.pending.items())
            self._fail(record, f"{due} timers are due at once: {names}")

    def _recent(self, record: WaitRecord, times: list[float]) -> int:
        """How many of them are so near that what they began may not have merged yet."""
        since = self._run.clock.now() - 10 * record.plan.pace.every_s - 2 * self._scenario.late_max_s - SETTLE_S
        return sum(at >= since for at in times)

    # looks

    def on_look(self, record: WaitRecord) -> None:
        now, plan, real = self._run.clock.now(), record.plan, record.real
        record.looks += 1
        waited_s = now - record.began_at
        if record.looks > 5 + 1.3 * waited_s / plan.pace.every_s:
            self._not_too_many_looks(record, waited_s)
        if real is None:
            return
        if real.ended_at is None:
            if self._scenario.regime == "calm" and (overdue_s := self._overdue_s(record, now)) > 0:
                self._fail(record, f"ready for long, and held {overdue_s:.0f} s more than two looks take")
            return
        last = real.lapses_at + 2 * plan.pace.every_s + self._scenario.late_max_s + SETTLE_S
        again = any(at >= real.ended_at for at in record.starts)
        if now > last and not again and not self._hook_changed(record) and not self._struck_since(record, real.ended_at):
            self._fail(record, f"still looked at {now - real.ended_at:.0f} s after its end")

    def _not_too_many_looks(self, record: WaitRecord, waited_s: float) -> None:
        """More than these slots are excused where something came twice, or had to be tried again."""
        plan = record.plan
        held = 0 < plan.timeout_s < self._limits.short_hook_s
        # The end of a wait younger than a minute is not believed, and is asked for at each tick.
        young = 12 if record.real and record.real.ended_at and record.real.ended_at < record.began_at + 60 else 0
        pace_s = plan.pace.every_s
        if self._scenario.cloud == "aws" and pace_s > (plan.timeout_s - 75) / 4:
            pace_s = max(10, min(pace_s, (plan.timeout_s - 75) // 2))
        # Where looks linger, a notification's look has the next one come at once.
        begins = len(record.starts) * (2 if plan.pace.linger_s else 1)
        extra = young + begins + 4 * len(record.struck) + (4 * (record.heartbeats + 1) if held else 0)
        most = 5 + 1.3 * waited_s / pace_s + extra + record.heartbeats + 2 * record.refused
        if held:
            most *= 1 + len(record.starts) + len(record.struck)
        if record.looks > most:
            self._fail(record, f"{record.looks} looks in {waited_s:.0f} s, one each {plan.pace.every_s} s is enough")

    def _overdue_s(self, record: WaitRecord, now: float) -> float:
        """How much longer than two looks and their lateness every instance has been ready."""
        ready_s = 0.0
        for one in record.plan.instances:
            if record.status_of(one) != "passed":
                return 0.0
            ready_s = max(ready_s, one.ready_s or 0.0)
        ready_at = record.began_at + ready_s
        begun_at = max(ready_at, record.starts[0] if record.starts else math.inf)
        return now - begun_at - 2 * record.plan.pace.every_s - self._scenario.late_max_s - SETTLE_S

    def _hook_changed(self, record: WaitRecord) -> bool:
        """Nobody can know then which timeout a wait has that began before."""
        return any(what == "its hook was changed" for _, what in record.struck)

    def _struck_since(self, record: WaitRecord, since: float) -> bool:
        return any(at >= since for at, _ in record.struck)

    # ends

    def on_end(self, record: WaitRecord) -> None:
        real, regime = record.real, self._scenario.regime
        if real is None or record.ended_elsewhere or real.by != "default result":
            return
        if regime in ("calm", "gentle"):
            self._fail(record, f"the default result fell after {self._run.clock.now() - record.began_at:.0f} s, in {regime} weather")
        recent = self._run.clock.now() - 2 * record.plan.timeout_s - 1200
        excused = record.broken_off or self._struck_since(record, recent) or self._hook_changed(record)
        if not excused and self._scenario.calls_per_s is None:
            self._fail(record, "the default result fell, and nothing had struck the wait for a long time")

    def after_sweep(self, began_at: float) -> None:
        for record in self._run.records:
            held_in_short = record.plan.timeout_s < self._limits.short_hook_s
            left_alone = record.active and not record.attended and max(record.began_at, record.struck_at, record.left_at) < began_at
            if left_alone and not held_in_short and self._scenario.regime == "lossy":
                self._fail(record, "the sweep has left it alone")

    def after_batch(self, batch: list[Any], failed: set[str], poisoned: bool) -> None:
        if poisoned and "m-poison" not in failed:
            raise Broken("a message that is no notification was taken as done: it must reach the dead-letter queue")
        for name, _, record, _ in batch:
            if name in failed and not record.struck and self._scenario.calls_per_s is None:
                self._fail(record, "its message was given back though nothing had struck it")
            if (
                name not in failed
                and record.active
                and not record.attended
                and not record.struck
                and record.plan.timeout_s >= self._limits.short_hook_s
            ):
                self._fail(record, "its message was acknowledged, and no look is due")

    def at_its_end(self, record: WaitRecord) -> None:
        """When a wait is let go, or the run has ended."""
        if record.real is None or record.active:
            self._fail(record, "it never ended")
        if record.pending:
            self._fail(record, f"timers are left behind: {', '.join(record.pending)}")

    def forget_before(self, now: float) -> None:
        """Of the seconds that are past, only the fullest one is remembered."""
        past = [second for second in self._dues if second < now]
        self._most_due = max([self._most_due, *(self._dues.pop(second) for second in past)])

    def at_the_end(self) -> None:
        for record in self._run.records:
            self.at_its_end(record)
        self._spread()

    def _spread(self) -> None:
        """Most of a burst must not be looked at in the same second."""
        waits = self._run.waits.count
        most = max([self._most_due, *self._dues.values()])
        if most > max(12, 0.6 * waits):
            raise Broken(f"{most} looks of {waits} waits are due in the same second")

    # logs, errors, time

    def on_text(self, text: str) -> None:
        for found in UUID_AFTER_8.finditer(text):
            at = found.start()
            if text[max(0, at - 8) : at + 28] in self._run.waits.tokens:
                raise Broken(f"a log line or an error holds a whole token: {text[:200]}")

    def on_error(self, error: Exception) -> None:
        if not isinstance(error, (TryAgain, InvalidNotification)):
            raise Broken(f"a handler raised {type(error).__name__}: {error}") from error

    def ran_into_its_timeout(self, invocation: Invocation) -> None:
        raise Broken(f"invocation {invocation.number} of {invocation.job.function} ran into its function's time-out")

    def _fail(self, record: WaitRecord, what: str) -> None:
        identity = grid.identity(record.action)
        raise Broken(f"{self._run.name_of(record)} ({record.plan.hook}, {identity[:8]}): {what}")
