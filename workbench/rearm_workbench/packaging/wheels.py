"""Fetches the packages that `requirements-*.txt` pin, for the target and not for this machine. What was fetched once is kept.

Wheels come as they were published; what is published as source only cannot be had.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from rearm.errors import ConfigError
from rearm_workbench.packaging.left_out import is_left_out
from rearm_workbench.packaging.target import MACHINES, Target

HERE = Path(__file__).parent
PLATFORMS = ("manylinux2014", "manylinux_2_17")
"""The oldest C library that a runtime has is 2.24 (FC's Debian 9); 2.17 is what most wheels are built for."""
UNFINISHED = ".fetching-"
RETRIES = 2
UNREACHABLE = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|ProxyError|SSLError|Max retries|Connection (refused|broken)"
)
ANY = "-none-any.whl"


def requirements(target: Target) -> Path:
    """The pinned packages of a cloud, with their hashes."""
    return HERE / f"requirements-{target.cloud}.txt"


def place(target: Target, cache: Path) -> Path:
    """Where the target's wheels are kept: another folder for other pins."""
    pinned = hashlib.sha256(requirements(target).read_bytes()).hexdigest()[:12]
    return cache / f"{target.cloud}-{target.python}-{target.architecture}-{pinned}"


def fetched(target: Target, interpreter: Path, cache: Path, say: Callable[[str], None]) -> list[Path]:
    """The wheels for the target, sorted. From `cache` if they are there, whole, else from the registry. Raises ConfigError in one line.

    pip runs with the target's interpreter: it would judge `python_version < "3.11"` by its own.
    """
    kept = place(target, cache)
    if not kept.is_dir():
        say(f"fetching the packages of {requirements(target).name} for Python {target.python} on {target.architecture}")
        with tempfile.TemporaryDirectory(dir=cache, prefix=UNFINISHED) as scratch:
            found = Path(scratch) / "wheels"
            _fetch(target, interpreter, found)
            # Whole or not at all; what somebody else has fetched meanwhile is the same.
            if not kept.is_dir():
                found.rename(kept)
    return sorted(kept.glob("*.whl"))


def unpack(wheel: Path, into: Path, target: Target) -> None:
    """Everything of a wheel but what is left out. Raises ConfigError for a wheel that wants more than to be unpacked."""
    with zipfile.ZipFile(wheel) as packed:
        for entry in packed.infolist():
            top = entry.filename.partition("/")[0]
            if entry.is_dir() or is_left_out(entry.filename, target.cloud):
                continue
            if top.endswith(".data"):
                raise ConfigError([f"{wheel.name}: {entry.filename} would be installed elsewhere, and here is only one place"])
            packed.extract(entry, into)


def _fetch(target: Target, interpreter: Path, into: Path) -> None:
    wanted = ["--require-hashes", "--no-deps", "--only-binary=:all:", "-r", str(requirements(target))]
    wanted += ["--implementation", "cp", "--python-version", target.python]
    for platform in PLATFORMS:
        wanted += ["--platform", f"{platform}_{MACHINES[target.architecture]}"]
    _pip(interpreter, ["download", "-d", str(into), *wanted])


def _pip(interpreter: Path, arguments: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    quiet = ["--disable-pip-version-check", "--no-input", "--quiet", "--retries", str(RETRIES)]
    told = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(interpreter), *arguments, *quiet],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        raise ConfigError([_in_one_line(told.stdout + told.stderr)])


def _in_one_line(told: str) -> str:
    if UNREACHABLE.search(told):
        return (
            "the package registry cannot be reached: connect to it, or name a mirror with PIP_INDEX_URL; what was fetched once stays here"
        )
    errors = [line.partition("ERROR:")[2].strip() for line in told.splitlines() if "ERROR:" in line]
    said = errors[0] if errors else (told.strip().splitlines() or ["pip said nothing"])[-1]
    return f"the packages could not be fetched: {said[:400]}"
