"""Either cloud under the deployed sweep: waits put in place, notifications lost or delivered, timers that fire, calls counted."""

import json
import os
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from messages_alibaba import cloud_event, content
from messages_aws import flat
from rearm import clock as deployed_clock
from rearm import config, look
from rearm.clouds.alibaba.cloud import forget_clients
from rearm.core import grid
from rearm.core.model import Action
from rearm.sweep import Sweep
from rearm_workbench.deployed import environment
from rearm_workbench.emulators.alibaba import AlibabaEmulator
from rearm_workbench.emulators.aws import AwsEmulator
from rearm_workbench.emulators.lifecycle import LifecycleAction
from rearm_workbench.fixture_clouds import AlibabaCloud, AwsCloud
from rearm_workbench.virtual_clock import VirtualClock
from rearm_workbench.world_log import log_lines

START = 1_772_323_200.0
CLOUDS = ("aws", "alibaba")
RULES = "version: 1\nprofiles: [{name: all, checks: [instance_status], every: 60s}]"
HEARTBEAT = {"aws": "autoscaling:RecordLifecycleActionHeartbeat", "alibaba": "ess:RecordLifecycleActionHeartbeat"}
TIMER = {"aws": "scheduler:CreateSchedule", "alibaba": "fc:InvokeFunction"}
TIMERS = {"aws": "scheduler:ListSchedules", "alibaba": "fc:ListAsyncTasks"}


class SweepWorld:
    """`lines` is what the deployed code logged, `calls` what it called; `looks` are the instants of looks by instance."""

    def __init__(self, name: str, scratch: Path) -> None:
        self.name, self.clock = name, VirtualClock(START)
        self.calls: Counter[str] = Counter()
        self.lines: list[dict[str, Any]] = []
        self.waits: dict[str, LifecycleAction] = {}
        self.ready: dict[str, float] = {}
        self.losing = False
        """While true, the platform loses every look that it should start."""
        made = AwsCloud if name == "aws" else AlibabaCloud
        self.cloud: Any = made(self.clock, scratch)
        kind: Any = AwsEmulator if name == "aws" else AlibabaEmulator
        self.emulator: Any = kind(self.clock, on_call=lambda call, _: self.calls.update([call]), invoke=self._deliver)

    def _deliver(self, function: str, payload: bytes, *_: object) -> None:
        if self.losing:
            return
        look.armed = look.Armed()  # each invocation may meet another process
        self.cloud.deliver(function, payload)

    def said(self, line: dict[str, Any]) -> None:
        self.lines.append({"at": self.clock.now() - START, **line})

    def verdicts(self, *which: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["verdict"] in which]

    def looks(self, instance: str) -> list[float]:
        return [line["at"] for line in self.verdicts("look") if instance in line["instances"]]

    def wait(self, number: int = 1, *, group: str = "web", hook: str = "hold", timeout_s: int = 600, **more: Any) -> LifecycleAction:
        """One instance in its wait state since now; nobody is told. `number` names it."""
        instance = self.instance(number)
        given: dict[str, Any] = {"transition": "launch", "default_result": "ABANDON", "timeout_s": timeout_s} | more
        token = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{group} {hook} {instance} {self.clock.now()}"))
        who = {"instance_id": instance} if self.name == "aws" else {"instances": (instance,)}
        action: LifecycleAction = self.emulator.seed_action(group=group, hook=hook, token=token, **who, **given)
        self.emulator.set_ready(instance, lambda: self.clock.now() >= self.ready.get(instance, float("inf")))
        self.waits[instance] = action
        return action

    def instance(self, number: int) -> str:
        return f"i-{number:017x}"

    def ready_after(self, number: int, seconds: float) -> None:
        self.ready[self.instance(number)] = self.clock.now() + seconds

    def notify(self, action: LifecycleAction) -> None:
        """The notification of a wait arrives."""
        look.armed = look.Armed()
        at = deployed_clock.now()
        if self.name == "aws":
            from datetime import datetime, timezone

            event: Any = flat(
                LifecycleHookName=action.hook,
                AutoScalingGroupName=action.group,
                EC2InstanceId=action.instances[0],
                LifecycleActionToken=action.token,
                Time=datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            )
            self.cloud.run("direct", event)
            return
        told = content(
            lifecycleHookId=action.hook,
            scalingGroupId=action.group,
            instanceIds=list(action.instances),
            lifecycleActionToken=action.token,
        )
        self.cloud.run("eventbridge", cloud_event("ess:LifecycleHook:ScaleOut", told, time=...))

    def timer_for(self, action: Action) -> None:
        """A look is due in an hour, set by no call."""
        name = grid.timer_name(action, int(self.clock.now()) + 3600)
        if self.name == "alibaba":
            self.emulator.fc.tasks.accept("rearm-recheck", name, "")
            return
        self.emulator._scheduler.create_schedule(
            name=name,
            group_name="rearm",
            schedule_expression="at(2027-01-01T00:00:00)",
            schedule_expression_timezone=None,
            flexible_time_window={"Mode": "OFF"},
            target={"Arn": os.environ["REARM_RECHECK_ARN"], "Input": "{}"},
            action_after_completion="DELETE",
            **dict.fromkeys(("description", "end_date", "kms_key_arn", "start_date", "state")),
        )

    def sweep(self) -> dict[str, Any]:
        """The deployed sweep runs once; its line."""
        look.armed = look.Armed()
        event = {"triggerTime": "2026-03-01T00:00:00Z", "triggerName": "sweep", "payload": ""} if self.name == "alibaba" else {}
        answer = self.cloud.run("sweep", event)
        line: dict[str, Any] = json.loads(answer) if isinstance(answer, bytes) else answer
        return line

    def sweeping(self) -> Sweep:
        """One sweep that has not begun, outside its function."""
        look.armed = look.Armed()
        return Sweep(self.cloud._port(), config.load())

    def sweep_every(self, seconds: float) -> None:
        def again() -> None:
            self.sweep()
            self.sweep_every(seconds)

        self.clock.call_at(self.clock.now() + seconds, again)

    def run_for(self, seconds: float) -> None:
        self.clock.run_until(self.clock.now() + seconds)

    def timers(self) -> int:
        """Looks that are due."""
        return len(self.emulator.pending_schedules() if self.name == "aws" else self.emulator.pending_invocations())


@contextmanager
def sweep_world(name: str, scratch: Path, rules: str = RULES, **env: str) -> Iterator[SweepWorld]:
    """The cloud stands, its clock is the deployed code's, and the deployed code's log is read."""
    world = SweepWorld(name, scratch)
    forget_clients()
    with _standing(world, env), log_lines(world.said):
        world.cloud.emulator = world.emulator
        world.cloud.configure(rules)
        deployed_clock.use(world.clock.now, world.run_for)
        try:
            yield world
        finally:
            deployed_clock.use_real()
    forget_clients()


@contextmanager
def _standing(world: SweepWorld, env: dict[str, str]) -> Iterator[None]:
    """The emulator, and the functions' environment."""
    if world.name == "alibaba":
        with world.emulator, environment(world.emulator.environment() | env):
            yield
        return
    aws = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "REARM_SCHEDULE_GROUP": "rearm",
        "REARM_RECHECK_ARN": "arn:aws:lambda:us-east-1:123456789012:function:rearm-recheck",
        "REARM_SCHEDULER_ROLE_ARN": "arn:aws:iam::123456789012:role/rearm-scheduler",
    }
    with environment(aws | env), world.emulator:
        world.emulator.add_schedule_group("rearm")
        yield
