"""A lifecycle hook as ESS describes it."""

from typing import Any

from rearm.clouds.alibaba.answers import field, whole
from rearm.core.limits import ALIBABA
from rearm.core.model import Hook, Transition

TRANSITIONS: dict[str, Transition] = {"SCALE_OUT": "launch", "SCALE_IN": "terminate"}


def hook_of(told: Any) -> Hook:
    """An element of DescribeLifecycleHooks."""
    result = field(told, "DefaultResult")
    return Hook(
        heartbeat_timeout_s=whole(field(told, "HeartbeatTimeout")),
        default_result=result if result in ALIBABA.results else None,
        transition=TRANSITIONS.get(str(field(told, "LifecycleTransition"))),
    )
