"""A lifecycle hook as PutLifecycleHook keeps it, and every rule it is checked by.

Sources: botocore's autoscaling/2011-01-01 model (PutLifecycleHook); docs.aws.amazon.com/autoscaling/ec2/userguide
`adding-lifecycle-hooks` (30-7200 s) and `prepare-for-lifecycle-notifications` (targets, regions, FIFO queues, roles).
"""

import re
from dataclasses import dataclass, fields
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError

from rearm.core.limits import AWS
from rearm.core.model import Result, Transition

TRANSITIONS: dict[str, Transition] = {"autoscaling:EC2_INSTANCE_LAUNCHING": "launch", "autoscaling:EC2_INSTANCE_TERMINATING": "terminate"}
WIRE = {transition: name for name, transition in TRANSITIONS.items()}
NAME = re.compile(r"[A-Za-z0-9\-_/]{1,255}")
METADATA = re.compile(r"[\t\r\n\x20-\x7e]{1,4000}")
HOOKS_MAX = 50
DEFAULT_TIMEOUT_S = 3600
FIELDS = {
    "HeartbeatTimeout": "timeout_s",
    "DefaultResult": "default_result",
    "NotificationTargetARN": "target",
    "RoleARN": "role",
    "NotificationMetadata": "metadata",
}


@dataclass(frozen=True)
class Hook:
    """A checked hook."""

    group: str
    name: str
    transition: Transition
    timeout_s: int = DEFAULT_TIMEOUT_S
    default_result: Result = "ABANDON"
    target: str = ""
    role: str | None = None
    metadata: str | None = None

    def described(self) -> dict[str, Any]:
        """A member of DescribeLifecycleHooks."""
        told = {
            "AutoScalingGroupName": self.group,
            "LifecycleHookName": self.name,
            "LifecycleTransition": WIRE[self.transition],
            "HeartbeatTimeout": self.timeout_s,
            "GlobalTimeout": AWS.wait_limit_s(self.timeout_s),
            "DefaultResult": self.default_result,
            "NotificationTargetARN": self.target or None,
            "RoleARN": self.role,
            "NotificationMetadata": self.metadata,
        }
        return {key: value for key, value in told.items() if value is not None}


def checked(group: str, asked: dict[str, Any], before: Hook | None, region: str) -> Hook:
    """The hook that `asked` (the request's members) makes of `before`; what is not named keeps its value.

    Raises moto's `ValidationError` with all that is wrong.
    """
    kept = {one.name: getattr(before, one.name) for one in fields(Hook)} if before else {}
    kept |= {ours: asked[theirs] for theirs, ours in FIELDS.items() if asked.get(theirs) is not None}
    transition = asked.get("LifecycleTransition") or (before and WIRE[before.transition])
    wrong = _problems(asked["LifecycleHookName"], transition, kept, region)
    if wrong:
        raise ValidationError("; ".join(wrong))
    kept |= {"group": group, "name": asked["LifecycleHookName"], "transition": TRANSITIONS[str(transition)]}
    return Hook(**kept)


def _problems(name: str, transition: Any, kept: dict[str, Any], region: str) -> list[str]:
    wrong = []
    if not NAME.fullmatch(name or ""):
        wrong.append(f"Lifecycle hook name '{name}' must be 1 to 255 letters, digits, '-', '_' or '/'")
    if transition not in TRANSITIONS:
        wrong.append(f"Lifecycle transition '{transition}' must be one of {', '.join(TRANSITIONS)}")
    timeout_s = kept.get("timeout_s", DEFAULT_TIMEOUT_S)
    if not AWS.heartbeat_min_s <= timeout_s <= AWS.heartbeat_max_s:
        wrong.append(f"Heartbeat timeout {timeout_s} must be between {AWS.heartbeat_min_s} and {AWS.heartbeat_max_s} seconds")
    if kept.get("default_result", "ABANDON") not in AWS.results:
        wrong.append(f"Default result '{kept['default_result']}' must be CONTINUE or ABANDON")
    if kept.get("metadata") is not None and not METADATA.fullmatch(kept["metadata"]):
        wrong.append("Notification metadata must be 1 to 4000 printable ASCII characters")
    if kept.get("target"):
        wrong += _target_problems(kept["target"], kept.get("role"), region)
    return wrong


def _target_problems(target: str, role: str | None, region: str) -> list[str]:
    parts = target.split(":")
    if len(target) > 255 or len(parts) < 6 or parts[2] not in ("sqs", "sns", "lambda"):
        return [f"Notification target '{target}' must be the ARN of an SQS queue, an SNS topic or a Lambda function"]
    wrong = []
    if parts[3] != region:
        wrong.append(f"Notification target '{target}' must be in {region}")
    if target.endswith(".fifo"):
        wrong.append("FIFO queues and topics are not compatible with lifecycle hooks")
    if parts[2] != "lambda" and not role:
        wrong.append("An SQS or SNS notification target needs a RoleARN")
    return wrong


def check_inline(group: str, asked: list[dict[str, Any]], region: str) -> None:
    """The hooks of one CreateAutoScalingGroup share one target and role, and have names of their own (`lifecycle-hooks`)."""
    hooks = [checked(group, one, None, region) for one in asked]
    if len(hooks) > HOOKS_MAX:
        raise limit_reached()
    if len({hook.name for hook in hooks}) < len(hooks):
        raise ValidationError("Lifecycle hook names must be unique within an Auto Scaling group")
    if len({(hook.target, hook.role) for hook in hooks}) > 1:
        raise ValidationError("All lifecycle hooks specified with the group must have the same notification target and role")


def limit_reached() -> AutoscalingClientError:
    """The group has all the hooks that it may have."""
    return AutoscalingClientError("LimitExceeded", f"You have already reached the limit of {HOOKS_MAX} lifecycle hooks for this group")
