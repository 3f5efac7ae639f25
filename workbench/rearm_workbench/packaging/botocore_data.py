"""botocore's data, cut to what is called: of 400 services those of `operations.py`, of each its newest model, of that the operations used.

The whole data is 30 MB and the model of EC2 alone costs 190 ms of a cold start, the list of all services' endpoints 40 ms. What is left is
plain JSON: reading it is faster.
"""

import gzip
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from rearm.errors import ConfigError
from rearm_workbench.packaging.operations import ALL

ENDPOINTS = "endpoints"
SHARED = ("_retry.json", f"{ENDPOINTS}.json", "partitions.json", "sdk-default-configuration.json")
"""What every client reads."""
MODEL, RULES = "service-2", "endpoint-rule-set-1"
EXTRAS = f"{MODEL}.sdk-extras.json"
WORDS = ("documentation", "documentationUrl", "examples")

Json = dict[str, Any]


def cut(data: Path, wanted: Mapping[str, frozenset[str]]) -> None:
    """Leave of `botocore/data` only the services and operations wanted; paginators, waiters and examples go.

    A key of `wanted` is a folder's name, or the prefix of permissions by which the service signs. Raises ConfigError if there is none.
    """
    kept: dict[str, frozenset[str]] = {}
    for name, operations in wanted.items():
        for service in _folders(data, name):
            kept[service] = ALL if ALL in (operations, kept.get(service)) else operations | kept.get(service, frozenset())
    for path in sorted(data.iterdir()):
        if path.is_dir() and path.name in kept:
            _cut_service(path, kept[path.name])
        elif path.is_dir():
            shutil.rmtree(path)
        elif path.name not in SHARED:
            path.unlink()
    if (data / f"{ENDPOINTS}.json").is_file():
        _cut_endpoints(data, {_read(_newest(data / service), MODEL)["metadata"]["endpointPrefix"] for service in kept})


def _folders(data: Path, name: str) -> list[str]:
    if (data / name).is_dir():
        return [name]
    found = [path.name for path in sorted(data.iterdir()) if path.is_dir() and name in _signs_as(path)]
    if not found:
        raise ConfigError([f"permissions of the configuration's own checks: botocore knows no service `{name}`"])
    return found


def _signs_as(service: Path) -> tuple[object, object]:
    metadata = _read(_newest(service), MODEL)["metadata"]
    return metadata.get("signingName"), metadata.get("endpointPrefix")


def _newest(service: Path) -> Path:
    """Folders are named by their date."""
    return max(path for path in service.iterdir() if path.is_dir())


def _cut_service(service: Path, operations: frozenset[str]) -> None:
    newest = _newest(service)
    for path in service.iterdir():
        if path != newest:
            shutil.rmtree(path)
    model, rules = _read(newest, MODEL), _read(newest, RULES)
    for path in newest.iterdir():
        if path.name != EXTRAS:
            path.unlink()
    _write(newest, MODEL, _without_words(model if operations == ALL else _with_operations(model, operations)))
    _write(newest, RULES, rules)


def _cut_endpoints(data: Path, prefixes: set[str]) -> None:
    """A service that a partition does not list has the partition's usual endpoint, so none is lost."""
    whole = _read(data, ENDPOINTS)
    for partition in whole["partitions"]:
        partition["services"] = {name: one for name, one in partition["services"].items() if name in prefixes}
    _write(data, ENDPOINTS, whole)


def _with_operations(model: Json, operations: frozenset[str]) -> Json:
    left = {name: operation for name, operation in model["operations"].items() if name in operations}
    if not left:
        raise ConfigError([f"botocore's model of {model['metadata']['serviceId']} has none of {', '.join(sorted(operations))}"])
    shapes: Json = {}
    todo = list(_shapes_in(left.values()))
    while todo:
        name = todo.pop()
        if name not in shapes:
            shapes[name] = model["shapes"][name]
            todo += _shapes_in([shapes[name]])
    return {**model, "operations": left, "shapes": {name: shapes[name] for name in model["shapes"] if name in shapes}}


def _shapes_in(nodes: Iterable[object]) -> Iterable[str]:
    """The names behind every key `shape`, at any depth."""
    for node in nodes:
        if isinstance(node, dict):
            if isinstance(node.get("shape"), str):
                yield node["shape"]
            yield from _shapes_in(node.values())
        elif isinstance(node, list):
            yield from _shapes_in(node)


def _without_words(model: Json) -> Json:
    """Without what is for people. Members keep their names, even one that is called `documentation`."""
    kept = {key: value for key, value in model.items() if key not in WORDS}
    for part in ("operations", "shapes"):
        kept[part] = {name: {key: value for key, value in one.items() if key not in WORDS} for name, one in model[part].items()}
        for one in kept[part].values():
            if isinstance(one.get("members"), dict):
                one["members"] = {
                    name: {key: value for key, value in member.items() if key not in WORDS} for name, member in one["members"].items()
                }
    return kept


def _read(folder: Path, name: str) -> Json:
    packed = folder / f"{name}.json.gz"
    content = gzip.decompress(packed.read_bytes()) if packed.is_file() else (folder / f"{name}.json").read_bytes()
    return cast(Json, json.loads(content))


def _write(folder: Path, name: str, value: Json) -> None:
    (folder / f"{name}.json").write_text(json.dumps(value, separators=(",", ":")))
