"""What the simulator keeps of each wait: the truth, and what was done about it."""

import math
from dataclasses import dataclass, field

from rearm.core.model import Action, Result, Status
from rearm_workbench.emulators.lifecycle import Clock, LifecycleAction
from rearm_workbench.simulator.scenario import Instance, WaitPlan


@dataclass
class WaitRecord:
    """One wait of a run. `real` is the cloud's own record; None before it begins. Times are seconds since the epoch."""

    plan: WaitPlan
    action: Action
    clock: Clock
    real: LifecycleAction | None = None
    ended_elsewhere: bool = False
    """Somebody else ended it: by hand, by deleting the hook, or the instance is gone."""
    struck_at: float = -math.inf
    struck: list[tuple[float, str]] = field(default_factory=list)
    extended_at: float = -math.inf
    """When the cloud last took a heartbeat, or the wait began."""
    heartbeats: int = 0
    refused: int = 0
    sent: list[tuple[float, Result]] = field(default_factory=list)
    pending: dict[str, float] = field(default_factory=dict)
    """Timers that have still to fire, by name: when each is due."""
    armed_at: float = -math.inf
    """When the last of them was set."""
    deliveries_left: int = 0
    """Notifications and redeliveries that are still to come, for which the cloud or the queue answers."""
    running: int = 0
    starts: list[float] = field(default_factory=list)
    """When something arrived that may begin a second chain: a delivery, a redelivery, a sweep, a timer that came twice."""
    looks: list[float] = field(default_factory=list)

    @property
    def began_at(self) -> float:
        return self.real.began_at if self.real else math.inf

    @property
    def active(self) -> bool:
        return self.real is not None and self.real.ended_at is None

    @property
    def attended(self) -> bool:
        """Somebody looks after it, or will."""
        return bool(self.pending or self.deliveries_left or self.running)

    @property
    def broken_off(self) -> bool:
        """Nobody looks after it, since a fault has struck. A notification that is still to come is no path of delivery any more: it
        comes after the end, or (Alibaba Cloud) finds the wait's first timer taken."""
        return not (self.pending or self.running) and self.struck_at >= self.armed_at

    def time_left_s(self) -> float:
        """Seconds until the cloud ends it, as the cloud knows it."""
        return self.real.lapses_at - self.clock.now() if self.real and self.active else math.inf

    def strike(self, what: str) -> None:
        """A fault has hit it."""
        self.struck_at = self.clock.now()
        self.struck.append((self.struck_at, what))

    def status_of(self, instance: Instance) -> Status:
        """What is true of an instance now: `passed`, `waiting`, `failed` or `gone`."""
        return next((status for status in ("gone", "failed", "passed") if self.ever(status, instance)), "waiting")

    def ever(self, status: Status, instance: Instance) -> bool:
        """Whether that has been true of an instance until now."""
        since_s = {"gone": instance.gone_s, "failed": instance.fails_s, "passed": instance.ready_s}[status]
        # As the world's own timers are set: a difference of two times this large is not exact.
        return since_s is not None and self.clock.now() >= self.began_at + since_s
