"""The operations of AWS that the archives' botocore has to know: those that rearm calls, and those of the operator's own checks.

They are not listed here a second time: they come from the permissions of `rearm_workbench.permissions.facts_aws`. A test holds them
against every call in the layer's source.
"""

import json

from rearm.checks.asking.call import IAM_PREFIXES, PERMISSIONS
from rearm_workbench.permissions.facts_aws import FACTS

ALL = frozenset({"*"})
"""For a service of the operator's own checks: which operations they call is theirs to know."""

PLATFORM = {"iam", "logs"}
"""Permissions that the function's role needs and that no call of the function's asks for."""
RENAMED = {f"s3:{permission}": operation for permission, operation in (("GetObject", "HeadObject"), ("ListBucket", "HeadBucket"))} | {
    permission: operation.partition(":")[2] for operation, permission in PERMISSIONS.items()
}
"""Operations that are not called as their permission is. HeadBucket: botocore asks it where a bucket of another region is."""


def services(prefix: str) -> tuple[str, ...]:
    """The services, as boto3 names them, behind a permission's prefix: `elasticloadbalancing` has two."""
    return tuple(sorted(service for service, iam in IAM_PREFIXES.items() if iam == prefix)) or (prefix,)


def of_rearm() -> dict[str, frozenset[str]]:
    """{service: operations}. Where a prefix has two services, both have the operations of both: the cut leaves those that there are."""
    found: dict[str, set[str]] = {}
    for permission in FACTS:
        prefix, _, name = permission.partition(":")
        if prefix in PLATFORM:
            continue
        for service in services(prefix):
            found.setdefault(service, set()).add(RENAMED.get(permission, name))
    return {service: frozenset(names) for service, names in sorted(found.items())}


def of_own_checks(config_json: bytes) -> dict[str, frozenset[str]]:
    """{permission's prefix: ALL} of the `permissions` that the compiled configuration's `python` checks and steps name."""
    return dict.fromkeys(sorted(_named(json.loads(config_json))), ALL)


def _named(node: object) -> set[str]:
    """Every prefix of a `permissions` under `python`, wherever checks and steps stand: under `all`, `not`, in stages."""
    if isinstance(node, list):
        return {name for item in node for name in _named(item)}
    if not isinstance(node, dict):
        return set()
    own = node.get("python")
    named = own.get("permissions", ()) if isinstance(own, dict) else ()
    return {str(name).partition(":")[0] for name in named} | {name for item in node.values() for name in _named(item)}
