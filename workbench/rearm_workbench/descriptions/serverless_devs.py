"""Reads s.yaml (Serverless Devs, component fc3) and the ROS template that goes before it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rearm_workbench.descriptions import ros, tagged_yaml, variables
from rearm_workbench.descriptions.model import ABSENT, Batch, Description, Function, Resource

ACCOUNT = "${AccountId}"
"""Of the credentials, which only the tool knows."""


def read(path: Path, template: Path, parameters: Mapping[str, Any]) -> Description:
    """What both create. `parameters` are those of the ROS template. Raises ConfigError for a file that is not YAML."""
    document = variables.resolved(tagged_yaml.load(path), ACCOUNT)
    props = {name: one["props"] for name, one in document["resources"].items()}
    created = ros.read(template, parameters, str(next(iter(props.values()))["region"]), ACCOUNT)
    functions = tuple(_function(name, one, created) for name, one in props.items())
    triggers = [
        Resource(f"fc3 trigger {one['triggerType']}", f"{function['functionName']}/{one['triggerName']}")
        for function in props.values()
        for one in function.get("triggers", [])
    ]
    layers = dict.fromkeys(str(layer) for function in props.values() for layer in function.get("layers", []))
    return Description(
        tool="s",
        cloud="alibaba",
        functions=functions,
        roles=created.roles,
        resources=(
            *(Resource("fc3 layer", layer.split("/")[1]) for layer in layers),
            *(Resource("fc3 function", function.name) for function in functions),
            *triggers,
            *created.resources,
        ),
        layers=tuple(_from_root(f"{document['vars']['package']}/layer.zip") for _ in layers),
    )


def _function(name: str, props: Mapping[str, Any], created: ros.Stack) -> Function:
    invoked = props.get("asyncInvokeConfig", {})
    failed = invoked.get("destinationConfig", {}).get("onFailure", {}).get("destination", "")
    triggers = props.get("triggers", [])
    return Function(
        type=name,
        name=str(props["functionName"]),
        handler=str(props["handler"]),
        runtime=str(props["runtime"]),
        timeout_s=int(props["timeout"]),
        memory_mb=int(props["memorySize"]),
        code=_from_root(str(props["code"])),
        role=str(props["role"]).rpartition("/")[2],
        variables={str(key): str(value) for key, value in props.get("environmentVariables", {}).items()},
        triggers=tuple(_trigger(one) for one in triggers),
        retries=int(invoked.get("maxAsyncRetryAttempts", ABSENT)),
        max_age_s=int(invoked.get("maxAsyncEventAgeInSeconds", ABSENT)),
        task_mode=bool(invoked.get("asyncTask", False)),
        dead_letters=str(failed),
        batch=next((_batch(one, created) for one in triggers if _source(one) == "MNS"), None),
    )


def _source(trigger: Mapping[str, Any]) -> str:
    return str(trigger["triggerConfig"].get("eventSourceConfig", {}).get("eventSourceType", ""))


def _trigger(one: Mapping[str, Any]) -> str:
    config = one["triggerConfig"]
    if one["triggerType"] == "timer":
        return f"timer {config['cronExpression']}"
    if one["triggerType"] == "mns_topic":
        return f"SMQ topic {str(one['sourceArn']).rpartition('/')[2]}"
    if _source(one) == "MNS":
        return f"SMQ queue {config['eventSourceConfig']['eventSourceParameters']['sourceMNSParameters']['QueueName']}"
    return "the event bus, Auto Scaling's lifecycle hooks"


def _batch(trigger: Mapping[str, Any], created: ros.Stack) -> Batch:
    """EventBridge hands over one message at a time unless a window says otherwise; it has no partial answers."""
    options = trigger["triggerConfig"].get("runOptions", {})
    name = str(trigger["triggerConfig"]["eventSourceConfig"]["eventSourceParameters"]["sourceMNSParameters"]["QueueName"])
    size = int(options.get("batchWindow", {}).get("countBasedWindow", 1))
    queue = created.queue(name)
    receives = queue.get("DlqPolicy", {}).get("MaxReceiveCount", ABSENT)
    return Batch(size=size, partial_failures=False, visibility_s=int(queue.get("VisibilityTimeout", ABSENT)), max_receives=int(receives))


def _from_root(code: str) -> str:
    """fc3 looks for archives from where the s.yaml is; build/package is in the project's root, however deep that lies."""
    return code[code.index("build/") :] if "build/" in code else code
