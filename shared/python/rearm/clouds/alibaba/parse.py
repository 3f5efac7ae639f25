"""Alibaba Cloud notifications in, `Parsed` out: one function for each doorway, all pure, none ever raises.

Function Compute delivers bytes. Shapes: functioncompute `mns-topic-trigger` (STREAM, JSON, attributes) and the queue trigger through
EventBridge (one CloudEvent, or a list of them); eventbridge/user-guide/auto-scaling-events (`ess:LifecycleHook:*`); OOS sends the text
that the operator's template holds, under the flat names of ESS. No page shows the lifecycle message itself, so it is looked for: each
layer may be bytes, Base64 (padded or not, either alphabet), JSON text or an object, and keys count in any case. Layers, as they are opened:

    FC topic JSON `Message` | STREAM `body` | CloudEvent `data` | queue `messageBody` | ESS `content`

| the innermost object | verdict |
| --- | --- |
| hook id, token, instances, and the group's id (OOS may lack it) | action |
| `ess:LifecycleHook:Test` | test |
| another CloudEvent, an event notification, a timer, rearm's own recheck | ignored |
| anything else: broken, incomplete, or unknown | invalid |
"""

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from rearm.clouds import reading
from rearm.clouds.alibaba.encoding import decode
from rearm.clouds.reading import NAME_MAX, join, kind_of, quoted
from rearm.core.model import Action, Parsed, Transition
from rearm.errors import InvalidNotification

LIFECYCLE = "ess:LifecycleHook:"
TEST = LIFECYCLE + "Test"
TYPES: dict[str, Transition] = {LIFECYCLE + "ScaleOut": "launch", LIFECYCLE + "ScaleIn": "terminate"}
TRANSITIONS: dict[str, Transition] = {"SCALE_OUT": "launch", "SCALE_IN": "terminate"}
LAYERS = {"message": "Message", "body": "body", "data": "data", "messagebody": "messageBody", "content": "content"}
_LIFECYCLE_KEYS = ("lifecyclehookid", "lifecycleactiontoken", "lifecycletransition", "lifecyclehookname")
_EVENT_TYPES = ("ess:", "mns:", "eventbridge:", "acs.")
_EVENT_NOTIFICATION = re.compile(r"AUTOSCALING:|SCALE_(IN|OUT)_")
_PLACEHOLDER = re.compile(r"\$\{.*\}|\{\{.*\}\}")
"""What ESS or OOS left in place because it knows no such name."""
_NO_ID = re.compile(r"""[\[\]{}"',\s]""")
_DEPTH_MAX = 12


class _Around(NamedTuple):
    """What the layers outside say; the nearer layer's word counts more."""

    label: str
    group_needed: bool = True
    where: str = ""
    type: str = ""
    region: str = ""
    account: str = ""
    at: float | None = None
    depth: int = 0

    def inside(self, name: str) -> "_Around":
        if self.depth >= _DEPTH_MAX:
            raise InvalidNotification("the event is wrapped too often to be a lifecycle notification: send the notification itself")
        where = self.where + name if name.startswith("[") else join(self.where, name)
        return self._replace(where=where, depth=self.depth + 1)


def mns_topic(event: bytes | str) -> list[Parsed]:
    """A topic trigger's message, format STREAM or JSON, with or without attributes."""
    return _all(event, _Around("MNS topic"))


def mns_queue(event: bytes | str) -> list[Parsed]:
    """A queue trigger's CloudEvent, or its list of them; one answer for each message."""
    return _all(event, _Around("MNS queue"))


def eventbridge(event: bytes | str) -> list[Parsed]:
    """An EventBridge trigger's CloudEvent."""
    return _all(event, _Around("EventBridge"))


def oos(event: bytes | str) -> list[Parsed]:
    """The text that an OOS template sends: the flat names of ESS."""
    return _all(event, _Around("OOS", group_needed=False))


def _all(event: object, around: _Around) -> list[Parsed]:
    """Every notification under a value. A broken one answers `invalid` in its place."""
    try:
        return _opened_all(event, around)
    except InvalidNotification as broken:
        return [Parsed("invalid", str(broken))]
    except RecursionError:
        return [Parsed("invalid", "the event is nested too deeply to be a lifecycle notification")]


def _opened_all(value: object, around: _Around) -> list[Parsed]:
    if isinstance(value, bytes | str):
        value = decode(value, around.where)
    name = around.where or "the event"
    if isinstance(value, list):
        if not value:
            raise InvalidNotification(f"{name} is an empty list: it holds no notification")
        return [parsed for index, item in enumerate(value) for parsed in _all(item, around.inside(f"[{index}]"))]
    if not isinstance(value, dict):
        raise InvalidNotification(f"{name} is {kind_of(value)}, not an object: send lifecycle notifications only")
    fields: dict[str, object] = {}
    for key, field in value.items():
        if field is not None:
            fields.setdefault(key.lower(), field)
    return _object(fields, _enriched(fields, around))


def _object(fields: Mapping[str, object], around: _Around) -> list[Parsed]:
    kind = event_type(fields)
    if "rearm" in fields:
        return [Parsed("ignored", "rearm's own recheck message: the recheck function takes it")]
    if "triggername" in fields and "triggertime" in fields:
        return [Parsed("ignored", f"the periodic timer {quoted(fields['triggername'])}, no notification")]
    if kind == TEST or TEST in fields.values():
        return [Parsed("test", f"the test event of a lifecycle hook ({around.label})")]
    if kind and not kind.startswith((LIFECYCLE, "mns:")):
        return [Parsed("ignored", f"an event of type {quoted(kind, NAME_MAX)}, no lifecycle action")]
    around = around._replace(type=kind or around.type)
    if any(key in fields for key in _LIFECYCLE_KEYS):
        return [_action(fields, around)]
    for key, name in LAYERS.items():
        if key in fields:
            return _all(fields[key], around.inside(name))
    if kind.startswith("mns:"):
        raise InvalidNotification(f"{join(around.where, 'data')} is missing: pass the queue's event on unchanged")
    if around.type.startswith(LIFECYCLE):
        return [_action(fields, around)]
    told = [value for value in fields.values() if isinstance(value, str) and _EVENT_NOTIFICATION.match(value)]
    if told:
        return [Parsed("ignored", f"the event notification {quoted(told[0], NAME_MAX)}, no lifecycle action")]
    keys = ", ".join(quoted(key) for key in list(fields)[:3]) or "none"
    raise InvalidNotification(f"{around.where or 'the event'} is an object that is no lifecycle notification (its keys: {keys})")


