"""The search: from the first state through every move, each state once, nearest first, so that what is found is found in fewest moves."""

import gc
import json
import tempfile
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rearm import config
from rearm_workbench.deployed import environment
from rearm_workbench.simulator import deployed_code
from rearm_workbench.simulator.invariants import Broken
from rearm_workbench.simulator.simulation import START
from rearm_workbench.simulator.small_world.moves import Moves
from rearm_workbench.simulator.small_world.state import SmallWorld, State

STATES_MAX = 5_000_000


class TooLarge(Exception):
    """The search was not ended: nothing is proved."""


@dataclass(frozen=True)
class Violation:
    """A promise that does not hold. `choices`: which of the possible moves was made, one after the other."""

    world: SmallWorld
    what: str
    choices: tuple[int, ...]

    @property
    def run(self) -> str:
        """What the command takes to replay it."""
        return f"{self.world.name} {'.'.join(map(str, self.choices))} --faults {self.world.faults_max}"


@dataclass
class Found:
    """What came of a search. `runs`: in how many ways, from move to move, the world can go from its beginning to an end."""

    world: SmallWorld
    states: int = 0
    moves: int = 0
    ends: list[State] = field(default_factory=list)
    runs: int = 0
    tried: frozenset[str] = frozenset()
    """The faults that struck somewhere."""
    took_s: float = 0.0
    violation: Violation | None = None

    @property
    def lapsed(self) -> int:
        """Ends at which the default result fell: each after a fault that left no time for another try."""
        return sum(end.book.by != "client" for end in self.ends)


def explore(world: SmallWorld, states_max: int = STATES_MAX) -> Found:
    """Look at every state. Ends at the first violation. Raises `TooLarge`."""
    began = time.perf_counter()
    with _world(world) as rules, _no_collection():
        search = Search(rules)
        found = search.run(states_max)
    found.took_s = time.perf_counter() - began
    return found


class Search:
    """One search, by the rules of a world."""

    def __init__(self, rules: Moves) -> None:
        self._rules = rules
        first = rules.first()
        self._numbers = {first: 0}
        self._states = [first]
        self._came_from = array("q", [-1])
        self._by = array("H", [0])
        self._edges = array("q")
        self._edges_of = array("q", [0])

    def run(self, states_max: int) -> Found:
        """Raises `TooLarge`."""
        found = Found(self._rules.world)
        at, by = 0, -1
        try:
            while at < len(self._states):
                moves = self._rules.moves(self._states[at])
                by = -1
                if not moves:
                    self._rules.promises.at_the_end(self._states[at])
                    found.ends.append(self._states[at])
                for by, move in enumerate(moves):
                    self._edges.append(self._number(move.make(), at, by))
                self._edges_of.append(len(self._edges))
                if len(self._states) > states_max:
                    raise TooLarge(f"{found.world.name} has more than {states_max} states")
                at += 1
            by = -1
            found.runs, at = self._runs()
            if at:
                raise Broken("a run can go round in a circle: it need not end")
        except Broken as broken:
            found.violation = Violation(found.world, str(broken), self._choices(at, by))
        found.states, found.moves = len(self._states), len(self._edges)
        found.tried = frozenset(self._rules.invocations.tried)
        return found

    def _number(self, state: State, came_from: int, by: int) -> int:
        number = self._numbers.setdefault(state, len(self._states))
        if number == len(self._states):
            self._states.append(state)
            self._came_from.append(came_from)
            self._by.append(by)
        return number

    def _choices(self, at: int, by: int) -> tuple[int, ...]:
        choices = [by] if by >= 0 else []
        while at:
            choices.append(self._by[at])
            at = self._came_from[at]
        return tuple(reversed(choices))

    def _runs(self) -> tuple[int, int]:
        """The number of ways to an end, and a state from which one can go round in a circle, or 0."""
        edges, edges_of, states = self._edges, self._edges_of, len(self._states)
        left = array("q", bytes(8 * states))
        for to in edges:
            left[to] += 1
        ways = [0] * states
        ways[0], runs, counted, ready = 1, 0, 0, [0]
        while ready:
            at = ready.pop()
            counted += 1
            if edges_of[at] == edges_of[at + 1]:
                runs += ways[at]
            for to in edges[edges_of[at] : edges_of[at + 1]]:
                ways[to] += ways[at]
                left[to] -= 1
                if not left[to]:
                    ready.append(to)
        return runs, next(at for at in range(states) if left[at]) if counted < states else 0


class NoSuchChoice(Exception):
    """A list of choices does not fit the world: one line."""


def replay(world: SmallWorld, choices: Sequence[int]) -> list[str]:
    """The story of a run, a line for each choice; at the end what does not hold, if anything. Raises `NoSuchChoice`."""
    story = []
    with _world(world) as rules:
        state = rules.first()
        try:
            for number, choice in enumerate(choices):
                moves = rules.moves(state)
                if choice >= len(moves):
                    raise NoSuchChoice(f"choice {number + 1} is {choice}, but only {len(moves)} things can happen there")
                story.append(moves[choice].label)
                state = moves[choice].make()
                story[-1] += _stand(state)
            if not rules.moves(state):
                rules.promises.at_the_end(state)
        except Broken as broken:
            story.append(f"does not hold: {broken}")
    return story


def _stand(state: State) -> str:
    if state.book.result is not None:
        return f" [{state.book.result} by {state.book.by}]"
    return f" [lapses at {state.book.lapses_at - START:g} s, {len(state.timers)} timers]"


@contextmanager
def _world(world: SmallWorld) -> Iterator[Moves]:
    """The rules of a world, with the deployed code prepared for it."""
    pace = world.pace
    profile: dict[str, object] = {"name": "small", "checks": ["instance_status" if world.launch else {"tag": deployed_code.DRAINED}]}
    profile["every"] = f"{pace.every_s}s"
    if pace.budget_s:
        profile["budget"] = f"{pace.budget_s}s"
    if pace.on_timeout:
        profile["on_timeout"] = pace.on_timeout
    with tempfile.TemporaryDirectory(prefix="rearm-") as scratch, deployed_code.prepared():
        path = Path(scratch) / "config.json"
        path.write_text(json.dumps({"version": 1, "profiles": [profile]}))
        with environment({"REARM_CONFIG": str(path)}):
            config.load()  # judged by the shipped checks, and kept
            rules = Moves(world)
            with deployed_code.stand_ins(), rules.handlers.in_charge():
                yield rules


@contextmanager
def _no_collection() -> Iterator[None]:
    """Nothing here refers to itself, and looking through a million states for what does takes longer than the search."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
