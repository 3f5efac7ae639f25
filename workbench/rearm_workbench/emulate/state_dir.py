"""The state directory: DIR/journal.jsonl, one JSON object a line, and DIR/lock. What is in `journal.py`; here is how it stays whole.

A process can be killed at any moment. A line is on the disk before anything follows from it; one that was not written to its end has had no
consequences, and is cut off. The file is only ever replaced as a whole, by renaming another that is on the disk already.
"""

import fcntl
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

FORMAT = 2
FILE = "journal.jsonl"
NEW = "journal.jsonl.new"
LOCK = "lock"

Record = dict[str, Any]


class StateProblem(Exception):
    """The state directory cannot be used; one line."""


class StateDir:
    """DIR, held by one process until it ends (also by kill -9). Raises `StateProblem`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._journal = self._opened()
        except OSError as error:
            raise StateProblem(f"--state-dir {path}: cannot be used ({error.strerror})") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._lock, 40, 0).decode("ascii", "replace").strip() or "?"
            os.close(self._journal)
            os.close(self._lock)
            raise StateProblem(f"--state-dir {path}: another `rearm emulate` (process {holder}) uses it; end that one first") from None
        self._closed = False
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)
        (path / NEW).unlink(missing_ok=True)  # of a process that was killed while it replaced the journal

    def close(self) -> None:
        """Give the directory back; a second time does nothing."""
        if not self._closed:
            os.close(self._journal)
            os.close(self._lock)
        self._closed = True

    def append(self, line: bytes) -> None:
        """On the disk when this returns: 0.16 ms a line on an ordinary virtual disk, so nothing is gathered up."""
        while line:
            line = line[os.write(self._journal, line) :]
        os.fdatasync(self._journal)

    def replace(self, records: Sequence[Record]) -> None:
        """Have these records instead of those in the file: all of them or, whenever the process is killed, still the old ones.

        Raises `StateProblem`, and then the old ones are there.
        """
        try:
            self._write_new(records)
            os.replace(self.path / NEW, self.path / FILE)
            before, self._journal = self._journal, self._opened()
        except OSError as error:
            raise StateProblem(f"{self.path / FILE}: cannot be written anew ({error.strerror})") from None
        os.close(before)
        directory = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        os.fsync(directory)
        os.close(directory)

    def _write_new(self, records: Sequence[Record]) -> None:
        descriptor = os.open(self.path / NEW, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.writelines(map(line_of, records))
            file.flush()
            os.fsync(file.fileno())

    def records(self) -> Iterator[Record]:
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

    def _opened(self) -> int:
        return os.open(self.path / FILE, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _cut(self, end: int, length: int) -> None:
        os.ftruncate(self._journal, end)
        note = f"rearm: {self.path / FILE}: the last line was not written to its end ({length} bytes); it is cut off and was never answered"
        print(note, file=sys.stderr, flush=True)  # noqa: T201 - the command line's voice


def line_of(record: Record) -> bytes:
    """The record's line."""
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _parsed(line: bytes) -> Record | None:
    try:
        record = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
