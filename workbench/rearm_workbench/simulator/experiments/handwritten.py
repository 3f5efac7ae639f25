"""The handler that people write: a heartbeat with every check, and the next one a minute later for everybody alike.

It stands where the deployed handlers stand: behind the same port, on the same platform, in the same weather. An exception ends the
invocation, and the platform delivers again by its own rules; nothing is known of the lapse, nothing is named by a grid.
"""

from typing import Any

import msgspec

from rearm import clock, look
from rearm.clouds import Cloud
from rearm.core import grid
from rearm.core.model import Wait
from rearm.errors import ActionGone
from rearm_workbench.simulator.experiments.measured import Measured
from rearm_workbench.simulator.fast import Fast, Port
from rearm_workbench.simulator.invocation import Invocation

EVERY_S = 60


class Handwritten(Fast):
    """The same cloud with the hand-written handler in it."""

    def __init__(self, simulation: Measured) -> None:
        super().__init__(simulation)
        self._simulation = simulation

    def invoke(self, function: str, event: Any, invocation: Invocation) -> Any:  # noqa: ARG002 - notification or timer: it does the same
        port = Port(self._simulation, self.account, invocation)
        for record in invocation.job.records:
            wait = Wait(record.action, record.began_at, 0)
            try:
                check(wait, port, drained=self._simulation.status_of(record.action.instances[0]) == "passed")
            except ActionGone:
                return


def check(wait: Wait, cloud: Cloud, *, drained: bool) -> None:
    """One check. Whatever a call raises is the caller's."""
    if drained:
        cloud.complete(wait.action, "CONTINUE")
        return
    cloud.heartbeat(wait.action, 300)
    now = clock.now()
    at = int(now) + EVERY_S
    name = f"{grid.TIMER_PREFIX}{grid.identity(wait.action)}-{at}"
    cloud.recheck(name, at, now, look.message(msgspec.structs.replace(wait, due_at=at)))
