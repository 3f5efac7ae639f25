"""The fast tier: the deployed doorways, parsers, look and core, with the cloud answering at the port."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

from rearm.core.limits import Limits
from rearm.core.model import Action, CheckResult, CloudName, Held, Hook, Result
from rearm.errors import TryAgain
from rearm_workbench.emulators.lifecycle import LifecycleAction
from rearm_workbench.simulator import deployed_code, stand_in
from rearm_workbench.simulator.account import Account
from rearm_workbench.simulator.invocation import Invocation
from rearm_workbench.simulator.scenario import WaitPlan
from rearm_workbench.simulator.simulation import Simulation
from rearm_workbench.simulator.wait_record import WaitRecord


@contextmanager
def surroundings() -> Iterator[None]:
    """Entered once for any number of runs."""
    with deployed_code.prepared(), deployed_code.stand_ins(), deployed_code.seldom_collected():
        yield


class Fast:
    """The cloud of one run."""

    names_timers = True

    def __init__(self, simulation: Simulation) -> None:
        scenario = simulation.scenario
        self._run = simulation
        self.account = Account(scenario.cloud, simulation.clock, scenario.heartbeat_adds, simulation.timers.fired)
        self.book = self.account.book
        stand_in.world[:] = [lambda name: CheckResult(simulation.status_of(name), "the simulated world")]

    def begin(self, plan: WaitPlan, record: WaitRecord) -> LifecycleAction:  # noqa: ARG002 - the full tier seeds instances by it
        return self.account.begin(plan)

    def delete_hook(self, group: str, hook: str) -> None:
        self.account.delete_hook(group, hook)

    def change_hook(self, group: str, hook: str, timeout_s: int) -> None:
        self.account.change_hook(group, hook, timeout_s)

    def vanish(self, instance: str) -> None:  # noqa: ARG002 - all that are gone are looked for
        self.account.vanish(lambda name: self._run.status_of(name) == "gone")

    def set_timer_offset(self, seconds: float) -> None:
        self.account.timer_offset_s = seconds

    def refuse(self, operation: str, run: Callable[[], object]) -> None:  # noqa: ARG002 - at the port a refusal is this
        raise TryAgain(f"{operation} failed")

    def invoke(self, function: str, event: Any, invocation: Invocation) -> Any:
        run = self._run
        return deployed_code.handle(run.scenario.cloud, function, event, invocation, lambda _: Port(run, self.account, invocation))

    def ended(self, name: str, over: bool) -> None:
        if over:
            self.account.ended(name)

    def let_go(self, record: WaitRecord) -> None:
        self.account.let_go(record.plan.token, record.taken)


class Answers(Protocol):
    """Who answers behind the port: an `Account`, or an adapter of the deployed code. See `rearm.clouds.Cloud`."""

    def describe_hook(self, action: Action) -> Hook: ...
    def heartbeat(self, action: Action, seconds: int) -> None: ...
    def complete(self, action: Action, result: Result) -> None: ...
    def recheck(self, name: str, at: float, now: float, payload: bytes) -> bool: ...
    def held_waits(self, groups: tuple[str, ...]) -> list[Held]: ...
    def timers_due(self) -> frozenset[str] | None: ...


class Port:
    """`rearm.clouds.Cloud`, for one invocation: every effect passes the simulation on its way."""

    def __init__(self, run: Simulation, account: Answers, invocation: Invocation) -> None:
        self._run, self._account, self._invocation = run, account, invocation
        self.name: CloudName = run.scenario.cloud
        self.limits: Limits = run.limits

    def describe_hook(self, action: Action) -> Hook:
        return self._run.effect(
            "describe_hook", self._invocation, self._run.record_of(action), partial(self._account.describe_hook, action)
        )

    def heartbeat(self, action: Action, seconds: int) -> None:
        self._run.heartbeat(self._invocation, action, seconds, partial(self._account.heartbeat, action, seconds))

    def complete(self, action: Action, result: Result) -> None:
        self._run.complete(self._invocation, action, result, partial(self._account.complete, action, result))

    def recheck(self, name: str, at: float, now: float, payload: bytes) -> bool:
        return self._run.timers.set(self._invocation, name, at, now, payload, partial(self._account.recheck, name, at, now, payload))

    def held_waits(self, groups: tuple[str, ...]) -> list[Held]:
        return self._run.effect("held_waits", self._invocation, None, partial(self._account.held_waits, groups))

    def timers_due(self) -> frozenset[str] | None:
        return self._run.effect("timers_due", self._invocation, None, self._account.timers_due)

    def remaining_s(self) -> float:
        return self._invocation.get_remaining_time_in_millis() / 1000

    def say(self, line: dict[str, object]) -> None:
        self._run.said(self._invocation, line)
