"""The picture of the burst: waits lost so far, over time, as an SVG."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, PANEL_H, LEFT, TOP, GAP = 880, 210, 60, 34, 62
PLOT_W = 430
MINUTES = 22
COLOURS = ("#0a7f4f", "#c47f00", "#c0262d")


def svg(panels: Mapping[str, Mapping[str, Sequence[float]]], waits: int) -> str:
    """One panel for each cloud. `panels`: by title, then by line: the seconds at which a wait was lost, in a burst of `waits`."""
    height = TOP + len(panels) * (PANEL_H + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for number, (title, lines) in enumerate(panels.items()):
        parts += _panel(TOP + number * (PANEL_H + GAP), title, lines, waits)
    return "\n".join([*parts, "</svg>", ""])


def _panel(top: int, title: str, lines: Mapping[str, Sequence[float]], waits: int) -> list[str]:
    base = top + PANEL_H
    parts = [f'<text x="{LEFT}" y="{top - 12}" font-weight="bold">{escape(title)}: waits lost so far</text>']
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = base - share * PANEL_H
        parts.append(f'<line x1="{LEFT}" y1="{y:.0f}" x2="{LEFT + PLOT_W}" y2="{y:.0f}" stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{share * waits:.0f}</text>')
    for minute in range(0, MINUTES + 1, 5):
        parts.append(f'<text x="{_x(minute * 60):.0f}" y="{base + 18}" text-anchor="middle">{minute}</text>')
    parts.append(f'<text x="{LEFT + PLOT_W / 2:.0f}" y="{base + 36}" text-anchor="middle">minutes since the scale-in</text>')
    for number, (name, lost_at) in enumerate(lines.items()):
        colour, y = COLOURS[number], top + 16 + 18 * number
        parts.append(f'<path d="{_steps(sorted(lost_at), base, waits)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<rect x="{LEFT + PLOT_W + 14}" y="{y - 9}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{LEFT + PLOT_W + 30}" y="{y}">{escape(name)}: {len(lost_at):,}</text>')
    return parts


def _x(second: float) -> float:
    return LEFT + min(second / 60, MINUTES) / MINUTES * PLOT_W


def _steps(lost_at: Sequence[float], base: int, waits: int) -> str:
    """A line that climbs at each loss. Losses of one second are drawn as one step."""
    path, seconds = [f"M{LEFT} {base}"], sorted({int(at) for at in lost_at})
    for second in seconds:
        until = sum(at < second + 1 for at in lost_at)
        path.append(f"H{_x(second):.1f}V{base - until / waits * PANEL_H:.1f}")
    return "".join([*path, f"H{LEFT + PLOT_W}"])
