"""Durations as people write them: `90s`, `10m`, `1h30m`, `5h 50m`, `2d`, or a whole number of seconds."""

import re

ALLOWED = "a duration like 90s, 10m, 1h30m or 2d, or a whole number of seconds, more than 0"
PATTERN = r"^ *(?=[0-9])([0-9]{1,9}d)? *([0-9]{1,9}h)? *([0-9]{1,9}m)? *([0-9]{1,9}s)? *$"
"""Understood by Python and by JSON Schema alike."""

_UNITS_S = (86_400, 3_600, 60, 1)


def seconds(value: object) -> int:
    """The duration in whole seconds. Raises ValueError with what is allowed; a bool, a fraction, 0 or less is none."""
    found = re.fullmatch(PATTERN, value) if isinstance(value, str) else None
    if found and not str(value).endswith("\n"):
        total = sum(int(part[:-1]) * unit for part, unit in zip(found.groups(), _UNITS_S, strict=True) if part)
    elif isinstance(value, int) and not isinstance(value, bool):
        total = value
    else:
        raise ValueError(ALLOWED)
    if total <= 0:
        raise ValueError(ALLOWED)
    return total


def say(seconds_: float) -> str:
    """The shortest way to write a number of seconds: 5400 is `1h30m`, 2.5 is `2.5s`."""
    if seconds_ != int(seconds_) or seconds_ < 60:
        return f"{seconds_:g}s"
    rest, parts = int(seconds_), ""
    for unit, letter in zip(_UNITS_S, "dhms", strict=True):
        count, rest = divmod(rest, unit)
        parts += f"{count}{letter}" if count else ""
    return parts
