"""MNS queue -> EventBridge -> this function: one CloudEvent, or a list of them."""

from typing import Any

import msgspec

from rearm.clouds.alibaba import parse
from rearm.clouds.alibaba.cloud import Alibaba
from rearm.doorway import serve


def handler(event: bytes, context: Any) -> bytes:
    return msgspec.json.encode({"looks": serve(parse.mns_queue(event), Alibaba(context))})
