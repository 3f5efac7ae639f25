"""A repository small enough to be packed in a test, and packages for it that come from no registry."""

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from rearm.core.model import CloudName
from rearm_workbench.packaging import operations, wheels
from rearm_workbench.packaging.target import Target

PYTHON = "{}.{}".format(*sys.version_info[:2])
CONFIG = b'{"version": 1, "profiles": []}\n'
MANY = "value in {'a', 'b', 'c', 'd', 'e', 'f'}\n"
"""A set among a module's constants: written in another order under another seed of hashes."""


def target(cloud: CloudName = "aws", config: bytes = CONFIG) -> Target:
    return Target(cloud, PYTHON, "x86_64", "dev", config)


def use_this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else is installed, this interpreter is of its own version."""
    monkeypatch.setenv(f"REARM_PYTHON_{PYTHON.replace('.', '_')}", sys.executable)


def model(names: Any) -> str:
    return json.dumps({"metadata": {"endpointPrefix": "any"}, "operations": {name: {"name": name} for name in sorted(names)}, "shapes": {}})


def botocore_files() -> dict[str, str]:
    files = {"botocore/__init__.py": "value = 'x'\nknown = " + MANY, "botocore/data/endpoints.json": '{"partitions": []}'}
    for service, names in {**operations.of_rearm(), "elasticache": {"DescribeCacheClusters", "Other"}}.items():
        files[f"botocore/data/{service}/2026-01-01/service-2.json"] = model({*names, "NeverCalled"})
        files[f"botocore/data/{service}/2026-01-01/endpoint-rule-set-1.json"] = "{}"
        files[f"botocore/data/{service}/2026-01-01/examples-1.json"] = "{}"
    return files


def repository(root: Path) -> Path:
    """Sources and packages of both clouds."""
    files = {
        "shared/python/rearm/__init__.py": "",
        "shared/python/rearm/look.py": "value = 'a'\nagain = " + MANY,
        "shared/python/rearm/default.yml": "version: 1",
        "shared/python/rearm/default.json": "{}",
        "shared/python/rearm/__pycache__/look.cpython-38.pyc": "old",
        "shared/runtime/rearm_fc_runtime/__main__.py": "import rearm",
        "funcraft/bootstrap": "#!/bin/sh\n",
        "workbench/rearm_workbench/packaging/build.py": "",
    }
    for cloud in ("aws", "alibaba"):
        files[f"functions/{cloud}/recheck.py"] = "def handler(event, context): return 1"
        files[f"functions/{cloud}/my_checks/cache.py"] = "def is_warm(question): return True"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    licence = {"some-1.0.dist-info/METADATA": "Name: some", "some-1.0.dist-info/RECORD": "", "some-1.0.dist-info/licenses/LICENSE": "free"}
    put_wheel(root, "aws", "botocore-1.0-py3-none-any.whl", botocore_files())
    for cloud in ("aws", "alibaba"):
        put_wheel(root, cloud, "some-1.0-py3-none-any.whl", {"some/a.py": "b = 1", "some/a.pyi": "", "some/tests/t.py": "", **licence})  # type: ignore[arg-type] # one of two names
    return root


def put_wheel(root: Path, cloud: CloudName, name: str, files: dict[str, str]) -> None:
    """As if it had been fetched."""
    folder = wheels.place(target(cloud), root / "build" / "wheels")
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as packed:
        for inside, text in files.items():
            packed.writestr(inside, text)


def names(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as packed:
        return set(packed.namelist())
