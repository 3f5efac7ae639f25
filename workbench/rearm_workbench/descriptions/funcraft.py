"""Reads funcraft/template.yml (Funcraft, FC 2.0) and the ROS template that goes before it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rearm_workbench.descriptions import ros, tagged_yaml
from rearm_workbench.descriptions.model import ABSENT, Description, Function, Resource

SERVICE, FUNCTION = "Aliyun::Serverless::Service", "Aliyun::Serverless::Function"
ACCOUNT = "${AccountId}"
NOBODY = "0000000000000000"
"""The placeholder for the account in the checked-in file: Funcraft's `Role` is an ARN."""


def read(path: Path, template: Path, parameters: Mapping[str, Any], region: str) -> Description:
    """What both create. `parameters` are those of the ROS template. Raises ConfigError for a file that is not YAML."""
    document = tagged_yaml.load(path)
    created = ros.read(template, parameters, region, ACCOUNT)
    functions: list[Function] = []
    resources: list[Resource] = []
    for key, one in document["Resources"].items():
        name = key.replace(NOBODY, ACCOUNT)
        resources.append(Resource(str(one["Type"]), name))
        for inner, child in _children(one):
            resources.append(Resource(str(child["Type"]), f"{name}/{inner}"))
            if child["Type"] == FUNCTION:
                functions.append(_function(f"{name}/{inner}", child, one["Properties"], path.parent))
                resources += [Resource(f"Aliyun::Serverless::{event['Type']}", f"{name}/{inner}/{of}") for of, event in _events(child)]
    return Description(
        tool="fun",
        cloud="alibaba",
        functions=tuple(functions),
        roles=created.roles,
        resources=(*resources, *created.resources),
    )


def _children(resource: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A service's functions, a log project's stores: they stand beside `Type` and `Properties`."""
    for name, one in resource.items():
        if isinstance(one, Mapping) and "Type" in one:
            yield name, one


def _events(function: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from function.get("Events", {}).items()


def _function(name: str, one: Mapping[str, Any], service: Mapping[str, Any], folder: Path) -> Function:
    properties = one["Properties"]
    invoked = properties.get("AsyncConfiguration", {})
    return Function(
        type=str(properties["Handler"]).partition(".")[0],
        name=name,
        handler=str(properties["Handler"]),
        runtime=str(properties["Runtime"]),
        timeout_s=int(properties["Timeout"]),
        memory_mb=int(properties["MemorySize"]),
        code=_from_root(folder, str(properties["CodeUri"])),
        role=str(service["Role"]).rpartition("/")[2],
        variables={str(key): str(value) for key, value in properties.get("EnvironmentVariables", {}).items()},
        triggers=tuple(_trigger(event) for _, event in _events(one)),
        retries=int(invoked.get("MaxAsyncRetryAttempts", ABSENT)),
        max_age_s=int(invoked.get("MaxAsyncEventAgeInSeconds", ABSENT)),
        task_mode=bool(invoked.get("StatefulInvocation", False)),
        dead_letters=str(invoked.get("Destination", {}).get("OnFailure", "")),
    )


def _trigger(event: Mapping[str, Any]) -> str:
    if event["Type"] == "Timer":
        return f"timer {event['Properties']['CronExpression']}"
    return f"SMQ topic {event['Properties']['TopicName']}"


def _from_root(folder: Path, code: str) -> str:
    """`CodeUri` is from where the template is; build/package is in the project's root, however deep the template lies."""
    return code[code.index("build/") :] if "build/" in code else str(folder / code)
