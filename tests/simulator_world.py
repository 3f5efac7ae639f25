"""Scenarios made by hand, and runs of both tiers with their timelines."""

from typing import Any

from rearm.core.model import CloudName, Transition
from rearm_workbench.simulator import campaign
from rearm_workbench.simulator.invariants import Broken
from rearm_workbench.simulator.scenario import PACES, Instance, Scenario, WaitPlan, draw
from rearm_workbench.simulator.simulation import Simulation

CLOUDS: tuple[CloudName, ...] = ("aws", "alibaba")
TOKEN = "0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c500"
"""Of the first instance in the first hook."""
Timeline = tuple[list[tuple[float, str]], str]


def instance(number: int = 0, **times: float) -> Instance:
    """`ready_s`, `fails_s`, `gone_s`."""
    return Instance(f"i-0123456789abcdef{number}", **times)


def plan(*instances: Instance, transition: Transition = "launch", hook: int = 0, pace: int = 0, **changed: Any) -> WaitPlan:
    """A wait of 600 s, looked after each minute, unless told. Its token tells it from those of the other instances and hooks."""
    instances = instances or (instance(ready_s=90.0),)
    token = TOKEN[:-2] + instances[0].name[-1] + str(hook)
    told: dict[str, Any] = {"timeout_s": 600, "default_result": "ABANDON", "pace": PACES[pace], **changed}
    return WaitPlan(f"group-p{pace}", f"hook-{transition}-{hook}", token, transition, instances, **told)


def scenario(cloud: CloudName, *plans: WaitPlan, **changed: Any) -> Scenario:
    """Calm weather, unless told."""
    told: dict[str, Any] = {"doorway": "direct" if cloud == "aws" else "mns_queue", "regime": "calm", "faults": frozenset(), **changed}
    return Scenario("by hand", cloud, waits=plans or (plan(),), **told)


def played(what: str | Scenario, *, in_full: bool) -> Timeline:
    """The timeline of a run (of a seed, or made by hand), and what broke."""
    simulation = Simulation(draw(what) if isinstance(what, str) else what, trace=True)
    broken = ""
    with campaign.surroundings(full=in_full):
        try:
            campaign.play(simulation, full=in_full)
        except Broken as found:
            broken = str(found)
    assert simulation.trace is not None
    return simulation.trace, broken
