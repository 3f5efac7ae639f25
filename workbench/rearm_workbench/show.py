"""Waits as a person reads them: a headline, the figures, and a timeline in which looks that changed nothing are one line."""

from collections.abc import Iterable, Iterator

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from rearm import duration
from rearm_workbench.replay import Replay, surprise
from rearm_workbench.timeline import Entry, WaitRecord

COLOURS = {"CONTINUE": "green", "ABANDON": "yellow", "ROLLBACK": "magenta"}


def span(seconds: float) -> str:
    """`0s`, `45s`, `40m02s`, `5h50m`."""
    whole = round(seconds)
    return duration.say(whole) if whole else "0s"


def show(console: Console, replay: Replay) -> None:
    """Print one file's part: its notifications that are no action, then its waits."""
    for other in replay.others:
        colour = "red" if other.verdict == "invalid" else "cyan"
        console.print(Text.assemble((f"{other.verdict:<8}", colour), f" {replay.event}\n", (f"         {other.reason}", "dim")))
        console.print()
    for wait in replay.waits:
        console.print(_wait(wait, replay))
        console.print()


def _wait(wait: WaitRecord, replay: Replay) -> RenderableType:
    odd = surprise(wait, replay.world)
    mark = ("✗ ", "bold red") if odd else ("✓ ", "bold green")
    colour = COLOURS.get(str(wait.outcome), "red")
    headline = Text.assemble(
        mark,
        (str(wait.outcome or "still waiting"), f"bold {colour}"),
        f" by {wait.ended_by} after {span(wait.waited_s)}   ",
        (f"{wait.action.transition or 'wait'} of {', '.join(wait.action.instances)} in {wait.action.group or '(group not told)'}", "bold"),
    )
    parts: list[RenderableType] = [headline, Text(f"  {wait.event} · {_figures(wait, replay)}", style="dim"), _timeline(wait.timeline)]
    parts.append(Text("  calls: " + ", ".join(f"{count} {name}" for name, count in sorted(wait.api_calls.items())), style="dim"))
    if odd:
        parts.append(Text(f"  {odd}", style="red"))
    return Group(*parts)


def _figures(wait: WaitRecord, replay: Replay) -> str:
    timeout_s, _ = replay.world.hook(wait.cloud)
    ready = "never ready" if wait.ready_s is None else f"ready after {span(wait.ready_s)}"
    return f"{wait.cloud} · hook {span(timeout_s)} · {ready} · {counted(wait.looks, 'look')}, {counted(wait.real.heartbeats, 'heartbeat')}"


def counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _timeline(entries: Iterable[Entry]) -> RenderableType:
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    table.add_column(justify="right", min_width=10, style="cyan", no_wrap=True)
    table.add_column(overflow="fold", max_width=30)
    table.add_column(overflow="fold", style="dim")
    for when, what, why in folded(entries):
        table.add_row(when, what, why)
    return table


def _without_repeats(entries: Iterable[Entry]) -> Iterator[Entry]:
    """A step that still goes on as it did is told once."""
    told: dict[str, str] = {}
    for entry in entries:
        if entry.what.startswith("step "):
            step, _, _ = entry.why.partition(": ")
            if entry.what == "step going" and told.get(step) == entry.why:
                continue
            told[step] = entry.why
        yield entry


def folded(entries: Iterable[Entry]) -> Iterator[tuple[str, Text, str]]:
    """(when, what, why) of each line. Runs of looks that only set the next timer, for the same reason, become one."""
    looks = list(_by_look(_without_repeats(entries)))
    index = 0
    while index < len(looks):
        run = index
        while run < len(looks) and _is_dull(looks[run]) and looks[run][0].why == looks[index][0].why:
            run += 1
        if run - index > 2:
            count = run - index
            first, last = looks[index][0], looks[run - 1][0]
            yield span(first.at_s), Text(f"{count} looks until {span(last.at_s)}"), first.why
            index = run
            continue
        for entry in looks[index]:
            if not entry.what.startswith(("recheck in", "look again in")) or len(looks[index]) == 1:
                yield span(entry.at_s), _coloured(entry.what), entry.why
        index += 1


def _by_look(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Each look with what it did; anything else by itself."""
    group: list[Entry] = []
    for entry in entries:
        starts = entry.what.startswith("look ") and not entry.what.startswith("look again")
        if group and (starts or entry.at_s != group[0].at_s or not group[0].what.startswith("look ")):
            yield group
            group = []
        group.append(entry)
    if group:
        yield group


def _is_dull(look: list[Entry]) -> bool:
    return len(look) == 2 and look[0].what.startswith("look ") and look[1].what.startswith(("recheck in", "look again in"))


def _coloured(what: str) -> Text:
    if what.startswith("complete ") and what.split()[-1] in COLOURS:
        return Text(what, style=f"bold {COLOURS[what.split()[-1]]}")
    if "failed" in what or "refused" in what or what.startswith("ended"):
        return Text(what, style="red")
    return Text(what, style="blue" if what.startswith("heartbeat") else "")
