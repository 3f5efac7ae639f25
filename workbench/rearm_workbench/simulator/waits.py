"""The waits of one run: which is meant, and which are over and can be let go."""

from rearm.core.model import Action
from rearm_workbench.emulators.lifecycle import Clock
from rearm_workbench.simulator.scenario import Instance, Scenario, WaitPlan
from rearm_workbench.simulator.wait_record import WaitRecord


class Waits:
    """`records`: of all that have not been let go, in the order in which they became known. `count`: how many there were in all."""

    def __init__(self, scenario: Scenario, clock: Clock) -> None:
        self._scenario, self._clock = scenario, clock
        self.records: list[WaitRecord] = []
        self.count = 0
        self.tokens: set[str] = set()
        self._by_instance: dict[tuple[str, str], WaitRecord] = {}
        self._instances: dict[str, tuple[WaitRecord, Instance]] = {}
        self._together: dict[tuple[Instance, ...], list[WaitRecord]] = {}
        self._open: list[WaitRecord] = []
        """Those of which it is not known that they are over; asked from the end."""
        for plan in scenario.waits:
            self.add(plan)

    def add(self, plan: WaitPlan) -> WaitRecord:
        """A wait is to begin."""
        names = tuple(instance.name for instance in plan.instances)
        # The action as its notification will tell it, as far as it names the wait.
        action = Action(self._scenario.cloud, plan.hook, plan.token, names, plan.group, plan.transition)
        record = WaitRecord(self.count, plan, action, self._clock)
        self.count += 1
        self.records.append(record)
        self._open.append(record)
        self.tokens.add(plan.token)
        self._by_instance[plan.hook, names[0]] = record
        for instance in plan.instances:
            self._instances.setdefault(instance.name, (record, instance))
        self._together.setdefault(plan.instances, []).append(record)
        return record

    def of(self, hook: str, instance: str) -> WaitRecord | None:
        """The wait of that hook and first instance."""
        return self._by_instance.get((hook, instance))

    def holding(self, name: str) -> tuple[WaitRecord, Instance]:
        """An instance, and the first wait that holds it."""
        return self._instances[name]

    def of_the_same(self, record: WaitRecord) -> list[WaitRecord]:
        """The waits of its instances, its own too: one for each hook that holds them."""
        return self._together[record.plan.instances]

    def are_over(self) -> bool:
        """All of them."""
        while self._open and self._open[-1].over:
            self._open.pop()
        # One that was over may be looked after again: a sweep had seen it before it ended.
        return not self._open and all(record.over for record in self.records)

    def let_go(self, before: float) -> list[WaitRecord]:
        """Forget those that ended before that, with all others of their instances, and of which nothing is under way. Returns them."""
        found = [record for record in self.records if all(one.over_since(before) for one in self.of_the_same(record))]
        for record in found:
            plan = record.plan
            self.tokens.discard(plan.token)
            self._together.pop(plan.instances, None)
            del self._by_instance[plan.hook, plan.instances[0].name]
            for instance in plan.instances:
                self._instances.pop(instance.name, None)
        gone = set(found)
        self.records = [record for record in self.records if record not in gone]
        self._open = list(self.records)
        return found
