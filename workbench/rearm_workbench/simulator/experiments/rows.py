"""The rows of every table: what is played in each. A row's name is what the page calls it.

| table | holds the same | varies |
| --- | --- | --- |
| burst | 1,000 instances within 2 s | who handles them, at how many calls a second |
| loss | a fifth of notifications and timers lost | the sweep's interval |
| order | 30 % of calls fail | heartbeat or timer first |
| margin | timers late, 10 % of calls fail | how long before the lapse a heartbeat is due |
| short | hooks of 30, 60 and 120 s | looks held in one invocation, or timers only |
| adds | waits that are never ready on Alibaba Cloud | what a heartbeat is taken to do, what it does |
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import msgspec

from rearm.core.limits import AWS
from rearm.core.model import CloudName
from rearm_workbench.simulator.experiments import variants, worlds
from rearm_workbench.simulator.experiments.handwritten import Handwritten
from rearm_workbench.simulator.experiments.measured import Figures, Measured, play
from rearm_workbench.simulator.scenario import Scenario

BOTO3_PAUSES_S = (1.0, 2.0, 4.0, 8.0)
"""boto3 as it comes: five attempts, pauses up to that long between them (botocore, retry mode `legacy`)."""

TIMERS_ONLY = msgspec.structs.replace(AWS, short_hook_s=0)


@dataclass(frozen=True)
class Row:
    """`run(number)` plays world `number` and counts; `worlds` of them make the row."""

    table: str
    name: tuple[str, ...]
    worlds: int
    run: Callable[[int], Figures]


def ours(scenario: Callable[[int], Scenario], number: int) -> Figures:
    """The deployed rules: every invariant is checked."""
    return play(Measured(scenario(number)))


def other(scenario: Callable[[int], Scenario], variant: variants.Variant, number: int) -> Figures:
    """Another rule in the same world."""
    with variant():
        return play(Measured(scenario(number), tolerant=True))


def handwritten(scenario: Callable[[int], Scenario], pauses_s: tuple[float, ...] | None, number: int) -> Figures:
    """The handler that people write, in the same world."""
    simulation = Measured(scenario(number), tolerant=True, pauses_s=pauses_s)
    simulation.run(Handwritten(simulation))
    return simulation.counted()


def _burst(cloud: CloudName, rate: float, number: int) -> Scenario:
    return worlds.burst(number, cloud, calls_per_s=rate)


def _losses(sweep_s: int | None, number: int) -> Scenario:
    return worlds.losses(number, sweep_s)


def _failing(cloud: CloudName, rate: float, lateness_s: float, kills: bool, number: int) -> Scenario:
    return worlds.failing(number, cloud, rate, lateness_s, kills=kills)


def _short(timeout_s: int, number: int) -> Scenario:
    return worlds.short_hook(number, timeout_s)


def _timers_only(timeout_s: int, number: int) -> Figures:
    return play(Measured(_short(timeout_s, number), limits=TIMERS_ONLY, tolerant=True))


def _endless(timeout_s: int, adds: bool, number: int) -> Scenario:
    return worlds.endless(number, timeout_s, adds=adds)


def _bursts() -> list[Row]:
    rows = []
    clouds: tuple[CloudName, ...] = ("aws", "alibaba")
    for cloud in clouds:
        at_10 = partial(_burst, cloud, 10.0)
        rows.append(Row("burst", (cloud, "rearm", "10"), 3, partial(ours, at_10)))
        rows.append(Row("burst", (cloud, "a heartbeat per check, through rearm's adapter", "10"), 3, partial(handwritten, at_10, None)))
        if cloud == "aws":
            rows.append(
                Row("burst", (cloud, "a heartbeat per check, boto3 as it comes", "10"), 3, partial(handwritten, at_10, BOTO3_PAUSES_S))
            )
        else:
            rows.append(Row("burst", (cloud, "a heartbeat per check, SDK as it comes", "10"), 3, partial(handwritten, at_10, ())))
        for rate in (8.0, 6.0):
            fewer = partial(_burst, cloud, rate)
            rows.append(Row("burst", (cloud, "rearm", f"{rate:.0f}"), 1, partial(other, fewer, variants.deployed)))
    return rows


SWEEPS_S = (60, 300, 600, 1800, None)


def _loss_rows() -> list[Row]:
    return [
        Row("loss", ("none" if sweep_s is None else str(sweep_s),), 200, partial(ours, partial(_losses, sweep_s))) for sweep_s in SWEEPS_S
    ]


ORDERS: dict[str, variants.Variant] = {
    "heartbeat, then timer (deployed)": variants.deployed,
    "heartbeat, then timer; a failed heartbeat is raised": variants.failure_raised,
    "timer with the old lapse, then heartbeat": variants.recheck_first(hoped=False),
    "timer with the hoped-for lapse, then heartbeat": variants.recheck_first(hoped=True),
}


def _orders() -> list[Row]:
    rows = []
    for name, variant in ORDERS.items():
        for cloud in ("aws", "alibaba"):
            for kills in (False, True):
                world = partial(_failing, cloud, 0.3, 60.0, kills)
                rows.append(Row("order", (name, cloud, "killed" if kills else ""), 12, partial(other, world, variant)))
    return rows


GUARDS: dict[str, variants.Variant] = {
    "5 s": variants.guard(5),
    "a timer's lateness": variants.guard(AWS.timer_late_s),
    "a timer's lateness and a margin": variants.guard(AWS.timer_late_s + AWS.margin_s),
    "deployed": variants.deployed,
    "a quarter of the timeout": variants.guard(share=0.25),
    "half of the timeout": variants.guard(share=0.5),
}
LATENESSES_S = (59.0, 120.0, 240.0)


def _margins() -> list[Row]:
    rows = []
    for name, variant in GUARDS.items():
        for lateness_s in LATENESSES_S:
            world = partial(_failing, "aws", 0.1, lateness_s, False)
            rows.append(Row("margin", (name, f"{lateness_s:.0f}"), 12, partial(other, world, variant)))
    return rows


SHORT_S = (30, 60, 120)


def _shorts() -> list[Row]:
    rows = []
    for timeout_s in SHORT_S:
        rows.append(Row("short", ("held (deployed)", str(timeout_s)), 12, partial(ours, partial(_short, timeout_s))))
        rows.append(Row("short", ("timers only", str(timeout_s)), 12, partial(_timers_only, timeout_s)))
    return rows


READINGS: dict[str, variants.Variant] = {
    "found out (deployed)": variants.deployed,
    "taken to set": variants.assumed_to_set,
    "taken to add": variants.assumed_to_add,
}


def _adds() -> list[Row]:
    rows = []
    for name, variant in READINGS.items():
        for adds in (False, True):
            for timeout_s in (600, 3600):
                world = partial(_endless, timeout_s, adds)
                rows.append(Row("adds", (name, "adds" if adds else "sets", str(timeout_s)), 5, partial(other, world, variant)))
    return rows


def every_row() -> list[Row]:
    """All of them, in the order of the page."""
    return [*_bursts(), *_loss_rows(), *_orders(), *_margins(), *_shorts(), *_adds()]
