"""Growth: does a wait cost more when there are more of them? Per wait, at 10, 1,000 and 100,000 of them where that ends within a minute."""

import time
from collections.abc import Callable
from functools import partial

import long_world
from contenders import Contender, aws
from messages import recheck
from results import Table
from rounds import Sample, interleaved
from stub import answering

from rearm.core import grid
from rearm.core.limits import AWS, Limits
from rearm.core.model import Action, CloudName, Held, Hook
from rearm.sweep import sweep

FEW, MANY, MORE, MOST = 10, 1_000, 10_000, 100_000
FARTHEST = 1_000_000
LOOKS = 100
SWEPT = 20_000
"""Waits that one sample of the sweep goes through at least: ten alone are over too soon to be measured."""


def measure(runs: int) -> dict[str, Table]:
    """Each against its own figure for the few."""
    sweeps: dict[str, Callable[[], Sample]] = {f"{count:,} waits": partial(_swept, count) for count in (FEW, MANY, MOST)}
    counts = (FEW, MANY, MORE, MOST)
    worlds: dict[str, Callable[[], Sample]] = {f"{count:,} waits": partial(long_world.measured, count) for count in counts}
    with answering("waiting") as port:
        looked: dict[str, Callable[[], Sample]] = {f"{count:,} waits": partial(_looked, aws()[-1], port, count) for count in (FEW, MANY)}
        looks = interleaved(looked, runs, "growth, look")["cpu"]
    played = interleaved(worlds, runs, "growth, simulator")
    far = interleaved({f"{count:,} waits": partial(long_world.measured, count) for count in (MORE, FARTHEST)}, 1, "growth, a million waits")
    swept = interleaved(sweeps, runs, "growth, sweep")["us"]
    first = f"{FEW:,} waits"
    passing = f"On AWS, no faults; {long_world.PER_S} waits begin in each second, and one that is over is let go."
    long = "100,000 would take longer than a minute for each sample."
    return {
        "look": Table("CPU of a warm look, in a process that has looked at so many waits", "ms", first, looks, long),
        "sweep": Table("CPU of a sweep for each wait, all of them looked after", "µs", first, swept, "The cloud answers at the port."),
        "simulator": Table(
            f"CPU of the simulator for each wait of {long_world.LOOKS} looks, in one world", "ms", f"{MANY:,} waits", played["ms"], passing
        ),
        "simulator-memory": Table(
            "Peak memory of the simulator, in one world",
            "MB",
            f"{MORE:,} waits",
            {name: samples for name, samples in played["mb"].items() if name in (f"{MORE:,} waits", f"{MOST:,} waits")},
            passing,
        ),
        "million": Table(
            "CPU of the simulator for each wait, up to a million", "ms", f"{MORE:,} waits", far["ms"], f"One round. {passing}"
        ),
        "million-memory": Table(
            "Peak memory of the simulator, up to a million", "MB", f"{MORE:,} waits", far["mb"], f"One round. {passing}"
        ),
    }


def _looked(contender: Contender, port: int, count: int) -> Sample:
    """Of looks at waits that the process has not seen."""
    events = [recheck("aws", f"i-{number:017x}") for number in range(count + LOOKS)]
    later = contender.recheck()
    with later.start(port, events[0]) as function:
        for event in events[1:count]:
            function.invoke(event)
        before = function.cpu_s
        for event in events[count:]:
            function.invoke(event)
        spent = function.cpu_s - before
        later.has_answered(function, "waiting")
    return {"cpu": spent / LOOKS * 1000}


def _swept(count: int) -> Sample:
    account = Account(count)
    times = max(1, SWEPT // count)
    began = time.process_time()
    for _ in range(times):
        line = sweep(account)
    spent = time.process_time() - began
    assert (line["held"], line["looked_after"]) == (count, count), line
    return {"us": spent / times / count * 1e6}


class Account:
    """`rearm.clouds.Cloud`, as far as a sweep calls it: every wait has its timer."""

    name: CloudName = "aws"
    limits: Limits = AWS

    def __init__(self, count: int) -> None:
        now, hook = time.time(), Hook(3600, "ABANDON", "launch")
        actions = [Action("aws", "ready-hook", "", (f"i-{number:017x}",), "web", "launch") for number in range(count)]
        self._held = [Held(action, hook, now) for action in actions]
        self._due = frozenset(grid.identity(action) for action in actions)

    def held_waits(self, _groups: tuple[str, ...]) -> list[Held]:
        return self._held

    def timers_due(self) -> frozenset[str]:
        return self._due

    def remaining_s(self) -> float:
        return 60.0

    def say(self, line: dict[str, object]) -> None:
        """Nowhere."""
