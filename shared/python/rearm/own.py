"""`python`: a check or step of the operator's own, by its place in a module that lies beside the layer."""

import importlib
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec

from rearm.errors import TryAgain

Place = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*$",
        description="a text like `package.module:function`",
    ),
]
Permission = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]+:[A-Za-z]+$", description="a permission like `ec2:DescribeTags`")]
SHORT = "function"
"""`python: package.module:function` means `python: {function: package.module:function}`."""

T = TypeVar("T")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"given": "with"}):
    """`given`: handed to the function by keyword. `permissions`: what it calls, for `rearm config permissions`."""

    function: Place
    given: Annotated[dict[str, Any], msgspec.Meta(description="a mapping: the function's keyword arguments")] = {}
    permissions: Annotated[tuple[Permission, ...], msgspec.Meta(description="a list of permissions like `ec2:DescribeTags`")] = ()


def label(settings: Settings) -> str:
    return f"python {settings.function}"


def call(settings: Settings, question: Any, wanted: type[T]) -> T:
    """What the function answers. Raises TryAgain when there is no such function, or when it answers something else."""
    place, _, name = settings.function.partition(":")
    try:
        function = getattr(importlib.import_module(place), name)
    except (ImportError, AttributeError) as error:
        raise TryAgain(f"{settings.function} is not there: {error}") from None
    keywords: Mapping[str, Any] = settings.given
    found = function(question, **keywords)
    if not isinstance(found, wanted):
        raise TryAgain(f"{settings.function} answered {type(found).__name__}, and not {wanted.__name__}")
    return found
