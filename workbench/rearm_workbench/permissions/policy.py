"""Policies, and the rows of the table that says why they are as they are."""

from collections.abc import Iterable
from typing import NamedTuple

from rearm.checks.aws.command import DOCUMENTS
from rearm.core.model import CloudName
from rearm_workbench.permissions import facts_alibaba, facts_aws
from rearm_workbench.permissions.fact import Fact
from rearm_workbench.permissions.needs import Need
from rearm_workbench.permissions.resources import filled, group_ids, group_names, least

VERSIONS: dict[CloudName, str] = {"aws": "2012-10-17", "alibaba": "1"}
GROUP_TAG = "aws:ResourceTag/aws:autoscaling:groupName"
"""Auto Scaling gives each instance that tag: docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging."""
UNKNOWN = Fact(why="named by the configuration: rearm does not know its resources; narrow it where you can")

Condition = tuple[tuple[str, str, tuple[str, ...]], ...]
"""(operator, key, values): hashable, to put equal statements together."""


class Row(NamedTuple):
    """A permission, once."""

    permission: str
    by: tuple[str, ...]
    resources: tuple[str, ...]
    why: str
    source: str


def fact(cloud: CloudName, need: Need) -> Fact:
    """What is known of the operation's permission."""
    if cloud == "aws":
        return facts_aws.FACTS.get(need.operation, UNKNOWN)
    old = facts_alibaba.FC2_FACTS if "service" in need.slots else {}
    return old.get(need.operation) or facts_alibaba.FACTS.get(need.operation, UNKNOWN)


def permission(cloud: CloudName, need: Need) -> str:
    """Its name: mostly the operation's."""
    return fact(cloud, need).permission or need.operation


def rows(cloud: CloudName, needs: Iterable[Need]) -> list[Row]:
    """One for each permission, in the order of the needs."""
    found: dict[str, Row] = {}
    for need in needs:
        known, name = fact(cloud, need), permission(cloud, need)
        before = found.get(name, Row(name, (), (), "", ""))
        resources = (resource for _, resource in _grants(cloud, need))
        source = "" if known is UNKNOWN else (facts_aws if cloud == "aws" else facts_alibaba).source(need.operation)
        by = tuple(dict.fromkeys((*before.by, need.by)))
        found[name] = Row(name, by, tuple(least((*before.resources, *resources))), known.why or before.why, source)
    return list(found.values())


def document(cloud: CloudName, needs: Iterable[Need]) -> dict[str, object]:
    """The policy. Permissions on the same resources share a statement."""
    held: dict[Condition, dict[str, list[str]]] = {}
    for need in needs:
        for condition, resource in _grants(cloud, need):
            held.setdefault(condition, {}).setdefault(permission(cloud, need), []).append(resource)
    statements = []
    for condition, resources in held.items():
        together: dict[tuple[str, ...], list[str]] = {}
        for name, those in resources.items():
            together.setdefault(tuple(least(those)), []).append(name)
        statements += [_statement(names, those, condition) for those, names in together.items()]
    return {"Version": VERSIONS[cloud], "Statement": statements}


def _grants(cloud: CloudName, need: Need) -> list[tuple[Condition, str]]:
    """Each resource, and what has to hold for it."""
    known = fact(cloud, need)
    groups = (group_names if cloud == "aws" else group_ids)(need.groups)
    slots = {slot: _as_in_arns(slot, value) for slot, value in need.slots.items()}
    fixed = tuple((operator, key, (value,)) for operator, pairs in known.condition.items() for key, value in pairs.items())
    tagged = fixed if "*" in groups else (*fixed, ("StringLike", GROUP_TAG, tuple(groups)))
    return [
        (condition, resource)
        for templates, condition in ((known.resources, fixed), (known.tagged, tagged))
        for template in templates
        for resource in filled(template, slots, groups)
    ]


def _as_in_arns(slot: str, value: str) -> str:
    if slot == "target_group" and not value.startswith("arn:"):
        return f"{value}/*"
    return DOCUMENTS.get(value, value) if slot == "shell" else value


def _statement(permissions: list[str], resources: tuple[str, ...], condition: Condition) -> dict[str, object]:
    body: dict[str, object] = {"Effect": "Allow", "Action": permissions, "Resource": list(resources)}
    if condition:
        body["Condition"] = {operator: {key: list(values)} for operator, key, values in condition}
    return body
