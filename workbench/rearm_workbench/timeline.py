"""What happened in a wait, as data: one entry for each thing, in order."""

from collections import Counter
from dataclasses import dataclass, field

import msgspec

from rearm.core.model import Action, CloudName, Result
from rearm_workbench.emulators.lifecycle import LifecycleAction


class Entry(msgspec.Struct, frozen=True):
    """One thing that happened: seconds from the first delivery, what, and why."""

    at_s: int
    what: str
    why: str


@dataclass
class WaitRecord:
    """One wait of a replay while it runs, and what came of it."""

    event: str
    action: Action
    real: LifecycleAction
    start: float
    ready_s: int | None
    looks: int = 0
    api_calls: Counter[str] = field(default_factory=Counter)
    timeline: list[Entry] = field(default_factory=list)

    def add(self, now: float, what: str, why: str) -> None:
        self.timeline.append(Entry(round(now - self.start), what, why))

    @property
    def cloud(self) -> CloudName:
        return self.action.cloud

    @property
    def ended_by(self) -> str:
        """`rearm`, `default result` or `gone`; `nobody` while it waits."""
        if self.real.by is None:
            return "nobody"
        return {"client": "rearm", "default result": "default result"}.get(self.real.by, "gone")

    @property
    def outcome(self) -> Result | None:
        return self.real.result

    @property
    def waited_s(self) -> int:
        return round((self.real.ended_at or self.real.began_at) - self.real.began_at)

    def as_json(self) -> dict[str, object]:
        """The object of `rearm replay --json`."""
        return {
            "event": self.event,
            "cloud": self.cloud,
            "token": self.action.token,
            "outcome": self.outcome,
            "by": self.ended_by,
            "waited_s": self.waited_s,
            "ready_s": self.ready_s,
            "looks": self.looks,
            "heartbeats": self.real.heartbeats,
            "api_calls": dict(sorted(self.api_calls.items())),
            "timeline": [msgspec.to_builtins(entry) for entry in self.timeline],
        }
