"""AWS notifications in, `Parsed` out: one function for each doorway, all pure, none ever raises.

Shapes: docs.aws.amazon.com, autoscaling/ec2/userguide `ec2-auto-scaling-event-reference` (EventBridge) and
`prepare-for-lifecycle-notifications` (SNS, SQS, Lambda target); lambda/latest/dg `with-sns`, `with-sqs` (records).

A message (an EventBridge event, the flat object, an SNS wrapper) may come bare, or as the text of an SNS or SQS record.
Every doorway reads every one of these; the doorways differ in what they are called in a reason. What decides:

| the message | verdict |
| --- | --- |
| hook, token, instance, group and a known transition | action |
| `autoscaling:TEST_NOTIFICATION` as `Event` or `LifecycleTransition` | test |
| another event, another service's record, the timer, rearm's own recheck | ignored |
| anything else: broken, incomplete, or unknown | invalid |
"""

from typing import NamedTuple

from rearm.clouds import reading
from rearm.clouds.reading import NAME_MAX, join, kind_of, quoted
from rearm.core.model import Action, Parsed, Transition
from rearm.errors import InvalidNotification

TEST = "autoscaling:TEST_NOTIFICATION"
SOURCE = "aws.autoscaling"
DETAIL_TYPES: dict[str, Transition] = {
    "EC2 Instance-launch Lifecycle Action": "launch",
    "EC2 Instance-terminate Lifecycle Action": "terminate",
}
TRANSITIONS: dict[str, Transition] = {
    "autoscaling:EC2_INSTANCE_LAUNCHING": "launch",
    "autoscaling:EC2_INSTANCE_TERMINATING": "terminate",
}
CAUSES = ("ReplaceRootVolume",)
_LIFECYCLE_FIELDS = ("LifecycleActionToken", "LifecycleHookName", "LifecycleTransition")
_DEPTH_MAX = 6
"""A message in a wrapper in a record is depth 3."""


class _Around(NamedTuple):
    """What the envelopes say: where we are, by which way it came, and what counts if the message does not say it."""

    label: str
    where: str = ""
    region: str = ""
    account: str = ""
    at: float | None = None
    depth: int = 0

    def inside(self, name: str = "") -> "_Around":
        if self.depth >= _DEPTH_MAX:
            raise InvalidNotification(f"{self.where or 'the event'} is wrapped too often: send the notification itself")
        return self._replace(where=join(self.where, name) if name else self.where, depth=self.depth + 1)


def eventbridge(event: object) -> list[Parsed]:
    """The event of an EventBridge rule (or a list of such, as a pipe delivers them)."""
    return _all(event, _Around("EventBridge"))


def sns(event: object) -> list[Parsed]:
    """`{"Records": [{"Sns": {"Message": …}}]}`."""
    return _all(event, _Around("SNS"))


def sqs(event: object) -> list[Parsed]:
    """`{"Records": [{"messageId": …, "body": …}]}`. Each answer carries its `messageId` as `record`."""
    return _all(event, _Around("SQS"))


def direct(event: object) -> list[Parsed]:
    """The flat object of a hook whose notification target is the function itself."""
    return _all(event, _Around("Lambda target"))


def _all(event: object, around: _Around) -> list[Parsed]:
    records = event.get("Records") if isinstance(event, dict) and "Records" in event else event
    name = "the event" if records is event else "Records"
    if isinstance(records, list):
        if not records:
            return [Parsed("invalid", f"{name} is an empty list: it holds no notification")]
        place = "" if records is event else "Records"
        return [_one(record, around._replace(where=f"{place}[{index}]")) for index, record in enumerate(records)]
    if records is not event:
        return [Parsed("invalid", f"Records is {kind_of(records)}, not a list: pass the event on as Lambda delivers it")]
    return [_one(event, around)]


def _one(value: object, around: _Around) -> Parsed:
    parsed = reading.judged(lambda: _message(value, around))
    message_id = value.get("messageId") if isinstance(value, dict) else None
    return Parsed(parsed.verdict, parsed.reason, parsed.action, message_id if isinstance(message_id, str) and message_id else None)


