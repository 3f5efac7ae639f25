"""The real archives, built once for each cloud and Python, unpacked as their platforms unpack them."""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from rearm.core.model import CloudName
from rearm.errors import ConfigError
from rearm_workbench.deploy import environment
from rearm_workbench.packaging import interpreter
from rearm_workbench.packaging.build import build
from rearm_workbench.packaging.target import Architecture, Target

ROOT = Path(__file__).resolve().parents[1]
ALL: dict[CloudName, tuple[str, ...]] = {"aws": ("3.10", "3.11", "3.12", "3.13"), "alibaba": ("3.10", "3.12")}
CHOSEN = os.environ.get("PYTHONS", "").split()
RUNTIMES: dict[CloudName, tuple[str, ...]] = {cloud: tuple(one for one in all_ if one in (CHOSEN or all_)) for cloud, all_ in ALL.items()}
"""The platforms' Pythons, or those of them that PYTHONS names."""
ARCHIVES = {"aws": ("layer.zip", "functions.zip"), "alibaba": ("layer.zip", "functions.zip", "funcraft.zip")}
_scratch = tempfile.TemporaryDirectory(prefix="rearm-archives-")


class Unpacked(NamedTuple):
    """`layer` is what `/opt` would be, `code` what `/var/task` or `/code` would be; `made` holds the archives."""

    python: Path
    made: Path
    layer: Path
    code: Path


@functools.cache
def found(version: str) -> Path | None:
    """The interpreter, if it is on this machine."""
    try:
        return interpreter.find(version)
    except ConfigError:
        return None


def target(cloud: CloudName, version: str, architecture: Architecture = "x86_64") -> Target:
    """Of the environment `dev`, for that Python."""
    return Target(cloud, version, architecture, "dev", environment.load("dev", sources() / "environments").compiled())


SOURCES = ("shared", "functions", "funcraft", "workbench", "environments")


def copied(into: Path, source: Path = ROOT) -> Path:
    """The sources as they are now, in another place. What was fetched already serves there too."""
    for name in SOURCES:
        shutil.copytree(source / name, into / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    wheels = ROOT / "build" / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    (into / "build").mkdir()
    (into / "build" / "wheels").symlink_to(wheels)
    return into


@functools.cache
def sources() -> Path:
    """As they were when the test run began: whoever edits meanwhile makes no difference."""
    return copied(Path(_scratch.name) / "sources")


def make(cloud: CloudName, version: str, out: Path, root: Path, architecture: Architecture = "x86_64") -> Path:
    """Build the archives from the sources in `root`; returns the folder that they are in."""
    build(target(cloud, version, architecture), root, lambda _line: None, out)
    return out / cloud


@functools.cache
def unpacked(cloud: CloudName, version: str) -> Unpacked:
    """Built and unpacked, once in a test run. The interpreter has to be there."""
    place = Path(_scratch.name) / f"{cloud}-{version}"
    made = make(cloud, version, place / "package", sources())
    for archive, name in (("layer.zip", "opt"), ("functions.zip", "code")):
        with zipfile.ZipFile(made / archive) as packed:
            packed.extractall(place / name)
    python = found(version)
    assert python is not None
    return Unpacked(python, made, place / "opt", place / "code")


def lone(at: Unpacked, script: str, *arguments: str, surroundings: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a script in the target's interpreter with nothing on its path but the archives and the standard library."""
    paths = f"import sys; sys.path[:0] = [{str(at.code)!r}, {str(at.layer / 'python')!r}]\n"
    command = [str(at.python), "-I", "-S", "-B", "-c", paths + script, *arguments]
    home = {"PATH": os.defpath, "HOME": str(at.code)}
    return subprocess.run(command, env=home | (surroundings or {}), capture_output=True, text=True, timeout=120, check=False)


def same_architecture() -> str:
    """This machine's, as the Runtime Interface Emulator's file is named."""
    return "arm64" if os.uname().machine == "aarch64" else "x86_64"


assert sys.platform == "linux", "the runtimes are Linux, and so are the wheels in the archives"
