"""AWS behind the port `rearm.clouds.Cloud`: Auto Scaling for the wait, EventBridge Scheduler for the next look.

boto3, botocore and Powertools are imported where they are first used: a look pays only for what it calls.
The errors and their wording: docs.aws.amazon.com/autoscaling/ec2/APIReference (CompleteLifecycleAction, CommonErrors).
"""

import math
import os
import random
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, overload

from rearm import clock
from rearm.clouds.aws.faults import error_code, is_not_found, is_throttled, translate
from rearm.core.limits import AWS, Limits
from rearm.core.model import Action, CloudName, Hook, Result, Transition
from rearm.errors import ActionGone, ConfigError, RearmError, TryAgain

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from boto3.session import Session
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient


T = TypeVar("T")

CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 5
SDK_ATTEMPTS = 5
OWN_ATTEMPTS = 4
"""Botocore's `standard` mode does not know the code `RateExceeded`, and gives throttling up after its own attempts."""
OWN_PAUSE_MAX_S = 3.0
RESERVE_S = 3.0
"""No pause eats into the last seconds of an invocation: the platform delivers again instead."""
TIMER_AGE_S = 7200
"""The longest heartbeat timeout: a timer older than that has nothing left to look at."""
TIMER_ATTEMPTS = 185
ENVIRONMENT = ("REARM_SCHEDULE_GROUP", "REARM_RECHECK_ARN", "REARM_SCHEDULER_ROLE_ARN")
TRANSITIONS: dict[str, Transition] = {"autoscaling:EC2_INSTANCE_LAUNCHING": "launch", "autoscaling:EC2_INSTANCE_TERMINATING": "terminate"}

_lock = threading.Lock()
_kept: dict[str, Any] = {}


class LambdaContext(Protocol):
    """What is used of the Lambda context object."""

    def get_remaining_time_in_millis(self) -> int: ...


@overload
def client(service: Literal["autoscaling"]) -> "AutoScalingClient": ...
@overload
def client(service: Literal["ec2"]) -> "EC2Client": ...
@overload
def client(service: Literal["scheduler"]) -> "EventBridgeSchedulerClient": ...
@overload
def client(service: str) -> Any: ...
def client(service: str) -> Any:
    """The boto3 client of a service, made once and kept for warm starts. Checks ask from several threads."""
    with _lock:
        if service not in _kept:
            _kept[service] = _make_client(service)
        return _kept[service]


def _make_client(service: str) -> Any:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import NoRegionError

    # The cloud judges what is sent: botocore's own validation costs time, and what it refuses would never get an answer.
    config = Config(
        parameter_validation=False,
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": SDK_ATTEMPTS},
    )
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if "session" not in _kept:
        _kept["session"] = boto3.session.Session()
    try:
        return _kept["session"].client(service, region_name=region, config=config)
    except NoRegionError:
        raise ConfigError(["the AWS region is not known: set AWS_REGION"]) from None


def forget_clients(session: "Session | None" = None) -> None:
    """Drop every kept client (credentials or region have changed); the next ones come from `session`, or from a new one."""
    with _lock:
        _kept.clear()
        if session is not None:
            _kept["session"] = session


