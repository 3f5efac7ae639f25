"""By hand again, for a service that says itself whether it is ready: some URLs are asked, then complete or extend.

boto3, json, logging, and urllib3, which boto3 brings along: one pool of connections, kept for the next invocation. CHECKS holds the URLs.
"""

import json
import logging
import os
from typing import Any

import boto3
import urllib3
from botocore.config import Config

logger = logging.getLogger()
logger.setLevel(logging.INFO)

autoscaling = boto3.client("autoscaling", config=Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard"}))
http = urllib3.PoolManager(timeout=5.0, retries=False)
urls: list[str] = json.loads(os.environ["CHECKS"])


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    detail = event["detail"]
    of_the_action = {
        "LifecycleHookName": detail["LifecycleHookName"],
        "AutoScalingGroupName": detail["AutoScalingGroupName"],
        "LifecycleActionToken": detail["LifecycleActionToken"],
        "InstanceId": detail["EC2InstanceId"],
    }
    answers = {url: is_ready(url) for url in urls}
    ready = all(answers.values())
    if ready:
        autoscaling.complete_lifecycle_action(LifecycleActionResult="CONTINUE", **of_the_action)
    else:
        autoscaling.record_lifecycle_action_heartbeat(**of_the_action)
    line = {"instance": detail["EC2InstanceId"], "ready": ready, "answers": answers}
    logger.info(json.dumps(line))
    return line


def is_ready(url: str) -> bool:
    try:
        return http.request("GET", url).status == 200
    except urllib3.exceptions.HTTPError as error:
        logger.info("%s: %s", url, error)
        return False
