"""`make bench-check`: the ratios of the quick sections against those of bench/performance.json."""

from collections.abc import Iterator

from contenders import REARM
from results import Results, Table

TOLERANCE = {"cold": 0.10, "warm": 0.10, "memory": 0.03, "size": 0.01}
"""How much larger than recorded a median ratio may be. Sizes change with the zip library only, peaks of memory by pages. For times a tenth
is a choice: single rounds lie further apart than that, and how far medians of nine do on the machine that checks, two runs of it tell."""

QUICK = tuple(TOLERANCE)


def worse(now: Results, before: Results) -> list[str]:
    """One line for each figure that got worse, or that is not there any more."""
    lines = []
    for section in QUICK:
        for name, old in before.tables.get(section, {}).items():
            if not old.checked:
                continue
            new = now.tables.get(section, {}).get(name)
            for row, against in _held(old):
                if new is None or row not in new.rows or against not in new.rows:
                    lines.append(f"{section}.{name}, {row}: was not measured, and is in bench/performance.json")
                    continue
                was, found = old.ratio(row, against).median, new.ratio(row, against).median
                bound = was * (1 + TOLERANCE[section])
                if found > bound:
                    lines.append(f"{section}.{name}, {row} against {against}: {found:.3f}, was {was:.3f}, at most {bound:.3f}")
    return lines


def _held(table: Table) -> Iterator[tuple[str, str]]:
    """(a row of rearm, what it is compared with). Where there is one by hand for each number of checks, it is with its own."""
    for row in table.rows:
        if not row.startswith(REARM) or row == table.against:
            continue
        _, _, count = row.partition(", ")
        base = table.against.partition(", ")[0]
        yield row, f"{base}, {count}" if f"{base}, {count}" in table.rows else table.against