def call(what: str, run: Callable[[], T], remaining_s: Callable[[], float], secrets: tuple[str, ...] = ()) -> T:
    """Run one API call; wait out throttling with full jitter; raise what is left as `RearmError`.

    `what` is the permission's name (`autoscaling:CompleteLifecycleAction`). `secrets` never appear whole in a message.
    """
    for attempt in range(1, OWN_ATTEMPTS + 1):
        try:
            return run()
        except RearmError:
            raise
        except Exception as error:
            pause_s = random.uniform(0, min(OWN_PAUSE_MAX_S, 0.5 * 2**attempt))
            if attempt == OWN_ATTEMPTS or not is_throttled(error) or pause_s + RESERVE_S > remaining_s():
                raise translate(error, what, secrets) from error
            clock.sleep(pause_s)
    raise AssertionError("unreachable: the last attempt returns or raises")


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
        hook = answer["LifecycleHooks"][0]
        result: Result = "CONTINUE" if hook.get("DefaultResult") == "CONTINUE" else "ABANDON"
        return Hook(hook.get("HeartbeatTimeout", 3600), result, TRANSITIONS.get(hook.get("LifecycleTransition", "")))

    def heartbeat(self, action: Action, seconds: int) -> None:  # noqa: ARG002 - AWS has no length of its own: the hook's is used
        """Restart the hook's heartbeat timeout. Raises `ActionGone` when the action is no longer active."""
        self._call(
            "autoscaling:RecordLifecycleActionHeartbeat",
            action,
            lambda: client("autoscaling").record_lifecycle_action_heartbeat(
                LifecycleHookName=action.hook,
                AutoScalingGroupName=action.group,
                LifecycleActionToken=action.token,
                InstanceId=action.instances[0],
            ),
        )

    def complete(self, action: Action, result: Result) -> None:
        """End the wait. The token goes along always, so that a later action of the same instance is never touched."""
        if result not in self.limits.results:
            raise ConfigError([f"AWS knows no result {result}: use one of {', '.join(self.limits.results)}"])
        self._call(
            "autoscaling:CompleteLifecycleAction",
            action,
            lambda: client("autoscaling").complete_lifecycle_action(
                LifecycleHookName=action.hook,
                AutoScalingGroupName=action.group,
                LifecycleActionToken=action.token,
                InstanceId=action.instances[0],
                LifecycleActionResult=result,
            ),
        )

    def recheck(self, name: str, at: float, now: float, payload: bytes) -> bool:
        """One-time schedule `name`, in whole seconds, never before `at`. False if it exists already."""
        group, function, role = _environment()
        due = max(math.ceil(at), math.ceil(now) + self.limits.timer_lead_s)
        try:
            call(
                "scheduler:CreateSchedule",
                lambda: client("scheduler").create_schedule(
                    Name=name,
                    GroupName=group,
                    ScheduleExpression=f"at({_utc(due)})",
                    FlexibleTimeWindow={"Mode": "OFF"},
                    ActionAfterCompletion="DELETE",
                    Target={
                        "Arn": function,
                        "RoleArn": role,
                        "Input": payload.decode(),
                        "RetryPolicy": {"MaximumEventAgeInSeconds": TIMER_AGE_S, "MaximumRetryAttempts": TIMER_ATTEMPTS},
                    },
                ),
                self.remaining_s,
            )
        except TryAgain as error:
            if error_code(error.__cause__) == "ConflictException":
                return False
            raise
        return True

    def say(self, line: dict[str, object]) -> None:
        """Write one JSON log line through Powertools; `line` becomes its `message`."""
        _logger().info(line)

    def _call(self, what: str, action: Action, run: Callable[[], T]) -> T:
        return call(what, run, self.remaining_s, (action.token,))


def _environment() -> tuple[str, str, str]:
    values = {name: os.environ.get(name, "") for name in ENVIRONMENT}
    missing = [
        f"the environment variable {name} is not set: the template sets it for every rearm function"
        for name in ENVIRONMENT
        if not values[name]
    ]
    if missing:
        raise ConfigError(missing)
    return values["REARM_SCHEDULE_GROUP"], values["REARM_RECHECK_ARN"], values["REARM_SCHEDULER_ROLE_ARN"]


def _utc(at: int) -> str:
    from datetime import datetime, timezone

    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def _logger() -> "Logger":
    with _lock:
        if "logger" not in _kept:
            from aws_lambda_powertools import Logger

            _kept["logger"] = Logger(service=os.environ.get("POWERTOOLS_SERVICE_NAME") or "rearm")
        logger: Logger = _kept["logger"]
        return logger
