"""What becomes of scripts on emulated instances, on either cloud: nothing is run, a test or a replay says how each one ends."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple


class End(NamedTuple):
    """How a script ended."""

    exit_code: int
    output: str = ""


Ending = Callable[[], End | None]
"""None: it still runs."""


def _always() -> bool:
    return True


@dataclass
class Scripts:
    """Scripts and agents, by instance. A script that nobody spoke of ends at once with 0, and an agent nobody spoke of is online."""

    endings: dict[tuple[str, str], Ending] = field(default_factory=dict)
    agents: dict[str, Callable[[], bool]] = field(default_factory=dict)

    def is_online(self, instance_id: str) -> bool:
        return self.agents.get(instance_id, _always)()

    def end(self, instance_id: str, script: str) -> End | None:
        """How the script ends now; None: it still runs."""
        ending = self.endings.get((instance_id, script))
        return End(0) if ending is None else ending()


@dataclass
class Run:
    """One script on one instance, from the moment when it was sent."""

    instance_id: str
    script: str
    sent_at: float
    timeout_s: float
    picked_up: bool = False
    late: bool = False
    end: End | None = None

    def advance(self, scripts: Scripts, now: float) -> None:
        """Whatever has happened to it until now; what has ended stays as it is."""
        if self.picked_up and self.end is None and not self.late:
            self.end = scripts.end(self.instance_id, self.script)
            self.late = self.end is None and now >= self.sent_at + self.timeout_s

    def pick_up(self, scripts: Scripts, now: float) -> None:
        """The agent has taken it."""
        self.picked_up = True
        self.advance(scripts, now)
