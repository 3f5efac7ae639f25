"""A world that many waits pass through, played in a process of its own: what each costs, and the process's peak memory.

`python long_world.py 1000` prints it as JSON.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from random import Random

from rounds import Sample
from stopwatch import Failed, peak_mb

from rearm.core.model import CloudName
from rearm_workbench.simulator import fast
from rearm_workbench.simulator.experiments.worlds import EVERY_60, wait
from rearm_workbench.simulator.scenario import Scenario, WaitPlan
from rearm_workbench.simulator.simulation import Simulation

LOOKS = 2
PER_S = 2
"""Waits that begin in each second: some 150 are open at once, in the small worlds too."""

TIMEOUT_S = 600
PLAYED = 10_000
"""Waits that a process plays at least: ten alone are over too soon to be measured."""


def world(cloud: CloudName, count: int, looks: int = LOOKS, per_s: float = PER_S) -> Scenario:
    """`count` waits, one after the other, each ready just before its last look. No faults."""
    to_come = partial(_waits, count, (looks - 1.5) * EVERY_60.every_s, per_s)
    return Scenario("long", cloud, "eventbridge", "calm", frozenset(), (), to_come=to_come)


def _waits(count: int, ready_s: float, per_s: float) -> Iterator[WaitPlan]:
    random = Random("long")
    for number in range(count):
        yield wait(random, number, timeout_s=TIMEOUT_S, ready_s=ready_s, begins_s=number / per_s)


def measured(count: int) -> Sample:
    """`ms`: CPU for each look of a wait, times `LOOKS`; `mb`: the peak."""
    ran = subprocess.run([sys.executable, __file__, str(count)], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Failed(f"the world of {count:,} waits: {ran.stderr.strip().splitlines()[-1:]}")
    found: Sample = json.loads(ran.stdout)
    return found


def _play(count: int) -> Sample:
    looks = 0
    with fast.surroundings():
        _played(20)
        began = time.process_time()
        for _ in range(max(1, PLAYED // count)):
            looks += _played(count)
        spent = time.process_time() - began
    return {"ms": spent / looks * LOOKS * 1000, "mb": peak_mb(os.getpid())}


def _played(count: int) -> int:
    simulation = Simulation(world("aws", count))
    simulation.run(fast.Fast(simulation))
    if simulation.waits.count != count:
        raise Failed(f"{simulation.waits.count} waits came, and {count} were to come")
    return simulation.looks


if __name__ == "__main__":
    print(json.dumps(_play(int(sys.argv[1]))))
