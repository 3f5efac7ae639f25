"""Reads an OOS template as far as rearm uses them: what is wrong with it, and what its task would be given.

alibabacloud.com/help/en/oos/user-guide: "Template syntax", "Parameters", "Functions" (`Fn::Join`), "ACS::Template", and the pages of the
actions in `ACTIONS`. Nobody publishes a schema or a validator to be run offline; the API's ValidateTemplateContent is the last word.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

FORMAT = "OOS-2019-06-01"
TYPES: dict[str, tuple[type, ...]] = {"String": (str,), "Boolean": (bool,), "List": (list,), "Number": (int, float), "Json": (dict,)}
PARAMETER_KEYS = {"Type", "Description", "Default", "AllowedValues"}
ACTIONS: dict[str, tuple[str, ...]] = {
    "ACS::FC::InvokeFunction": ("serviceName", "functionName", "event"),
    "ACS::Template": ("TemplateName", "Parameters"),
}
"""What each needs."""
CHILDREN: dict[str, tuple[str, ...]] = {
    "ACS-FC3-InvokeFunction": ("regionId", "functionName", "parameters", "invocationType", "OOSAssumeRole")
}
"""Public templates that are used as tasks, and their parameters: help.aliyun.com/en/oos/user-guide/acs-fc3-invokefunction."""
PSEUDO = ("ACS::RegionId", "ACS::AccountId", "ACS::ExecutionId")
_PLACE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")


def problems(template: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong, one line each with its path."""
    return list(_problems(template))


def given(template: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of the only task as its action gets them, if an execution is started with these parameters. Raises ValueError."""
    declared = template["Parameters"]
    unknown, missing = (
        set(parameters) - set(declared),
        {name for name in declared if name not in parameters and "Default" not in declared[name]},
    )
    if unknown or missing:
        raise ValueError(f"unknown parameters {sorted(unknown)}, missing ones {sorted(missing)}")
    values = {name: one["Default"] for name, one in declared.items() if "Default" in one} | dict(parameters)
    for name, value in values.items():
        if not isinstance(value, TYPES[declared[name]["Type"]]):
            raise ValueError(f"{name} is {value!r}, no {declared[name]['Type']}")
    [task] = template["Tasks"]
    found: dict[str, Any] = _worked_out(task["Properties"], values)
    return found


def _worked_out(node: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(node, Mapping):
        if "Fn::Join" in node:
            between, parts = node["Fn::Join"]
            return str(between).join(_as_text(one) for one in _worked_out(parts, values))
        return {key: _worked_out(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [_worked_out(one, values) for one in node]
    if not isinstance(node, str):
        return node
    whole = _PLACE.fullmatch(node)
    return values[whole[1]] if whole else _PLACE.sub(lambda found: _as_text(values[found[1]]), node)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _problems(template: Mapping[str, Any]) -> Iterator[str]:
    if template.get("FormatVersion") != FORMAT:
        yield f"FormatVersion: must be {FORMAT}"
    declared = template.get("Parameters", {})
    for name, one in declared.items():
        for key in set(one) - PARAMETER_KEYS:
            yield f"Parameters.{name}.{key}: unknown key"
        if one.get("Type") not in TYPES:
            yield f"Parameters.{name}.Type: must be one of {', '.join(TYPES)}"
    tasks = template.get("Tasks") or []
    if not tasks:
        yield "Tasks: missing"
    for number, task in enumerate(tasks):
        yield from _of_task(f"Tasks[{number}]", task)
    for place in set(_places({"RamRole": template.get("RamRole"), "Tasks": tasks})):
        if place not in declared and place not in PSEUDO:
            yield f"`{{{{ {place} }}}}` is no parameter"
    for name in declared:
        if name not in set(_places({"RamRole": template.get("RamRole"), "Tasks": tasks})):
            yield f"Parameters.{name}: nobody uses it"


def _of_task(path: str, task: Mapping[str, Any]) -> Iterator[str]:
    action, properties = task.get("Action"), task.get("Properties", {})
    if not task.get("Name"):
        yield f"{path}.Name: missing"
    if action not in ACTIONS:
        yield f"{path}.Action: `{action}`: must be one of {', '.join(ACTIONS)}"
        return
    for key in ACTIONS[action]:
        if key not in properties:
            yield f"{path}.Properties.{key}: missing"
    if action == "ACS::Template":
        child = properties.get("TemplateName")
        for key in properties.get("Parameters", {}):
            if key not in CHILDREN.get(child, ()):
                yield f"{path}.Properties.Parameters.{key}: the template {child} has no such parameter"


def _places(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from _places(one)
    elif isinstance(node, str):
        yield from _PLACE.findall(node)
