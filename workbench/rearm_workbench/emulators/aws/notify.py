"""What Auto Scaling sends when an action begins, to EventBridge and to the hook's own target; and who receives it.

Shapes: docs.aws.amazon.com/autoscaling/ec2/userguide `ec2-auto-scaling-event-reference` and
`prepare-for-lifecycle-notifications`; SNS records from docs.aws.amazon.com/lambda/latest/dg/with-sns. The event of a
direct Lambda target is documented as its fields only; here it is the flat object that SQS gets.
"""

import copy
import json
from typing import Any, Protocol

from moto.events import events_backends
from moto.events import models as events_models
from moto.events.utils import EventTemplateParser
from moto.moto_api._internal import mock_random
from moto.sns import models as sns_models
from moto.sns import sns_backends
from moto.sqs import sqs_backends

from rearm_workbench.emulators.aws.hooks import WIRE, Hook
from rearm_workbench.emulators.aws.routes import Route
from rearm_workbench.emulators.aws.running import running
from rearm_workbench.emulators.lifecycle import LifecycleAction

SUBJECT_MAX = 100
DETAIL_TYPES = {"launch": "EC2 Instance-launch Lifecycle Action", "terminate": "EC2 Instance-terminate Lifecycle Action"}
SIGNATURE = "ZW11bGF0ZWQ="


class GroupFacts(Protocol):
    """What is used of a group."""

    name: str
    arn: str
    region: str
    account_id: str


def tell(group: GroupFacts, hook: Hook, action: LifecycleAction, route: Route) -> None:
    """Send the action to EventBridge, and to the hook's target if it has one."""
    token, instance = action.token, action.instances[0]
    metadata = {"NotificationMetadata": hook.metadata} if hook.metadata is not None else {}
    way = {"Origin": route.origin, "Destination": route.destination}
    cause = {"Action": route.action} if route.action else {}
    detail = {
        "LifecycleActionToken": token,
        "AutoScalingGroupName": group.name,
        "LifecycleHookName": hook.name,
        "EC2InstanceId": instance,
        "LifecycleTransition": WIRE[hook.transition],
        **metadata,
        **way,
        **cause,
    }
    _to_event_bus(group, DETAIL_TYPES[hook.transition], detail)
    if hook.target:
        flat = {
            **way,
            "LifecycleHookName": hook.name,
            **_common(group),
            "LifecycleTransition": WIRE[hook.transition],
            **metadata,
            **cause,
            "EC2InstanceId": instance,
            "LifecycleActionToken": token,
        }
        word = WIRE[hook.transition].rpartition("_")[2]
        _deliver(hook.target, f"Auto Scaling:  Lifecycle action '{word}' for instance {instance} in progress.", flat)


def test(group: GroupFacts, hook: Hook) -> bool:
    """Send the test notification of a hook that was put. False when its target does not exist."""
    flat = {**_common(group), "Event": "autoscaling:TEST_NOTIFICATION", "AutoScalingGroupARN": group.arn}
    return _deliver(hook.target, f'Auto Scaling: test notification for group "{group.name}"', flat)


def _common(group: GroupFacts) -> dict[str, str]:
    return {
        "AccountId": group.account_id,
        "RequestId": str(mock_random.uuid4()),
        "AutoScalingGroupName": group.name,
        "Service": "AWS Auto Scaling",
        "Time": running().time_ms(),
    }


def _deliver(target: str, subject: str, flat: dict[str, str]) -> bool:
    _, _, service, region, account, *name = target.split(":")
    if service == "lambda":
        running().call_function_later(target, flat)
    elif service == "sqs":
        if name[0] not in sqs_backends[account][region].queues:
            return False
        sqs_backends[account][region].send_message(name[0], json.dumps(flat))
    else:
        if target not in sns_backends[account][region].topics:
            return False
        sns_backends[account][region].publish(json.dumps(flat), arn=target, subject=subject[:SUBJECT_MAX])
    return True


