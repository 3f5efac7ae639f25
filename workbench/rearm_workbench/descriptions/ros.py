"""Reads a ROS template: the roles, queues and other resources that Serverless Devs and Funcraft do not make themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rearm_workbench.descriptions import tagged_yaml
from rearm_workbench.descriptions.intrinsics import Template
from rearm_workbench.descriptions.model import Resource, Role
from rearm_workbench.descriptions.policies import role

NAMED_BY = ("RoleName", "QueueName", "TopicName", "TemplateName", "LogstoreName", "Name")
"""The property that says a resource's name, whichever it has; else its logical id does."""


@dataclass(frozen=True)
class Stack:
    """What the template creates. `properties` by logical id, worked out."""

    roles: tuple[Role, ...]
    resources: tuple[Resource, ...]
    properties: Mapping[str, Mapping[str, Any]]

    def queue(self, name: str) -> Mapping[str, Any]:
        """The properties of the queue of that name; empty if the template has none such."""
        return next((one for one in self.properties.values() if one.get("QueueName") == name), {})


def read(path: Path, parameters: Mapping[str, Any], region: str, account: str) -> Stack:
    """The template with these parameters. Raises ConfigError for a file that is not YAML."""
    known = {"ALIYUN::Region": region, "ALIYUN::TenantId": account, "ALIYUN::AccountId": account}
    found = Template(tagged_yaml.load(path), {**known, **parameters}).resources()
    properties = {name: resource.get("Properties", {}) for name, resource in found.items()}
    return Stack(
        roles=tuple(
            role(_name(name, properties[name]), properties[name]) for name, one in found.items() if one["Type"] == "ALIYUN::RAM::Role"
        ),
        resources=tuple(Resource(str(one["Type"]), _name(name, properties[name])) for name, one in found.items()),
        properties=properties,
    )


def _name(logical_id: str, properties: Mapping[str, Any]) -> str:
    return next((str(properties[key]) for key in NAMED_BY if key in properties), logical_id)
