"""The emulator's side of a function's process (`worker.py`)."""

import base64
import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rearm.core.model import CloudName
from rearm_workbench.emulate.running_clock import RunningClock

LONGEST_REAL_S = 60.0
"""A function is ended when its timeout has passed in cloud time, but never before this much of the machine's time has."""
LAMBDA_ACCOUNT = "123456789012"
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "SSL_CERT_FILE")


class Outcome(NamedTuple):
    """What came of an invocation: the answer's body, and the error's one line if it failed."""

    body: bytes
    error: str | None = None


@dataclass(frozen=True)
class Function:
    """`name` is what it is invoked by: `rearm-sns`, or `rearm/mns_topic` on FC 2.0. `environment` is all that its process gets."""

    cloud: CloudName
    name: str
    path: str
    environment: dict[str, str] = field(repr=False)
    credentials: tuple[str, ...] = field(repr=False, default=("", "", ""))
    region: str = ""
    account: str = LAMBDA_ACCOUNT
    timeout_s: int = 900

    def spec(self) -> dict[str, Any]:
        service, _, short = self.name.rpartition("/")
        return {
            "cloud": self.cloud,
            "path": self.path,
            "function": short,
            "service": service or None,
            "region": self.region,
            "account": self.account,
            "credentials": self.credentials,
            "timeout_s": self.timeout_s,
        }


class Worker:
    """One process. It is started by the first `run`, and again after it has died."""

    def __init__(self, function: Function, clock: RunningClock, asleep: Callable[[int], None], log: Callable[[str], None]) -> None:
        """`asleep(+1)` is told when the whole function sleeps, `asleep(-1)` when it goes on; `log` gets each line that it writes."""
        self.function, self._clock, self._asleep, self._log = function, clock, asleep, log
        self._process: subprocess.Popen[bytes] | None = None
        self._sending = threading.Lock()
        self._numbers = itertools.count(1)
        self._sleeping: set[int] = set()
        """Sleeps of the whole function that nobody has woken yet."""

    def run(self, event: bytes, retry: int) -> Outcome:
        """One invocation, to its end."""
        if self._process is None or self._process.poll() is not None:
            self._start()
        number = next(self._numbers)
        began, ends_at = time.monotonic(), self._clock.now() + self.function.timeout_s
        self.tell_time()
        try:
            self._send(run=number, event=base64.b64encode(event).decode(), retry=retry, request_id=str(uuid.uuid4()))
            while True:
                message = self._receive()
                if message is None and self._clock.now() > ends_at and time.monotonic() - began > LONGEST_REAL_S:
                    self.end()
                    return Outcome(b"", f"timed out after {self.function.timeout_s} s")
                if message is not None and "done" in message:
                    return Outcome(base64.b64decode(message["body"]), message["error"])
                if message is not None:
                    self._sleep(message)
        except OSError:
            code = self._gone()
            return Outcome(b"", f"its process ended in the middle of the invocation (exit code {code})")
        finally:
            self._leave_sleeps()

    def tell_time(self) -> None:
        """Give the process the clock anew: at the start, and after each jump."""
        if self._process is not None:
            try:
                self._send(anchor=self._clock.anchor)
            except OSError:
                return  # it has ended: whoever waits for it is told by `run`

    def end(self) -> None:
        """End the process."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
        self._gone()

    # inside

    def _start(self) -> None:
        mine, theirs = socket.socketpair()
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | self.function.environment
        process = subprocess.Popen(
            [sys.executable, "-m", "rearm_workbench.emulate.worker", str(theirs.fileno())],
            cwd=os.path.dirname(self.function.path),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C at the terminal is for the emulator, which ends its functions itself
        )
        theirs.close()
        mine.settimeout(1.0)
        with contextlib.suppress(OSError):  # it has ended already: the run that follows is told
            # First of all, and before anybody else can write there: a jump of the clock tells every process the time.
            mine.sendall(json.dumps({"spec": self.function.spec()}).encode() + b"\n")
        self._socket, self._buffer, self._process = mine, b"", process
        threading.Thread(target=self._follow, args=(process,), daemon=True).start()

    def _follow(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is not None:
            for line in process.stdout:
                self._log(line.decode("utf-8", "replace").rstrip())

    def _send(self, **message: Any) -> None:
        with self._sending:
            self._socket.sendall(json.dumps(message).encode() + b"\n")

    def _receive(self) -> dict[str, Any] | None:
        """The next message; None if none came within a second. Raises OSError when the process is gone."""
        while b"\n" not in self._buffer:
            try:
                part = self._socket.recv(65536)
            except TimeoutError:
                return None
            if not part:
                raise ConnectionError
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def _sleep(self, message: dict[str, Any]) -> None:
        number, process = message["sleep"], self._process
        with self._clock.lock:
            if message["all"]:
                self._sleeping.add(number)
                self._asleep(1)
            self._clock.call_at(self._clock.now() + message["seconds"], lambda: self._wake(process, number))

    def _wake(self, process: "subprocess.Popen[bytes] | None", number: int) -> None:
        if process is not self._process:
            return  # it was killed in its sleep: the next process counts its sleeps anew
        if number in self._sleeping:
            self._sleeping.remove(number)
            self._asleep(-1)
        try:
            self._send(wake=number)
        except OSError:
            return  # it has ended meanwhile

    def _leave_sleeps(self) -> None:
        """The run is over: whoever was killed in its sleep does not sleep any more."""
        with self._clock.lock:
            for number in list(self._sleeping):
                self._sleeping.remove(number)
                self._asleep(-1)

    def _gone(self) -> int:
        process, self._process = self._process, None
        if process is None:
            return -signal.SIGKILL
        self._socket.close()
        try:
            return process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
