"""Whether the instance still exists: the second question of a check that has found nothing of it."""

import msgspec

from rearm import clock
from rearm.checks import instance_status
from rearm.checks.question import Question
from rearm.core.model import CheckResult
from rearm.errors import RearmError

CALLS = {"aws": ("ec2:DescribeInstanceStatus",), "alibaba": ("ecs:DescribeInstanceStatus",)}
EVERY_S = 300
"""Asked once in so long: in each look it would double what a look costs."""


def or_gone(question: Question, found: CheckResult) -> CheckResult:
    """`found`; or `gone`, if the cloud says that the instance does not exist any more."""
    key, now = f"exists:{question.instance}", clock.now()
    if now < float(question.known.get(key, "0")) + EVERY_S:
        return found
    try:
        answer = instance_status.ask(instance_status.Settings(), question)
    except RearmError:
        return found
    if answer.status == "gone":
        return answer
    return msgspec.structs.replace(found, remember={**found.remember, key: f"{now:.0f}"})
