"""docs/performance.md is what bench/performance.json says, and so is every figure of it that another page quotes."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "bench" / "performance"
sys.path.append(str(BENCH))

import lingering  # noqa: E402 - found by the path above, which only this test needs
import page  # noqa: E402 - the same
import quotes  # noqa: E402 - the same
import ratchet  # noqa: E402 - the same
import results  # noqa: E402 - the same
from goals import GOALS, Goal  # noqa: E402 - the same
from results import Results, Sheet, Table  # noqa: E402 - the same
from rounds import interleaved  # noqa: E402 - the same

RECORDED = ROOT / "bench" / "performance.json"
PAGE = ROOT / "docs" / "performance.md"
QUOTING = [ROOT / "README.md", *sorted(path for path in (ROOT / "docs").rglob("*.md") if path != PAGE)]
NO_FIGURES_OF_OURS = {
    "docs/configuration.md": "26 ms",  # a regular expression in a process of its own: why its check has a limit
}
"""Lines that look like figures of performance and are not: of which page, and what such a line holds."""
DECISIONS = ROOT / "docs" / "decisions"
"""What was measured for a decision stays as it was on that day."""

ROWS = {"boto3 by hand": [100.0, 200.0, 400.0], "rearm": [50.0, 80.0, 240.0]}


def made_up(rearm: list[float] | None = None) -> Results:
    """Ratios of 0.5, 0.4 and 0.6: the median is taken of them, not of the milliseconds (80 / 200 is 0.4)."""
    made = Results()
    rows = ROWS | ({"rearm": rearm} if rearm else {})
    sheet = Sheet("Calls", ["who", "heartbeats"], [["rearm", "6"]])
    made.put("cold", {"aws-ready": Table("Lambda; ready", "ms", "boto3 by hand", rows, checked=True)}, {"when": "2026-01-02"})
    made.put("hour", {"hour": sheet}, {"when": "2026-01-02"})
    return made


def test_the_page_is_generated_from_the_recorded_figures() -> None:
    if not RECORDED.is_file():
        assert not PAGE.exists(), f"{PAGE.name} is there, and no {RECORDED.name} that it was made from: make bench"
        return
    for name, content in page.written(results.read(RECORDED)).items():
        assert (ROOT / name).read_text() == content, f"{name} is not what bench/performance.json makes: make bench"


def test_recorded_figures_are_of_enough_rounds() -> None:
    for section, tables in results.read(RECORDED).tables.items():
        for name, table in tables.items():
            counts = {len(samples) for samples in table.rows.values()}
            assert len(counts) == 1, f"{section}.{name}: rows of different lengths"
            if section not in results.COUNTED and f"{section}.{name}" not in results.ONE_ROUND:
                assert min(counts) >= results.RUNS, f"{section}.{name}: {counts}"


@pytest.mark.parametrize("path", QUOTING, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_quoted_figures_are_the_recorded_ones(path: Path) -> None:
    assert list(quotes.wrong(path.read_text(), results.read(RECORDED))) == []
    if path.parent == DECISIONS:
        return
    name = path.relative_to(ROOT).as_posix()
    known = NO_FIGURES_OF_OURS.get(name)
    found = [line for line in quotes.unmarked(path.read_text()) if known is None or known not in line]
    assert found == [], f"{name}: mark these figures as quotes of docs/performance.md, or say here why they are none"


def test_every_exception_is_needed() -> None:
    for name, known in NO_FIGURES_OF_OURS.items():
        assert any(known in line for line in quotes.unmarked((ROOT / name).read_text())), name


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("It takes 0.5 <!-- performance: cold.aws-ready, rearm, boto3 by hand --> of the time.", 0),
        ("It takes 80 ms <!-- performance: cold.aws-ready, rearm -->.", 0),
        ("It takes 0.4 <!-- performance: cold.aws-ready, rearm, boto3 by hand --> of the time.", 1),
        ("It takes 0.5 <!-- performance: cold.aws-ready, rearm, nobody --> of the time.", 1),
        ("It takes 0.5 <!-- performance: cold.nowhere, rearm, boto3 by hand --> of the time.", 1),
        ("Fast <!-- performance: cold.aws-ready -->", 1),
        ("No figure.", 0),
    ],
)
def test_a_quote_is_compared(text: str, lines: int) -> None:
    assert len(list(quotes.wrong(text, made_up()))) == lines


def test_what_looks_like_a_figure_has_to_be_marked() -> None:
    assert quotes.unmarked("A look takes 5 ms.\nCold starts take 0.3 s.\n500 waits a second\na look a minute") == [
        "A look takes 5 ms.",
        "Cold starts take 0.3 s.",
        "500 waits a second",
    ]
    assert quotes.unmarked("A look takes 5 ms <!-- performance: warm.aws-cpu, rearm -->.") == []


def test_a_ratio_is_taken_within_its_round(tmp_path: Path) -> None:
    table = made_up().table("cold.aws-ready")
    assert table is not None
    assert table.ratio("rearm") == results.Spread(0.5, 0.4, 0.6)
    results.write(made_up(), tmp_path / "performance.json")
    assert results.read(tmp_path / "performance.json") == made_up()


def test_the_page_shows_tables_goals_and_pictures() -> None:
    files = page.written(made_up())
    shown = files["docs/performance.md"]
    assert "| rearm | 80 (50 to 240) | 0.5 (0.4 to 0.6) |" in shown
    assert "| cold start on AWS, ready, against boto3 by hand | at most 0.55 times | 0.5 | holds |" in shown
    assert "| cold start on AWS, waiting, against boto3 by hand | at most 0.55 times | not measured | |" in shown
    assert "| rearm | 6 |" in shown
    assert "**does not hold**" in page.written(made_up([90.0, 190.0, 390.0]))["docs/performance.md"]
    ElementTree.fromstring(files[page.COLD_PICTURE])


def test_a_goal_may_be_a_least() -> None:
    fast = Goal("waits", "simulator.fast", "rearm, AWS", "", 500, at_least=True)
    assert (fast.holds(500), fast.holds(499)) == (True, False)
    assert len({(goal.table, goal.row, goal.against) for goal in GOALS}) == len(GOALS)


def test_the_ratchet_names_each_figure_that_got_worse() -> None:
    before = made_up()
    assert ratchet.worse(made_up(), before) == []
    assert ratchet.worse(made_up([54.0, 86.0, 260.0]), before) == [], "within the tolerance"
    assert ratchet.worse(made_up([56.0, 120.0, 264.0]), before) == [
        "cold.aws-ready, rearm against boto3 by hand: 0.600, was 0.500, at most 0.550"
    ]
    assert ratchet.worse(Results(), before) == ["cold.aws-ready, rearm: was not measured, and is in bench/performance.json"]


def test_the_ratchet_compares_the_same_number_of_checks() -> None:
    def measured(twenty: float) -> Results:
        rows = {"boto3 by hand, 1": [2.0], "rearm, 1": [4.0], "boto3 by hand, 20": [7.0], "rearm, 20": [twenty]}
        made = Results()
        made.put("warm", {"http-cpu": Table("checks", "ms", "boto3 by hand, 1", rows, checked=True)}, {})
        return made

    assert ratchet.worse(measured(14.0), measured(14.0)) == []
    assert ratchet.worse(measured(28.0), measured(14.0)) == [
        "warm.http-cpu, rearm, 20 against boto3 by hand, 20: 4.000, was 2.000, at most 2.200"
    ]


def test_rounds_begin_with_another_one_each_time() -> None:
    order: list[str] = []
    turns = {name: lambda name=name: (order.append(name), {"ms": float(len(order))})[1] for name in "ABC"}
    found = interleaved(turns, 3, "test")
    assert "".join(order) == "ABC" + "ABC" + "BCA" + "CAB"
    assert found == {"ms": {"A": [4.0, 9.0, 11.0], "B": [5.0, 7.0, 12.0], "C": [6.0, 8.0, 10.0]}}


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--only", "cold,hot"], "ONLY=cold,hot: there is no section `hot`; there is cold, warm, "),
        (["--runs", "0"], "RUNS=0: at least 1"),
    ],
)
def test_what_cannot_be_measured_is_refused(arguments: list[str], line: str) -> None:
    told = subprocess.run([sys.executable, str(BENCH), *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert line in told.stderr.splitlines()[-1]
    assert "Traceback" not in told.stderr


def test_the_price_of_lingering_is_drawn_against_the_worst_seconds() -> None:
    made = Results()
    found: dict[str, Table | Sheet] = {}
    for cloud in lingering.CLOUDS:
        rows = {told: [1.0, float(seconds)] for (_, seconds), told in lingering.NAMES.items()}
        found[f"seconds-{cloud}"] = Table("seconds", "s", "", rows)
        found[f"hour-{cloud}"] = Sheet("hour", ["", "US$"], [[told, "0.01667"] for told in lingering.NAMES.values()])
    made.put("lingering", found, {"when": "2026-01-02"})
    assert lingering.points(made)["AWS, lingering"] == [(float(one), results.spread([0.01667])) for one in lingering.LINGERS_S]
    drawn = ElementTree.fromstring(page.written(made)[page.PRICE_PICTURE])
    told = [one.text for one in drawn if one.tag.endswith("text")]
    assert {"US$ for a waiting hour", "AWS, lingering", "Alibaba Cloud, a look for each timer", "180"} <= set(told)
    assert f"]({page.PRICE_PICTURE.removeprefix('docs/')})" in page.written(made)["docs/performance.md"]


def test_the_prices_are_what_the_pages_say() -> None:
    """An hour of function time with 256 MB, by hand."""
    assert lingering._on_aws(3600, 6) == pytest.approx((0.0120079, 0.0150102), rel=1e-4)
    assert lingering._on_alibaba(3600, 8) == pytest.approx((0.0207012,), rel=1e-4)
