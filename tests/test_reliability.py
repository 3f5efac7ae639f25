"""docs/reliability.md: what it promises holds, and its figures are those of the code as it is now."""

import re
from dataclasses import replace
from functools import cache

import pytest

from rearm.core.model import CLOUD_NAMES, CloudName
from rearm_workbench.deployed import functions_dir
from rearm_workbench.simulator.experiments import rows, worlds
from rearm_workbench.simulator.experiments.handwritten import Handwritten
from rearm_workbench.simulator.experiments.measured import Figures, Measured, play, surroundings
from rearm_workbench.simulator.experiments.page import PICTURE, TEXT, line, short_line
from rearm_workbench.simulator.experiments.plot import PANEL_H, svg
from rearm_workbench.simulator.experiments.rows import Row, every_row

DOCS = functions_dir().parent / "docs"
ADOPTED_WITHIN_S = 60


@cache
def page() -> str:
    return (DOCS / "reliability.md").read_text(encoding="utf-8")


def row(table: str, *name: str) -> Row:
    return next(one for one in every_row() if one.table == table and one.name == name)


def played(one: Row) -> Figures:
    figures = Figures()
    with surroundings():
        for number in range(one.worlds):
            figures.add(one.run(number))
    return figures


@pytest.mark.parametrize("sweep_s", [60, 300, 600])
def test_a_wait_that_nobody_looks_after_is_adopted_within_one_sweep_and_a_minute(sweep_s: int) -> None:
    """A fifth of notifications and timers lost: whatever the cloud still holds has its next look by then."""
    figures = played(replace(row("loss", str(sweep_s)), worlds=10))
    assert 0 < figures.alone_max_s <= sweep_s + ADOPTED_WITHIN_S


def test_without_a_sweep_such_a_wait_stays_alone() -> None:
    """So that the test above measures the sweep, and not mild worlds."""
    assert played(replace(row("loss", "none"), worlds=10)).alone_max_s > 600 + ADOPTED_WITHIN_S


@pytest.mark.parametrize("cloud", ["aws", "alibaba"])
def test_a_burst_loses_no_wait_and_a_heartbeat_per_check_does(cloud: CloudName) -> None:
    """A tenth of the page's burst, on a tenth of its calls."""
    small = worlds.burst(1, cloud, count=100, calls_per_s=1.0)
    sdk = rows.BOTO3_PAUSES_S if cloud == "aws" else ()
    with surroundings():
        ours = play(Measured(small))
        theirs = Measured(small, tolerant=True, pauses_s=sdk)
        theirs.run(Handwritten(theirs))
    assert (ours.waits, ours.lost) == (100, 0)
    assert ours.throttled > 100
    assert theirs.counted().lost > 20


@pytest.mark.parametrize("name", [("timers only", "30"), ("held (deployed)", "120")])
def test_the_page_is_of_the_code_as_it_is_now(name: tuple[str, str]) -> None:
    """Two of its rows, played again: the same figures. If not, `make reliability` writes the page anew."""
    one = row("short", *name)
    assert line(short_line(one.name, played(one))) in page()


def test_the_page_has_every_row_of_the_experiments() -> None:
    """A row that was added or renamed is on the page, and so is its number of worlds."""
    for one in every_row():
        for said in one.name:
            assert CLOUD_NAMES.get(said, said) in page(), f"{said!r} is not in docs/reliability.md: run make reliability"
    for table in ("loss", "order"):
        assert f"{next(one.worlds for one in every_row() if one.table == table)} worlds of" in page()


def test_the_words_of_the_page_are_those_of_its_text() -> None:
    """Whoever edits one of them without the other is told."""
    for words in re.split(r"{\w+}", TEXT.read_text(encoding="utf-8")):
        assert words in page(), "run make reliability"


def test_the_picture_shows_the_losses() -> None:
    drawn = svg({"AWS": {"a": [], "b": [300.0, 300.2, 600.0]}}, 4)
    none, three = re.findall(r'<path d="([^"]+)"', drawn)
    assert "V" not in none
    base, top = (float(three.split()[1].partition("H")[0]), float(re.findall(r"V([0-9.]+)", three)[-1]))
    assert base - top == pytest.approx(0.75 * PANEL_H, abs=0.1)
    assert (">a: 0<" in drawn, ">b: 3<" in drawn) == (True, True)
    assert (DOCS / PICTURE).read_text(encoding="utf-8").count("<path") == 6
