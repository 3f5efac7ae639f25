"""`parameter`: a parameter exists, or has the right value.

AWS: Parameter Store, docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter. Alibaba Cloud: OOS's parameters,
alibabacloud.com/help/en/oos/developer-reference/api-oos-2019-06-01-getparameter, or a secret of KMS,
alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-kms-2016-01-20-getsecretvalue.
"""

from typing import Annotated, Literal

import msgspec

from rearm.checks.asking import existence
from rearm.checks.asking.call import alibaba, alibaba_code, aws, aws_code, unreadable
from rearm.checks.question import Question
from rearm.checks.settings.placeholder import Text, filled
from rearm.core.model import CheckResult
from rearm.errors import RearmError

CALLS = {
    "aws": ("ssm:GetParameter", *existence.CALLS["aws"]),
    "alibaba": ("oos:GetParameter", "kms:GetSecretValue", *existence.CALLS["alibaba"]),
}
SECRET = ("value",)
"""Never quoted, and what is found is never told: a parameter may hold a password."""

NOT_FOUND = ("EntityNotExists.Parameter", "Forbidden.ResourceNotFound")
"""Of OOS, and of KMS, whose code looks like a denial."""
Value = Annotated[str, msgspec.Meta(max_length=4096, description="a text of at most 4096 characters")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`value` None: whatever the value, if only the parameter is there. `store` is for Alibaba Cloud."""

    name: Text
    value: Value | None = None
    store: Literal["parameter", "kms"] = "parameter"


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    if settings.store == "kms" and "aws" in clouds:
        return [("store", "`kms`: is for profiles with `match: {cloud: alibaba}`; on AWS a SecureString is a parameter like any other")]
    return []


def calls(settings: Settings, cloud: str) -> tuple[str, ...]:
    """Of `CALLS`, what these settings need on that cloud: of the two stores of Alibaba Cloud, one."""
    other = "oos:GetParameter" if settings.store == "kms" else "kms:GetSecretValue"
    return tuple(call for call in CALLS[cloud] if call != other)


def label(settings: Settings) -> str:
    return f"{'secret' if settings.store == 'kms' else 'parameter'} {settings.name}"


def ask(settings: Settings, question: Question) -> CheckResult:
    """Reads the parameter. Raises RearmError when the cloud cannot be asked."""
    name = filled(settings.name, question.instance)
    if question.cloud.name == "aws":
        found = _on_aws(name, decrypted=settings.value is not None)
    elif settings.store == "kms":
        found = _on_alibaba(question, "kms", "GetSecretValue", {"SecretName": name}, ("SecretData",))
    else:
        found = _on_alibaba(question, "oos", "GetParameter", {"Name": name}, ("Parameter", "Value"))
    if found is None:
        return existence.or_gone(question, CheckResult("waiting", "it is not there yet"))
    if settings.value is None:
        return CheckResult("passed", "it is there")
    if found == settings.value:
        return CheckResult("passed", "it has the right value")
    return existence.or_gone(question, CheckResult("waiting", "it has another value"))


def _on_aws(name: str, *, decrypted: bool) -> str | None:
    """The value; a SecureString that need not be compared stays encrypted, and the function needs no key."""
    try:
        answer = aws("ssm", "GetParameter", Name=name, WithDecryption=decrypted)
    except RearmError as error:
        if aws_code(error) == "ParameterNotFound":
            return None
        raise
    return str(answer["Parameter"]["Value"])


def _on_alibaba(question: Question, product: str, operation: str, params: dict[str, object], path: tuple[str, ...]) -> str | None:
    try:
        found: object = alibaba(question.cloud, product, operation, params)
    except RearmError as error:
        if alibaba_code(error) in NOT_FOUND:
            return None
        raise
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, str):
        unreadable(f"{product}:{operation}")
    return found
