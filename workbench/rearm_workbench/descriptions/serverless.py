"""Reads serverless.yml (Serverless Framework, v3 format, as `osls` runs it) with an environment's values.json.

Its variables: github.com/oss-serverless/serverless, docs/guides/variables. Only those that it uses are known: `${file(x):a.b}`,
`${self:a.b}`, `${opt:stage}` and `${sls:stage}`; anything else is refused.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rearm.errors import ConfigError
from rearm_workbench.descriptions import tagged_yaml
from rearm_workbench.descriptions.cloudformation import Stack
from rearm_workbench.descriptions.intrinsics import Template
from rearm_workbench.descriptions.model import ABSENT, Description, Function, Resource
from rearm_workbench.descriptions.sam import PSEUDO

FILE = "serverless.yml"
BUCKET = (Resource("AWS::S3::Bucket", "ServerlessDeploymentBucket"), Resource("AWS::S3::BucketPolicy", "ServerlessDeploymentBucketPolicy"))
"""The framework puts the archives there."""
_PLACE = re.compile(r"\$\{(self|opt|sls|file\([^)]*\)):([^${}]+)\}")


def read(root: Path, values: Mapping[str, Any]) -> Description:
    """What the framework creates with that document. Raises ConfigError for a file or a variable that cannot be read."""
    document = _Variables(root, values).document
    functions = document["functions"]
    template = _template(document, str(values["region"]))
    stack = Stack(template.resources())
    wanted = {name: one for name, one in functions.items() if "condition" not in one or template.holds(one["condition"])}
    common = template.worked_out(document["provider"]["environment"])
    made = tuple(_function(name, template.worked_out(one), document, common, stack) for name, one in wanted.items())
    layers = document["layers"].values()
    return Description(
        tool="serverless",
        cloud="aws",
        functions=made,
        roles=stack.roles(),
        resources=(
            *BUCKET,
            *(Resource("AWS::Lambda::LayerVersion", str(layer["name"])) for layer in layers),
            *(Resource("AWS::Lambda::Function", one.name) for one in made),
            *(Resource("AWS::Lambda::EventInvokeConfig", one.name) for one in made if one.retries != ABSENT),
            *stack.resources(),
        ),
        layers=tuple(str(layer["package"]["artifact"]) for layer in layers),
    )


def _template(document: Mapping[str, Any], region: str) -> Template:
    """The parts under `resources` as one template."""
    whole: dict[str, Any] = {}
    for part in document["resources"]:
        for key, value in part.items():
            whole[key] = {**whole.get(key, {}), **value} if isinstance(value, Mapping) else value
    return Template(whole, {**PSEUDO, "AWS::Region": region})


def _function(name: str, one: Mapping[str, Any], document: Mapping[str, Any], common: Mapping[str, Any], stack: Stack) -> Function:
    logical_id = f"{name.capitalize()}LambdaFunction"
    provider = document["provider"]
    failed = one.get("destinations", {}).get("onFailure", {})
    return Function(
        type=name,
        name=str(one["name"]),
        handler=str(one["handler"]),
        runtime=str(provider["runtime"]),
        timeout_s=int(one["timeout"]),
        memory_mb=int(provider["memorySize"]),
        code=str(document["package"]["artifact"]),
        role=str(one["role"]),
        variables={str(key): str(value) for key, value in {**common, **one.get("environment", {})}.items()},
        triggers=stack.triggers(logical_id),
        retries=int(one.get("maximumRetryAttempts", ABSENT)),
        max_age_s=int(one.get("maximumEventAge", ABSENT)),
        dead_letters=str(failed.get("arn", "")) or stack.dead_letters(logical_id),
        batch=stack.batch(logical_id),
    )


class _Variables:
    def __init__(self, root: Path, values: Mapping[str, Any]) -> None:
        self._root, self._values = root, values
        self._files: dict[str, Any] = {}
        self._raw = tagged_yaml.load(root / FILE)
        self._raw["custom"]["values"] = values
        self.document: dict[str, Any] = self._worked_out(self._raw)

    def _worked_out(self, node: Any) -> Any:
        if isinstance(node, Mapping):
            return {key: self._worked_out(value) for key, value in node.items()}
        if isinstance(node, list):
            return [self._worked_out(one) for one in node]
        if not isinstance(node, str):
            return node
        whole = _PLACE.fullmatch(node)
        return self._value(whole[1], whole[2]) if whole else _PLACE.sub(lambda found: str(self._value(found[1], found[2])), node)

    def _value(self, source: str, path: str) -> Any:
        if source in ("opt", "sls"):
            return self._values["environment"]
        found = self._raw if source == "self" else self._file(source.removeprefix("file(").removesuffix(")"))
        for key in path.split("."):
            found = _step(found, key, f"${{{source}:{path}}}")
        return self._worked_out(found)

    def _file(self, name: str) -> Any:
        if name not in self._files:
            self._files[name] = tagged_yaml.load(self._root / name)
        return self._files[name]


def _step(found: Any, key: str, variable: str) -> Any:
    if isinstance(found, Mapping) and key in found:
        return found[key]
    if isinstance(found, list) and key.isdecimal() and int(key) < len(found):
        return found[int(key)]
    raise ConfigError([f"{FILE}: `{variable}` cannot be worked out: there is no `{key}`"])
