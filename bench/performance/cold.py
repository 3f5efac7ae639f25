"""Cold start: from the start of the process to its first answer, through the real runtime clients."""

from collections.abc import Callable
from functools import partial

from contenders import BOTH, Contender, notification
from results import Table
from rounds import Sample, interleaved
from stub import answering

TITLES = {
    "ready": "the instance is ready: checked, and the action completed",
    "waiting": "the instance is not ready: checked, and the next look arranged (rearm), or the wait extended (the others)",
}
PLATFORMS = {"aws": "Lambda, Python 3.12, awslambdaric", "alibaba": "Function Compute, Python 3.10, the runtime shim"}


def measure(runs: int) -> dict[str, Table]:
    """Milliseconds, for each cloud and state of the instance."""
    found = {}
    for cloud, contenders in BOTH.items():
        for state, title in TITLES.items():
            with answering(state) as port:
                turns: dict[str, Callable[[], Sample]] = {one.name: partial(once, one, port, state) for one in contenders()}
                rows = interleaved(turns, runs, f"cold start, {cloud}, {state}")["cold"]
            found[f"{cloud}-{state}"] = Table(f"{PLATFORMS[cloud]}; {title}", "ms", contenders()[1].name, rows, checked=True)
    return found


def once(contender: Contender, port: int, state: str) -> Sample:
    with contender.start(port, notification(contender.cloud)) as function:
        contender.has_answered(function, state)
        return {"cold": function.cold_s * 1000}
