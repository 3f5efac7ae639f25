"""Finds the interpreter whose bytecode the target reads: of its very version, since each writes its own kind."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from rearm.errors import ConfigError

PROBE = "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2])"
PATIENCE_S = 20


def find(version: str, environment: Mapping[str, str] = os.environ) -> Path:
    """An interpreter of that version: $REARM_PYTHON_3_X, `python3.X` on the path, or one of pyenv's. Raises ConfigError in one line."""
    variable = f"REARM_PYTHON_{version.replace('.', '_')}"
    named = environment.get(variable)
    if named:
        if not _is_version(Path(named), version):
            raise ConfigError([f"{variable}={named}: this is no CPython {version} that runs here"])
        return Path(named)
    for path in _candidates(version, environment):
        if _is_version(path, version):
            return path
    raise ConfigError(
        [
            f"no Python {version} is on this machine, and only that version writes the bytecode that the functions read: "
            f"install it (`pyenv install {version}`), or say where it is with {variable}=/path/to/python{version}"
        ]
    )


def _candidates(version: str, environment: Mapping[str, str]) -> Iterator[Path]:
    on_path = shutil.which(f"python{version}", path=environment.get("PATH", os.defpath))
    if on_path:
        yield Path(on_path)
    pyenv = Path(environment.get("PYENV_ROOT") or Path(environment.get("HOME", "/")) / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"), key=_patch, reverse=True)


def _patch(path: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in path.parents[1].name.split(".") if part.isdigit())


def _is_version(path: Path, version: str) -> bool:
    """Asked of the program itself: a version manager's stand-in has the name whether or not it has the version."""
    try:
        told = subprocess.run([str(path), "-I", "-c", PROBE], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return told.returncode == 0 and told.stdout.split() == ["cpython", version]
