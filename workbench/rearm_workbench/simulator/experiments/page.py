"""docs/reliability.md: what was measured, as tables. `page_text.md` says what was played; the figures come from the runs."""

from collections.abc import Mapping
from pathlib import Path

from rearm.core.model import CLOUD_NAMES
from rearm_workbench.simulator.experiments import rows
from rearm_workbench.simulator.experiments.measured import Figures
from rearm_workbench.simulator.experiments.plot import svg
from rearm_workbench.simulator.experiments.run import Key

PICTURE = "images/burst.svg"

TEXT = Path(__file__).with_name("page_text.md")

Figured = Mapping[Key, Figures]


def page(found: Figured) -> str:
    """The whole page."""
    worlds = {row.table: row.worlds for row in rows.every_row()}
    tables = {"burst": _burst(found), "loss": _loss(found), "order": _order(found), "margin": _margin(found)}
    tables |= {"short": _short(found), "adds": _adds(found)}
    return TEXT.read_text(encoding="utf-8").format(picture=PICTURE, loss_worlds=worlds["loss"], order_worlds=worlds["order"], **tables)


def picture(found: Figured) -> str:
    """The SVG: the first world of each row at 10 calls a second."""
    panels: dict[str, dict[str, list[float]]] = {}
    for (table, name), figures in found.items():
        if table == "burst" and name[2] == "10":
            panels.setdefault(CLOUD_NAMES[name[0]], {})[name[1]] = figures.lost_at[: figures.lost_first]
    return svg(panels, 1000)


def table(heads: list[str], lines: list[list[str]]) -> str:
    return "\n".join(map(line, [heads, ["---"] * len(heads), *lines]))


def line(cells: list[str]) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


def _of(found: Figured, wanted: str) -> list[tuple[tuple[str, ...], Figures]]:
    return [(name, figures) for (of, name), figures in found.items() if of == wanted]


def _burst(found: Figured) -> str:
    lines = []
    for (cloud, who, rate), one in _of(found, "burst"):
        calls = one.by_kind["describe_hook"] + one.by_kind["heartbeat"] + one.by_kind["complete"]
        each = [f"{count / one.worlds:,.0f}" for count in (calls, one.throttled)]
        lost = f"{one.lost:,} of {one.waits:,}"
        lines.append([CLOUD_NAMES[cloud], rate, who, lost, *each, f"{one.left_min_s:.0f}"])
    heads = ["cloud", "calls/s", "who handles it", "lost", "calls of a burst", "refused tries", "least left when acted, s"]
    return table(heads, lines)


def _loss(found: Figured) -> str:
    lines = []
    for (interval,), one in _of(found, "loss"):
        sweeping = one.by_kind["held_waits"] + one.by_kind["timers_due"]
        alone = f"{one.alone_max_s:,.0f}" if interval != "none" else f"{one.alone_max_s:,.0f} (to its lapse)"
        lines.append([interval, f"{one.lost} of {one.waits}", alone, f"{3600 * sweeping / one.swept_s:.0f}", f"{one.calls:,}"])
    return table(["sweep each, s", "lost", "longest alone, s", "listings an hour", "calls in all"], lines)


def _hours(one: Figures) -> float:
    return max(1.0, sum(one.lasted_s)) / 3600


def _order(found: Figured) -> str:
    lines: dict[str, list[str]] = {}
    for (name, _, _), one in _of(found, "order"):
        lines.setdefault(name, [name]).append(f"{one.lost} of {one.waits}; {one.heartbeats / _hours(one):.1f}")
    heads = ["order"] + [f"{cloud}{killed}" for cloud in CLOUD_NAMES.values() for killed in ("", ", killed")]
    return "Lost; heartbeats an hour.\n\n" + table(heads, list(lines.values()))


def _margin(found: Figured) -> str:
    lines: dict[str, list[str]] = {}
    for (name, _), one in _of(found, "margin"):
        lines.setdefault(name, [name]).append(f"{one.lost} of {one.waits}; {one.heartbeats / _hours(one):.1f}")
    heads = ["due before the lapse", *(f"late up to {late_s:.0f} s" for late_s in rows.LATENESSES_S)]
    return "Lost; heartbeats an hour.\n\n" + table(heads, list(lines.values()))


def _short(found: Figured) -> str:
    return table(SHORT_HEADS, [short_line(name, one) for name, one in _of(found, "short")])


SHORT_HEADS = ["hook, s", "how", "lost", "looks an hour", "heartbeats an hour", "timers"]


def short_line(name: tuple[str, ...], one: Figures) -> list[str]:
    """A row of the table of short hooks."""
    pace = [f"{count / _hours(one):.0f}" for count in (one.looks, one.heartbeats)]
    return [name[1], name[0], f"{one.lost} of {one.waits}", *pace, str(one.by_kind["recheck"])]


def _adds(found: Figured) -> str:
    lines = []
    for (name, adds, timeout_s), one in _of(found, "adds"):
        kept = f"{min(one.lasted_s) / 3600:.2f}"
        lines.append(
            [
                name,
                adds,
                timeout_s,
                f"{one.lost} of {one.waits}",
                kept,
                f"{one.heartbeats / one.waits:.1f}",
                f"{one.refused / one.waits:.1f}",
            ]
        )
    heads = ["the rule", "the cloud", "hook, s", "lost", "kept at least, h", "heartbeats", "refused"]
    return table(heads, lines)
