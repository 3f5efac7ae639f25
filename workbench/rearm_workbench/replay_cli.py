"""`rearm replay`, as the command line shows it: a progress bar on long runs, a timeline for each wait, one line for each problem."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from rearm.core.profile import Config
from rearm_workbench import inputs
from rearm_workbench.replay import Replay, files_of, play, prepare
from rearm_workbench.show import counted, show, span
from rearm_workbench.world import Progress as Tell


def replay_files(paths: list[Path], world: Path | None, config: Config, config_path: Path | None, *, as_json: bool) -> int:
    """Replay every file; returns the exit code. What cannot be read stops nothing else."""
    problems: list[str] = []
    replays: list[Replay] = []
    console = Console(highlight=False, soft_wrap=True)
    for path in files_of(paths):
        try:
            replay = prepare(path, world)
            with _progress(replay.event) as tell:
                play(replay, config, config_path, tell)
        except inputs.REFUSALS as error:
            problems += inputs.lines(error)
            continue
        problems += replay.invalid
        replays.append(replay)
        if not as_json:
            show(console, replay)
    surprises = [line for replay in replays for line in replay.surprises]
    if as_json:
        print(json.dumps({"waits": [wait.as_json() for replay in replays for wait in replay.waits]}, indent=2))  # noqa: T201 - the output
        for replay in replays:
            for other in replay.others:
                if other.verdict != "invalid":
                    inputs.complain([f"{replay.event}: {other.verdict}: {other.reason}"])
    else:
        _summary(console, replays, surprises)
    inputs.complain(surprises if as_json else [])
    inputs.complain(problems)
    return 2 if problems else int(bool(surprises))


def _summary(console: Console, replays: list[Replay], surprises: list[str]) -> None:
    waits = [wait for replay in replays for wait in replay.waits]
    if not waits:
        console.print("no wait: nothing that was read holds a lifecycle action")
        return
    waited = span(sum(wait.waited_s for wait in waits))
    doorways = {(replay.kind.cloud, replay.kind.doorway) for replay in replays if replay.waits}
    console.print(
        f"{counted(len(waits), 'wait')} through {counted(len(doorways), 'type')} of notification, {waited} of cloud time: "
        + (f"[red]{len(surprises)} did not end as their world says[/red]" if surprises else "[green]all ended as their world says[/green]")
    )


@contextmanager
def _progress(event: str) -> Iterator[Tell]:
    """A bar on the terminal when a replay takes longer than a moment; nothing elsewhere."""
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[at]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, refresh_per_second=8) as bar:
        task = bar.add_task(Path(event).name, total=None, at="")
        yield lambda seconds: bar.update(task, at=f"{span(seconds)} of cloud time")
