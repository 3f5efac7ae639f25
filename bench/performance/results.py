"""What was measured: one list of samples for each row, the i-th of all rows from the same round. START HERE.

A ratio is taken within a round, so that a machine whose speed drifts shifts both of its sides; the median is then of the ratios.
"""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

RUNS = 9
"""The fewest rounds that are written down."""
COUNTED = ("size", "hour", "letting_go", "lingering")
"""Sections that give the same in every run."""
ONE_ROUND = ("growth.million", "growth.million-memory")
"""Tables whose samples take minutes each; they say so."""


@dataclass(frozen=True)
class Spread:
    """The median and how far the samples lie apart."""

    median: float
    low: float
    high: float


def spread(samples: Sequence[float]) -> Spread:
    return Spread(statistics.median(samples), min(samples), max(samples))


@dataclass(frozen=True)
class Table:
    """`rows`: the samples in `unit`, by contender. `against`: the row that is 1; empty: absolute figures, with no ratio.

    `checked`: `make bench-check` holds the ratios of rearm's rows.
    """

    title: str
    unit: str
    against: str
    rows: dict[str, list[float]]
    note: str = ""
    checked: bool = False

    def ratio(self, row: str, against: str = "") -> Spread:
        """Of a row to another one, round by round."""
        pairs = zip(self.rows[row], self.rows[against or self.against], strict=True)
        return spread([one / other for one, other in pairs])


@dataclass(frozen=True)
class Sheet:
    """Counted, not measured: every run gives the same. `rows` are cells of text."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    note: str = ""


@dataclass
class Results:
    """By section, and in a section by name. `machines`: where and when a section was measured."""

    tables: dict[str, dict[str, Table]] = field(default_factory=dict)
    sheets: dict[str, dict[str, Sheet]] = field(default_factory=dict)
    machines: dict[str, dict[str, str]] = field(default_factory=dict)

    def table(self, name: str) -> Table | None:
        """`section.table`; None if it was not measured."""
        section, _, table = name.partition(".")
        return self.tables.get(section, {}).get(table)

    def put(self, section: str, found: Mapping[str, Table | Sheet], machine: dict[str, str]) -> None:
        """Instead of what was there of that section."""
        self.tables[section] = {name: one for name, one in found.items() if isinstance(one, Table)}
        self.sheets[section] = {name: one for name, one in found.items() if isinstance(one, Sheet)}
        self.machines[section] = machine


def read(path: Path) -> Results:
    """Empty if there is no such file."""
    if not path.is_file():
        return Results()
    raw = json.loads(path.read_text())
    return Results(
        {section: {name: Table(**one) for name, one in found.items()} for section, found in raw["tables"].items()},
        {section: {name: Sheet(**one) for name, one in found.items()} for section, found in raw["sheets"].items()},
        raw["machines"],
    )


def write(results: Results, path: Path) -> None:
    """Samples with five digits: more is noise, and would make every line of a later comparison differ."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = asdict(results)
    for found in told["tables"].values():
        for table in found.values():
            table["rows"] = {row: [float(f"{one:.5g}") for one in samples] for row, samples in table["rows"].items()}
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
