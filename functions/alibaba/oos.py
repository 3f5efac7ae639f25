"""OOS template -> this function: flat names, as the operator's template writes them."""

from typing import Any

import msgspec

from rearm.clouds.alibaba import parse
from rearm.clouds.alibaba.cloud import Alibaba
from rearm.doorway import serve


def handler(event: bytes, context: Any) -> bytes:
    return msgspec.json.encode({"looks": serve(parse.oos(event), Alibaba(context))})
