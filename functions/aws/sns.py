"""SNS topic -> this function: the hook's notification as a string in `Records[].Sns.Message`."""

from typing import Any

from rearm.clouds.aws import parse
from rearm.clouds.aws.cloud import Aws
from rearm.doorway import serve


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"looks": serve(parse.sns(event), Aws(context))}
