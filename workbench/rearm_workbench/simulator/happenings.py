"""What happens to the waits of a run whatever rearm does: they begin and are notified, instances vanish, somebody else meddles."""

from functools import partial
from typing import TYPE_CHECKING

from rearm.core.model import Result
from rearm_workbench.simulator.scenario import WaitPlan
from rearm_workbench.simulator.wait_record import WaitRecord

if TYPE_CHECKING:
    from rearm_workbench.simulator.simulation import Simulation


class Happenings:
    """As the plans of a scenario's waits say."""

    def __init__(self, run: "Simulation") -> None:
        self._run = run

    def begin(self, record: WaitRecord) -> None:
        """The wait begins now, and what its plan names is arranged."""
        plan = record.plan
        record.real = self._run.tier.begin(plan, record)
        record.extended_at = self._run.clock.now()
        record.real.on_end.append(partial(self._run.ended, record))
        self._run.say(f"{self._run.name_of(record)} begins: {plan.timeout_s} s, {plan.transition}")
        began_at = self._run.clock.now()
        record.deliveries_left = len(plan.notified_s)
        if not plan.notified_s or plan.notified_s[0] > max(5.0, min(60.0, plan.timeout_s / 8)):
            record.strike("its notification is lost, or late")
        for after_s in plan.notified_s:
            self._run.clock.call_at(began_at + after_s, partial(self._notified, record))
        for instance in plan.instances:
            if instance.gone_s is not None:
                self._run.clock.call_at(began_at + instance.gone_s, partial(self._vanish, instance.name))
        if plan.elsewhere:
            self._run.clock.call_at(began_at + plan.elsewhere[0], partial(self._complete_elsewhere, record, plan.elsewhere[1]))
        if plan.hook_deleted_s is not None:
            self._run.clock.call_at(began_at + plan.hook_deleted_s, partial(self._delete_hook, plan))
        if plan.hook_changed:
            self._run.clock.call_at(began_at + plan.hook_changed[0], partial(self._change_hook, plan, plan.hook_changed[1]))

    def _notified(self, record: WaitRecord) -> None:
        record.starts.append(self._run.clock.now())
        self._run.say(f"{self._run.name_of(record)} notified through {self._run.scenario.doorway}")
        self._run.platform.notify(record)

    def _vanish(self, instance: str) -> None:
        self._run.say(f"{instance} vanishes")
        self._run.tier.vanish(instance)

    def _complete_elsewhere(self, record: WaitRecord, result: Result) -> None:
        if record.real is not None and record.active:
            record.ended_elsewhere = True
            self._run.tier.book.end(record.real, result, "client")

    def _delete_hook(self, plan: WaitPlan) -> None:
        self._run.say(f"{plan.hook} is deleted")
        self._run.tier.delete_hook(plan.group, plan.hook)

    def _change_hook(self, plan: WaitPlan, timeout_s: int) -> None:
        self._run.say(f"{plan.hook} gets {timeout_s} s")
        for record in self._run.records:
            if (record.plan.group, record.plan.hook) == (plan.group, plan.hook):
                record.strike("its hook was changed")
        self._run.tier.change_hook(plan.group, plan.hook, timeout_s)
