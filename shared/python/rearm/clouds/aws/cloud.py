"""AWS behind the port `rearm.clouds.Cloud`: Auto Scaling for the wait, EventBridge Scheduler for the next look.

botocore and Powertools are imported where they are first used: a look pays only for what it calls.
The errors and their wording: docs.aws.amazon.com/autoscaling/ec2/APIReference (CompleteLifecycleAction, CommonErrors).
"""

import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from rearm.clouds.aws import timers
from rearm.clouds.aws.calls import call, client, forget_clients, kept
from rearm.clouds.aws.faults import is_not_found
from rearm.clouds.aws.hook import hook_of
from rearm.core.limits import AWS, Limits
from rearm.core.model import Action, CloudName, Held, Hook, Result
from rearm.errors import ActionGone, ConfigError, TryAgain

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

__all__ = ["Aws", "client", "forget_clients"]

T = TypeVar("T")


class LambdaContext(Protocol):
    """What is used of the Lambda context object."""

    def get_remaining_time_in_millis(self) -> int: ...


class Aws:
    """One object for one invocation; its clients outlive it."""

    name: CloudName = "aws"
    limits: Limits = AWS

    def __init__(self, context: LambdaContext | None = None) -> None:
        self._context = context

    def remaining_s(self) -> float:
        """Seconds that this invocation may still run; 60 outside Lambda."""
        return 60.0 if self._context is None else self._context.get_remaining_time_in_millis() / 1000

    def describe_hook(self, action: Action) -> Hook:
        """The hook's timeout, default result and transition. Raises `ActionGone` when the hook or its group is gone."""
        try:
            answer = self._call(
                "autoscaling:DescribeLifecycleHooks",
                action,
                lambda: client("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName=action.group, LifecycleHookNames=[action.hook]),
            )
        except TryAgain as error:
            if is_not_found(error.__cause__):
                raise ActionGone(f"the group {action.group!r} or its hook does not exist any more") from error
            raise
        if not answer["LifecycleHooks"]:
            raise ActionGone(f"the group {action.group!r} has no hook {action.hook!r} any more: deleting a hook ends its actions")
        return hook_of(answer["LifecycleHooks"][0])

    def heartbeat(self, action: Action, seconds: int) -> None:  # noqa: ARG002 - AWS has no length of its own: the hook's is used
        """Restart the hook's heartbeat timeout. Raises `ActionGone` when the action is no longer active."""
        self._call(
            "autoscaling:RecordLifecycleActionHeartbeat",
            action,
            lambda: client("autoscaling").record_lifecycle_action_heartbeat(
                LifecycleHookName=action.hook,
                AutoScalingGroupName=action.group,
                InstanceId=action.instances[0],
                **_token(action),
            ),
        )

    def complete(self, action: Action, result: Result) -> None:
        """End the wait. The token goes along wherever it is known, so that a later action of the same instance is never touched."""
        if result not in self.limits.results:
            raise ConfigError([f"AWS knows no result {result}: use one of {', '.join(self.limits.results)}"])
        self._call(
            "autoscaling:CompleteLifecycleAction",
            action,
            lambda: client("autoscaling").complete_lifecycle_action(
                LifecycleHookName=action.hook,
                AutoScalingGroupName=action.group,
                InstanceId=action.instances[0],
                LifecycleActionResult=result,
                **_token(action),
            ),
        )

    def recheck(self, name: str, at: float, now: float, payload: bytes) -> bool:
        """One-time schedule `name`, in whole seconds, never before `at`. False if the same action has it already."""
        due = max(math.ceil(at), math.ceil(now) + self.limits.timer_lead_s)
        return timers.set_timer(name, due, payload, self.remaining_s)

    def held_waits(self, groups: tuple[str, ...]) -> list[Held]:
        """Every instance in a wait state, once for each hook that may hold it; without tokens, which no operation tells."""
        from rearm.clouds.aws.waiting import Waiting

        waiting = Waiting(self.remaining_s)
        found = waiting.held(groups)
        if waiting.missing:
            self.say({"cloud": self.name, "verdict": "not listed", "reason": "; ".join(waiting.missing)})
        return found

    def timers_due(self) -> frozenset[str]:
        """Waits with a schedule that has not fired yet; a look that runs just now has none. Raises `TryAgain`."""
        return timers.timers_due(self.remaining_s)

    def say(self, line: dict[str, object]) -> None:
        """Write one JSON log line through Powertools; `line` becomes its `message`."""
        _logger().info(line)

    def _call(self, what: str, action: Action, run: Callable[[], T]) -> T:
        return call(what, run, self.remaining_s, (action.token,))


def _token(action: Action) -> dict[str, str]:
    return {"LifecycleActionToken": action.token} if action.token else {}


def _logger() -> "Logger":
    logger: Logger = kept("logger", _make_logger)
    return logger


def _make_logger() -> "Logger":
    from aws_lambda_powertools import Logger

    return Logger(service=os.environ.get("POWERTOOLS_SERVICE_NAME") or "rearm")
