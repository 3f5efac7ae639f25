"""Works out what RAM policies allow: www.alibabacloud.com/help/en/ram/policy-structure-and-syntax and `policy-evaluation`.

A Deny outweighs every Allow, and what nothing allows is denied. Actions count in any case, resources in theirs; `*` is any text, `?` one
character. What is not modelled here (NotAction, other operators) is refused: a policy must not seem narrower than it is.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

Verdict = Literal["allowed", "denied", "not allowed"]
"""`denied`: a statement says so; `not allowed`: none allows it."""
KEYS = {"Effect", "Action", "Resource", "Condition"}
OPERATORS = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike")
LARGEST = 6144
"""Characters of a policy document of one's own: www.alibabacloud.com/help/en/ram/product-overview/limits."""


def verdict(statements: Iterable[Mapping[str, Any]], action: str, resource: str, context: Mapping[str, str] | None = None) -> Verdict:
    """What they say to an action (`ess:DescribeLifecycleHooks`) on a resource (`acs:ess:…`). Raises ValueError for what is not modelled."""
    found: Verdict = "not allowed"
    for statement in statements:
        unknown = set(statement) - KEYS
        if unknown or statement.get("Effect") not in ("Allow", "Deny"):
            raise ValueError(f"{', '.join(sorted(unknown)) or 'Effect'} of a statement is not modelled")
        holds = (
            _any(statement["Action"], action, case=False)
            and _any(statement["Resource"], resource)
            and _meets(statement.get("Condition", {}), context or {})
        )
        if holds and statement["Effect"] == "Deny":
            return "denied"
        if holds:
            found = "allowed"
    return found


def _any(patterns: object, text: str, *, case: bool = True) -> bool:
    return any(_fits(str(pattern), text, case=case) for pattern in (patterns if isinstance(patterns, list) else [patterns]))


def _fits(pattern: str, text: str, *, case: bool = True) -> bool:
    parts = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(parts, text, re.DOTALL | (0 if case else re.IGNORECASE)) is not None


def _meets(condition: Mapping[str, Mapping[str, object]], context: Mapping[str, str]) -> bool:
    """Every operator and key has to hold; a key that the request does not have meets only the negative operators."""
    for operator, pairs in condition.items():
        if operator not in OPERATORS:
            raise ValueError(f"the condition's operator {operator} is not modelled")
        for key, wanted in pairs.items():
            values = [str(one) for one in wanted] if isinstance(wanted, list) else [str(wanted)]
            given = context.get(key)
            like = operator.endswith("Like")
            met = given is not None and any(_fits(value, given) if like else value == given for value in values)
            if met == ("Not" in operator):
                return False
    return True
