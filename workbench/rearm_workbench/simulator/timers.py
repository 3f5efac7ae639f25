"""Timers on their way: set by a handler, delivered by the cloud, and late, early, doubled or lost in between."""

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from rearm import look
from rearm.core.model import Wait
from rearm_workbench.simulator.invocation import Invocation
from rearm_workbench.simulator.wait_record import WaitRecord

if TYPE_CHECKING:
    from rearm_workbench.simulator.simulation import Simulation

_MESSAGES = msgspec.json.Decoder(look.Message)


class Timers:
    """The timers of one run."""

    def __init__(self, run: "Simulation") -> None:
        self._run = run
        self._set: dict[str, tuple[WaitRecord | None, int, tuple[float, ...]]] = {}
        """By name: the timer's wait, how many invocations led to it, and how late it comes each time."""
        self._by_message: defaultdict[bytes, list[str]] = defaultdict(list)
        """The names, for a cloud that tells the message only."""

    def set(self, invocation: Invocation, name: str, at: float, now: float, payload: bytes, do: Callable[[], bool]) -> bool:
        """A handler has a look set for `at`."""
        run = self._run
        wait = _wait_in(payload)
        record = run.record_of(wait.action)
        run.invariants.before_recheck(record, name, at, now, payload)
        if run.trace is not None:
            run.say(f"#{invocation.number} wants {name[31:]} in {at - now:.0f} s, lapse in {wait.lapses_at - now:.0f} s")

        def arm() -> bool:
            fate = run.weather.timer()
            run.tier.set_timer_offset(-fate.early_s if fate.early_s else fate.late_s[0] if fate.late_s else 0.0)
            new = do()
            if new:
                self._set[name] = record, invocation.job.lineage + 1, (0.0,) if fate.early_s else fate.late_s
                if not run.tier.names_timers:
                    self._by_message[_without_memory(wait)].append(name)
                if record is not None:
                    record.pending[name] = at
                    if run.limits.timer_names_stay:
                        record.taken.append(name)
                    record.armed_at = run.clock.now()
                    if fate.late_s and fate.late_s[0] > run.limits.timer_late_s:
                        record.strike("a timer later than documented")
                    run.invariants.after_recheck(record, invocation)
            return new

        return run.effect("recheck", invocation, record, arm, do)

    def came(self, payload: bytes) -> None:
        """The cloud delivers a timer, and tells its message only."""
        message = _without_memory(_wait_in(payload))
        names = self._by_message[message]
        name = names.pop(0)
        if not names:
            del self._by_message[message]
        self.fired(name, payload)

    def fired(self, name: str, payload: bytes) -> None:
        """The cloud delivers a timer; the weather may have lost it on the way, or doubled it."""
        run = self._run
        record, lineage, late_s = self._set.pop(name)
        if record is not None:
            record.pending.pop(name, None)
        if not late_s:
            run.say("a timer is lost")
            run.strike(record, "its timer is lost")
            run.tier.ended(name, True)
            return
        run.platform.recheck(record, payload, name, lineage, alone=run.tier.names_timers and len(late_s) == 1)
        for more_s in late_s[1:]:
            if record is not None:
                record.deliveries_left += 1
            run.clock.call_at(run.clock.now() + more_s - late_s[0], partial(self._again, record, payload, lineage))

    def _again(self, record: WaitRecord | None, payload: bytes, lineage: int) -> None:
        run = self._run
        if record is not None:
            record.deliveries_left -= 1
            record.starts.append(run.clock.now())
        run.platform.recheck(record, payload, "", lineage)


def _wait_in(payload: bytes) -> Wait:
    return _MESSAGES.decode(payload).rearm


def _without_memory(wait: Wait) -> bytes:
    """A recheck's message, whatever it remembers of checks and steps: that may be told to a timer after it was set."""
    return look.message(msgspec.structs.replace(wait, known={}))