def _to_event_bus(group: GroupFacts, detail_type: str, detail: dict[str, str]) -> None:
    event = {
        "version": "0",
        "id": str(mock_random.uuid4()),
        "detail-type": detail_type,
        "source": "aws.autoscaling",
        "account": group.account_id,
        "time": running().time_s(),
        "region": group.region,
        "resources": [group.arn],
        "detail": detail,
    }
    for rule in list(events_backends[group.account_id][group.region].event_buses["default"].rules.values()):
        rule.send_to_targets(event)


class Rule(events_models.Rule):
    """moto's rule: SQS queues get the whole event (moto's lacks `account`), and Lambda functions and SNS topics get it at all."""

    def send_to_targets(self, original_event: dict[str, Any], transform_input: bool = True) -> None:
        if self.state != "ENABLED" or not self.event_pattern.matches_event(original_event):
            return
        for target in self.targets:
            parts = target["Arn"].split(":")
            text = self._text(target, original_event)
            if parts[2] == "lambda":
                running().call_function_later(target["Arn"], json.loads(text))
            elif parts[2] == "sns":
                sns_backends[parts[4]][parts[3]].publish(text, arn=target["Arn"])
            elif parts[2] == "sqs" and not target.get("SqsParameters"):
                sqs_backends[parts[4]][parts[3]].send_message(parts[5], text)
            else:
                alone = copy.copy(self)
                alone.targets = [target]
                super(Rule, alone).send_to_targets({"ingestion-time": running().clock.now()} | original_event, transform_input)

    @staticmethod
    def _text(target: dict[str, Any], event: dict[str, Any]) -> str:
        if target.get("Input"):
            return str(target["Input"])
        if transformer := target.get("InputTransformer"):
            whole = {"ingestion-time": running().time_s()} | event
            return json.dumps(EventTemplateParser.parse(transformer["InputTemplate"], transformer.get("InputPathsMap", {}), whole))
        sent = {key: value for key, value in event.items() if key != "ingestion-time"}
        return json.dumps(sent | ({} if isinstance(event["time"], str) else {"time": running().time_s()}))


class Subscription(sns_models.Subscription):
    """moto's subscription: times are virtual, `RawMessageDelivery: false` is false, and Lambda functions are called."""

    def publish(self, message: str, message_id: str, subject: str | None = None, **rest: Any) -> None:
        attributes = rest.get("message_attributes")
        if self.protocol not in ("sqs", "lambda") or rest.get("message_structure") == "json":
            super().publish(message, message_id, subject=subject, **rest)
            return
        if self._filter_policy_matcher is not None and not self._filter_policy_matcher.matches(attributes, message):
            return
        wrapper = self._wrapper(message, message_id, subject)
        if self.protocol == "lambda":
            sns = {key.replace("URL", "Url"): value for key, value in wrapper.items()} | {"MessageAttributes": attributes or {}}
            record = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": self.arn, "Sns": sns}
            running().call_function_later(self.endpoint, {"Records": [record]})
        else:
            raw = str(self.attributes.get("RawMessageDelivery", "")).lower() == "true"
            text = message if raw else json.dumps(wrapper)
            parts = self.endpoint.split(":")
            sqs_backends[parts[4]][parts[3]].send_message(parts[5], text)

    def _wrapper(self, message: str, message_id: str, subject: str | None) -> dict[str, Any]:
        base = f"https://sns.{self.topic.sns_backend.region_name}.amazonaws.com"
        return {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": self.topic.arn,
            **({"Subject": subject} if subject else {}),
            "Message": message,
            "Timestamp": running().time_ms(),
            "SignatureVersion": "1",
            "Signature": SIGNATURE,
            "SigningCertURL": f"{base}/SimpleNotificationService-emulated.pem",
            "UnsubscribeURL": f"{base}/?Action=Unsubscribe&SubscriptionArn={self.arn}",
        }
