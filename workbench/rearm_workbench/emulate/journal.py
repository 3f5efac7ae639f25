"""What was asked of both clouds, written down before it is done. Both are rebuilt by asking for the same again at the same times.

| record | says | besides |
| --- | --- | --- |
| `start` | the first line | `format`, `seed`, `heartbeat_adds` |
| `request` | one that may change something | `cloud`, `method`, `path`, `headers`, `body` |
| `failed` | an invocation failed, and is to be tried again after a pause | `invocation` |
| `done` | invocations have ended, well or badly, and are not run again | `invocations` |
| `time` | how late it is | |

Each has the cloud time `at` and the machine's time `wall`. What only reads is not recorded; but what was read is not undone by a restart.
So when timers have run since the last record, a `time` record goes before the answer.
"""

import base64
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rearm_workbench.emulate.state_dir import FORMAT, Record, StateDir, line_of

FAULTS = "/_faults"
ReadOf = Callable[[str, str, str, Mapping[str, str], bytes], str | None]
"""Cloud, method, path, headers, body: what a request reads, as a fault names it; None for one that may change something."""


def reads_nothing(*_request: object) -> None:
    """Every request may change something."""


class Journal:
    """Writes. What the emulators ask of a journal is `record`; `None` for `state` keeps nothing.

    `now()` is the cloud time and `ran()` how many timers have run. Every method is called while the lock of both clouds is held.
    """

    def __init__(
        self,
        state: StateDir | None,
        now: Callable[[], float],
        ran: Callable[[], int] = lambda: 0,
        read_of: ReadOf = reads_nothing,
    ) -> None:
        self._state, self._now, self._ran, self._read_of = state, now, ran, read_of
        self._ran_before = ran()
        self._made_to_fail: set[str] = set()

    def record(self, cloud: str, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """A request, before it is executed."""
        if self._state is None:
            return
        if self._changes(cloud, method, path, headers, body):
            asked = {"cloud": cloud, "method": method, "path": path, "headers": dict(headers)}
            self._write({"what": "request"}, {**asked, "body": base64.b64encode(body).decode()})
        elif self._ran() != self._ran_before:
            self.time()

    def start(self, settings: dict[str, Any]) -> None:
        """The first record."""
        self._write({"what": "start", "format": FORMAT}, settings)

    def failed(self, invocation: int) -> None:
        """An invocation has failed, and there is another try for it."""
        self._write({"what": "failed"}, {"invocation": invocation})

    def done(self, invocation: int) -> None:
        """An invocation has ended, well or badly, and is not to be run again."""
        self._write({"what": "done"}, {"invocations": [invocation]})

    def time(self) -> None:
        """How late it is: after a jump, and now and then, so that the time that passes while nobody runs can be told."""
        self._write({"what": "time"}, {})

    def close(self) -> None:
        """Nothing is kept any more, and the directory is given back."""
        if self._state is not None:
            self._state.close()
        self._state = None

    def seen(self, records: Iterable[Record]) -> None:
        """Know what is recorded already: which reads were made to fail."""
        for record in records:
            if record["what"] == "request" and record["path"] == FAULTS:
                self._note_fault(base64.b64decode(record["body"]))

    def _changes(self, cloud: str, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bool:
        if path == FAULTS:
            self._note_fault(body)
        name = self._read_of(cloud, method, path, headers, body)
        return name is None or name in self._made_to_fail  # a failure on demand is used up by the call that it strikes

    def _note_fault(self, body: bytes) -> None:
        try:
            name = str(json.loads(body)["name"])
        except (ValueError, KeyError, TypeError):
            return  # it is refused
        self._made_to_fail |= {name, name.rpartition(":")[2]}

    def _write(self, head: Record, rest: Record) -> None:
        if self._state is not None:
            self._state.append(line_of({**head, "at": self._now(), **rest, "wall": time.time()}))
            self._ran_before = self._ran()


@dataclass
class Ends:
    """Which invocations have ended, and when the others failed (cloud time), oldest first."""

    done: set[int] = field(default_factory=set)
    failed: dict[int, list[float]] = field(default_factory=dict)


def ends_of(records: Iterable[Record]) -> Ends:
    """What the records say of the invocations."""
    found = Ends()
    for record in records:
        if record["what"] == "done":
            found.done.update(record["invocations"])
        elif record["what"] == "failed":
            found.failed.setdefault(record["invocation"], []).append(record["at"])
    found.failed = {number: times for number, times in found.failed.items() if number not in found.done}
    return found


def compacted(records: Sequence[Record]) -> list[Record]:
    """The same with fewer lines: one `done` and one `time` record, at the end, and of the invocations that have ended nothing else."""
    if not records:
        return []
    done = ends_of(records).done
    kept = [one for one in records if one["what"] in ("start", "request") or (one["what"] == "failed" and one["invocation"] not in done)]
    now = {name: records[-1][name] for name in ("at", "wall")}
    ended = [{"what": "done", **now, "invocations": sorted(done)}] if done else []
    return [*kept, *ended, {"what": "time", **now}]
