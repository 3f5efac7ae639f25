"""One process of a function, with a stopwatch: `LambdaFunction` and `FcFunction` start it, each in its platform's real runtime."""

import subprocess
import time
from pathlib import Path

Command = list[str]
Environment = dict[str, str]


class Failed(Exception):
    """The handler raised, or its process ended: what it said."""


def peak_mb(pid: int) -> float:
    """A process's own peak of resident memory. (`ru_maxrss` of a child is never below its parent's.)"""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


class Function:
    """From the start of the process on. `cold_s`: until its first answer; `answer`: the last one."""

    cold_s: float
    answer: bytes

    def __init__(self, command: Command, environment: Environment, directory: Path) -> None:
        self._process = subprocess.Popen(command, env=environment, cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def __enter__(self) -> "Function":
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def invoke(self, event: bytes) -> float:
        """Seconds of wall clock to the answer. Raises `Failed`."""
        raise NotImplementedError

    @property
    def cpu_s(self) -> float:
        """Of the process so far, in user and kernel, with the threads that have ended.

        Linux's clock of another process (clock_getcpuclockid(3)): in nanoseconds, where /proc/PID/stat counts in hundredths of a second.
        """
        return time.clock_gettime(~self._process.pid << 3 | 2)

    @property
    def peak_mb(self) -> float:
        """Of the process so far."""
        return peak_mb(self._process.pid)

    def _given_up(self, error: object) -> Failed:
        """The error, with what the process wrote last."""
        self._process.kill()
        said = (self._process.communicate()[1] or b"").decode(errors="replace")
        return Failed(f"{error}\n{said[-2000:]}")
