"""Who plays the cloud of a run: `fast.Fast` answers at the port, `full.Full` on the wire."""

from collections.abc import Callable
from typing import Any, Protocol

from rearm_workbench.emulators.lifecycle import LifecycleAction, LifecycleBook
from rearm_workbench.simulator.invocation import Invocation
from rearm_workbench.simulator.scenario import WaitPlan
from rearm_workbench.simulator.wait_record import WaitRecord


class Tier(Protocol):
    """One cloud of one run."""

    book: LifecycleBook
    names_timers: bool
    """Whether it tells the name of a timer that comes: `Timers.fired` instead of `Timers.came`."""

    def begin(self, plan: WaitPlan, record: WaitRecord) -> LifecycleAction:
        """The instances reach their wait state now."""

    def delete_hook(self, group: str, hook: str) -> None: ...
    def change_hook(self, group: str, hook: str, timeout_s: int) -> None: ...
    def vanish(self, instance: str) -> None: ...

    def set_timer_offset(self, seconds: float) -> None:
        """How late the next timer that is set will come; below 0, how early."""

    def refuse(self, operation: str, run: Callable[[], object]) -> None:
        """Have a call fail for as long as its adapter tries: `run` raises `TryAgain`."""

    def invoke(self, function: str, event: Any, invocation: Invocation) -> Any:
        """Run a deployed handler."""

    def ended(self, name: str, over: bool) -> None:
        """The invocation that a timer of that name brought has ended; `over`: it will not be repeated."""

    def let_go(self, record: WaitRecord) -> None:
        """Nobody will ask for that wait any more: what is kept of it may be forgotten."""
