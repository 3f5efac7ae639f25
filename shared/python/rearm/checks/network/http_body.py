"""What is asked of an answer's body: a regular expression that it matches, a place in a JSON document and its value."""

import re
from typing import Annotated, Any, cast

import msgspec

from rearm import clock
from rearm.checks.asking.call import short
from rearm.checks.settings import pattern

READ_MAX = 64 * 1024
"""Bytes of a body that are read."""

Value = Annotated[str | int | float | bool, msgspec.Meta(description="a text, a number, true or false")]
JsonPath = Annotated[
    str, msgspec.Meta(min_length=1, max_length=200, description="a path like $.checks.db, checks.db, items[0].state or $['a key']")
]
_PART = re.compile(r"""\.([^.\[\]'"\s]+)|\[([0-9]{1,6})\]|\['([^']*)'\]|\["([^"]*)"\]""")
_ABSENT = object()


def parts(path: str) -> tuple[str | int, ...]:
    """A path, taken apart: keys and positions. `$` is the whole document. Raises ValueError."""
    rest = path.removeprefix("$")
    if rest and rest == path and not rest.startswith("["):
        rest = f".{rest}"
    found: list[str | int] = []
    while rest:
        part = _PART.match(rest)
        if part is None:
            raise ValueError(path)
        key, position, *quoted = part.groups()
        found.append(int(position) if position is not None else next(text for text in (key, *quoted) if text is not None))
        rest = rest[part.end() :]
    return tuple(found)


def wrong(body: bytes, whole: bool, expression: str | None, path: str | None, equals: object, deadline: float) -> str:
    """What keeps the body from passing, in a few words; empty if nothing does. `deadline` in `clock.monotonic` seconds."""
    if path is not None:
        found = _json(body, whole, path, equals)
        if found:
            return found
    if expression is None:
        return ""
    try:
        matched = pattern.matches(expression, body.decode("utf-8", "replace"), deadline - clock.monotonic())
    except TimeoutError:
        return "the pattern `body_matches` took too long on this body"
    return "" if matched else "the body does not match"


def _json(body: bytes, whole: bool, path: str, equals: object) -> str:
    if not whole:
        return f"the body is longer than {READ_MAX // 1024} KiB"
    try:
        document: Any = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return "the body is not JSON"
    found = _at(document, parts(path))
    if found is _ABSENT:
        return f"{short(path)} is not there"
    if equals is None:
        return f"{short(path)} is null" if found is None else ""
    # To Python `True == 1`; to the operator they are two things.
    same = found == equals and isinstance(found, bool) == isinstance(equals, bool)
    return "" if same else f"{short(path)} is `{_said(found)}`, wants `{_said(equals)}`"


def _at(document: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        # A position of a mapping, and a key of a list, are not there.
        if not isinstance(document, dict if isinstance(part, str) else list):
            return _ABSENT
        try:
            document = cast(Any, document)[part]
        except (KeyError, IndexError):
            return _ABSENT
    return document


def _said(value: object) -> str:
    return short(value if isinstance(value, str) else msgspec.json.encode(value).decode())
