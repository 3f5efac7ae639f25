"""What the simulator keeps of each wait: the truth, and what was done about it."""

import math
from dataclasses import dataclass, field
from typing import Literal

from rearm.core.model import Action, Result, Status
from rearm_workbench.emulators.lifecycle import Clock, LifecycleAction
from rearm_workbench.simulator.scenario import Instance, WaitPlan


@dataclass(slots=True, eq=False)
class WaitRecord:
    """One wait of a run. `real` is the cloud's own record; None before it begins. Times are seconds since the epoch."""

    number: int
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
    left_at: float = -math.inf
    """When the last invocation about it ended: until then a sweep finds it looked after (Function Compute lists running tasks)."""
    starts: list[float] = field(default_factory=list)
    """When something arrived that may begin a second chain: a delivery, a redelivery, a sweep, a timer that came twice."""
    looks: int = 0
    taken: list[str] = field(default_factory=list)
    """The names of its timers, where names stay taken."""

    @property
    def began_at(self) -> float:
        return self.real.began_at if self.real else math.inf

    @property
    def active(self) -> bool:
        return self.real is not None and self.real.ended_at is None

    @property
    def over(self) -> bool:
        """It has ended, and nothing that has to do with it is under way."""
        return self.real is not None and self.real.ended_at is not None and not self.attended

    def over_since(self, at: float) -> bool:
        """It was over before that, and is."""
        return self.over and self.real is not None and (self.real.ended_at or 0.0) < at

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
        if self.real is None:
            return "waiting"
        # As the world's own timers are set: a difference of two times this large is not exact.
        now, began_at = self.clock.now(), self.real.began_at
        if instance.gone_s is not None and now >= began_at + instance.gone_s:
            return "gone"
        if instance.fails_s is not None and now >= began_at + instance.fails_s:
            return "failed"
        return "passed" if instance.ready_s is not None and now >= began_at + instance.ready_s else "waiting"

    def ever(self, status: Literal["passed", "gone", "failed"], instance: Instance) -> bool:
        """Whether that has been true of an instance until now."""
        since_s = instance.ready_s if status == "passed" else instance.gone_s if status == "gone" else instance.fails_s
        return since_s is not None and self.clock.now() >= self.began_at + since_s
