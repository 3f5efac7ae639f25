"""The triggers that rearm uses, as fc3 takes them: SMQ topic, EventBridge (queue, default bus) and timer.

Structures of Function Compute's API 2023-03-30: CreateTriggerInput, MNSTopicTriggerConfig, EventBridgeTriggerConfig, TimerTriggerConfig.
Keys under `eventSourceParameters` and `runOptions` are spelt as that API has them, some with a capital.
"""

import json
import re
from collections.abc import Mapping

from rearm.config_problems import Problems
from rearm_workbench.descriptions.shape import Flag, Keys, Number, Shape, Text, Word

ACCOUNT = r"\d{16}"
QUEUE_NAME = r"[A-Za-z0-9][A-Za-z0-9-]{0,119}"
ANY: Shape = Text("", r"(?s).*")
EVERY = re.compile(r"@every ([1-9]\d*)m")
"""functioncompute/fc/user-guide/time-triggers: at least a minute."""
CRON_FIELDS = 6
"""Seconds, minutes, hours, day of the month, month, day of the week; UTC, or `CRON_TZ=…` before it."""


class _Anything:
    """Judged elsewhere."""

    def judge(self, path: str, value: object, problems: Problems) -> None:
        """Nothing here."""


TRIGGER = Keys(
    {
        "triggerName": Text("1 to 128 of letters, digits, `_` and `-`, a letter or `_` first", r"[A-Za-z_][A-Za-z0-9_-]{0,127}"),
        "triggerType": Word(("mns_topic", "eventbridge", "timer")),
        "description": Text("a text", r"(?s).*"),
        "qualifier": Text("LATEST, a version's number or an alias", r"[A-Za-z0-9_-]+"),
        "sourceArn": Text("an ARN", rf"acs:[a-z0-9]+:[a-z0-9-]*:{ACCOUNT}:.+"),
        "invocationRole": Text("acs:ram::ACCOUNT:role/NAME, in small letters", rf"acs:ram::{ACCOUNT}:role/[a-z0-9.-]{{1,64}}"),
        "triggerConfig": _Anything(),
    },
    needed=("triggerName", "triggerType", "triggerConfig"),
)
TOPIC = Keys(
    {
        "notifyContentFormat": Word(("JSON", "STREAM")),
        "notifyStrategy": Word(("BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY")),
        "filterTag": Text("a text of up to 16 characters", r".{1,16}"),
    },
    needed=("notifyContentFormat", "notifyStrategy"),
)
TIMER = Keys({"cronExpression": ANY, "enable": Flag(), "payload": ANY}, needed=("cronExpression", "enable"))
SOURCES: dict[str, Keys] = {
    "Default": Keys({}),  # the default event bus, where the events of Alibaba Cloud's services are
    "MNS": Keys(
        {
            "sourceMNSParameters": Keys(
                {
                    "RegionId": Text("a region", r"[a-z]{2}-[a-z0-9-]+"),
                    "QueueName": Text("a queue's name", QUEUE_NAME),
                    "IsBase64Decode": Flag(),
                },
                needed=("QueueName",),
            )
        },
        needed=("sourceMNSParameters",),
    ),
}
SINK = Keys(
    {"deliveryOption": Keys({"eventSchema": Word(("CloudEvents", "RawData")), "concurrency": Number(1, 300, 1)})},
    needed=("deliveryOption",),
)
RUN = Keys(
    {
        "mode": Word(("event-driven", "event-streaming")),
        "errorsTolerance": Word(("NONE", "ALL")),
        "retryStrategy": Keys({"PushRetryStrategy": Word(("BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY"))}, needed=("PushRetryStrategy",)),
        "deadLetterQueue": Keys(
            {"Arn": Text("acs:mns:REGION:ACCOUNT:/queues/NAME", rf"acs:mns:[a-z0-9-]+:{ACCOUNT}:/queues/{QUEUE_NAME}")}, needed=("Arn",)
        ),
    }
)
EVENTBRIDGE = Keys(
    {
        "triggerEnable": Flag(),
        "asyncInvocationType": Flag(),
        "eventRuleFilterPattern": ANY,
        "eventSourceConfig": Keys(
            {"eventSourceType": Word(tuple(SOURCES)), "eventSourceParameters": _Anything()},
            needed=("eventSourceType", "eventSourceParameters"),
        ),
        "eventSinkConfig": SINK,
        "runOptions": RUN,
    },
    needed=("triggerEnable", "asyncInvocationType", "eventRuleFilterPattern", "eventSourceConfig", "eventSinkConfig", "runOptions"),
)
CONFIGS: dict[object, Shape] = {"mns_topic": TOPIC, "eventbridge": EVENTBRIDGE, "timer": TIMER}


def judge_trigger(path: str, trigger: Mapping[str, object], problems: Problems) -> None:
    """What depends on the trigger's type."""
    kind, config = trigger.get("triggerType"), trigger.get("triggerConfig")
    if kind not in CONFIGS or not isinstance(config, dict):
        return
    CONFIGS[kind].judge(f"{path}.triggerConfig", config, problems)
    if kind == "mns_topic":
        Text("an SMQ topic's, acs:mns:REGION:ACCOUNT:/topics/NAME", rf"acs:mns:[a-z0-9-]+:{ACCOUNT}:/topics/{QUEUE_NAME}").judge(
            f"{path}.sourceArn", trigger.get("sourceArn"), problems
        )
        if "invocationRole" not in trigger:
            problems.add(f"{path}.invocationRole", "missing: without it fc3 makes a role that may invoke every function")
    elif kind == "timer":
        _cron(f"{path}.triggerConfig.cronExpression", config.get("cronExpression"), problems)
    else:
        _events(f"{path}.triggerConfig", config, problems)


def _cron(path: str, value: object, problems: Problems) -> None:
    text = value.split("=", 1)[-1].split(" ", 1)[-1] if isinstance(value, str) and value.startswith("CRON_TZ=") else value
    if not isinstance(text, str) or not (EVERY.fullmatch(text) or len(text.split()) == CRON_FIELDS):
        problems.wrong(path, value, f"`@every 5m` in whole minutes, or a cron expression of {CRON_FIELDS} fields")


def _events(path: str, config: Mapping[str, object], problems: Problems) -> None:
    pattern = config.get("eventRuleFilterPattern")
    try:
        told = json.loads(pattern) if isinstance(pattern, str) else None
    except ValueError:
        told = None
    if not isinstance(told, dict) or not all(isinstance(one, list) and one for one in told.values()):
        problems.wrong(f"{path}.eventRuleFilterPattern", pattern, "the JSON text of a mapping of lists")  # document_detail/181432
    source = config.get("eventSourceConfig")
    if isinstance(source, dict) and source.get("eventSourceType") in SOURCES:
        SOURCES[source["eventSourceType"]].judge(
            f"{path}.eventSourceConfig.eventSourceParameters", source.get("eventSourceParameters"), problems
        )
