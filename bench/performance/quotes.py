"""Figures that other pages quote: `0.45 <!-- performance: cold.aws-ready, rearm, boto3 by hand -->` is checked against the results.

With a third name it is the median ratio of the two rows, without one the median of the row.
"""

import re
from collections.abc import Iterator

from page import figure
from results import Results, spread

MARKED = re.compile(r"(?P<said>[\d.,]*\d)[^\d<]*<!-- performance: (?P<table>[\w.-]+), (?P<rows>.+?) -->")
MARK = "<!-- performance:"
SUSPECT = re.compile(
    r"\d ?(ms|µs)\b|\d times (as|faster|slower)|cold start[^.]*\d|\d[^.]*\b(waits|requests|answers|looks) (a|per) second\b", re.I
)
"""What reads like a figure of this kind, and would have to be marked."""


def wrong(text: str, results: Results) -> Iterator[str]:
    """One line for each mark that cannot be read, or whose figure is another one now."""
    if text.count(MARK) != len(MARKED.findall(text)):
        yield f"a `{MARK}` has no figure in front of it, or no table and row in it"
    for mark in MARKED.finditer(text):
        found = _found(mark["table"], mark["rows"], results)
        if found is None:
            yield f"{mark[0]}: there is no such figure in bench/performance.json"
        elif mark["said"] != found:
            yield f"{mark[0]}: it is {found} now"


def unmarked(text: str) -> list[str]:
    """Lines with what looks like a figure of performance and no mark."""
    return [line for line in text.splitlines() if SUSPECT.search(line) and MARK not in line]


def _found(name: str, rows: str, results: Results) -> str | None:
    """A row's own name may have a comma in it: `rearm, 20`."""
    table = results.table(name)
    if table is None:
        return None
    if rows in table.rows:
        return figure(spread(table.rows[rows]).median)
    pairs = {f"{row}, {against}": (row, against) for row in table.rows for against in table.rows}
    return figure(table.ratio(*pairs[rows]).median) if rows in pairs else None
