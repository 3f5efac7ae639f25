"""YAML with CloudFormation's and ROS's short tags: `!Sub x` is read as `{"Fn::Sub": "x"}`, so that it can be written again."""

from pathlib import Path
from typing import Any

import yaml

from rearm.errors import ConfigError

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML without libyaml reads the same, ten times slower
    from yaml import SafeLoader as Loader  # type: ignore[assignment]  # the same interface

BARE = ("Ref", "Condition")
"""Tags whose long form has no `Fn::` before it."""


class _Loader(Loader):
    """Dates stay texts: `Version: 2012-10-17` is a policy's version."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _long_form(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in BARE else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _long_form)


def load(path: Path) -> dict[str, Any]:
    """The file's mapping. Raises ConfigError in one line."""
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read ({error.strerror or error})"]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: this is not YAML ({' '.join(str(error).split())[:160]})"]) from None
    if not isinstance(found, dict):
        raise ConfigError([f"{path}: must be a mapping"])
    return found


def dump(document: object, comment: str) -> str:
    """The document as YAML, keys in their order, behind a comment that says where it is from."""
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=140)
    return f"# {comment}\n{text}"


class _Dumper(yaml.SafeDumper):
    """No anchors: a statement that stands in two policies is written twice."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True
