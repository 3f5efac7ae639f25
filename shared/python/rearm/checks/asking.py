"""How a check asks its cloud: one call, without retries of its own (the next look asks again), with errors in one line."""

from collections.abc import Mapping
from typing import Any, NoReturn, cast

from rearm.clouds import Cloud
from rearm.errors import TryAgain

LONGEST_VALUE = 60


def aws(service: str, operation: str, **params: object) -> Mapping[str, Any]:
    """A call, e.g. `aws("ec2", "DescribeTags", Filters=[...])`. Raises the error of `clouds.aws.faults`, which names the permission."""
    from rearm.clouds.aws.calls import client
    from rearm.clouds.aws.faults import translate

    try:
        return cast(Mapping[str, Any], getattr(client(service), _snake(operation))(**params))
    except Exception as error:
        raise translate(error, f"{service}:{operation}") from error


def alibaba(cloud: Cloud, product: str, operation: str, params: dict[str, object]) -> Mapping[str, Any]:
    """A call that may be repeated; the adapter adds the region. Raises TryAgain."""
    answer = cast(Any, cloud).call(product, operation, params)
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


def unreadable(operation: str) -> NoReturn:
    """The answer is not what the cloud documents."""
    raise TryAgain(f"{operation}: the answer cannot be read")


def short(text: object) -> str:
    """A value for a reason: one line, not long."""
    line = " ".join(str(text).split())
    return line if len(line) <= LONGEST_VALUE else line[:LONGEST_VALUE] + "…"


def _snake(operation: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in operation).lstrip("_")
