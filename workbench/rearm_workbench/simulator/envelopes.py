"""A notification as each doorway receives it. The shapes are those of the emulators, which `tests/test_simulator.py` holds them to."""

import base64
import json
from datetime import datetime, timezone
from typing import Any

from rearm_workbench.simulator.scenario import WaitPlan

ACCOUNT, REGION = "123456789012", "us-east-1"
ALIBABA_ACCOUNT, ALIBABA_REGION = "1234567890123456", "cn-hangzhou"
TRANSITIONS = {"launch": "autoscaling:EC2_INSTANCE_LAUNCHING", "terminate": "autoscaling:EC2_INSTANCE_TERMINATING"}
POISON = "not a notification: {"


def aws(doorway: str, plan: WaitPlan, at: float) -> Any:
    """The event of `eventbridge`, `sns` or `direct`; for `sqs` one record's body."""
    named = {
        "LifecycleActionToken": plan.token,
        "AutoScalingGroupName": plan.group,
        "LifecycleHookName": plan.hook,
        "EC2InstanceId": plan.instances[0].name,
        "LifecycleTransition": TRANSITIONS[plan.transition],
        "Origin": "EC2" if plan.transition == "launch" else "AutoScalingGroup",
        "Destination": "AutoScalingGroup" if plan.transition == "launch" else "EC2",
    }
    if doorway == "eventbridge":
        return {
            "version": "0",
            "id": plan.token,
            "detail-type": f"EC2 Instance-{plan.transition} Lifecycle Action",
            "source": "aws.autoscaling",
            "account": ACCOUNT,
            "time": _time(at, "seconds"),
            "region": REGION,
            "resources": [],
            "detail": named,
        }
    flat = {**named, "Service": "AWS Auto Scaling", "Time": _time(at, "milliseconds"), "AccountId": ACCOUNT, "RequestId": plan.token}
    if doorway == "sns":
        message = {"Type": "Notification", "Message": json.dumps(flat), "Timestamp": _time(at, "milliseconds")}
        return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": message}]}
    return json.dumps(flat) if doorway == "sqs" else flat


def sqs(messages: list[tuple[str, str]]) -> dict[str, Any]:
    """A batch of (message id, body)."""
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:rearm"
    records = [{"messageId": name, "body": body, "eventSource": "aws:sqs", "eventSourceARN": arn} for name, body in messages]
    return {"Records": records}


def alibaba(doorway: str, plan: WaitPlan, at: float) -> bytes:
    """The event of a doorway, as bytes."""
    scale = "SCALE_OUT" if plan.transition == "launch" else "SCALE_IN"
    names = [instance.name for instance in plan.instances]
    content = {
        "lifecycleHookId": plan.hook,
        "lifecycleActionToken": plan.token,
        "lifecycleHookName": plan.hook,
        "scalingGroupId": plan.group,
        "scalingGroupName": plan.group,
        "lifecycleTransition": scale,
        "defaultResult": plan.default_result,
        "requestId": plan.token,
        "scalingActivityId": f"asa-{plan.token[:12]}",
        "instanceIds": names,
    }
    arn = f"acs:ess:{ALIBABA_REGION}:{ALIBABA_ACCOUNT}:scalinggroup/{plan.group}"
    message = {"userId": ALIBABA_ACCOUNT, "regionId": ALIBABA_REGION, "resourceArn": arn, "content": content}
    if doorway == "oos":
        told = {"regionId": ALIBABA_REGION, "instanceIds": json.dumps(names), "scalingGroupId": plan.group}
        told |= {"lifecycleHookId": plan.hook, "lifecycleActionToken": plan.token, "lifecycleTransition": scale}
        return json.dumps(told).encode()
    body = base64.b64encode(json.dumps(message).encode()).decode()
    if doorway == "mns_topic":
        return body.encode()
    event = {"id": plan.token, "specversion": "1.0", "time": _time(at, "milliseconds"), "datacontenttype": "application/json;charset=utf-8"}
    if doorway == "mns_queue":
        data = {"requestId": plan.token, "messageId": plan.token, "messageBody": body}
        return json.dumps([event | {"source": "MNS-rearm", "type": "mns:Queue:SendMessage", "data": data}]).encode()
    kind = "ScaleOut" if plan.transition == "launch" else "ScaleIn"
    return json.dumps(event | {"source": "acs.ess", "type": f"ess:LifecycleHook:{kind}", "subject": arn, "data": content}).encode()


def _time(at: float, precision: str) -> str:
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec=precision).replace("+00:00", "Z")
