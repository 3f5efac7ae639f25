"""`function`: a function of the operator's own, in Lambda or Function Compute, says `passed`, `waiting` or `failed`.

AWS: docs.aws.amazon.com/lambda/latest/api/API_Invoke. Alibaba Cloud: alibabacloud.com/help/en/functioncompute/fc/developer-reference/
api-fc-2023-03-30-invokefunction. What it is told and what it answers: docs/configuration.md.
"""

import json
from typing import Annotated, Any, Literal, cast

import msgspec

from rearm.checks.asking.call import aws_once
from rearm.checks.question import Question
from rearm.core.model import CheckResult

CALLS = {"aws": ("lambda:InvokeFunction",), "alibaba": ("fc:InvokeFunction",)}
VERSION = 1
ANSWER_MAX = 65_536
REASON_MAX = 200

Name = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?!.*[^0-9A-Za-z_:./$-]).{1,170}$",
        description="a text: the function's name (on AWS also name:alias or an ARN, on Function Compute 2.0 service/function)",
    ),
]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which function."""

    function: Name


class Told(msgspec.Struct, frozen=True):
    """What the function answers. Other keys are left alone."""

    status: Literal["passed", "waiting", "failed"]
    reason: str = ""


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    if "/" in settings.function and "aws" in clouds:
        return [("function", f"`{settings.function}`: service/function is for Function Compute; a Lambda function has a name or an ARN")]
    if ":" in settings.function and "alibaba" in clouds:
        return [
            ("function", f"`{settings.function}`: an alias or an ARN is for AWS; give the name, or the profile `match: {{cloud: aws}}`")
        ]
    return []


def label(settings: Settings) -> str:
    return f"function {settings.function.rpartition('function:')[2]}"


def ask(settings: Settings, question: Question) -> CheckResult:
    """Invokes the function and waits for its answer. Raises RearmError when it cannot be invoked."""
    payload = json.dumps(_payload(question), ensure_ascii=False).encode(errors="replace")
    if question.cloud.name == "aws":
        answer, error = _on_aws(settings.function, payload, question.limit_s)
    else:
        answer, error = cast(Any, question.cloud).run_function(settings.function, payload, question.limit_s)
    if error:
        # Its message is left out: nobody knows what a stack trace holds.
        return CheckResult("waiting", f"the function failed ({_line(error)})")
    if len(answer) > ANSWER_MAX:
        return CheckResult("waiting", f"the function's answer is longer than {ANSWER_MAX} bytes")
    try:
        told = msgspec.json.decode(answer, type=Told)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return CheckResult("waiting", 'the function\'s answer is not {"status": "passed", "waiting" or "failed", "reason": "a text"}')
    return CheckResult(told.status, _line(told.reason) or f"the function says {told.status}")


def _payload(question: Question) -> dict[str, object]:
    """Of the wait, without the token: whoever has that can end the wait."""
    action = question.action
    return {
        "version": VERSION,
        "cloud": action.cloud,
        "region": action.region,
        "transition": action.transition,
        "group": action.group,
        "group_name": action.group_name or action.group,
        "hook": action.hook,
        "hook_name": action.hook_name or action.hook,
        "instance": question.instance,
        "instances": list(action.instances),
        "metadata": action.metadata,
        "origin": action.origin,
        "destination": action.destination,
        "limit_s": question.limit_s,
    }


def _on_aws(function: str, payload: bytes, limit_s: float) -> tuple[bytes, str]:
    """What it answered, and the type of its error; empty if it did not fail."""
    answer = aws_once("lambda", "Invoke", limit_s, FunctionName=function, InvocationType="RequestResponse", Payload=payload)
    body = answer["Payload"].read(ANSWER_MAX + 1)
    if not answer.get("FunctionError"):
        return body, ""
    try:
        kind = json.loads(body).get("errorType")
    except (ValueError, AttributeError):
        kind = None
    return b"", str(kind or answer["FunctionError"])


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= REASON_MAX else line[: REASON_MAX - 1] + "…"
