"""What was asked of both clouds, written down before it is done: DIR/journal.jsonl, one JSON object a line, in order.

Line 1 is the start record; then `request`, `done` (an invocation has ended) and `time` records, each with the cloud time `at` and the
machine's time `wall`. Both clouds are rebuilt by asking for the same again at the same times.
"""

import base64
import fcntl
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FORMAT = 1
FILE = "journal.jsonl"
LOCK = "lock"


class StateProblem(Exception):
    """The state directory cannot be used; one line."""


class StateDir:
    """DIR, held by one process until it ends (also by kill -9). Raises `StateProblem`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._journal = os.open(path / FILE, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateProblem(f"--state-dir {path}: cannot be used ({error.strerror})") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._lock, 40, 0).decode("ascii", "replace").strip() or "?"
            raise StateProblem(f"--state-dir {path}: another `rearm emulate` (process {holder}) uses it; end that one first") from None
        self._open = [self._journal, self._lock]
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def close(self) -> None:
        """Give the directory back; a second time does nothing."""
        for descriptor in self._open:
            os.close(descriptor)
        self._open.clear()

    def append(self, line: bytes) -> None:
        """On the disk when this returns: 0.16 ms a line on an ordinary virtual disk, so nothing is gathered up."""
        while line:
            line = line[os.write(self._journal, line) :]
        os.fdatasync(self._journal)

    def records(self) -> Iterator[dict[str, Any]]:
        """Every record. A last line that was not wholly written is cut off, with a note. Raises `StateProblem`."""
        with open(self.path / FILE, "rb") as file:
            end = 0
            for number, line in enumerate(file, 1):
                record = _parsed(line)
                if record is None:
                    if file.read(1):
                        raise StateProblem(
                            f"{self.path / FILE}, line {number}: not a record of this journal; start with an empty directory"
                        )
                    self._cut(end, len(line))
                    return
                if number == 1 and record.get("format") != FORMAT:
                    raise StateProblem(
                        f"{self.path / FILE}: format {record.get('format')!r}, this rearm reads {FORMAT}; start with an empty directory"
                    )
                end += len(line)
                yield record

    def _cut(self, end: int, length: int) -> None:
        os.ftruncate(self._journal, end)
        note = f"rearm: {self.path / FILE}: the last line was not written to its end ({length} bytes); it is cut off and was never answered"
        print(note, file=sys.stderr, flush=True)  # noqa: T201 - the command line's voice


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


class Journal:
    """Writes. What the emulators ask of a journal is `record`; `None` for `state` keeps nothing."""

    def __init__(self, state: StateDir | None, now: Callable[[], float]) -> None:
        self._state, self._now = state, now

    def record(self, cloud: str, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        """A request, before it is executed; called while the lock is held."""
        if self._state is not None:
            asked = {"cloud": cloud, "method": method, "path": path, "headers": dict(headers)}
            self._write({"what": "request", "at": self._now(), **asked, "body": base64.b64encode(body).decode()})

    def start(self, settings: dict[str, Any]) -> None:
        """The first record."""
        self._write({"what": "start", "format": FORMAT, "at": self._now(), **settings})

    def done(self, invocation: int) -> None:
        """An invocation has ended, well or badly, and is not to be run again."""
        self._write({"what": "done", "at": self._now(), "invocation": invocation})

    def time(self) -> None:
        """How late it is: after a jump, and now and then, so that the time that passes while nobody runs can be told."""
        self._write({"what": "time", "at": self._now()})

    def close(self) -> None:
        """Nothing is kept any more, and the directory is given back."""
        if self._state is not None:
            self._state.close()
        self._state = None

    def _write(self, record: dict[str, Any]) -> None:
        if self._state is not None:
            self._state.append(json.dumps(record | {"wall": time.time()}, separators=(",", ":")).encode() + b"\n")
