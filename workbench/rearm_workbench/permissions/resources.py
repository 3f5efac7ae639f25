"""The templates of resources, filled in: with the settings of a check, and with the groups of a profile."""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

INSTANCE = "{instance}"
GROUP_ID = re.compile(r"asg-[0-9A-Za-z*?-]+")
"""A scaling group's id on Alibaba Cloud. Resources there are named by ids: the group's name does not do."""

_SLOT = re.compile(r"(?<!\$)\{(\w+)\}")
_CLASS = re.compile(r"\[[^\]]+\]")
_SQS_URL = re.compile(r"https://[^/]*?([a-z]+(?:-[a-z]+)+-[0-9])\.[^/]+/([0-9]{12})/(.+)")


def filled(template: str, slots: Mapping[str, str], groups: Iterable[str]) -> list[str]:
    """The resources that a template stands for: one for each group where it names one. What nobody tells is `*`."""
    return [_with_settings(template.replace("{group}", group), slots) for group in (groups if "{group}" in template else [""])]


def group_names(patterns: tuple[str, ...]) -> list[str]:
    """A profile's groups as IAM reads them: `*` and `?` mean the same there, and `[ab]`, which it does not know, becomes `?`."""
    return [_CLASS.sub("?", pattern) for pattern in patterns] or ["*"]


def group_ids(patterns: tuple[str, ...]) -> list[str]:
    """The same for RAM. A pattern may be meant for a group's name, which is no part of a resource: then any group's id will do."""
    names = group_names(patterns)
    return names if all(GROUP_ID.fullmatch(name) for name in names) else ["*"]


def least(resources: Iterable[str]) -> list[str]:
    """Without those that another one covers."""
    found = list(dict.fromkeys(resources))
    return [one for one in found if not any(one != other and _covers(other, one) for other in found)]


def _covers(pattern: str, resource: str) -> bool:
    return fnmatchcase(resource, pattern.replace("[", "[[]"))


def _with_settings(template: str, slots: Mapping[str, str]) -> str:
    for name in _SLOT.findall(template):
        template = _put(template, name, slots.get(name, "*").replace(INSTANCE, "*"))
    return template


def _put(template: str, slot: str, value: str) -> str:
    """The value in its place. An ARN or a URL also tells partition, region and account, which may be another's."""
    before = template.split(":", 5)[-1].partition(f"{{{slot}}}")[0]
    told: dict[str, str] = {}
    url = _SQS_URL.fullmatch(value)
    if value.startswith("arn:") and value.count(":") >= 5:
        _, told["Partition"], _, told["Region"], told["AccountId"], rest = value.split(":", 5)
        value = rest.removeprefix(before) if rest.startswith(before) else rest.rpartition("/")[2]
    elif url:
        told["Region"], told["AccountId"], value = url.groups()
    for name, given in told.items():
        template = template.replace(f"${{{name}}}", given)
    return template.replace(f"{{{slot}}}", value.lstrip("/") if before.endswith("/") else value)
