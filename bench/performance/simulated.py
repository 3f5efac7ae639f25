"""The simulator's fast tier on the fault-free path, beside a bare event loop: waits of 20 looks for each second of one core."""

import heapq
import time
from collections.abc import Callable
from functools import partial
from random import Random

from results import Table
from rounds import Sample, interleaved

from rearm.core.model import CloudName
from rearm_workbench.simulator import fast
from rearm_workbench.simulator.experiments.worlds import wait
from rearm_workbench.simulator.scenario import Scenario
from rearm_workbench.simulator.simulation import Simulation

LOOKS, EVERY_S = 20, 60
WAITS, WORLDS = 10, 10
BARE = "event loop alone"
BARE_WAITS = 2000


def measure(runs: int) -> dict[str, Table]:
    """Waits a second of CPU, in this process."""
    clouds: dict[str, CloudName] = {"rearm, AWS": "aws", "rearm, Alibaba Cloud": "alibaba"}
    turns: dict[str, Callable[[], Sample]] = {BARE: bare}
    turns |= {name: partial(simulated, cloud, WAITS, WORLDS) for name, cloud in clouds.items()}
    with fast.surroundings():
        rows = interleaved(turns, runs, "simulator")["waits"]
    note = f"No faults; worlds of {WAITS} waits, {LOOKS} looks each. More is better."
    return {"fast": Table("Waits of 20 looks a second, on one core", "waits/s", BARE, rows, note)}


def bare() -> Sample:
    """A heap of events, each of which makes the next: no state, no rules."""
    began = time.process_time()
    heap = [(float(number % EVERY_S), number, 1) for number in range(BARE_WAITS)]
    heapq.heapify(heap)
    while heap:
        at, number, looks = heapq.heappop(heap)
        if looks < LOOKS:
            heapq.heappush(heap, (at + EVERY_S, number, looks + 1))
    return {"waits": BARE_WAITS / (time.process_time() - began)}


def simulated(cloud: CloudName, waits: int, worlds: int) -> Sample:
    """Counted by looks, since chance makes a wait of 20 one of 21 now and then."""
    began, looks = time.process_time(), 0
    for seed in range(worlds):
        simulation = Simulation(calm(cloud, waits, seed))
        simulation.run(fast.Fast(simulation))
        looks += simulation.looks
    return {"waits": looks / LOOKS / (time.process_time() - began)}


def calm(cloud: CloudName, count: int, seed: int) -> Scenario:
    """`count` waits within a minute, ready just before the 20th look; the hook's hour is never extended."""
    random = Random(f"bench {seed}")
    ready_s = (LOOKS - 1.5) * EVERY_S
    waits = (wait(random, number, timeout_s=3600, ready_s=ready_s, begins_s=random.uniform(0, EVERY_S)) for number in range(count))
    return Scenario(f"bench {seed}", cloud, "eventbridge", "calm", frozenset(), tuple(waits))
