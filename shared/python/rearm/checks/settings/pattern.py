"""A regular expression tried within a time limit.

Python's `re` can take hours for a short pattern (`(a+)+$`), keeps the whole process from doing anything else meanwhile, and cannot be
stopped. So it runs in a process of its own, which can be: about 15 ms, and nothing for a pattern without special characters.
"""

import re
from typing import Annotated

import msgspec

from rearm.errors import TryAgain

Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=500, description="a regular expression (as Python's `re` reads it)")]

_SPECIAL = frozenset("\\.^$*+?{}[]|()")
_MATCHED, _NOT_MATCHED = 10, 11
_CODE = f"import re, sys; sys.exit({_MATCHED} if re.search(sys.argv[1], sys.stdin.buffer.read().decode()) else {_NOT_MATCHED})"


def problem(pattern: str) -> str:
    """Why this is no regular expression, in a few words; empty if it is one."""
    if "\0" in pattern:
        return "holds a character that no text does"
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"no regular expression: {error}"
    return ""


def matches(pattern: str, text: str, limit_s: float) -> bool:
    """Whether the pattern is found anywhere in the text. Raises TimeoutError at the limit, TryAgain when it cannot be tried."""
    if not _SPECIAL.intersection(pattern):
        return pattern in text
    import subprocess
    import sys

    command = [sys.executable, "-I", "-S", "-c", _CODE, pattern]
    try:
        done = subprocess.run(command, input=text.encode(), stderr=subprocess.DEVNULL, timeout=max(0.01, limit_s), check=False)
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    if done.returncode not in (_MATCHED, _NOT_MATCHED):
        raise TryAgain("the process that tries the regular expression failed")
    return done.returncode == _MATCHED
