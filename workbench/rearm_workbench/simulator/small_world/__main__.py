"""`python -m rearm_workbench.simulator.small_world`: search the small worlds, or one of them, or replay a run of it."""

import argparse
import sys
from dataclasses import replace
from typing import NoReturn

from rich.console import Console
from rich.table import Table

from rearm_workbench.simulator.small_world.search import Found, NoSuchChoice, TooLarge, explore, replay
from rearm_workbench.simulator.small_world.state import FAULTS, SmallWorld
from rearm_workbench.simulator.small_world.worlds import WORLDS, variants

PROGRAM = "python -m rearm_workbench.simulator.small_world"
COLUMNS = ("world", "faults", "states", "moves", "ends", "runs", "lapsed", "seconds")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message}\n")


def main(arguments: list[str]) -> int:
    """The exit code: 0, 1 where a promise does not hold, 2 for bad input."""
    parser = _Parser(prog=PROGRAM, description="Look at every run of the small worlds.")
    parser.add_argument("world", nargs="?", help=f"one of {', '.join(WORLDS)}; all of them if none is given")
    parser.add_argument("choices", nargs="?", help="replay this run, as a violation names it: numbers with dots between")
    parser.add_argument("--faults", metavar="N", help="the number of faults in a run, instead of each world's own; 2 takes long")
    parser.add_argument("--variants", action="store_true", help="search many more worlds: other hooks, intervals and limits, and no copy")
    given = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    try:
        worlds = _worlds(given.world, given.faults, of_variants=given.variants)
        if given.choices:
            for line in replay(worlds[0], _choices(given.choices)):
                console.print(line, markup=False, soft_wrap=True)
            return 0
        return _search(worlds, console)
    except (NoSuchChoice, TooLarge, ValueError) as error:
        parser.error(str(error))


def _worlds(name: str | None, faults: str | None, *, of_variants: bool) -> list[SmallWorld]:
    others = {world.name: world for world in variants()}
    known = WORLDS | others
    if name is not None and name not in known:
        raise ValueError(f"world: there is no `{name}`; there are {', '.join(WORLDS)}, and those of --variants")
    if faults is not None and not (faults.isdecimal() and int(faults) <= len(FAULTS)):
        raise ValueError(f"--faults: `{faults}` is not a number from 0 to {len(FAULTS)}")
    chosen = [known[name]] if name else list((others if of_variants else WORLDS).values())
    return [replace(world, faults_max=int(faults)) for world in chosen] if faults is not None else chosen


def _choices(text: str) -> list[int]:
    if not all(part.isdecimal() for part in text.split(".")):
        raise ValueError(f"choices: `{text}` is not a list of numbers with dots between, such as 1.0.0.2")
    return [int(part) for part in text.split(".")]


def _search(worlds: list[SmallWorld], console: Console) -> int:
    table = Table(box=None, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "world" else "right")
    broken = []
    for number, world in enumerate(worlds, 1):
        with console.status(f"{number} of {len(worlds)}: {world.name}, {world.about}"):
            found = explore(world)
        table.add_row(*_row(found))
        if found.violation:
            broken.append(found.violation)
    console.print(table)
    for violation in broken:
        console.print(
            f"\ndoes not hold: {violation.what}\nreplay: {PROGRAM} {violation.run}",
            markup=False,
            soft_wrap=True,
        )
    return 1 if broken else 0


def _row(found: Found) -> tuple[str, ...]:
    counts = (found.states, found.moves, len(found.ends), found.runs, found.lapsed)
    return found.world.name, str(found.world.faults_max), *(f"{count:,}" for count in counts), f"{found.took_s:.1f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
