"""Delayed asynchronous self-invocation -> this function: the next look at a wait, which travels in the message."""

from typing import Any

import msgspec

from rearm.clouds.alibaba.cloud import Alibaba
from rearm.doorway import look_again


def handler(event: bytes, context: Any) -> bytes:
    return msgspec.json.encode(look_again(event, Alibaba(context)))
