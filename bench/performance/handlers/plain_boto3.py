"""What an engineer writes today: boto3, json, logging. One EventBridge notification, one check, then complete or extend.

The clients are made at import, as the service's best practices say (docs.aws.amazon.com/lambda/latest/dg/best-practices.html).
"""

import json
import logging
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

logger = logging.getLogger()
logger.setLevel(logging.INFO)

config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 5})
autoscaling = boto3.client("autoscaling", config=config)
ec2 = boto3.client("ec2", config=config)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    detail = event["detail"]
    instance = detail["EC2InstanceId"]
    of_the_action = {
        "LifecycleHookName": detail["LifecycleHookName"],
        "AutoScalingGroupName": detail["AutoScalingGroupName"],
        "LifecycleActionToken": detail["LifecycleActionToken"],
        "InstanceId": instance,
    }
    ready, reason = is_ready(instance)
    try:
        if ready:
            autoscaling.complete_lifecycle_action(LifecycleActionResult="CONTINUE", **of_the_action)
        else:
            autoscaling.record_lifecycle_action_heartbeat(**of_the_action)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        reason = f"the action is gone: {error.response['Error']['Message']}"
    line = {"instance": instance, "group": detail["AutoScalingGroupName"], "ready": ready, "reason": reason}
    logger.info(json.dumps(line))
    return line


def is_ready(instance: str) -> tuple[bool, str]:
    found = ec2.describe_instance_status(InstanceIds=[instance], IncludeAllInstances=True)["InstanceStatuses"]
    if not found:
        return False, "not known yet"
    states = found[0]["InstanceStatus"]["Status"], found[0]["SystemStatus"]["Status"]
    return states == ("ok", "ok"), f"instance {states[0]}, system {states[1]}"
