"""`object`: an object is in a bucket.

AWS: docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject (without s3:ListBucket, what is not there is denied). Alibaba Cloud: see
`clouds.alibaba.oss`.
"""

from typing import Annotated, Any, cast

import msgspec

from rearm.checks.asking import existence
from rearm.checks.asking.call import aws, aws_code
from rearm.checks.question import Question
from rearm.checks.settings.placeholder import Text, filled
from rearm.core.model import CheckResult
from rearm.errors import RearmError, TryAgain

CALLS = {
    "aws": ("s3:GetObject", "s3:ListBucket", *existence.CALLS["aws"]),
    "alibaba": ("oss:GetObject", *existence.CALLS["alibaba"]),
}
DENIED = "s3:HeadObject is denied: allow s3:GetObject on the object, and s3:ListBucket on the bucket, in the policy of the function's role"

Bucket = Annotated[str, msgspec.Meta(pattern=r"^(?!.*[^0-9a-z.-])[0-9a-z].{1,61}[0-9a-z]$", description="a text, the name of a bucket")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which object."""

    bucket: Bucket
    key: Text


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    if settings.key.startswith("/"):
        return [("key", f"`{settings.key}`: begins with a /, which would be a part of the object's name")]
    if "alibaba" in clouds and "." in settings.bucket:
        return [("bucket", f"`{settings.bucket}`: the name of an OSS bucket has no dots")]
    return []


def label(settings: Settings) -> str:
    return f"object {settings.bucket}/{settings.key}"


def ask(settings: Settings, question: Question) -> CheckResult:
    """Asks for the object's head. Raises RearmError when the cloud cannot be asked."""
    key = filled(settings.key, question.instance)
    if question.cloud.name == "aws":
        found = _in_s3(settings.bucket, key)
    else:
        found = cast(Any, question.cloud).has_object(settings.bucket, key, question.limit_s)
    if found:
        return CheckResult("passed", "it is there")
    return existence.or_gone(question, CheckResult("waiting", "it is not there yet"))


def _in_s3(bucket: str, key: str) -> bool:
    try:
        aws("s3", "HeadObject", Bucket=bucket, Key=key)
    except RearmError as error:
        # The answer to a HEAD has no body: all that botocore knows is its status.
        if aws_code(error) in ("404", "NoSuchKey"):
            return False
        if aws_code(error) == "403":
            raise TryAgain(DENIED) from error
        raise
    return True
