"""MNS topic trigger -> this function: the message's body (STREAM) or an envelope around it (JSON), Base64 or plain."""

from typing import Any

import msgspec

from rearm.clouds.alibaba import parse
from rearm.clouds.alibaba.cloud import Alibaba
from rearm.doorway import serve


def handler(event: bytes, context: Any) -> bytes:
    return msgspec.json.encode({"looks": serve(parse.mns_topic(event), Alibaba(context))})