def _message(value: object, around: _Around) -> Parsed:
    if isinstance(value, str):
        return _message(reading.load(value, around.where), around.inside())
    name = around.where or "the event"
    if not isinstance(value, dict):
        raise InvalidNotification(f"{name} is {kind_of(value)}, not an object: send lifecycle notifications only")
    fields: dict[str, object] = value
    if "rearm" in fields:
        return Parsed("ignored", "rearm's own recheck message: the recheck function takes it")
    if any(key in fields for key in ("eventSource", "EventSource", "Sns")) or ("body" in fields and "messageId" in fields):
        return _record(fields, around)
    if "detail-type" in fields or "detail" in fields:
        return _eventbridge(fields, around)
    if "Message" in fields and ("TopicArn" in fields or "Type" in fields):
        return _sns(fields, around)
    if isinstance(fields.get("Records"), list):
        return _foreign_records(fields, around)
    return _flat(fields, around, None)


def _record(record: dict[str, object], around: _Around) -> Parsed:
    source = record.get("eventSource", record.get("EventSource"))
    if source == "aws:sns" or (source is None and "Sns" in record):
        wrapper = record.get("Sns")
        if not isinstance(wrapper, dict):
            raise InvalidNotification(f"{join(around.where, 'Sns')} is {kind_of(wrapper)}, not an object: pass the record on unchanged")
        return _sns(wrapper, around.inside("Sns"))
    if source == "aws:sqs" or (source is None and "body" in record):
        attributes = record.get("attributes")
        sent = attributes.get("SentTimestamp") if isinstance(attributes, dict) else None
        inner = _placed(around.inside("body"), record.get("eventSourceARN"), reading.ms_time(sent))
        if "body" not in record:
            raise InvalidNotification(f"{inner.where} is missing: pass the SQS record on unchanged")
        return _message(record["body"], inner)
    if isinstance(source, str) and source:
        return Parsed("ignored", f"a record of {quoted(source)}: only SNS and SQS records carry lifecycle notifications")
    raise InvalidNotification(f"{join(around.where, 'eventSource')} is {kind_of(source)}, not text: pass the record on unchanged")


def _sns(wrapper: dict[str, object], around: _Around) -> Parsed:
    kind = wrapper.get("Type")
    if kind in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        return Parsed("ignored", f"an SNS {kind}, no notification")
    label = around.label if around.label == "SNS" else f"SNS via {around.label}"
    inner = _placed(around.inside("Message"), wrapper.get("TopicArn"), reading.iso_time(wrapper.get("Timestamp")))
    if wrapper.get("Message") is None:
        raise InvalidNotification(f"{inner.where} is missing: pass the SNS message on unchanged")
    return _message(wrapper["Message"], inner._replace(label=label))


def _foreign_records(fields: dict[str, object], around: _Around) -> Parsed:
    """Records inside a message: what S3 and its like send through SNS and SQS."""
    records = fields["Records"]
    sources = [record.get("eventSource") for record in records if isinstance(record, dict)] if isinstance(records, list) else []
    if sources and all(isinstance(source, str) and source not in ("aws:sns", "aws:sqs") for source in sources):
        return Parsed("ignored", f"a message of {quoted(sources[0])}, no lifecycle notification")
    raise InvalidNotification(f"{join(around.where, 'Records')} are records inside a message: send the notification itself")


def _eventbridge(event: dict[str, object], around: _Around) -> Parsed:
    for name in ("source", "detail-type"):
        if event.get(name) is not None and not isinstance(event[name], str):
            raise InvalidNotification(f"{join(around.where, name)} is {kind_of(event[name])}, not text: pass the event on unchanged")
    source, detail_type, detail = event.get("source") or SOURCE, str(event.get("detail-type") or ""), event.get("detail")
    if detail_type == "Scheduled Event":
        return Parsed("ignored", "a Scheduled Event: the periodic timer, no notification")
    if source != SOURCE:
        return Parsed("ignored", f"an event of source {quoted(source)}: lifecycle notifications come from '{SOURCE}'")
    fields: dict[str, object] = detail if isinstance(detail, dict) else {}
    if detail_type and not detail_type.endswith("Lifecycle Action") and not _is_test(fields):
        return Parsed("ignored", f"an Auto Scaling event {quoted(detail_type, NAME_MAX)}, no lifecycle action")
    if not isinstance(detail, dict):
        raise InvalidNotification(f"{join(around.where, 'detail')} is {kind_of(detail)}, not an object: a lifecycle action is told there")
    resources = event.get("resources")
    inner = _placed(around.inside("detail"), resources[0] if isinstance(resources, list) and resources else None, None)
    inner = inner._replace(
        label="EventBridge" if around.label == "EventBridge" else f"EventBridge via {around.label}",
        region=_word(event.get("region")) or inner.region,
        account=_word(event.get("account")) or inner.account,
        at=reading.iso_time(event.get("time")) or around.at,
    )
    return _flat(fields, inner, DETAIL_TYPES.get(detail_type))