def event_type(fields: Mapping[str, object]) -> str:
    """The `type` of a CloudEvent; "" for what is none."""
    kind = fields.get("type")
    if not isinstance(kind, str) or not (
        "specversion" in fields or kind.startswith(_EVENT_TYPES) or ("data" in fields and "source" in fields)
    ):
        return ""
    return kind


def _enriched(fields: Mapping[str, object], around: _Around) -> _Around:
    """Take what this layer says of region, account and time."""
    region, account = "", ""
    for key in ("resourcearn", "subject"):
        arn = fields.get(key)
        parts = arn.split(":") if isinstance(arn, str) and arn.startswith("acs:") else []
        if len(parts) > 4:
            region, account = region or _word(parts[2]), account or _word(parts[3])
    return around._replace(
        region=_word(fields.get("regionid")) or _word(fields.get("aliyunregionid")) or region or around.region,
        account=_word(fields.get("userid")) or _word(fields.get("aliyunaccountid")) or account or around.account,
        at=reading.iso_time(fields.get("time")) or reading.ms_time(fields.get("publishtime")) or around.at,
    )


def _action(fields: Mapping[str, object], around: _Around) -> Parsed:
    transition = _transition(fields, around)
    group = fields.get("scalinggroupid", "")
    unset = group == "" or (isinstance(group, str) and _PLACEHOLDER.fullmatch(group))
    action = Action(
        cloud="alibaba",
        hook=_required(fields, "lifecycleHookId", around.where),
        token=_required(fields, "lifecycleActionToken", around.where),
        instances=_instances(fields, around.where),
        group="" if unset and not around.group_needed else _required(fields, "scalingGroupId", around.where),
        transition=transition,
        metadata=reading.metadata(fields.get("notificationmetadata")),
        region=around.region,
        account=around.account,
        group_name=reading.optional(fields.get("scalinggroupname")),
        hook_name=reading.optional(fields.get("lifecyclehookname")),
        notified_at=around.at,
    )
    return Parsed("action", reading.waits(transition, action.instances, action.group, action.hook, around.label), action)


def _transition(fields: Mapping[str, object], around: _Around) -> Transition | None:
    """What the message says, else what the event's type says; None if neither does (OOS)."""
    told = fields.get("lifecycletransition")
    path = join(around.where, "lifecycleTransition")
    if isinstance(told, str) and told.strip() and not _PLACEHOLDER.fullmatch(told):
        if told.upper() not in TRANSITIONS:
            raise InvalidNotification(f"{path} is {quoted(told)}: only {' and '.join(TRANSITIONS)} are known")
        return TRANSITIONS[told.upper()]
    if told is not None and not isinstance(told, str):
        raise InvalidNotification(f"{path} is {kind_of(told)}, not text: only {' and '.join(TRANSITIONS)} are known")
    if around.type.startswith(LIFECYCLE) and around.type not in TYPES:
        raise InvalidNotification(f"type is {quoted(around.type)}: only {', '.join((*TYPES, TEST))} are known")
    return TYPES.get(around.type)


def _instances(fields: Mapping[str, object], where: str) -> tuple[str, ...]:
    """`instanceIds` as a list, the JSON text of one, a comma-separated text or one id; or `instanceId`."""
    told = fields.get("instanceids", fields.get("instanceid"))
    path = join(where, "instanceIds")
    if isinstance(told, str):
        told = _listed(told)
    if isinstance(told, dict):
        told = told.get("InstanceId", told.get("instanceId"))
    if told is None:
        raise InvalidNotification(f"{path} is missing: a lifecycle notification names its instances, so pass it on unchanged")
    if not isinstance(told, list) or not told:
        raise InvalidNotification(f"{path} is {kind_of(told) if told else 'empty'}: a list of instance ids is expected")
    ids = [_required({"": item}, "", f"{path}[{index}]") for index, item in enumerate(told)]
    for index, name in enumerate(ids):
        if _NO_ID.search(name):
            raise InvalidNotification(f"{path}[{index}] is {quoted(name)}, no instance id: a list of instance ids is expected")
    return tuple(dict.fromkeys(ids))


def _listed(text: str) -> object:
    """What a text of instance ids holds: JSON, or ids between commas (in brackets and quotes or not)."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, list | dict):
        return value
    plain = text.strip()
    if plain.startswith("[") and plain.endswith("]"):
        plain = plain[1:-1]
    return [part.strip(" \t'\"") for part in plain.split(",")]


def _required(fields: Mapping[str, object], name: str, where: str) -> str:
    text = reading.required(fields, name, where, name.lower())
    if _PLACEHOLDER.fullmatch(text):
        raise InvalidNotification(f"{join(where, name)} still holds its placeholder {quoted(text)}: correct the template that sends it")
    return text


def _word(value: object) -> str:
    """A region or an account number (text, or a number); "" for anything else."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**20 else value
    return text if isinstance(text, str) and len(text) < 64 and text.replace("-", "").isalnum() and text.isascii() else ""
