"""What a botocore error means for rearm. Pure, and without importing botocore: an error is read by its shape.

The codes: docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors, `_THROTTLED_ERROR_CODES` of botocore's
retries/standard.py plus `RateExceeded` (Auto Scaling's API welcome page names it, botocore does not know it).
"""

import re
from typing import NamedTuple

from rearm.errors import ActionGone, ConfigError, RearmError, TryAgain

THROTTLED = frozenset(
    [
        "RateExceeded",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "SlowDown",
        "EC2ThrottledException",
    ]
)
DENIED = frozenset(
    ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedException", "NotAuthorized", "AuthorizationError"]
)
GONE = "No active Lifecycle Action"
UUID = re.compile(r"\b([0-9a-fA-F]{8})-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b")
LONGEST = 300


class Parts(NamedTuple):
    """An error's code, message and HTTP status; status 0 when no answer came."""

    code: str
    message: str
    status: int


def parts(error: BaseException | None) -> Parts:
    """Read a botocore `ClientError`; any other error gives its type's name and its text."""
    answer = getattr(error, "response", None)
    if not isinstance(answer, dict) or "Error" not in answer:
        return Parts(type(error).__name__, str(error), 0)
    told = answer["Error"]
    return Parts(str(told.get("Code", "")), str(told.get("Message", "")), int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)))


def error_code(error: BaseException | None) -> str:
    """The cloud's code (`Throttling`, `InvalidInstanceID.NotFound`), or the exception type's name."""
    return parts(error).code


def is_throttled(error: BaseException | None) -> bool:
    """The account's request rate is spent for now."""
    told = parts(error)
    return told.code in THROTTLED or told.status == 429


def is_gone(error: BaseException | None) -> bool:
    """The action is completed, timed out or replaced. By code *and* message: other ValidationErrors are not "gone"."""
    told = parts(error)
    return told.code == "ValidationError" and told.message.startswith(GONE)


def is_not_found(error: BaseException | None) -> bool:
    """Describing a hook: the group or the hook does not exist."""
    told = parts(error)
    return told.code == "ValidationError" and "not found" in told.message


def translate(error: BaseException, what: str, secrets: tuple[str, ...] = ()) -> RearmError:
    """The error of the tree for a failed call of `what` (`autoscaling:CompleteLifecycleAction`), in one line.

    An unknown error is `TryAgain`: it never completes anything. `secrets` and every UUID are shortened.
    """
    if isinstance(error, RearmError):
        return error
    told = parts(error)
    message = mask(told.message, secrets)
    if is_gone(error):
        return ActionGone(f"{what}: {message}")
    if told.code in DENIED:
        return TryAgain(f"{what} is denied ({told.code}): allow it in the policy of the function's role: {message}")
    if told.code in ("NoCredentialsError", "PartialCredentialsError"):
        return TryAgain(f"{what}: no AWS credentials: give the function a role")
    if told.code == "NoRegionError":
        return ConfigError(["the AWS region is not known: set AWS_REGION"])
    if is_throttled(error):
        return TryAgain(f"{what} is throttled ({told.code}): {message}")
    return TryAgain(f"{what} failed ({told.code}{f', HTTP {told.status}' if told.status else ''}): {message}")


def mask(text: str, secrets: tuple[str, ...] = ()) -> str:
    """One line of `text` at most 300 characters long, with secrets and UUIDs cut to their first 8 characters."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, f"{secret[:8]}…")
    text = " ".join(UUID.sub(r"\1…", text).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
