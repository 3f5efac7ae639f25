"""What is measured, as it lies in its function: below build/bench/, installed and compiled by the Python that runs it there.

The packages are those of constraints.txt. rearm is unpacked from archives that `rearm_workbench.packaging` has just built.
"""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

from stopwatch import Failed

from rearm.core.model import CloudName
from rearm_workbench.packaging import interpreter
from rearm_workbench.packaging.build import build
from rearm_workbench.packaging.target import Target

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "build" / "bench"
HANDLERS = Path(__file__).with_name("handlers")
PYTHON = {"aws": "3.12", "alibaba": "3.10"}
"""As in environments/base.yml."""
CONFIG = b'{"version": 1, "profiles": [{"name": "measured", "checks": ["instance_status"], "every": "60s"}]}'
"""One check, of the same question that the handlers made by hand ask."""


def python(cloud: str) -> Path:
    """The interpreter of that cloud's functions. Raises ConfigError in one line."""
    return interpreter.find(PYTHON[cloud])


def packages(name: str, cloud: str, requirements: list[str]) -> Path:
    """A folder with these packages and their bytecode; installed once for each set of pins."""
    pins = sorted(line for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    stamp = "\n".join([*requirements, *pins])
    folder = PLACE / f"{name}-{PYTHON[cloud]}"
    ready = folder / ".ready"
    if not ready.is_file() or ready.read_text() != stamp:
        shutil.rmtree(folder, ignore_errors=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint", str(ROOT / "constraints.txt")]
        _run([str(python(cloud)), *install, "--target", str(folder), *requirements])
        ready.write_text(stamp)
    return folder


def handler(name: str, cloud: str) -> Path:
    """A folder with that one of handlers/, and its bytecode."""
    return compiled(HANDLERS / f"{name}.py", PLACE / "code" / f"{name}-{PYTHON[cloud]}", cloud)


def runtime(cloud: str) -> Path:
    """The runtime's client: Lambda's own, or the shim for Function Compute. Raises `Failed` in one line."""
    source = ROOT / "build" / "tools" / f"ric-{PYTHON['aws']}" if cloud == "aws" else ROOT / "shared" / "runtime"
    if not source.is_dir():
        raise Failed(f"{source.relative_to(ROOT)} is not there, the runtime's client: make tools-ric")
    return compiled(source, PLACE / f"runtime-{cloud}", cloud)


def rearm(cloud: CloudName) -> tuple[Path, Path]:
    """(what unpacks to /opt/python, what unpacks to /var/task or /code), from new archives."""
    machine = "arm64" if os.uname().machine == "aarch64" else "x86_64"
    build(Target(cloud, PYTHON[cloud], machine, "bench", CONFIG), ROOT, lambda line: print(line, flush=True), PLACE / "package")
    unpacked = PLACE / f"rearm-{cloud}"
    shutil.rmtree(unpacked, ignore_errors=True)
    for archive, folder in (("layer.zip", "opt"), ("functions.zip", "code")):
        with zipfile.ZipFile(archives(cloud) / archive) as packed:
            packed.extractall(unpacked / folder)
    return unpacked / "opt" / "python", unpacked / "code"


def archives(cloud: str) -> Path:
    """Where `rearm` puts them."""
    return PLACE / "package" / cloud


def compiled(source: Path, into: Path, cloud: str) -> Path:
    """A copy with the bytecode of that cloud's interpreter: what the platform's image brings has its own."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    if source.is_dir():
        shutil.copytree(source, into, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".ready*"))
    else:
        shutil.copy(source, into)
    _run([str(python(cloud)), "-m", "compileall", "-q", str(into)])
    return into


def _run(command: list[str]) -> None:
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    told = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
    if told.returncode:
        raise Failed(f"{' '.join(command[:4])} …: {told.stderr.strip()[-1000:]}")
