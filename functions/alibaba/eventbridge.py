"""EventBridge on Alibaba Cloud -> this function: one CloudEvent `ess:LifecycleHook:...`."""

from typing import Any

import msgspec

from rearm.clouds.alibaba import parse
from rearm.clouds.alibaba.cloud import Alibaba
from rearm.doorway import serve


def handler(event: bytes, context: Any) -> bytes:
    return msgspec.json.encode({"looks": serve(parse.eventbridge(event), Alibaba(context))})
