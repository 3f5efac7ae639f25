"""Which files lie where in an archive, before they are compiled."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from rearm.errors import ConfigError
from rearm_workbench.packaging import wheels
from rearm_workbench.packaging.target import Target

PYTHON = "python"
CONFIG = "rearm.json"
BOOTSTRAP = "bootstrap"
PROGRAMS = frozenset({BOOTSTRAP})
"""What the platform starts, and not the interpreter."""
LAYER_SOURCES = Path("shared/python/rearm")
RUNTIME_SOURCES = Path("shared/runtime/rearm_fc_runtime")
BOOTSTRAP_SOURCE = Path("funcraft/bootstrap")
NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "*.pyc", "*.yml", ".*")
"""YAML is for people: the functions read the JSON that is compiled from it."""


def lay_packages(packages: Iterable[Path], into: Path, target: Target) -> None:
    """What was published by others."""
    for package in packages:
        wheels.unpack(package, into, target)


def lay_rearm(root: Path, into: Path) -> None:
    """The layer's own package."""
    shutil.copytree(root / LAYER_SOURCES, into / LAYER_SOURCES.name, ignore=NOT_SHIPPED)


def lay_functions(root: Path, into: Path, target: Target) -> None:
    """The doorways of that cloud, whatever modules of the operator's own lie beside them, and the configuration."""
    shutil.copytree(root / "functions" / target.cloud, into, ignore=NOT_SHIPPED)
    (into / CONFIG).write_bytes(target.config_json)


def lay_funcraft(root: Path, layer: Path, code: Path, into: Path) -> None:
    """Everything in one, for the custom runtime of Function Compute 2.0: `bootstrap` starts the runtime shim with `python/` on its path.

    Raises ConfigError if the runtime's sources are not there.
    """
    for source in (root / RUNTIME_SOURCES, root / BOOTSTRAP_SOURCE):
        if not source.exists():
            raise ConfigError([f"{source} is not there: without it nothing starts on Function Compute 2.0"])
    shutil.copytree(code, into)
    shutil.copytree(layer / PYTHON, into / PYTHON)
    shutil.copytree(root / RUNTIME_SOURCES, into / PYTHON / RUNTIME_SOURCES.name, ignore=NOT_SHIPPED)
    shutil.copy(root / BOOTSTRAP_SOURCE, into / BOOTSTRAP)
    (into / BOOTSTRAP).chmod(0o755)
