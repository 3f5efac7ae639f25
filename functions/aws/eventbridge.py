"""EventBridge rule -> this function: one lifecycle event, delivered asynchronously, now and then twice."""

from typing import Any

from rearm.clouds.aws import parse
from rearm.clouds.aws.cloud import Aws
from rearm.doorway import serve


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"looks": serve(parse.eventbridge(event), Aws(context))}
