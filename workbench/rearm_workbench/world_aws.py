"""A replayed file on AWS: moto's backends, the Lambda contract, EventBridge Scheduler."""

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any

from rearm.core.model import Action, Result
from rearm_workbench.deployed import LambdaContext, environment, lambda_handler
from rearm_workbench.emulators.aws.emulator import AwsEmulator
from rearm_workbench.emulators.lifecycle import LifecycleAction
from rearm_workbench.world import FUNCTION_TIMEOUT_S, Replayed

REGION = "us-east-1"
SCHEDULE_GROUP = "rearm"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:123456789012:function:rearm-"
ASYNC_RETRIES_S = (60.0, 120.0)
"""Lambda runs a failed asynchronous invocation two more times (docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling)."""
VISIBILITY_S = 60.0
RECEIVES_MAX = 5


class ReplayedOnAws(Replayed):
    """See `Replayed`."""

    @contextlib.contextmanager
    def cloud(self) -> Iterator[Any]:
        self.emulator = AwsEmulator(
            self.clock, region=REGION, on_call=self.called, invoke=self._fire, timers_late_s=self.world.timers_late_s
        )
        values = {
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "REARM_SCHEDULE_GROUP": SCHEDULE_GROUP,
            "REARM_RECHECK_ARN": FUNCTION_ARN + "recheck",
            "REARM_SCHEDULER_ROLE_ARN": "arn:aws:iam::123456789012:role/rearm-scheduler",
        }
        with environment(values | self.config_environment()), self.emulator:
            self.emulator.add_schedule_group(SCHEDULE_GROUP)
            yield

    @property
    def instances(self) -> AwsEmulator:
        return self.emulator

    def seed(self, action: Action, timeout_s: int, default_result: Result) -> LifecycleAction:
        return self.emulator.seed_action(
            group=action.group,
            hook=action.hook,
            token=action.token,
            instance_id=action.instances[0],
            transition=action.transition or "launch",
            timeout_s=timeout_s,
            default_result=default_result,
            origin=action.origin,
            destination=action.destination,
            metadata=action.metadata,
        )

    def deliver(self, payload: Any) -> None:
        name = self.kind.doorway or "direct"
        if name == "sqs":
            self._receive(payload, RECEIVES_MAX)
        else:
            self._invoke(name, payload)

    def pending_timers(self) -> int:
        return len(self.emulator.pending_schedules())

    def _invoke(self, name: str, event: Any) -> None:
        self.invoke(name, lambda: self._run(name, event), ASYNC_RETRIES_S)

    def _run(self, name: str, event: Any) -> Any:
        ends_at = self.clock.now() + FUNCTION_TIMEOUT_S
        return self.handler(name)(event, LambdaContext(f"rearm-{name}", lambda: ends_at - self.clock.now()))

    def handler(self, name: str) -> Any:
        """The deployed handler, loaded once for a replay."""
        if name not in self._handlers:
            self._handlers[name] = lambda_handler(name)
        return self._handlers[name]

    def _receive(self, event: dict[str, Any], receives_left: int) -> None:
        """An SQS batch; the records that the answer names as failed are received again."""

        def run() -> None:
            failed = {item["itemIdentifier"] for item in self._run("sqs", event)["batchItemFailures"]}
            rest = [record for record in event["Records"] if record.get("messageId") in failed]
            if rest and receives_left > 1:
                self.clock.call_at(self.clock.now() + VISIBILITY_S, lambda: self._receive({"Records": rest}, receives_left - 1))

        self.invoke("sqs", run, (VISIBILITY_S,) * (receives_left - 1))

    def _fire(self, arn: str, payload: bytes) -> None:
        self._invoke(arn.removeprefix(FUNCTION_ARN), json.loads(payload))
