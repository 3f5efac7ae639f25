"""Policies and roles of CloudFormation and ROS templates, which write them alike, as statements."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rearm_workbench.descriptions.model import Role, Statement


def statements(document: Mapping[str, Any]) -> tuple[Statement, ...]:
    """A policy document's, worked out."""
    return tuple(statement(one) for one in listed(document.get("Statement")))


def statement(one: Mapping[str, Any]) -> Statement:
    """One, worked out. Its parts are sorted: their order means nothing."""
    condition = one.get("Condition")
    return Statement(
        actions=tuple(sorted(map(str, listed(one.get("Action"))))),
        resources=tuple(sorted(map(str, listed(one.get("Resource"))))),
        condition=json.dumps(condition, sort_keys=True) if condition else "",
        effect=str(one.get("Effect", "Allow")),
    )


def role(name: str, properties: Mapping[str, Any]) -> Role:
    """An `AWS::IAM::Role` or `ALIYUN::RAM::Role`. A policy's name may begin with the role's: `rearm-dev-look-waits` is `waits`."""
    policies: dict[str, tuple[Statement, ...]] = {}
    for one in properties.get("Policies", []):
        policies[str(one["PolicyName"]).removeprefix(f"{name}-")] = statements(one["PolicyDocument"])
    return Role(name=name, policies=policies, trusted=tuple(sorted(set(_trusted(properties.get("AssumeRolePolicyDocument", {}))))))


def listed(value: object) -> list[Any]:
    """What may be one thing or a list of it."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _trusted(document: Mapping[str, Any]) -> Iterable[str]:
    for one in listed(document.get("Statement")):
        principal = one.get("Principal", {})
        yield from map(str, listed(principal.get("Service")) if isinstance(principal, Mapping) else [principal])
