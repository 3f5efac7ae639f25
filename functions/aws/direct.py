"""The hook's own notification target is this function: the flat notification is the event."""

from typing import Any

from rearm.clouds.aws import parse
from rearm.clouds.aws.cloud import Aws
from rearm.doorway import serve


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"looks": serve(parse.direct(event), Aws(context))}
