"""The full tier: the same runs through the real adapters, their SDKs and the emulators.

The weather, the trace and the invariants are the fast tier's, and so is the time: while an adapter works through a call, none passes.
The same seed gives the same timeline in both tiers, and `tests/test_simulator_tiers.py` holds them to it.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol, cast

from rearm.clouds import Cloud
from rearm.errors import TryAgain
from rearm_workbench.emulators.lifecycle import LifecycleAction, LifecycleBook
from rearm_workbench.simulator import deployed_code, full_logs
from rearm_workbench.simulator.fast import Port
from rearm_workbench.simulator.full_alibaba import on_alibaba
from rearm_workbench.simulator.full_aws import on_aws
from rearm_workbench.simulator.invariants import Broken
from rearm_workbench.simulator.invocation import Invocation
from rearm_workbench.simulator.scenario import WaitPlan
from rearm_workbench.simulator.simulation import Simulation
from rearm_workbench.simulator.wait_record import WaitRecord

Failures = tuple[tuple[str, int], ...]
"""Ways in which a call fails: the cloud's code, and HTTP's status; 0 where the connection breaks."""


class Wire(Protocol):
    """An emulated cloud, seen from outside: what the world does to it, and the deployed adapter that speaks to it."""

    book: LifecycleBook
    failures: Failures
    secrets: tuple[str, ...]
    """What no line may hold."""

    def seed(self, plan: WaitPlan) -> LifecycleAction:
        """The instances of a wait, in their wait state from now on. A hook that is there already stays as it is."""

    def delete_hook(self, group: str, hook: str) -> None: ...
    def change_hook(self, group: str, hook: str, timeout_s: int) -> None: ...
    def vanish(self, instance_id: str) -> None: ...
    def set_timer_offset(self, seconds: float) -> None: ...

    def failing(self, operation: str, code: str, status: int) -> AbstractContextManager[None]:
        """Every call of the port's `operation` fails inside."""

    def adapter(self, context: Any) -> Cloud: ...

    def ended(self, timer: str, over: bool) -> None:
        """The invocation that a timer brought has ended. The simulation's own platform repeats one that failed, until it is `over`."""


@contextlib.contextmanager
def surroundings() -> Iterator[None]:
    """Entered once for any number of runs."""
    with deployed_code.prepared(), full_logs.captured():
        yield


def play(simulation: Simulation) -> None:
    """Play one run on an emulated cloud of its own. Raises `Broken`."""
    on_cloud: Callable[[Simulation], AbstractContextManager[Wire]] = on_aws if simulation.scenario.cloud == "aws" else on_alibaba
    with on_cloud(simulation) as wire:

        def hear(text: str) -> None:
            simulation.invariants.on_text(text)
            if any(secret in text for secret in wire.secrets):
                raise Broken(f"a log line holds a credential: {text[:200]}")

        with full_logs.heard_by(hear):
            simulation.run(Full(simulation, wire))


class Full:
    """The cloud of one run: `simulation.Tier`."""

    names_timers = False

    def __init__(self, simulation: Simulation, wire: Wire) -> None:
        self._run, self._wire = simulation, wire
        self.book = wire.book
        self._failures = itertools.cycle(wire.failures)

    def begin(self, plan: WaitPlan, record: WaitRecord) -> LifecycleAction:  # noqa: ARG002 - the plan says it all
        action = self._wire.seed(plan)
        action.accepts_at = self._run.clock.now() + plan.accepts_s
        return action

    def delete_hook(self, group: str, hook: str) -> None:
        self._wire.delete_hook(group, hook)

    def change_hook(self, group: str, hook: str, timeout_s: int) -> None:
        self._wire.change_hook(group, hook, timeout_s)

    def vanish(self, instance: str) -> None:
        self._wire.vanish(instance)

    def set_timer_offset(self, seconds: float) -> None:
        self._wire.set_timer_offset(seconds)

    def refuse(self, operation: str, run: Callable[[], object]) -> None:
        """The wire fails as long as the adapter tries, each time in the next of its ways. Raises `TryAgain`, or else `Broken`."""
        code, status = next(self._failures)
        told = f"{operation}, refused with {f'HTTP {status} {code}' if status else 'a broken connection'},"
        try:
            with self._wire.failing(operation.split()[0], code, status):
                run()
        except TryAgain:
            raise
        except Exception as error:
            raise Broken(f"{told} raised {type(error).__name__} and not TryAgain: {error}") from error
        raise Broken(f"{told} was taken as done")

    def invoke(self, function: str, event: Any, invocation: Invocation) -> Any:
        def make(context: Any) -> Cloud:
            return RealPort(self._run, self._wire.adapter(context), invocation)

        return deployed_code.handle(self._run.scenario.cloud, function, event, invocation, make)

    def ended(self, name: str, over: bool) -> None:
        self._wire.ended(name, over)

    def let_go(self, record: WaitRecord) -> None:
        """The emulators keep what they were told."""


class RealPort(Port):
    """The fast tier's port, with a deployed adapter to answer behind it."""

    def __init__(self, run: Simulation, adapter: Cloud, invocation: Invocation) -> None:
        super().__init__(run, adapter, invocation)
        self._adapter = adapter

    def remaining_s(self) -> float:
        return self._adapter.remaining_s()

    def say(self, line: dict[str, object]) -> None:
        super().say(line)
        self._adapter.say(line)

    def call(self, product: str, action: str, params: dict[str, Any]) -> Any:
        """What the shipped checks ask of Alibaba Cloud's adapter beside the port."""
        return cast(Any, self._adapter).call(product, action, params)
