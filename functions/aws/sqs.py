"""SQS queue -> this function: a batch; what failed is named in the answer and only that is delivered again.

The event source mapping needs `FunctionResponseTypes: [ReportBatchItemFailures]`.
"""

from typing import Any

from rearm.clouds.aws import parse
from rearm.clouds.aws.cloud import Aws
from rearm.doorway import serve_batch


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return serve_batch(parse.sqs(event), Aws(context))
