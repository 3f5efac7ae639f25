"""Answers read tolerantly: ESS documents four shapes of the same list (2014 and 2022, wrapped or flat, either case)."""

from collections.abc import Mapping
from typing import Any


def field(answer: object, name: str) -> Any:
    """The value under `name` in whatever case it is written; None if there is none."""
    if not isinstance(answer, Mapping):
        return None
    if name in answer:
        return answer[name]
    lowered = name.lower()
    return next((value for key, value in answer.items() if str(key).lower() == lowered), None)


def entries(answer: object, name: str, inner: str) -> list[Any]:
    """The list under `name`: flat, under `inner` within it, or a single bare object."""
    value = field(answer, name)
    if isinstance(value, Mapping):
        wrapped = field(value, inner)
        value = value if wrapped is None else wrapped
    if isinstance(value, list):
        return value
    return [value] if value else []


def whole(value: object) -> int:
    """A number that may come as text; 0 if it is none."""
    try:
        return int(str(value))
    except ValueError:
        return 0
