"""Bytecode that is used as it was shipped: by the target's interpreter, not bound to the files' dates, with the paths of the target."""

import subprocess
import tempfile
from pathlib import Path

from rearm.errors import ConfigError

UNCHECKED = "unchecked-hash"
"""Archives lose the dates that ordinary bytecode is compared with: docs.python.org/3/reference/import.html#pyc-invalidation."""


def compile_all(interpreter: Path, folder: Path, root: str) -> None:
    """Compile every module under `folder`, which unpacks to `root` (`/opt`). Raises ConfigError.

    One process for all, in the order of the names, with a fixed seed for hashes: what marshal writes depends on all three.
    """
    command = [str(interpreter), "-s", "-S", "-m", "compileall", "-q", "-f", "-o", "0"]
    command += ["--invalidation-mode", UNCHECKED, "-s", str(folder), "-p", root, str(folder)]
    with tempfile.TemporaryDirectory(prefix="rearm-") as empty:
        # The surroundings of whoever builds (PYTHONPATH, PYTHONOPTIMIZE, a folder with a `compileall.py`) have no say.
        told = subprocess.run(command, cwd=empty, env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False)
    if told.returncode:
        line = " ".join((told.stdout + told.stderr).split())
        raise ConfigError([f"{interpreter} cannot compile what was to be shipped: {line[:500]}"])
