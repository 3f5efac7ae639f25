"""A lifecycle hook as Auto Scaling describes it."""

from collections.abc import Mapping
from typing import Any

from rearm.core.model import Hook, Result, Transition

TRANSITIONS: dict[str, Transition] = {"autoscaling:EC2_INSTANCE_LAUNCHING": "launch", "autoscaling:EC2_INSTANCE_TERMINATING": "terminate"}


def hook_of(told: Mapping[str, Any]) -> Hook:
    """An element of DescribeLifecycleHooks."""
    result: Result = "CONTINUE" if told.get("DefaultResult") == "CONTINUE" else "ABANDON"
    return Hook(told.get("HeartbeatTimeout", 3600), result, TRANSITIONS.get(told.get("LifecycleTransition", "")))
