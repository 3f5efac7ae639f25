"""Peak memory: what a process has used at most, after its first answer and twenty more."""

from collections.abc import Callable
from functools import partial

from contenders import BOTH, REARM, Contender, notification
from messages import recheck
from results import Table
from rounds import Sample, interleaved
from stub import answering
from warm import WARM_UP


def measure(runs: int) -> dict[str, Table]:
    """Megabytes (VmHWM)."""
    found = {}
    for cloud, contenders in BOTH.items():
        with answering("waiting") as port:
            turns: dict[str, Callable[[], Sample]] = {one.name: partial(_peak, one, port) for one in contenders()}
            rows = interleaved(turns, runs, f"peak memory, {cloud}")["peak"]
        found[cloud] = Table(
            f"{cloud}: one check, not ready yet, {WARM_UP + 1} invocations", "MB", contenders()[1].name, rows, checked=True
        )
    return found


def _peak(contender: Contender, port: int) -> Sample:
    later = contender.recheck() if contender.name.startswith(REARM) else contender
    event = recheck(contender.cloud) if later is not contender else notification(contender.cloud)
    with later.start(port, event) as function:
        for _ in range(WARM_UP):
            function.invoke(event)
        later.has_answered(function, "waiting")
        return {"peak": function.peak_mb}
