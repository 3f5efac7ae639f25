"""`rearm emulate` that kills itself with SIGKILL at an exact point: `KILL='{"point": "answer", "count": 7, …}' kill_points.py ARGUMENTS`.

A point is a place in the emulator's own code, counted from the moment when it stands (for the points of a start: from its beginning), so
that a kill can be had again. `who` dies: the process alone (`server`), with its functions (`whole`), or while its functions are stopped
(`frozen`), so that they wake up as orphans when its successor is there already.
"""

import base64
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

POINTS = {
    "torn": "a request is half written into the journal",
    "recorded": "a request is written down and not yet carried out",
    "answer": "a request is carried out and not yet answered",
    "heartbeat": "a heartbeat is answered and the next request of the look has come",
    "heartbeat-answer": "a heartbeat is carried out and not answered",
    "complete": "a completion is written down and not yet carried out",
    "complete-answer": "a completion is carried out and not answered",
    "timer-answer": "a recheck is set and that is not answered",
    "begin": "an invocation runs since some milliseconds",
    "end": "an invocation has ended and nobody has noted it",
    "reported": "its end is reported to Function Compute and not noted",
    "noted": "its end is noted",
    "timer": "a timer of the clock is due and has not run",
    "rebuild": "at the start, while the requests are carried out again",
    "resume": "at the start, while what was cut off runs again",
    "compact": "at the start, while the journal is written anew",
}
AT_START = ("rebuild", "resume", "compact")
FROZEN = "frozen: "


class Death:
    """Counts the events of one point, and ends the process at the right one."""

    def __init__(self, point: str, count: int, who: str, share: float) -> None:
        """`share`: how much of a line is written (`torn`), and how much of 60 ms an invocation runs (`begin`)."""
        self.point, self.left, self.who, self.share = point, count, who, share
        self.armed = point in AT_START
        self.workers: list[int] = []
        self._one = threading.Lock()

    def due(self, *points: str) -> bool:
        """An event of these points. True for the one at which to die."""
        if self.point not in points or not self.armed:
            return False
        with self._one:
            self.left -= 1
            return self.left == 0

    def at(self, *points: str) -> None:
        if self.due(*points):
            self.now()

    def now(self) -> None:
        if self.who == "frozen":
            os.write(2, f"{FROZEN}{json.dumps(self.workers)}\n".encode())
        for pid in self.workers if self.who != "server" else ():
            try:
                os.kill(pid, signal.SIGKILL if self.who == "whole" else signal.SIGSTOP)
            except ProcessLookupError:
                continue
        os.kill(os.getpid(), signal.SIGKILL)


def before(owner: Any, name: str, act: Callable[..., None]) -> None:
    """Have `act` called with the same arguments before `owner.name`."""
    real = getattr(owner, name)

    def both(*arguments: Any, **named: Any) -> Any:
        act(*arguments, **named)
        return real(*arguments, **named)

    setattr(owner, name, both)


def after(owner: Any, name: str, act: Callable[..., None]) -> None:
    real = getattr(owner, name)

    def both(*arguments: Any, **named: Any) -> Any:
        answer = real(*arguments, **named)
        act(*arguments, **named)
        return answer

    setattr(owner, name, both)


def plant(death: Death) -> None:
    """Put the points into the emulator."""
    from rearm_workbench.emulate import functions, running_clock, service, state_dir, worker_process
    from rearm_workbench.emulators.alibaba import loopback

    def append(state: Any, line: bytes) -> None:
        if death.due("torn"):
            os.write(state._journal, line[: int(len(line) * death.share)])
            death.now()
        real_append(state, line)
        record = json.loads(line)
        if record["what"] == "request":
            asked = record["path"].encode() + base64.b64decode(record["body"]) + str(record["headers"]).encode()
            death.at("recorded", *(("complete",) if b"CompleteLifecycleAction" in asked else ()))

    real_append, state_dir.StateDir.append = state_dir.StateDir.append, append

    beaten = threading.Event()

    def handled(handle: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def served(incoming: Any) -> Any:
            asked = f"{incoming.path}?{incoming.query}".encode() + incoming.body + str(incoming.headers).encode()
            if beaten.is_set():
                beaten.clear()
                death.at("heartbeat")
            answer = handle(incoming)
            death.at("answer")
            if b"RecordLifecycleActionHeartbeat" in asked:
                death.at("heartbeat-answer")
                beaten.set()
            if b"CompleteLifecycleAction" in asked:
                death.at("complete-answer")
            if incoming.path.startswith("/schedules/") or incoming.headers.get("x-fc-invocation-type") == "Async":
                death.at("timer-answer")
            return answer

        return served

    real_init = loopback.LoopbackServer.__init__

    def init(server: Any, handle: Callable[[Any], Any], *arguments: Any) -> None:
        real_init(server, handled(handle), *arguments)

    loopback.LoopbackServer.__init__ = init

    def begun(*_: Any) -> None:
        if death.due("begin", "resume"):
            threading.Timer(0.06 * death.share, death.now).start()

    before(worker_process.Worker, "run", begun)
    after(worker_process.Worker, "_start", lambda worker: death.workers.append(worker._process.pid))
    before(functions.Functions, "_ended", lambda *_: death.at("end"))
    after(functions.Functions, "_ended", lambda *_: death.at("noted"))
    after(service.Service, "_report", lambda *_: death.at("reported"))

    real_call_at = running_clock.RunningClock.call_at

    def call_at(clock: Any, at: float, run: Callable[[], None]) -> Any:
        def timer() -> None:
            death.at("timer")
            run()

        return real_call_at(clock, at, timer)

    running_clock.RunningClock.call_at = call_at

    def counted(records: Iterable[Any]) -> Iterator[Any]:
        for record in records:
            death.at("rebuild")
            yield record

    real_rebuild = service.rebuild
    service.rebuild = lambda records, *rest: real_rebuild(counted(records), *rest)

    def replace(state: Any, records: Any) -> None:
        for name in ("fsync", "replace"):
            before(os, name, lambda *_: death.at("compact"))
        real_replace(state, records)
        death.at("compact")

    real_replace, state_dir.StateDir.replace = state_dir.StateDir.replace, replace

    def stands(_service: Any) -> None:
        death.armed = True

    after(service.Service, "__enter__", stands)
    service.COMPACT_FROM = 40  # often, in a campaign


if __name__ == "__main__":
    import typer

    from rearm_workbench.emulate.command import emulate

    plant(Death(**json.loads(os.environ.get("KILL") or '{"point": "", "count": 0, "who": "server", "share": 0}')))
    typer.run(emulate)
