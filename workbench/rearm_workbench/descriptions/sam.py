"""Reads template.yml (AWS SAM): docs.aws.amazon.com/serverless-application-model, "Globals section" and AWS::Serverless::Function."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rearm_workbench.descriptions import tagged_yaml
from rearm_workbench.descriptions.cloudformation import Stack
from rearm_workbench.descriptions.intrinsics import Template
from rearm_workbench.descriptions.model import ABSENT, Description, Function, Resource

BUCKET = Resource("AWS::S3::Bucket", "of the stack aws-sam-cli-managed-default, once for the account")
"""`resolve_s3`: SAM puts the archives there."""
PSEUDO = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}


def read(path: Path, parameters: Mapping[str, Any], region: str = "us-east-1") -> Description:
    """What the template creates with these parameters; its defaults for the others. Raises ConfigError for a file that is not YAML."""
    template = Template(tagged_yaml.load(path), {**PSEUDO, "AWS::Region": region, **parameters})
    stack = Stack(template.resources())
    common = template.worked_out(template.document.get("Globals", {}).get("Function", {}))
    functions = tuple(_function(name, _over(common, properties), stack) for name, properties in stack.of_type("AWS::Serverless::Function"))
    return Description(
        tool="sam",
        cloud="aws",
        functions=functions,
        roles=stack.roles(),
        resources=(
            BUCKET,
            *stack.resources(),
            *(Resource("AWS::Lambda::EventInvokeConfig", one.name) for one in functions if one.retries != ABSENT),
        ),
        layers=tuple(str(one["ContentUri"]) for _, one in stack.of_type("AWS::Serverless::LayerVersion")),
    )


def _over(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A function's properties over those of all: mappings key by key, lists one behind the other, anything else replaced."""
    both: dict[str, Any] = dict(common)
    for key, value in own.items():
        before = both.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            both[key] = _over(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            both[key] = [*before, *value]
        else:
            both[key] = value
    return both


def _function(logical_id: str, properties: Mapping[str, Any], stack: Stack) -> Function:
    handler = str(properties["Handler"])
    invoked = properties.get("EventInvokeConfig", {})
    failed = invoked.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
    return Function(
        type=handler.partition(".")[0],
        name=str(properties["FunctionName"]),
        handler=handler,
        runtime=str(properties["Runtime"]),
        timeout_s=int(properties["Timeout"]),
        memory_mb=int(properties["MemorySize"]),
        code=str(properties["CodeUri"]),
        role=str(properties["Role"]).strip("${}").partition(".")[0],
        variables={str(key): str(value) for key, value in properties.get("Environment", {}).get("Variables", {}).items()},
        triggers=stack.triggers(logical_id),
        retries=int(invoked.get("MaximumRetryAttempts", ABSENT)),
        max_age_s=int(invoked.get("MaximumEventAgeInSeconds", ABSENT)),
        dead_letters=str(failed) or stack.dead_letters(logical_id),
        batch=stack.batch(logical_id),
    )
