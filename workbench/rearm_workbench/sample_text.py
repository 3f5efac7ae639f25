"""A text that a regular expression matches, made up from the expression itself: for what an emulated instance answers."""

import re
from re import _constants as c  # type: ignore[attr-defined]  # where the standard library keeps what its own parser returns
from re import _parser  # type: ignore[attr-defined]  # the same
from typing import Any

REPEATS_MAX = 1000


def sample(pattern: str) -> str | None:
    """The shortest text that comes to mind; None for an expression that asks for more (look-arounds, back-references, conditions)."""
    try:
        text = _text(_parser.parse(pattern))
    except ValueError:
        return None
    return text if re.search(pattern, text) else None


def _text(parsed: Any) -> str:
    return "".join(_one(kind, value) for kind, value in parsed)


def _one(kind: Any, value: Any) -> str:
    if kind is c.LITERAL:
        return chr(int(value))
    if kind in (c.ANY, c.NOT_LITERAL):
        return next(char for char in "xy" if value != ord(char))
    if kind is c.IN:
        return _member(value)
    if kind in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT):
        least, _, inner = value
        if least > REPEATS_MAX:
            raise ValueError("too long")
        return _text(inner) * int(least)
    if kind is c.SUBPATTERN:
        return _text(value[-1])
    if kind is c.BRANCH:
        return _text(value[1][0])
    if kind is c.AT:
        return ""
    raise ValueError(str(kind))


def _member(members: list[tuple[Any, Any]]) -> str:
    """A character of a set: tried, since a set may say what it does not hold, or hold `\\d`."""
    for char in "a0 A_-./:\n":
        if _holds(members, char):
            return char
    kind, value = members[0]
    if kind is c.LITERAL:
        return chr(value)
    if kind is c.RANGE:
        return chr(value[0])
    raise ValueError("no character of this set comes to mind")


def _holds(members: list[tuple[Any, Any]], char: str) -> bool:
    negated, found = False, False
    for kind, value in members:
        if kind is c.NEGATE:
            negated = True
        elif kind is c.LITERAL:
            found |= value == ord(char)
        elif kind is c.RANGE:
            found |= value[0] <= ord(char) <= value[1]
        elif kind is c.CATEGORY:
            escape = {c.CATEGORY_DIGIT: r"\d", c.CATEGORY_SPACE: r"\s", c.CATEGORY_WORD: r"\w"}
            inverse = {c.CATEGORY_NOT_DIGIT: r"\D", c.CATEGORY_NOT_SPACE: r"\S", c.CATEGORY_NOT_WORD: r"\W"}
            found |= re.fullmatch((escape | inverse)[value], char) is not None
    return found != negated
