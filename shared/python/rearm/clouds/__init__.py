"""The two clouds, side by side under the same names: `parse` (pure) and the port below.

The port is as small as its use: describe the hook once, then heartbeat, recheck, complete; and two questions of the sweep.
"""

from typing import Protocol

from rearm.core.limits import Limits
from rearm.core.model import Action, CloudName, Held, Hook, Result


class Cloud(Protocol):
    """What a look needs of a cloud. One object serves one invocation; SDK clients are made lazily and kept for the next.

    Every method but `say` may raise `ActionGone` (end quietly) or `TryAgain` (may pass); an adapter has used up its own
    retries before it does.
    """

    name: CloudName
    limits: Limits

    def describe_hook(self, action: Action) -> Hook:
        """The hook's timeout and default result. No such hook: `ActionGone` (deleting a hook ends its actions)."""

    def heartbeat(self, action: Action, seconds: int) -> None:
        """Extend the wait. Raises `LimitSpent` where the cloud extends no further."""

    def complete(self, action: Action, result: Result) -> None:
        """End the wait with `result`."""

    def recheck(self, name: str, at: float, now: float, payload: bytes) -> bool:
        """Have the recheck function invoked with `payload` at `at`. False if a timer of that name exists already."""

    def held_waits(self, groups: tuple[str, ...]) -> list[Held]:
        """Every wait that the cloud holds now, in these groups; () means every group of the region.

        What cannot be listed is said in one log line and left out; `TryAgain` only if nothing could be.
        """

    def timers_due(self) -> frozenset[str] | None:
        """Identities (`grid.identity`) of the waits that have a look due or running; None: the platform cannot tell."""

    def remaining_s(self) -> float:
        """Seconds that this invocation may still run."""

    def say(self, line: dict[str, object]) -> None:
        """Write one structured log line."""
