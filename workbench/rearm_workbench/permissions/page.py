"""Writes docs/permissions.md: `python -m rearm_workbench.permissions.page > docs/permissions.md`. A test holds the page equal to it.

The words around the tables are in `page_text.md`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from rearm import checks, config, steps
from rearm.config_match import CLOUDS
from rearm.core.model import CLOUD_NAMES, CloudName
from rearm_workbench.permissions import facts_alibaba, facts_aws, port, show
from rearm_workbench.permissions.needs import Need, needs
from rearm_workbench.permissions.policy import document, fact, permission

TEXT = Path(__file__).with_name("page_text.md")


def page() -> str:
    """The whole page."""
    roles = [f"| {CLOUD_NAMES[cloud]} | {role} | {what} |" for cloud, of_cloud in port.ROLES.items() for role, what in of_cloud.items()]
    parts = [TEXT.read_text().replace("@ROLES@", "\n".join(roles)).rstrip(), "\n## Every permission\n"]
    parts += [_table(cloud) for cloud in CLOUDS]
    parts.append("## The policies for the default configuration\n")
    parts += [_policies(cloud) for cloud in CLOUDS]
    return "\n".join(parts)


def every_need(cloud: CloudName) -> Iterator[Need]:
    """What can be needed at all: by every role, and by every check and step whatever its settings."""
    for role in port.ROLES[cloud]:
        for fc in ("3.0", "2.0") if cloud == "alibaba" else ("3.0",):
            for call in port.calls(cloud, role, fc, tells=True):
                yield Need(call.operation, call.by, call.slots, platform=call.platform)
    for what, table in (("check", checks), ("step", steps)):
        for kind in table.TABLE:
            for operation in table.module(kind).CALLS.get(cloud, ()):
                yield Need(operation, f"{what} `{kind}`", {})


def _table(cloud: CloudName) -> str:
    by: dict[tuple[str, tuple[str, ...]], dict[str, None]] = {}
    lines: dict[tuple[str, tuple[str, ...]], tuple[str, str]] = {}
    for need in every_need(cloud):
        known = fact(cloud, need)
        key = permission(cloud, need), (*known.resources, *known.tagged)
        by.setdefault(key, {})[need.by] = None
        lines[key] = known.why, (facts_aws if cloud == "aws" else facts_alibaba).source(need.operation)
    rows = []
    for (name, resources), (why, source) in lines.items():
        where = "<br>".join(f"`{one}`" for one in resources)
        rows.append(f"| `{name}` | {'; '.join(by[name, resources])} | {where} | {why} | [page](https://{source}) |")
    head = ["| permission | needed by | resource | why so | read in |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([f"### On {CLOUD_NAMES[cloud]}", "", *head, *rows, ""])


def _policies(cloud: CloudName) -> str:
    default = config.load(str(config.DEFAULT))
    parts = [f"### For {CLOUD_NAMES[cloud]}", ""]
    for role, what in port.ROLES[cloud].items():
        policy = show.policy_text(document(cloud, needs(default, cloud, role)))
        parts += [f"{role}: {what}", "", "```json", policy, "```", ""]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())
