"""Warm: one look of a process that has had some. CPU is the process's own; the APIs and the asked URLs are served by another one."""

import json
import statistics
from collections.abc import Callable
from functools import partial

from contenders import BOTH, BY_HAND, LIMIT, REARM, Contender, aws, by_http, configured, notification
from messages import recheck
from results import Table
from rounds import Sample, interleaved
from stopwatch import Function
from stub import answering

WARM_UP, INVOCATIONS = 20, 100
CHECKS = (1, 2, 20)
STATE = "waiting"


def measure(runs: int) -> dict[str, Table]:
    """CPU and wall milliseconds of an invocation; the wall's sample is the median of its turn."""
    found = {}
    for cloud, contenders in BOTH.items():
        with answering(STATE) as port:
            turns: dict[str, Callable[[], Sample]] = {one.name: partial(_look, one, port) for one in contenders()}
            rows = interleaved(turns, runs, f"warm look, {cloud}")
        for kind, title in (("cpu", "CPU of a look"), ("wall", "time of a look")):
            found[f"{cloud}-{kind}"] = Table(
                f"{title}, {cloud}: one check, not ready yet", "ms", contenders()[1].name, rows[kind], checked=kind == "cpu"
            )
    return found | _by_checks(runs)


def _by_checks(runs: int) -> dict[str, Table]:
    """HTTP checks: the same request to the same server, from rearm and by hand."""
    turns: dict[str, Callable[[], Sample]] = {}
    with answering(STATE) as port:
        for count in CHECKS:
            for contender in (by_http(), aws()[-1]):
                turns[f"{contender.name}, {count}"] = partial(_http, contender, port, count)
        rows = interleaved(turns, runs, "warm look, more checks")
    note = "By hand one after the other over kept connections; rearm side by side, each over a new connection."
    against = f"{BY_HAND}, 1"
    cpu = rows["cpu"]
    one, two, twenty = (cpu[f"{REARM}, {count}"] for count in CHECKS)
    steps = {
        "the second check": [b - a for a, b in zip(one, two, strict=True)],
        "each of the next 18": [(c - b) / 18 for b, c in zip(two, twenty, strict=True)],
    }
    return {
        "http-cpu": Table("CPU of a look with 1, 2 and 20 HTTP checks, none passed", "ms", against, cpu, note, checked=True),
        "http-wall": Table("time of a look with 1, 2 and 20 HTTP checks, none passed", "ms", against, rows["wall"], note),
        "http-next": Table("CPU of one HTTP check more, in rearm", "ms", "", steps, "Differences of the figures above, round by round."),
    }


def _look(contender: Contender, port: int) -> Sample:
    later = contender.recheck() if contender.name.startswith(REARM) else contender
    event = recheck(contender.cloud) if later is not contender else notification(contender.cloud)
    with later.start(port, event) as function:
        return looks(function, later, event)


def _http(contender: Contender, port: int, count: int) -> Sample:
    urls = [f"http://127.0.0.1:{port}/healthz/{number}" for number in range(count)]
    if contender.name == REARM:
        asked: list[object] = [{"http": {"host": "127.0.0.1", "port": port, "path": f"/healthz/{number}"}} for number in range(count)]
        event, contender, more = recheck("aws"), contender.recheck(), configured(f"http-{count}", asked)
    else:
        event, more = notification("aws"), {"CHECKS": json.dumps(urls)}
    with contender.start(port, event, more) as function:
        return looks(function, contender, event)


def looks(function: Function, contender: Contender, event: bytes) -> Sample:
    """Milliseconds of one of `INVOCATIONS`, after `WARM_UP` that are not counted."""
    for _ in range(WARM_UP):
        function.invoke(event)
    before = function.cpu_s
    walls = [function.invoke(event) for _ in range(INVOCATIONS)]
    spent = function.cpu_s - before
    if contender.name != LIMIT:
        contender.has_answered(function, STATE)
    return {"cpu": spent / INVOCATIONS * 1000, "wall": statistics.median(walls) * 1000}
