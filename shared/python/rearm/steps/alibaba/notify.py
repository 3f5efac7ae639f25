"""`notify` on Alibaba Cloud: a topic of SMQ. The call itself: `clouds.alibaba.smq`."""

from typing import Any, cast

from rearm.checks.asking.call import alibaba_code
from rearm.checks.question import Question
from rearm.core.model import StepResult
from rearm.errors import RearmError
from rearm.steps.notices.message import Message

FOR_GOOD = frozenset(["TopicNotExist", "TopicNameLengthError", "InvalidArgument", "InvalidRequestURL", "MalformedXML"])
"""alibabacloud.com/help/en/mns/developer-reference/ message-management-publishmessage, syntax-of-error-responses."""


def publish(topic: str, message: Message, question: Question) -> StepResult:
    """Raises RearmError for what may pass."""
    try:
        cast(Any, question.cloud).publish(topic, message.body, question.limit_s)
    except RearmError as error:
        if alibaba_code(error) in FOR_GOOD:
            return StepResult("failed", str(error))
        raise
    return StepResult("done", "sent")
