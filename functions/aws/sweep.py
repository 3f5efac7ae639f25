"""EventBridge Scheduler or a rule, by the clock -> this function: find the waits that nobody looks after. The event is not read."""

from typing import Any

from rearm.clouds.aws.cloud import Aws
from rearm.sweep import sweep


def handler(_event: Any, context: Any) -> dict[str, Any]:
    return sweep(Aws(context))
