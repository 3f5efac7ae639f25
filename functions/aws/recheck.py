"""EventBridge Scheduler -> this function: the next look at a wait, which travels in the message."""

from typing import Any

import msgspec

from rearm.clouds.aws.cloud import Aws
from rearm.doorway import look_again


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return look_again(msgspec.json.encode(event), Aws(context))
