"""`manifest.json`: what the archives are of and for, so that a deployment can refuse those that do not fit."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from rearm.core.model import CloudName
from rearm.errors import ConfigError
from rearm_workbench.packaging.archive import Packed
from rearm_workbench.packaging.target import Architecture, Target

NAME = "manifest.json"
SOURCES: dict[CloudName, tuple[str, ...]] = {
    "aws": ("functions/aws", "shared/python", "workbench/rearm_workbench/packaging", "workbench/rearm_workbench/permissions/facts_aws.py"),
    "alibaba": ("funcraft/bootstrap", "functions/alibaba", "shared", "workbench/rearm_workbench/packaging"),
}
"""Files and folders that the archives come from, besides the configuration. Those of the workbench say how they are cut."""


class Archive(msgspec.Struct, frozen=True):
    """One archive, by its content. `files` counts them."""

    sha256: str
    bytes: int
    unpacked_bytes: int
    files: int


class Manifest(msgspec.Struct, frozen=True):
    """`sources` is `digest` at the time of building."""

    cloud: Literal["aws", "alibaba"]
    python: str
    architecture: Architecture
    environment: str
    sources: str
    archives: dict[str, Archive]


def write(folder: Path, target: Target, packed: Mapping[str, Packed], root: Path) -> None:
    """Describe the archives in `folder`."""
    archives = {
        name: Archive(hashlib.sha256((folder / name).read_bytes()).hexdigest(), one.bytes, one.unpacked_bytes, one.files)
        for name, one in packed.items()
    }
    sources = digest(root, target.cloud, target.config_json)
    found = Manifest(target.cloud, target.python, target.architecture, target.environment, sources, archives)
    (folder / NAME).write_text(json.dumps(msgspec.to_builtins(found), indent=2) + "\n")


def read(folder: Path) -> Manifest:
    """The manifest of `build/package/<cloud>`. Raises ConfigError if it is not there, or is none."""
    path = folder / NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError:
        raise ConfigError([f"{path}: the archives are not built; run `make package`"]) from None
    except msgspec.DecodeError as error:
        raise ConfigError([f"{path}: this is no manifest ({error}); run `make package` again"]) from None


def digest(root: Path, cloud: CloudName, config_json: bytes) -> str:
    """SHA-256 of everything of ours that the archives of a cloud come from: names and contents."""
    found = hashlib.sha256(config_json)
    for path in _sources(root, cloud):
        content = path.read_bytes()
        found.update(f"\n{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    return found.hexdigest()


def _sources(root: Path, cloud: CloudName) -> Iterator[Path]:
    for place in SOURCES[cloud]:
        top = root / place
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
                yield path
