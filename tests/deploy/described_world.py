"""The four descriptions as they are checked in, for the environment dev, and the permissions that they should have."""

import functools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from rearm.core.model import CloudName
from rearm_workbench.deploy import environment, samconfig, serverless_values
from rearm_workbench.deploy.model import Environment
from rearm_workbench.descriptions import funcraft, sam, serverless, serverless_devs
from rearm_workbench.descriptions.model import Description, Role, Tool
from rearm_workbench.descriptions.policies import statements
from rearm_workbench.permissions.needs import needs
from rearm_workbench.permissions.policy import document
from rearm_workbench.permissions.port import FcApi
from rearm_workbench.permissions.port import Role as RoleName

ROOT = Path(__file__).resolve().parents[2]
CLOUDS: dict[Tool, CloudName] = {"sam": "aws", "serverless": "aws", "s": "alibaba", "fun": "alibaba"}
Grant = tuple[str, str, str]
"""Action, resource, condition."""

ROLES: dict[Tool, dict[str, tuple[RoleName, ...]]] = {
    "sam": {"LookRole": ("look",), "QueueRole": ("look", "queue"), "SweepRole": ("sweep",), "SchedulerRole": ("scheduler",)},
    "serverless": {"LookRole": ("look",), "QueueRole": ("look", "queue"), "SweepRole": ("sweep",), "SchedulerRole": ("scheduler",)},
    "s": {"rearm-dev-look": ("look",), "rearm-dev-sweep": ("sweep",)},
    "fun": {"rearm-dev-look": ("look",), "rearm-dev-sweep": ("sweep",)},
}
"""The roles that the functions run with, and which of docs/permissions.md each is."""

_ALIBABA = {
    "${Region}": "cn-hangzhou",
    "${LogProject}": "rearm-dev-${AccountId}",
    "${LogStore}": "rearm",
}
PLACES: dict[Tool, dict[str, str]] = {
    "sam": {
        "${Partition}": "aws",
        "${Region}": "us-east-1",
        "${AccountId}": "${AWS::AccountId}",
        "${LogGroup}": "${Logs}",
        "${Queue}": "${Queue.QueueName}",
        "${RecheckFunction}": "rearm-dev-recheck",
    },
    "s": {**_ALIBABA, "${RecheckFunction}": "rearm-dev-recheck"},
    "fun": {**_ALIBABA, "${RecheckService}": "rearm-dev", "${RecheckFunction}": "recheck"},
}
PLACES["serverless"] = PLACES["sam"]
"""What stands in the places of docs/permissions.md there."""


@functools.cache
def dev() -> Environment:
    return environment.load("dev", ROOT / "environments")


@functools.cache
def described(tool: Tool) -> Description:
    """A description as it is checked in."""
    if tool == "sam":
        return sam.read(ROOT / "template.yml", samconfig.parameters(dev()))
    if tool == "serverless":
        return serverless.read(ROOT, serverless_values.values(dev()))
    if tool == "s":
        return serverless_devs.read(ROOT / "s.yaml", ROOT / "deploy" / "ros" / "rearm.yml", {})
    return funcraft.read(ROOT / "funcraft" / "template.yml", ROOT / "funcraft" / "ros.yml", {}, "cn-hangzhou")


def granted(role: Role, policies: Iterable[str] | None = None) -> set[Grant]:
    """What a role's policies allow, one by one."""
    names = role.policies if policies is None else [name for name in policies if name in role.policies]
    return {
        (action, resource, one.condition)
        for name in names
        for one in role.policies[name]
        for action in one.actions
        for resource in one.resources
    }


def needed(tool: Tool, roles: Iterable[RoleName]) -> set[Grant]:
    """What `rearm config permissions` prints for these roles, for environments/base.yml, with the places filled in."""
    fc: FcApi = "2.0" if tool == "fun" else "3.0"
    printed = json.dumps([document(CLOUDS[tool], needs(dev().config, CLOUDS[tool], role, fc)) for role in roles])
    filled = _filled(printed, PLACES[tool])
    return {
        (action, resource, one.condition)
        for policy in json.loads(filled)
        for one in statements(policy)
        for action in one.actions
        for resource in one.resources
    }


def _filled(text: str, places: Mapping[str, str]) -> str:
    for place, value in places.items():
        text = text.replace(place, value)
    return text
