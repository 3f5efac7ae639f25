"""`notify` on AWS: SNS and EventBridge.

docs.aws.amazon.com/sns/latest/api/API_Publish, docs.aws.amazon.com/eventbridge/latest/APIReference/ API_PutEvents and
API_PutEventsResultEntry. Each is called once in a look: the SDK's own retries might send twice.
"""

from typing import Any

from rearm.checks.asking.call import aws_code, aws_once, short, unreadable
from rearm.core.model import StepResult
from rearm.errors import RearmError, TryAgain
from rearm.steps.notices.message import Message

SOURCE = "rearm"
DETAIL_TYPE = "rearm notify"
PUBLISH, PUT_EVENTS = "sns:Publish", "events:PutEvents"
FOR_GOOD = frozenset(["NotFound", "InvalidParameter", "ParameterValueInvalid", "ResourceNotFoundException", "ValidationException"])
"""No such topic or bus, or none that can be named so (a topic of another region). Denied and throttled may pass."""

ENTRY_FOR_GOOD = frozenset(["InvalidArgument", "InvalidAccountIdException", "MalformedDetail"])
ENTRY_DENIED = frozenset(["AccessDeniedException", "NotAuthorizedForSourceException", "NotAuthorizedForDetailTypeException"])


def publish(topic: str, message: Message, limit_s: float) -> StepResult:
    """A FIFO topic drops what has the same `id` for 5 minutes, and keeps the messages of one wait in order. Raises RearmError."""
    params = {"TopicArn": topic, "Message": message.body}
    if topic.endswith(".fifo"):
        params |= {"MessageGroupId": message.wait, "MessageDeduplicationId": message.id}
    return _sent("sns", "Publish", limit_s, params)


def put_event(bus: str, message: Message, limit_s: float) -> StepResult:
    """An event of the source `rearm`. What is wrong with the event itself is in an answer with status 200. Raises RearmError."""
    entry = {"EventBusName": bus, "Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": message.body}
    return _sent("events", "PutEvents", limit_s, {"Entries": [entry]})


def _sent(service: str, operation: str, limit_s: float, params: dict[str, Any]) -> StepResult:
    try:
        answer = aws_once(service, operation, limit_s, **params)
    except RearmError as error:
        if aws_code(error) in FOR_GOOD:
            return StepResult("failed", str(error))
        raise
    try:
        told = answer if service == "sns" else answer["Entries"][0]
        code, name = str(told.get("ErrorCode") or ""), told.get("MessageId" if service == "sns" else "EventId")
    except (KeyError, IndexError, TypeError, AttributeError):
        unreadable(f"{service}:{operation}")
    if code:
        return _refused(code, short(told.get("ErrorMessage", "")))
    if not name:
        unreadable(f"{service}:{operation}")
    return StepResult("done", "sent")


def _refused(code: str, text: str) -> StepResult:
    if code in ENTRY_FOR_GOOD:
        return StepResult("failed", f"{PUT_EVENTS} failed ({code}): {text}")
    if code in ENTRY_DENIED:
        raise TryAgain(f"{PUT_EVENTS} is denied ({code}): allow it in the policies of the function's role and of the bus: {text}")
    raise TryAgain(f"{PUT_EVENTS} failed ({code}): {text}")
