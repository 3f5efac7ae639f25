"""From a file's bytes to plain data: JSON for the deployment, YAML for people. Both refuse a key that is given twice.

PyYAML is imported only when there is YAML to read: the deployed functions read JSON.
"""

import json
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from rearm.errors import ConfigError

if TYPE_CHECKING:
    import yaml

LARGEST = 1_000_000
"""Bytes. A configuration has some hundreds of lines; what is larger is another file."""
MOST_NODES = 50_000
"""Values after YAML's aliases are followed: a few lines of aliases can stand for millions."""


def parse(content: bytes, *, yaml: bool) -> object:
    """Plain data. Raises ConfigError, with the line where there is one."""
    if len(content) > LARGEST:
        raise ConfigError([f"the file has {len(content)} bytes: a configuration has at most {LARGEST}"])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(["this is no text file (it is not UTF-8)"]) from None
    if not text.strip():
        raise ConfigError(["the file is empty: write `version: 1` and `profiles`"])
    try:
        return _yaml(text) if yaml else _json(text)
    except RecursionError:
        raise ConfigError(["the file is nested too deeply"]) from None


def _json(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ConfigError([f"line {error.lineno}, column {error.colno}: this is not JSON ({error.msg})"]) from None
    except ValueError as error:
        raise ConfigError([f"this is not JSON ({error})"]) from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ConfigError([f"the key `{next(key for key in keys if keys.count(key) > 1)[:60]}` is given twice in one mapping"])
    return found


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is no JSON number")


def _yaml(text: str) -> object:
    try:
        import yaml
    except ImportError:
        raise ConfigError(["YAML cannot be read here (PyYAML is not installed): deploy the output of `rearm config compile`"]) from None
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            raise ConfigError(["the file is empty: write `version: 1` and `profiles`"])
        _refuse_copies(node)
        return loader.construct_document(node)
    except yaml.YAMLError as error:
        raise ConfigError([_where(error)]) from None
    except (ValueError, TypeError, OverflowError) as error:
        # SafeLoader's own constructors: 2024-99-99 looks like a date and is none.
        raise ConfigError([f"this is not YAML ({' '.join(str(error).split())[:120]})"]) from None


def _where(error: "yaml.YAMLError") -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{place}this is not YAML ({' '.join(str(problem).split())})"


def _refuse_copies(root: "yaml.Node") -> None:
    """Refuse keys given twice (YAML takes the last, silently), nodes that hold themselves, and floods of aliases."""
    sizes: dict[int, int] = {}
    problems: list[str] = []
    if _size(root, sizes, problems) > MOST_NODES:
        problems.append(f"the aliases (*name) stand for more than {MOST_NODES} values")
    if problems:
        raise ConfigError(problems)


def _size(node: Any, sizes: dict[int, int], problems: list[str]) -> int:
    """How many values a node stands for. 0 in `sizes` marks a node that is being counted."""
    if id(node) in sizes:
        if sizes[id(node)] == 0:
            raise ConfigError([f"line {node.start_mark.line + 1}: this value refers to itself"])
        return sizes[id(node)]
    sizes[id(node)] = 0
    parts: list[Any] = []
    if node.id == "mapping":
        _twice(node, problems)
        parts = [part for pair in node.value for part in pair]
    elif node.id == "sequence":
        parts = node.value
    sizes[id(node)] = 1 + sum(_size(part, sizes, problems) for part in parts)
    return sizes[id(node)]


def _twice(node: Any, problems: list[str]) -> None:
    first: dict[Hashable, int] = {}
    for key, _ in node.value:
        if key.id != "scalar" or key.tag == "tag:yaml.org,2002:merge":
            continue
        line = key.start_mark.line + 1
        if key.value in first:
            problems.append(f"line {line}: the key `{key.value[:60]}` is given twice; first in line {first[key.value]}")
        first.setdefault(key.value, line)
