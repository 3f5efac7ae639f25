"""The full tier on AWS: moto's backends with lifecycle actions, inside this process, asked by boto3."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from rearm.clouds.aws.cloud import Aws
from rearm_workbench.deployed import environment
from rearm_workbench.emulators.aws.emulator import AwsEmulator
from rearm_workbench.emulators.aws.install import CREDENTIALS
from rearm_workbench.emulators.lifecycle import LifecycleAction
from rearm_workbench.simulator.deployed_code import DRAINED
from rearm_workbench.simulator.envelopes import ACCOUNT, REGION
from rearm_workbench.simulator.scenario import Instance, WaitPlan
from rearm_workbench.simulator.simulation import Simulation

SCHEDULE_GROUP = "rearm"
CALLS = {
    "describe_hook": "autoscaling:DescribeLifecycleHooks",
    "heartbeat": "autoscaling:RecordLifecycleActionHeartbeat",
    "complete": "autoscaling:CompleteLifecycleAction",
    "recheck": "scheduler:CreateSchedule",
    "held_waits": "autoscaling:DescribeAutoScalingInstances",
    "timers_due": "scheduler:ListSchedules",
}
"""What each method of the port asks first."""


@contextmanager
def on_aws(simulation: Simulation) -> Iterator["OnAws"]:
    """A fresh account, and the functions' environment."""
    values = {
        "REARM_CONFIG": os.environ["REARM_CONFIG"],
        "REARM_SCHEDULE_GROUP": SCHEDULE_GROUP,
        "REARM_RECHECK_ARN": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:rearm-recheck",
        "REARM_SCHEDULER_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/rearm-scheduler",
        "POWERTOOLS_SERVICE_NAME": "rearm-simulated",
    }
    emulator = OnAws(simulation)
    with environment(values), emulator:
        emulator.add_schedule_group(SCHEDULE_GROUP)
        yield emulator


class OnAws(AwsEmulator):
    """`full.Wire`."""

    failures: tuple[tuple[str, int], ...] = (
        ("RateExceeded", 400),
        ("InternalFailure", 500),
        ("", 0),
        ("Throttling", 400),
        ("ServiceUnavailable", 503),
    )

    secrets: tuple[str, ...] = (CREDENTIALS["AWS_SECRET_ACCESS_KEY"],)

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation.clock, region=REGION, invoke=lambda _, payload: simulation.timers.came(payload))
        self._run = simulation

    def seed(self, plan: WaitPlan) -> LifecycleAction:
        (instance,) = plan.instances
        hooks, key = self._auto_scaling.hooks, (plan.group, plan.hook)
        known = hooks.get(key)
        action = self.seed_action(
            group=plan.group,
            hook=plan.hook,
            token=plan.token,
            instance_id=instance.name,
            transition=plan.transition,
            timeout_s=plan.timeout_s,
            default_result=plan.default_result,
        )
        if known is not None:
            hooks[key] = known
        self.set_ready(instance.name, lambda: self._run.status_of(instance.name) == "passed")
        if instance.ready_s is not None:
            self._run.clock.call_at(action.began_at + instance.ready_s, partial(self._tag, instance))
        return action

    def _tag(self, instance: Instance) -> None:
        if self._run.status_of(instance.name) == "passed":
            self.put_tag(instance.name, DRAINED["key"], DRAINED["value"])

    def delete_hook(self, group: str, hook: str) -> None:
        if (group, hook) in self._auto_scaling.hooks:
            self._auto_scaling.delete_hook(group, hook)

    def change_hook(self, group: str, hook: str, timeout_s: int) -> None:
        hooks = self._auto_scaling.hooks
        if (group, hook) in hooks:
            hooks[group, hook] = replace(hooks[group, hook], timeout_s=timeout_s)

    def vanish(self, instance_id: str) -> None:
        super().vanish(instance_id)
        # EC2 goes on to tell the tags of a terminated instance for about an hour. Here, as on Alibaba Cloud, they are gone with it.
        self._ec2.delete_tags([instance_id], {DRAINED["key"]: None})

    def set_timer_offset(self, seconds: float) -> None:
        self._running.timers_late_s = seconds

    @contextmanager
    def failing(self, operation: str, code: str, status: int) -> Iterator[None]:
        name = CALLS[operation]
        self.fail_next(name, code, status, times=1_000_000)
        try:
            yield
        finally:
            del self._running.faults[name]

    def adapter(self, context: Any) -> Aws:
        return Aws(context)

    def ended(self, timer: str, over: bool) -> None:
        """A schedule that has fired is gone."""
