"""`queue_empty`: a queue holds no messages, neither waiting nor in flight.

AWS: SQS GetQueueAttributes (docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes). Alibaba Cloud:
what CloudMonitor counts of the queue; see `alibaba.queue_empty`.
"""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from rearm.checks.asking.call import aws, unreadable
from rearm.checks.question import Question
from rearm.checks.settings.placeholder import filled
from rearm.core.model import CheckResult

CALLS: dict[str, tuple[str, ...]] = {"aws": ("sqs:GetQueueAttributes", "sqs:GetQueueUrl"), "alibaba": ("cms:DescribeMetricLast",)}

AWS_COUNTS = {
    "waiting": "ApproximateNumberOfMessages",
    "in flight": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}
ALIBABA_COUNTS = {"waiting": "NumberOfMessagesVisible", "in flight": "NumberOfMessagesInvisible", "delayed": "NumberOfMessagesDelayed"}

Queue = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(https://[^ /]+/[0-9]{12}/)?([0-9A-Za-z_.-]|\{instance\}){1,256}$",
        description="a text: a queue's name, or on AWS its URL; {instance} stands for the instance's id",
    ),
]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`delayed`: whether messages count that are not to be received before some later time."""

    queue: Queue
    delayed: bool = False


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    if "alibaba" in clouds and settings.queue.startswith("https:"):
        return [("queue", "a URL is for AWS only: give the queue's name, or the profile `match: {cloud: aws}`")]
    return []


def calls(settings: Settings, cloud: str) -> tuple[str, ...]:
    """Of `CALLS`, what these settings need on that cloud: a URL need not be asked for."""
    return CALLS[cloud][:1] if cloud == "aws" and settings.queue.startswith("https:") else CALLS[cloud]


def label(settings: Settings) -> str:
    return f"queue empty {settings.queue.rpartition('/')[2]}"


def ask(settings: Settings, question: Question) -> CheckResult:
    """Counts the messages. Raises RearmError when they cannot be counted."""
    queue = filled(settings.queue, question.instance)
    remember: dict[str, str] = {}
    if question.cloud.name == "aws":
        url = queue
        if not queue.startswith("https:"):
            key = f"{label(settings)} {question.instance}"
            url = question.known.get(key) or str(aws("sqs", "GetQueueUrl", QueueName=queue)["QueueUrl"])
            remember = {} if key in question.known else {key: url}
        counts = _on_aws(url, settings)
    else:
        from rearm.checks.alibaba.queue_empty import counted

        counts = {name: counted(queue, metric, question.cloud) for name, metric in _asked(ALIBABA_COUNTS, settings).items()}
    found = ", ".join(f"{count:g} {name}" for name, count in counts.items() if count)
    return CheckResult("waiting", f"messages: {found}", remember) if found else CheckResult("passed", "no messages", remember)


def _asked(names: Mapping[str, str], settings: Settings) -> dict[str, str]:
    return {name: told for name, told in names.items() if settings.delayed or name != "delayed"}


def _on_aws(url: str, settings: Settings) -> dict[str, float]:
    names = _asked(AWS_COUNTS, settings)
    told = aws("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=list(names.values()))["Attributes"]
    try:
        return {name: int(told[attribute]) for name, attribute in names.items()}
    except (ValueError, TypeError, KeyError):
        unreadable("sqs:GetQueueAttributes")
