"""All rows, on every core."""

import multiprocessing
import os
from collections.abc import Iterable

from rearm_workbench.simulator.experiments.measured import Figures, surroundings
from rearm_workbench.simulator.experiments.rows import Row

CHUNK = 25
"""Worlds that a process takes at a time; of a burst, one."""

Key = tuple[str, tuple[str, ...]]


def measure(rows: Iterable[Row]) -> dict[Key, Figures]:
    """The figures of each row, by its table and name. Raises `Broken` if the deployed rules break a promise in one of the worlds."""
    known = list(rows)
    parts = []
    for index, row in enumerate(known):
        size = 1 if row.table == "burst" else CHUNK
        parts += [(index, start, min(start + size, row.worlds)) for start in range(0, row.worlds, size)]
    found: dict[Key, Figures] = {(row.table, row.name): Figures() for row in known}
    with surroundings(), multiprocessing.get_context("fork").Pool(len(os.sched_getaffinity(0)), _keep, (known,)) as pool:
        for index, figures in pool.imap(_part, parts):
            found[known[index].table, known[index].name].add(figures)
    return found


_rows: list[Row] = []


def _keep(rows: list[Row]) -> None:
    _rows[:] = rows


def _part(part: tuple[int, int, int]) -> tuple[int, Figures]:
    index, start, end = part
    figures = Figures()
    for number in range(start, end):
        figures.add(_rows[index].run(number))
    return index, figures
