"""Both clouds again as they were: every recorded request is executed at its own time, in order, while the clock stands."""

import base64
from collections.abc import Iterable, Mapping
from typing import Protocol

from rearm_workbench.emulate.running_clock import RunningClock
from rearm_workbench.emulate.state_dir import Record


class Cloud(Protocol):
    """What is used of an emulator."""

    def replay_request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None: ...


def rebuild(records: Iterable[Record], clouds: Mapping[str, Cloud], clock: RunningClock) -> None:
    """The clouds are empty, with the seed of the start record; afterwards it is the time of the last record. Hold the clock's lock."""
    for record in records:
        clock.set(record["at"])
        if record["what"] == "request":
            cloud = clouds[record["cloud"]]
            cloud.replay_request(record["method"], record["path"], record["headers"], base64.b64decode(record["body"]))
