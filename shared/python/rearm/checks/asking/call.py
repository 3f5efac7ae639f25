"""How a check asks its cloud: one call, without retries of its own (the next look asks again), with errors in one line."""

from collections.abc import Mapping
from typing import Any, NoReturn, cast

from rearm.clouds import Cloud
from rearm.errors import TryAgain

LONGEST_VALUE = 60
IAM_PREFIXES = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing"}
"""Where a service's permissions are not called as its client is."""
PERMISSIONS = {"lambda:Invoke": "lambda:InvokeFunction"}
"""Where a permission is not called as its operation is."""


def aws(service: str, operation: str, **params: object) -> Mapping[str, Any]:
    """A call, e.g. `aws("ec2", "DescribeTags", Filters=[...])`. Raises the error of `clouds.aws.faults`, which names the permission."""
    from rearm.clouds.aws.calls import client

    return _asked(client(service), service, operation, params)


def aws_once(service: str, operation: str, limit_s: float, **params: object) -> Mapping[str, Any]:
    """A call that is never repeated, not by the SDK either, and has `limit_s` to answer. Raises as `aws` does."""
    from rearm.clouds.aws.calls import client_of_one_attempt

    return _asked(client_of_one_attempt(service, limit_s), service, operation, params)


def _asked(client: Any, service: str, operation: str, params: Mapping[str, object]) -> Mapping[str, Any]:
    from rearm.clouds.aws.faults import translate

    try:
        return cast(Mapping[str, Any], getattr(client, _snake(operation))(**params))
    except Exception as error:
        name = f"{IAM_PREFIXES.get(service, service)}:{operation}"
        raise translate(error, PERMISSIONS.get(name, name)) from error


def alibaba(cloud: Cloud, product: str, operation: str, params: Mapping[str, object]) -> Mapping[str, Any]:
    """A call that may be repeated; the adapter adds the region. Raises TryAgain."""
    answer = cast(Any, cloud).call(product, operation, dict(params))
    return cast(Mapping[str, Any], answer)


def listed(answer: Mapping[str, Any], permission: str, name: str, inner: str) -> list[Mapping[str, Any]]:
    """The list of Alibaba Cloud's answer. An answer without it is no empty list: it is unreadable, and raises TryAgain."""
    from rearm.clouds.alibaba.answers import entries, field

    found = entries(answer, name, inner)
    if field(answer, name) is None or not all(isinstance(entry, Mapping) for entry in found):
        unreadable(permission)
    return found


def aws_code(error: BaseException) -> str:
    """The cloud's code of an error that `aws` raised."""
    from rearm.clouds.aws.faults import error_code

    return error_code(error.__cause__)


def alibaba_code(error: BaseException) -> str:
    """The cloud's code of an error that `alibaba` raised; empty if it has none."""
    return str(getattr(error, "code", ""))


def unreadable(operation: str) -> NoReturn:
    """The answer is not what the cloud documents."""
    raise TryAgain(f"{operation}: the answer cannot be read")


def short(text: object) -> str:
    """A value for a reason: one line, not long."""
    line = " ".join(str(text).split())
    return line if len(line) <= LONGEST_VALUE else line[:LONGEST_VALUE] + "…"


def _snake(operation: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in operation).lstrip("_")
