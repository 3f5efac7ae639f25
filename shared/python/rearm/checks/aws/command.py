"""`command` on AWS: Systems Manager Run Command.

Pages: docs.aws.amazon.com/systems-manager/latest/APIReference/ API_SendCommand (a comment of 100 characters, no client token),
API_ListCommands, API_GetCommandInvocation; the words of StatusDetails: .../latest/userguide/monitor-commands.
"""

from rearm.checks.asking.call import aws, aws_code, aws_once, short
from rearm.checks.command import Order, Seen
from rearm.checks.question import Question
from rearm.core.model import CheckResult
from rearm.errors import RearmError, TryAgain

DOCUMENTS = {"sh": "AWS-RunShellScript", "powershell": "AWS-RunPowerShellScript"}
RUNNING = ("Pending", "InProgress", "Delayed", "Cancelling")
SHORTEST_DELIVERY_S = 30
QUOTING = ("ValidationException", "InvalidParameters")
"""`1 validation error detected: Value '…' at '…' failed to satisfy constraint`: the value may hold a password."""
PAGE = 50
PAGES_MAX = 10


def start(order: Order, question: Question) -> str | CheckResult:
    """SendCommand has no client token: so what was started before is looked for first, by its comment."""
    document = DOCUMENTS[order.shell]
    before = _started_before(document, order.name, question.instance)
    if before:
        return before
    parameters = {"commands": order.script.split("\n"), "executionTimeout": [str(order.timeout_s)]}
    try:
        answer = aws_once(
            "ssm",
            "SendCommand",
            question.limit_s,
            InstanceIds=[question.instance],
            DocumentName=document,
            Parameters=parameters,
            Comment=order.name,
            TimeoutSeconds=max(SHORTEST_DELIVERY_S, order.timeout_s),
        )
    except RearmError as error:
        if aws_code(error) == "InvalidInstanceId":
            return CheckResult("waiting", "the SSM agent is not online yet")
        if aws_code(error) in QUOTING:
            raise TryAgain(f"ssm:SendCommand failed ({aws_code(error)}); its message is left out: it may quote the script") from None
        raise
    return str(answer["Command"]["CommandId"])


def seen(run: str, question: Question) -> Seen:
    """GetCommandInvocation."""
    try:
        found = aws("ssm", "GetCommandInvocation", CommandId=run, InstanceId=question.instance)
    except RearmError as error:
        if aws_code(error) == "InvocationDoesNotExist":
            return Seen("running", "not delivered yet")
        raise
    status, details = found["Status"], short(found.get("StatusDetails") or found["Status"])
    if status in RUNNING:
        return Seen("running", details)
    word = details.replace(" ", "")
    if status == "Success" or (status == "Failed" and word == "Failed"):
        return Seen("ended", details, int(found["ResponseCode"]), found.get("StandardOutputContent") or "")
    if word == "ExecutionTimedOut":
        return Seen("late", details)
    # Anything else (DeliveryTimedOut, Undeliverable, Terminated, Cancelled, …) says that it did not run, or not to its end.
    return Seen("impossible" if word == "InvalidPlatform" else "lost", details)


def _started_before(document: str, name: str, instance: str) -> str:
    asked = {"InstanceId": instance, "MaxResults": PAGE, "Filters": [{"key": "DocumentName", "value": document}]}
    token: dict[str, str] = {}
    for _ in range(PAGES_MAX):
        answer = aws("ssm", "ListCommands", **asked, **token)
        for one in answer["Commands"]:
            if one.get("Comment") == name:
                return str(one["CommandId"])
        if not answer.get("NextToken"):
            break
        token = {"NextToken": answer["NextToken"]}
    return ""
