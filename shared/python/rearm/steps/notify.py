"""`notify`: tells a topic, an event bus or a webhook of the action, once in a wait or once in a stage.

The message is drawn in `notices.message`. A process that is killed right after it has sent one has told nobody so: a copy comes, with the
same `id`. An error may have come after the message went, so there a copy may come too. Only what no further try can mend (no such
topic, a webhook that refuses the request) has failed; anything else is tried again at the next look.
"""

from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from rearm.checks.question import Question
from rearm.core.model import CLOUD_NAMES, StepResult
from rearm.steps.notices import message

CALLS = {"aws": ("sns:Publish", "events:PutEvents"), "alibaba": ("mns:PublishMessage",)}
ONCE = True
REPEATABLE = False
TARGET = ("topic", "bus", "smq_topic", "webhook")
SECRET = ("webhook",)
"""Its path is a credential with many services."""

CLOUD_OF = {"topic": "aws", "bus": "aws", "smq_topic": "alibaba"}
CALL_OF = {"topic": "sns:Publish", "bus": "events:PutEvents", "smq_topic": "mns:PublishMessage"}
SECRET_ENV = "REARM_WEBHOOK_SECRET"

# A negative look-ahead means the same to Python, where `$` also matches before a final line break, and to JSON Schema.
Topic = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?!.*\n)arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[0-9A-Za-z_-]{1,256}([.]fifo)?$",
        description="a text: the ARN of an SNS topic, like arn:aws:sns:eu-west-1:123456789012:alarms",
    ),
]
Bus = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?!.*\n)(arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/)?[0-9A-Za-z._-]{1,256}$",
        description="a text: the name or the ARN of an EventBridge event bus",
    ),
]
SmqTopic = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?!.*\n)[0-9A-Za-z][0-9A-Za-z_-]{0,255}$",
        description="a text: the name of an SMQ (MNS) topic, letters, digits, - and _",
    ),
]
Webhook = Annotated[
    str,
    msgspec.Meta(
        max_length=2000,
        pattern=r"^(?!.*[^!-~])https://[^/?#@\\]+([/?][^#]*)?$",
        description="a text that begins with https://, without user, password, spaces or #",
    ),
]
EnvName = Annotated[
    str, msgspec.Meta(pattern=r"^(?!.*\n)[A-Za-z_][0-9A-Za-z_]*$", description="a text: the name of an environment variable")
]
Words = Annotated[str, msgspec.Meta(max_length=1000, description="a text of at most 1000 characters")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the first four says where. `secret_env` None: `SECRET_ENV`."""

    topic: Topic | None = None
    bus: Bus | None = None
    smq_topic: SmqTopic | None = None
    webhook: Webhook | None = None
    secret_env: EnvName | None = None
    text: Words = ""


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    given = [name for name in TARGET if getattr(settings, name) is not None]
    found = []
    if len(given) > 1:
        found.append(("", f"has {len(given)} targets ({', '.join(given)}); give one of them, and write a step for each"))
    for name in given:
        only = CLOUD_OF.get(name)
        if only and set(clouds) - {only}:
            found.append((name, f"is for {CLOUD_NAMES[only]} only; give the profile `match: {{cloud: {only}}}`"))
    if settings.webhook is None and settings.secret_env is not None:
        found.append(("secret_env", "has no use without `webhook`"))
    if settings.webhook is not None and (trouble := _place_problem(settings.webhook)):
        found.append(("webhook", trouble))
    return found


def calls(settings: Settings, cloud: str) -> tuple[str, ...]:
    """Of `CALLS`, what these settings need on that cloud. A webhook needs none."""
    return tuple(CALL_OF[name] for name, only in CLOUD_OF.items() if only == cloud and getattr(settings, name) is not None)


def label(settings: Settings) -> str:
    """Of a webhook the host only: it is shown in logs."""
    if settings.webhook is not None:
        return f"notify {urlsplit(settings.webhook).netloc}"
    place = settings.topic or settings.bus or settings.smq_topic or ""
    return "notify " + place.replace("/", ":").rpartition(":")[2]


def do(settings: Settings, question: Question) -> StepResult:
    """Sends the message once. Raises RearmError for what may pass."""
    told = message.message_of(question, settings.text)
    if settings.webhook is not None:
        from rearm.steps.notices.webhook import post

        return post(settings.webhook, settings.secret_env or SECRET_ENV, told, question.limit_s)
    if settings.smq_topic is not None:
        from rearm.steps.alibaba.notify import publish

        return publish(settings.smq_topic, told, question)
    from rearm.steps.aws import notify as on_aws

    if settings.topic is not None:
        return on_aws.publish(settings.topic, told, question.limit_s)
    return on_aws.put_event(settings.bus or "", told, question.limit_s)


def _place_problem(webhook: str) -> str:
    # It imports sockets, which a topic or a bus has no need of.
    from rearm.checks.network import target

    try:
        place = urlsplit(webhook)
        host, port = place.hostname or "", place.port
        msgspec.convert(host, target.Host)
        if port == 0:
            raise ValueError(webhook)
    except (ValueError, msgspec.ValidationError):
        return "its host or its port cannot be read"
    return f"`{host}`: an address for instance metadata; nothing may be sent there" if target.is_metadata(host) else ""
