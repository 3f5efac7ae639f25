"""Timer trigger of Function Compute -> this function: find the waits that nobody looks after. The event is not read."""

from typing import Any

import msgspec

from rearm.clouds.alibaba.cloud import Alibaba
from rearm.sweep import sweep


def handler(_event: bytes, context: Any) -> bytes:
    return msgspec.json.encode(sweep(Alibaba(context)))
