"""The same, well kept: AWS Lambda Powertools for the log, the metrics, the notification's shape, and a notification delivered twice.

Logger, Metrics, parser and Idempotency, as their pages show them (docs.aws.amazon.com/powertools/python/latest/).
"""

from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.parser import BaseModel, envelopes, parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import ClientError

logger = Logger(service="lifecycle")
metrics = Metrics(namespace="Lifecycle", service="lifecycle")

config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 5})
autoscaling = boto3.client("autoscaling", config=config)
ec2 = boto3.client("ec2", config=config)
once = DynamoDBPersistenceLayer(table_name="lifecycle-actions", boto_config=config)
idempotency = IdempotencyConfig(event_key_jmespath="LifecycleActionToken", expires_after_seconds=3600)


class LifecycleAction(BaseModel):
    LifecycleHookName: str
    AutoScalingGroupName: str
    LifecycleActionToken: str
    EC2InstanceId: str
    LifecycleTransition: str


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    idempotency.register_lambda_context(context)
    action = parse(event=event, model=LifecycleAction, envelope=envelopes.EventBridgeEnvelope)
    return serve(action=action.model_dump())


@idempotent_function(data_keyword_argument="action", config=idempotency, persistence_store=once)
def serve(*, action: dict[str, Any]) -> dict[str, Any]:
    of_the_action = {
        "LifecycleHookName": action["LifecycleHookName"],
        "AutoScalingGroupName": action["AutoScalingGroupName"],
        "LifecycleActionToken": action["LifecycleActionToken"],
        "InstanceId": action["EC2InstanceId"],
    }
    ready, reason = is_ready(action["EC2InstanceId"])
    try:
        if ready:
            autoscaling.complete_lifecycle_action(LifecycleActionResult="CONTINUE", **of_the_action)
        else:
            autoscaling.record_lifecycle_action_heartbeat(**of_the_action)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        reason = f"the action is gone: {error.response['Error']['Message']}"
    metrics.add_metric(name="Completed" if ready else "Waiting", unit=MetricUnit.Count, value=1)
    line = {"instance": action["EC2InstanceId"], "group": action["AutoScalingGroupName"], "ready": ready, "reason": reason}
    logger.info(line)
    return line


def is_ready(instance: str) -> tuple[bool, str]:
    found = ec2.describe_instance_status(InstanceIds=[instance], IncludeAllInstances=True)["InstanceStatuses"]
    if not found:
        return False, "not known yet"
    states = found[0]["InstanceStatus"]["Status"], found[0]["SystemStatus"]["Status"]
    return states == ("ok", "ok"), f"instance {states[0]}, system {states[1]}"