def _flat(fields: dict[str, object], around: _Around, transition: Transition | None) -> Parsed:
    """The flat object, and an EventBridge event's `detail`. `transition` is what its detail-type says."""
    if _is_test(fields):
        group = fields.get("AutoScalingGroupName")
        whose = f" for group {quoted(group, NAME_MAX)}" if group else ""
        return Parsed("test", f"Auto Scaling's test notification{whose} ({around.label})")
    if transition or any(fields.get(name) is not None for name in _LIFECYCLE_FIELDS):
        return _action(fields, around, transition)
    event = fields.get("Event")
    if isinstance(event, str) and event.startswith(("autoscaling:", "s3:")):
        return Parsed("ignored", f"a message {quoted(event, NAME_MAX)}, no lifecycle action ({around.label})")
    keys = ", ".join(quoted(key) for key in list(fields)[:3]) or "none"
    raise InvalidNotification(f"{around.where or 'the event'} is an object that is no Auto Scaling notification (its keys: {keys})")


def _action(fields: dict[str, object], around: _Around, transition: Transition | None) -> Parsed:
    told = fields.get("LifecycleTransition")
    if told is not None or transition is None:
        name = reading.required(fields, "LifecycleTransition", around.where)
        if name not in TRANSITIONS:
            known = " and ".join(TRANSITIONS)
            raise InvalidNotification(f"{join(around.where, 'LifecycleTransition')} is {quoted(name)}: only {known} are known")
        transition = TRANSITIONS[name]
    around = _placed(around, fields.get("AutoScalingGroupARN"), None)
    cause = reading.optional(fields.get("Action"))
    action = Action(
        cloud="aws",
        hook=reading.required(fields, "LifecycleHookName", around.where),
        token=reading.required(fields, "LifecycleActionToken", around.where),
        instances=(reading.required(fields, "EC2InstanceId", around.where),),
        group=reading.required(fields, "AutoScalingGroupName", around.where),
        transition=transition,
        metadata=reading.metadata(fields.get("NotificationMetadata")),
        origin=reading.optional(fields.get("Origin")),
        destination=reading.optional(fields.get("Destination")),
        cause=cause if cause in CAUSES else None,
        region=around.region,
        account=_word(fields.get("AccountId")) or around.account,
        notified_at=reading.iso_time(fields.get("Time")) or around.at,
    )
    reason = reading.waits(transition, action.instances, action.group, action.hook, around.label)
    unknown = f"; its Action {quoted(cause)} is not known and not used" if cause and cause not in CAUSES else ""
    return Parsed("action", reason + unknown, action)


def _is_test(fields: dict[str, object]) -> bool:
    return TEST in (fields.get("Event"), fields.get("LifecycleTransition"))


def _placed(around: _Around, arn: object, at: float | None) -> _Around:
    """Fill in what an envelope's ARN and time tell; a nearer envelope's time counts more."""
    parts = arn.split(":") if isinstance(arn, str) and arn.startswith("arn:") else []
    region, account = (_word(parts[3]), _word(parts[4])) if len(parts) > 5 else ("", "")
    return around._replace(region=region or around.region, account=account or around.account, at=at or around.at)


def _word(value: object) -> str:
    """A region or an account number; "" for anything else."""
    return value if isinstance(value, str) and len(value) < 64 and value.replace("-", "").isalnum() and value.isascii() else ""
