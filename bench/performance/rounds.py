"""Rounds: every contender once, then every contender again, each round beginning with another one."""

import sys
from collections.abc import Callable, Mapping

Sample = dict[str, float]
"""What one turn of a contender gave: by quantity."""


def interleaved(turns: Mapping[str, Callable[[], Sample]], runs: int, what: str) -> dict[str, dict[str, list[float]]]:
    """{quantity: {contender: its samples}}. A first turn of each is not counted: it fills the machine's file cache."""
    names = list(turns)
    found: dict[str, dict[str, list[float]]] = {}
    for turn in turns.values():
        turn()
    for number in range(runs):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            for quantity, value in turns[name]().items():
                found.setdefault(quantity, {one: [] for one in names})[name].append(value)
        print(f"\r{what}: {number + 1}/{runs}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found
