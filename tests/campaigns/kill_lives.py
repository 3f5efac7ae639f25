"""The lives of the process: started, killed as planned, started again on the same directory and the same ports."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from campaigns.kill_clouds import Clouds
from campaigns.kill_plan import Kill
from campaigns.kill_points import FROZEN, POINTS
from emulate_world import Emulate, NotServed

T = TypeVar("T")
LAUNCHER = [sys.executable, str(Path(__file__).with_name("kill_points.py"))]
FUSE = 6
"""A planned point that is not reached within so many jumps of the clock is not waited for: the process is killed where it stands."""
PORTS = range(20_000, 30_000)
"""Below those that the system gives away by itself: the successor has to find its predecessor's free."""


class Violation(Exception):
    """What must not be."""


class Lives:
    """`compare` is called with the clients of each new life."""

    def __init__(
        self, state_dir: Path, config: Path, kills: list[Kill], say: Callable[[str], None], compare: Callable[[Clouds], None]
    ) -> None:
        self.state_dir, self._say, self._compare = state_dir, say, compare
        self._planned, self.fallen = kills, list[Kill]()
        ports = free_ports()
        self._arguments = ["--aws", f"127.0.0.1:{ports[0]}", "--alibaba", f"127.0.0.1:{ports[1]}", "--seed", "7"]
        self._arguments += ["--state-dir", str(state_dir), "--config", str(config)]
        self._groups: dict[str, str] = {}
        self._life: Emulate | None = None
        self._clouds: Clouds | None = None
        self._fuse: threading.Timer | None = None
        self._told, self._jumps = 0.0, 0
        self._frozen: list[int] = []
        self.log: list[str] = []

    @property
    def kills_left(self) -> int:
        return len(self._planned)

    def start(self) -> None:
        """A new life, and the next kill planned for it."""
        while True:
            kill = self._planned[0] if self._planned else None
            more = {"KILL": json.dumps({"point": kill.point, "count": kill.count, "who": kill.who, "share": kill.share})} if kill else {}
            down = "stands" if kill is not None and kill.stands_while_down else "passes"
            try:
                self._life = Emulate(*self._arguments, "--while-down", down, command=LAUNCHER, more=more)
            except NotServed as died:
                if died.code != -signal.SIGKILL or kill is None:
                    raise Violation(f"it does not start again: {died}") from None
                self._fell(kill, kill.point, died.log)
                continue
            break
        self._clouds = Clouds(self._life, self._groups)
        self._jumps = 0
        if kill is not None and not kill.point:
            self._burn(kill)
        if self._life.told["now"] < self._told:
            raise Violation(f"the clock went back, from {self._told} to {self._life.told['now']}")

    def ask(self, step: Callable[[Clouds], T]) -> T:
        """Do it until it is answered, through as many lives as it takes."""
        while True:
            assert self._clouds is not None
            try:
                return step(self._clouds)
            except Violation:
                raise
            except Exception as error:
                # Whatever a client makes of a connection that breaks; anything else is told.
                if not self._has_died():
                    assert self._life is not None
                    what = f"it lives, and a client was told {type(error).__name__}: {error}"
                    raise Violation(f"{what}\n{self._life.log[-2000:]}") from error
            self._again()

    def now(self) -> float:
        """Cloud time."""
        return float(self.ask(lambda clouds: clouds.emulated.clock({})["now"]))

    def advance(self, to: float) -> None:
        """Have it be `to` at least."""

        def go(clouds: Clouds) -> None:
            now = clouds.emulated.clock({})["now"]
            if now >= to:
                return
            self._jumps += 1
            if self._jumps == FUSE and self._planned and self._planned[0].point:
                self._burn(self._planned[0])
            self._told = clouds.emulated.advance(to - now)

        self.ask(go)

    def end(self) -> None:
        """End the last life as its user does."""
        assert self._life is not None
        code = self._life.end(signal.SIGTERM)
        if code != 0:
            raise Violation(f"SIGTERM ended it with {code}:\n{self._life.log[-2000:]}")

    def stop(self) -> None:
        if self._fuse is not None:
            self._fuse.cancel()
        if self._life is not None and self._life.process.poll() is None:
            self._life.end(signal.SIGKILL)
        self._thaw()

    # inside

    def _has_died(self) -> bool:
        assert self._life is not None
        try:
            return self._life.process.wait(3) == -signal.SIGKILL
        except subprocess.TimeoutExpired:
            return False

    def _again(self) -> None:
        assert self._life is not None
        if self._fuse is not None:
            self._fuse.cancel()
        self._life._reader.join(2)
        if not self._planned:
            raise Violation(f"it was killed, and not by this campaign:\n{self._life.log[-2000:]}")
        kill, log = self._planned[0], self._life.log
        self._fell(kill, kill.fell or kill.point, log)
        time.sleep(kill.down_s)
        self.start()
        self._thaw()
        self.ask(self._compare)

    def _fell(self, kill: Kill, fell: str, log: str) -> None:
        kill.fell = fell if fell in POINTS else ""
        self.log.append(log)
        self.fallen.append(self._planned.pop(0))
        for line in log.splitlines():
            if line.startswith(FROZEN):
                self._frozen += json.loads(line.removeprefix(FROZEN))
        self._say(f"kill {kill.number}: {kill.who:<6}  {kill.where}")

    def _thaw(self) -> None:
        """The functions of the life before wake up, and find its successor."""
        _tell(self._frozen, signal.SIGCONT)
        self._frozen.clear()

    def _burn(self, kill: Kill) -> None:
        self._fuse = threading.Timer(kill.delay_s, self._kill_from_outside, (self._life, kill))
        self._fuse.daemon = True
        self._fuse.start()

    def _kill_from_outside(self, life: Emulate, kill: Kill) -> None:
        if life.process.poll() is not None:
            return
        kill.fell = "outside"
        pids = _children(life.process.pid)
        if kill.who == "frozen":
            _tell(pids, signal.SIGSTOP)
            life.lines.append(f"{FROZEN}{json.dumps(pids)}\n")
        life.process.send_signal(signal.SIGKILL)
        if kill.who == "whole":
            _tell(pids, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return [int(child) for child, parent in (line.split() for line in listed.splitlines()) if int(parent) == pid]


def _tell(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def free_ports() -> tuple[int, int]:
    """Two ports of `PORTS` that nobody uses now."""
    found: list[int] = []
    while len(found) < 2:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        found += [port] if port not in found else []
    return found[0], found[1]
