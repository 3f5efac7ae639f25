"""Many runs, on every core. A run is named `SEED:NUMBER`, and that name alone plays it again."""

import gc
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from rearm.core.model import CloudName
from rearm_workbench.simulator import fast
from rearm_workbench.simulator.invariants import Broken
from rearm_workbench.simulator.scenario import FAULTS, draw
from rearm_workbench.simulator.simulation import Simulation
from rearm_workbench.simulator.wait_record import WaitRecord

CHUNK = 25
"""Runs that a process takes at a time."""


@dataclass(frozen=True)
class Asked:
    """What is to be simulated."""

    seed: str
    runs: int
    clouds: tuple[CloudName, ...] = ("aws", "alibaba")
    faults: frozenset[str] = frozenset(FAULTS)
    full: bool = False


@dataclass(frozen=True)
class Failure:
    """A run in which an invariant broke. `faults`: the fewest that still break it."""

    run: str
    what: str
    faults: tuple[str, ...]


@dataclass
class Outcome:
    """What came of some runs. `ends`: how many waits ended how; counts are sums over all runs."""

    runs: int = 0
    waits: int = 0
    looks: int = 0
    calls: int = 0
    struck: int = 0
    virtual_s: float = 0.0
    took_s: float = 0.0
    ends: Counter[str] = field(default_factory=Counter)
    regimes: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        for name in ("runs", "waits", "looks", "calls", "struck", "virtual_s"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.ends += other.ends
        self.regimes += other.regimes
        self.failures += other.failures


def simulate(asked: Asked, progress: Callable[[int], None] = lambda _: None) -> Outcome:
    """Run them all. The first few failures are reduced to the faults that they need."""
    began = time.perf_counter()
    whole = Outcome()
    chunks = [(asked, start, min(start + CHUNK, asked.runs)) for start in range(0, asked.runs, CHUNK)]
    workers = min(len(chunks), len(os.sched_getaffinity(0)))
    for part in _parts(chunks, workers):
        whole.add(part)
        progress(whole.runs)
    whole.failures.sort(key=lambda failure: int(failure.run.rpartition(":")[2]))
    whole.took_s = time.perf_counter() - began
    return whole


def _parts(chunks: list[tuple[Asked, int, int]], workers: int) -> Iterator[Outcome]:
    if workers < 2:
        yield from map(_chunk, chunks)
        return
    with multiprocessing.get_context("fork").Pool(workers, initializer=_seldom_collected) as pool:
        yield from pool.imap_unordered(_chunk, chunks)


def _seldom_collected() -> None:
    """A run leaves little behind, and the SDKs are a large heap to go through: a fifth of the full tier's time, else."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _chunk(part: tuple[Asked, int, int]) -> Outcome:
    asked, start, end = part
    outcome = Outcome()
    with surroundings(full=asked.full):
        for number in range(start, end):
            outcome.add(one(asked, f"{asked.seed}:{number}"))
    return outcome


def surroundings(*, full: bool) -> AbstractContextManager[None]:
    """What a process must enter before it plays runs."""
    if full:
        from rearm_workbench.simulator import full as full_tier

        return full_tier.surroundings()
    return fast.surroundings()


def play(simulation: Simulation, *, full: bool) -> None:
    """Play one run. Raises `Broken`."""
    if full:
        from rearm_workbench.simulator import full as full_tier

        full_tier.play(simulation)
    else:
        simulation.run(fast.Fast(simulation))


def one(asked: Asked, run: str) -> Outcome:
    """One run, counted."""
    simulation = Simulation(draw(run, asked.clouds, asked.faults))
    failures = []
    try:
        play(simulation, full=asked.full)
    except Broken as broken:
        failures.append(Failure(run, str(broken), _needed(asked, run)))
    ends = Counter(_end(record) for record in simulation.records)
    struck = sum(len(record.struck) for record in simulation.records)
    virtual_s = simulation.clock.now() - simulation.started_at
    return Outcome(
        1,
        len(simulation.records),
        simulation.looks,
        simulation.calls,
        struck,
        virtual_s,
        0.0,
        ends,
        Counter([simulation.scenario.regime]),
        failures,
    )


def _end(record: WaitRecord) -> str:
    """How a wait ended, in the words of the report."""
    real = record.real
    if real is None or real.ended_at is None:
        return "not ended"
    if record.ended_elsewhere:
        return "by somebody else"
    return {"client": "by rearm", "default result": "by its default result"}.get(str(real.by), str(real.by))


def _needed(asked: Asked, run: str) -> tuple[str, ...]:
    """The faults that the failure needs: each is left out in turn, and stays out if the run breaks without it."""
    allowed = asked.faults & draw(run, asked.clouds, asked.faults).faults
    for fault in sorted(allowed):
        fewer = allowed - {fault}
        try:
            play(Simulation(draw(run, asked.clouds, fewer)), full=asked.full)
        except Broken:
            allowed = fewer
    return tuple(sorted(allowed))
