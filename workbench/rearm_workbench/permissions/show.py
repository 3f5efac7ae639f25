"""What `rearm config permissions` prints: the table, and a policy for each role."""

import json
from collections.abc import Sequence

from rearm.core.model import CloudName
from rearm.core.profile import Config
from rearm_workbench.permissions.needs import needs
from rearm_workbench.permissions.policy import Row, document, rows
from rearm_workbench.permissions.port import ROLES, FcApi, Role


def roles_of(cloud: CloudName, *, sweep: bool) -> list[Role]:
    """The sweep's by itself, or all others."""
    return [role for role in ROLES[cloud] if (role == "sweep") == sweep]


def as_json(config: Config, clouds: Sequence[CloudName], fc: FcApi, *, sweep: bool) -> dict[str, object]:
    """`{cloud: {role: {"for", "permissions": [row], "policy"}}}`."""
    found: dict[str, object] = {}
    for cloud in clouds:
        of_cloud: dict[str, object] = {}
        for role in roles_of(cloud, sweep=sweep):
            wanted = needs(config, cloud, role, fc)
            table = [row._asdict() for row in rows(cloud, wanted)]
            of_cloud[role] = {"for": ROLES[cloud][role], "permissions": table, "policy": document(cloud, wanted)}
        found[cloud] = of_cloud
    return found


def text(config: Config, clouds: Sequence[CloudName], fc: FcApi, *, sweep: bool) -> str:
    """The same for people."""
    parts = []
    for cloud in clouds:
        for role in roles_of(cloud, sweep=sweep):
            wanted = needs(config, cloud, role, fc)
            table = "\n".join(_row(row) for row in rows(cloud, wanted))
            parts.append(f"{cloud}, {role}: {ROLES[cloud][role]}\n\n{table}\n\n{policy_text(document(cloud, wanted))}\n")
    return "\n".join([*parts, "What stands in ${ } is for you to fill in: docs/permissions.md.\n"])


def policy_text(policy: dict[str, object]) -> str:
    """A policy as it is pasted."""
    return json.dumps(policy, indent=2)


def _row(row: Row) -> str:
    lines = [f"  {row.permission}", *(f"      for  {by}" for by in row.by), *(f"      on   {resource}" for resource in row.resources)]
    return "\n".join([*lines, *([f"      ({row.why})"] if row.why else [])])
