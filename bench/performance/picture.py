"""The pictures of docs/performance.md, as SVG: bars of ratios, and a line for what grows."""

from collections.abc import Mapping, Sequence
from html import escape

from results import Spread

from rearm_workbench.simulator.experiments.plot import COLOURS, GAP, LEFT, PLOT_W, TOP, WIDTH

GREY = "#8a8f98"
BAR_H, BAR_GAP, LABELS_W = 16, 8, 190
PLOT_H = 210
TICK_W = 12


def bars(panels: Mapping[str, Mapping[str, Spread]]) -> str:
    """By title, then by contender: its ratio, with a line from the lowest to the highest. 1 is drawn through all of a panel."""
    tops, top = {}, TOP
    for title, rows in panels.items():
        tops[title] = top
        top += len(rows) * (BAR_H + BAR_GAP) + GAP
    parts = [_head(top)]
    for title, rows in panels.items():
        parts += _bars(tops[title], title, rows)
    return "\n".join([*parts, "</svg>", ""])


def _bars(top: int, title: str, rows: Mapping[str, Spread]) -> list[str]:
    left, most = LEFT + LABELS_W, max(spread.high for spread in rows.values())
    scale = (WIDTH - left - 90) / most
    parts = [f'<text x="{LEFT}" y="{top - 12}" font-weight="bold">{escape(title)}</text>']
    for number, (name, spread) in enumerate(rows.items()):
        y = top + number * (BAR_H + BAR_GAP)
        middle = y + BAR_H / 2
        colour = COLOURS[0] if name.startswith("rearm") else GREY
        parts.append(f'<text x="{left - 8}" y="{middle + 4:.0f}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect x="{left}" y="{y}" width="{spread.median * scale:.1f}" height="{BAR_H}" fill="{colour}"/>')
        ends = f'x1="{left + spread.low * scale:.1f}" x2="{left + spread.high * scale:.1f}" y1="{middle}" y2="{middle}"'
        parts.append(f'<line {ends} stroke="#000000"/>')
        parts.append(f'<text x="{left + spread.high * scale + 6:.1f}" y="{middle + 4:.0f}">{spread.median:.2f}</text>')
    bottom = top + len(rows) * (BAR_H + BAR_GAP)
    parts.append(
        f'<line x1="{left + scale:.1f}" x2="{left + scale:.1f}" y1="{top - 4}" y2="{bottom}" stroke="#000000" stroke-dasharray="3"/>'
    )
    return parts


def lines(title: str, below: str, rows: Mapping[str, Sequence[tuple[float, Spread]]]) -> str:
    """By name: (x, the figure at x), with a line from the lowest to the highest at each."""
    right, most = max(x for points in rows.values() for x, _ in points), max(one.high for points in rows.values() for _, one in points)
    base = TOP + PLOT_H

    def place(x: float, y: float) -> str:
        return f"{LEFT + x / right * PLOT_W:.1f} {base - y / most * PLOT_H:.1f}"

    parts = [_head(base + GAP), f'<text x="{LEFT}" y="{TOP - 12}" font-weight="bold">{escape(title)}</text>']
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = base - share * PLOT_H
        parts.append(f'<line x1="{LEFT}" y1="{y:.0f}" x2="{LEFT + PLOT_W}" y2="{y:.0f}" stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{share * most:.2g}</text>')
    for x in _apart({x for points in rows.values() for x, _ in points}, right / PLOT_W * TICK_W):
        parts.append(f'<text x="{LEFT + x / right * PLOT_W:.0f}" y="{base + 18}" text-anchor="middle">{x:g}</text>')
    parts.append(f'<text x="{LEFT + PLOT_W / 2:.0f}" y="{base + 36}" text-anchor="middle">{escape(below)}</text>')
    for number, (name, points) in enumerate(rows.items()):
        colour, y = (*COLOURS, GREY)[number], TOP + 16 + 18 * number
        path = "L".join(place(x, one.median) for x, one in points)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<path d="M{place(x, one.low)}L{place(x, one.high)}" stroke="{colour}"/>' for x, one in points]
        parts.append(f'<rect x="{LEFT + PLOT_W + 14}" y="{y - 9}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{LEFT + PLOT_W + 30}" y="{y}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _apart(xs: set[float], least: float) -> list[float]:
    """From the right, those that are so far from the one before: their labels would stand one upon the other."""
    kept: list[float] = []
    for x in sorted(xs, reverse=True):
        if not kept or kept[-1] - x >= least:
            kept.append(x)
    return kept[::-1]


def _head(height: int) -> str:
    start = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">'
    return f'{start}\n<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
