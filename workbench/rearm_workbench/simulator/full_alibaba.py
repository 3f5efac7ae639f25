"""The full tier on Alibaba Cloud: ESS, ECS and Function Compute on a loopback port, asked by the published SDKs.

Half of the runs use FC 3.0 and its SDK, the other half FC 2.0.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any
from urllib.parse import quote

from rearm.clouds.alibaba.cloud import Alibaba, forget_clients
from rearm.clouds.alibaba.settings import FC2, FC3
from rearm_workbench.deployed import environment
from rearm_workbench.emulators.alibaba.loopback import Answer, Incoming
from rearm_workbench.emulators.alibaba.server import ACCESS_KEY_SECRET, SECURITY_TOKEN, AlibabaEmulator
from rearm_workbench.emulators.lifecycle import LifecycleAction
from rearm_workbench.simulator.deployed_code import DRAINED
from rearm_workbench.simulator.scenario import Instance, WaitPlan
from rearm_workbench.simulator.simulation import Simulation

CALLS = {
    "describe_hook": "ess:DescribeLifecycleHooks",
    "heartbeat": "ess:RecordLifecycleActionHeartbeat",
    "complete": "ess:CompleteLifecycleAction",
    "recheck": "fc:InvokeFunction",
    "held_waits": "ess:DescribeScalingGroups",
}
"""What each method of the port asks first; `timers_due` asks what its API offers."""
TASKS = {FC3: "fc:ListAsyncTasks", FC2: "fc:ListStatefulAsyncInvocations"}


@contextmanager
def on_alibaba(simulation: Simulation) -> Iterator["OnAlibaba"]:
    """A fresh account, and the functions' environment."""
    emulator = OnAlibaba(simulation)
    forget_clients()
    with emulator, environment({"REARM_CONFIG": os.environ["REARM_CONFIG"], "REARM_FC_API": emulator.fc_api} | emulator.environment()):
        yield emulator
    forget_clients()


class OnAlibaba(AlibabaEmulator):
    """`full.Wire`."""

    failures: tuple[tuple[str, int], ...] = (
        ("Throttling.User", 400),
        ("InternalError", 500),
        ("", 0),
        ("Throttling", 400),
        ("ServiceUnavailable", 503),
    )

    secrets: tuple[str, ...] = (ACCESS_KEY_SECRET, SECURITY_TOKEN, quote(SECURITY_TOKEN, safe=""))

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation.clock, invoke=self._fired, heartbeat_adds=simulation.scenario.heartbeat_adds)
        self._run = simulation
        self.fc_api = Random(f"fc {simulation.scenario.seed}").choice((FC3, FC2))
        self._invocations: dict[str, str] = {}
        """The invocation that each timer has brought, until it ends."""
        self._broken: BaseException | None = None

    def seed(self, plan: WaitPlan) -> LifecycleAction:
        # One activity for all the hooks that hold these instances.
        activity = f"asa-{plan.instances[0].name}"
        group = self.ess.groups.all.get(plan.group)
        known = group.hooks.get(plan.hook) if group else None
        names = tuple(instance.name for instance in plan.instances)
        action = self.seed_action(
            hook=plan.hook,
            group=plan.group,
            token=plan.token,
            instances=names,
            transition=plan.transition,
            timeout_s=plan.timeout_s,
            default_result=plan.default_result,
            activity=activity,
        )
        group = self.ess.groups.all[plan.group]
        if known is not None:
            group.hooks[plan.hook] = known
        for instance in plan.instances:
            # A launch that is abandoned takes its instances along, as if the group had made them.
            group.members[instance.name].attached = plan.transition == "terminate"
            self.set_ready(instance.name, partial(self._is_ready, instance))
            if instance.ready_s is not None:
                self._run.clock.call_at(action.began_at + instance.ready_s, partial(self._tag, instance))
        return action

    def _is_ready(self, instance: Instance) -> bool:
        return self._run.status_of(instance.name) == "passed"

    def _tag(self, instance: Instance) -> None:
        if self._is_ready(instance):
            self.put_tag(instance.name, DRAINED["key"], DRAINED["value"])

    def delete_hook(self, group: str, hook: str) -> None:
        if hook in self.ess.groups.all[group].hooks:
            self.ess.hooks.remove(self.ess.groups.all[group].hooks[hook])

    def change_hook(self, group: str, hook: str, timeout_s: int) -> None:
        hooks = self.ess.groups.all[group].hooks
        if hook in hooks:
            hooks[hook] = replace(hooks[hook], timeout_s=timeout_s)

    def set_timer_offset(self, seconds: float) -> None:
        self.fc.timers_late_s = seconds

    @contextmanager
    def failing(self, operation: str, code: str, status: int) -> Iterator[None]:
        name = CALLS.get(operation) or TASKS[self.fc_api]
        self.fail_next(name, code, status, times=1_000_000)
        try:
            yield
        finally:
            self._faults.forget(name)

    def adapter(self, context: Any) -> Alibaba:
        return _Watched(context, self)

    def ended(self, timer: str, over: bool) -> None:
        """Told as a success when it is over, whatever became of it: what failed is repeated elsewhere, and not here too."""
        if over:
            self.fc.report(self._invocations.pop(timer), ok=True)
        else:
            failed = self.fc.unreported[self._invocations[timer]]
            self.fc.tasks.now(failed.function, failed.task_id, "Retrying")

    def _fired(self, _function: str, payload: bytes, task_id: str | None, invocation_id: str) -> None:
        self._invocations[task_id or ""] = invocation_id
        self._run.timers.came(payload)

    # the end of a wait is judged in the thread that serves the call: what it finds is raised where the call was made

    def _serve(self, incoming: Incoming) -> Answer:
        try:
            return super()._serve(incoming)
        except ConnectionError:
            raise
        except BaseException as error:
            self._broken = error
            raise ConnectionAbortedError from error

    def check(self) -> None:
        """Raise what a call has caused in the server."""
        if self._broken is not None:
            raise self._broken


class _Watched(Alibaba):
    """The deployed adapter, and what its calls cause."""

    def __init__(self, context: Any, emulator: OnAlibaba) -> None:
        super().__init__(context)
        self._emulator = emulator

    def _call(self, product: str, action: str, params: dict[str, Any], *, may_repeat: bool) -> dict[str, Any]:
        try:
            return super()._call(product, action, params, may_repeat=may_repeat)
        finally:
            self._emulator.check()
