"""Waits that come one after the other: each is judged when it is over, and let go. However many they are, a world stays small."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from rearm import look
from rearm.core.model import Action, CloudName
from rearm_workbench.simulator import fast
from rearm_workbench.simulator.invariants import Broken
from rearm_workbench.simulator.scenario import Scenario, WaitPlan
from rearm_workbench.simulator.simulation import LET_GO_EACH, Simulation
from simulator_world import CLOUDS, TOKEN, instance, plan, scenario

EACH_S = 0.53
"""No two things happen at once."""

LASTS_S = 90.0


def coming(count: int, *, hooks: int = 1) -> Iterator[WaitPlan]:
    """One instance each half second, each held by so many hooks, ready after a minute."""
    for number in range(count):
        one = replace(instance(ready_s=60.0), name=f"i-{number:017x}")
        for hook in range(hooks):
            token = f"{number:08x}{TOKEN[8:-1]}{hook}"
            yield replace(plan(one, hook=hook, transition="terminate", begins_s=number * EACH_S), token=token)


def passing(cloud: CloudName, count: int, *, hooks: int = 1) -> Scenario:
    return replace(scenario(cloud), waits=(), to_come=partial(coming, count, hooks=hooks))


class Watched(Simulation):
    """`most`: of how many waits something was kept at once."""

    most = 0

    def after_step(self) -> None:
        super().after_step()
        self.most = max(self.most, len(self.records))


def played(what: Scenario) -> tuple[Watched, fast.Fast]:
    simulation = Watched(what, trace=True)
    with fast.surroundings():
        tier = fast.Fast(simulation)
        simulation.run(tier)
    return simulation, tier


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_is_over_is_let_go(cloud: CloudName) -> None:
    count = 4 * LET_GO_EACH
    simulation, tier = played(passing(cloud, count))
    ends = {what for _, what in simulation.trace or [] if "ended:" in what}
    assert ends == {f"wait {number} ended: CONTINUE by client" for number in range(count)}
    assert simulation.most <= LET_GO_EACH + 2 * LASTS_S / EACH_S
    assert simulation.waits.count == count
    kept = {record.plan.token for record in simulation.records}
    assert simulation.waits.tokens == set(tier.book.actions) == kept
    assert tier.account._names == {name for record in simulation.records for name in record.taken}
    assert len(kept) < count


@pytest.mark.parametrize("cloud", CLOUDS)
def test_it_is_the_same_world_as_one_that_keeps_them_all(cloud: CloudName) -> None:
    count = LET_GO_EACH + 40
    all_known = replace(passing(cloud, 0), waits=tuple(coming(count)), to_come=None)
    kept, _ = played(all_known)
    let_go, _ = played(passing(cloud, count))
    assert len(kept.records) == count > len(let_go.records)
    assert let_go.trace == kept.trace


def test_hooks_that_hold_one_instance_are_let_go_together() -> None:
    simulation, _ = played(passing("aws", 2 * LET_GO_EACH, hooks=2))
    numbers = {record.number // 2 for record in simulation.records}
    assert len(simulation.records) == 2 * len(numbers) < 4 * LET_GO_EACH


def test_a_wait_that_is_let_go_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = Simulation(passing("aws", LET_GO_EACH + 1))
    judged: list[int] = []
    monkeypatch.setattr(simulation.invariants, "at_its_end", lambda record: judged.append(record.number))
    with fast.surroundings():
        simulation.run(fast.Fast(simulation))
    assert sorted(judged) == list(range(LET_GO_EACH + 1))


def test_one_that_never_ends_is_found() -> None:
    simulation = Simulation(passing("aws", 5))
    with fast.surroundings():
        tier = fast.Fast(simulation)
        tier.book.end = lambda *_: None  # type: ignore[method-assign]  # the planted fault
        with pytest.raises(Broken, match="it never ended"):
            simulation.run(tier)


def test_a_process_forgets_the_timers_that_are_past() -> None:
    """Now and then: to go through all of them at each look would cost more with each wait."""
    armed, later, times = look.Armed(), 1000.0, 0
    for number in range(10_000):
        before = armed._due
        armed.note(Action("aws", "hook", "token", (f"i-{number}",), "group"), number + later, float(number))
        times += armed._due is not before
        assert len(armed._due) <= 2 * later + 1
    assert times < 10_000 / later + 10
    assert armed.due(Action("aws", "hook", "token", ("i-9999",), "group")) == 9999 + later
