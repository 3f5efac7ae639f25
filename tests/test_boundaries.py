"""House rules as tests: who may import whom, who may read a clock, what a doorway loads."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYER = ROOT / "shared" / "python"
RUNTIME = ROOT / "shared" / "runtime"
DOORWAYS = sorted((ROOT / "functions").glob("*/*.py"))
CORE_FORBIDDEN = {"time", "random", "os", "socket", "logging", "datetime", "threading", "subprocess", "secrets", "uuid"}

# package -> what of rearm it may import (besides itself)
ALLOWED = {
    "core": {"core", "errors"},
    "own": {"errors"},
    "checks": {"checks", "own", "core", "errors", "clouds", "duration", "clock"},
    "clouds": {"clouds", "core", "errors", "clock"},
    "doorway": {"core", "errors", "clouds", "clock", "config", "look", "linger"},
    "linger": {"core", "errors", "clock", "look"},
    "sweep": {"core", "errors", "clouds", "clock", "config", "look"},
    "look": {"core", "errors", "clouds", "clock", "observe"},
    "observe": {"core", "errors", "clouds", "clock", "checks", "steps", "side_by_side"},
    "side_by_side": {"clock"},
    "steps": {"steps", "own", "checks", "core", "errors", "clouds", "duration", "clock"},
}


def imported(path: Path) -> set[str]:
    """Every module that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def files_of(part: str) -> list[Path]:
    place = LAYER / "rearm" / part
    return sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(LAYER).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("part", sorted(ALLOWED))
def test_parts_of_the_layer_import_only_what_they_may(part: str) -> None:
    for path in files_of(part):
        used = {name.split(".")[1] for name in imported(path) if name.startswith("rearm.")}
        direct = {name for name in used if (LAYER / "rearm" / name).exists() or (LAYER / "rearm" / f"{name}.py").exists()}
        assert direct <= ALLOWED[part], f"{path.relative_to(ROOT)} imports {direct - ALLOWED[part]}"


def test_the_core_has_no_clock_no_io_no_sdk() -> None:
    for path in files_of("core"):
        tops = {name.split(".")[0] for name in imported(path)}
        assert not tops & CORE_FORBIDDEN, path.name
        assert tops <= {"rearm", "msgspec", "typing", "math", "hashlib", "fnmatch", "collections", "functools", "re"}, (path.name, tops)


def test_the_core_of_one_cloud_does_not_know_the_other() -> None:
    for cloud, other in (("aws", "alibaba"), ("alibaba", "aws")):
        rooms = [path for room in ("clouds", "checks", "steps") for path in files_of(f"{room}/{cloud}")]
        for path in [*rooms, *(ROOT / "functions" / cloud).glob("*.py")]:
            assert not any(re.match(rf"rearm\.(clouds|checks|steps)\.{other}\b", name) for name in imported(path)), path


def test_nothing_deployed_imports_the_workbench_or_the_tests() -> None:
    for path in [*LAYER.rglob("*.py"), *DOORWAYS]:
        tops = {name.split(".")[0] for name in imported(path)}
        assert not tops & {"rearm_workbench", "tests", "moto", "typer", "rich", "pytest", "hypothesis", "werkzeug", "greenlet"}, path


def test_the_runtime_of_function_compute_imports_the_standard_library_only() -> None:
    for path in RUNTIME.rglob("*.py"):
        tops = {name.split(".")[0] for name in imported(path)}
        assert tops <= sys.stdlib_module_names | {"rearm_fc_runtime"}, path


def test_only_the_clock_reads_a_clock_or_sleeps() -> None:
    for path in LAYER.rglob("*.py"):
        if path.name == "clock.py":
            continue
        assert "time" not in imported(path), path
        assert not re.search(r"datetime\.(now|utcnow|today)\(", path.read_text()), path


def test_a_doorway_is_about_fifteen_lines_and_has_no_rules() -> None:
    for path in DOORWAYS:
        tree = ast.parse(path.read_text())
        assert len(path.read_text().splitlines()) <= 22, path
        assert not any(isinstance(node, ast.If | ast.For | ast.While | ast.Try) for node in ast.walk(tree)), path


SDKS = "boto3 botocore aws_lambda_powertools urllib3 requests aliyunsdkcore fc2 alibabacloud_fc20230330 alibabacloud_tea_openapi Tea"
TOOLS = "cryptography yaml typer rich click jsonschema moto asyncio http.client ssl"
AT_LOAD = {"rearm.checks", "rearm.checks.question", "rearm.steps"}
CHECKS = [name for part in ("checks", "steps") for name in map(module_name, files_of(part)) if name not in AT_LOAD]
FORBIDDEN_AT_LOAD = [*SDKS.split(), *TOOLS.split(), *CHECKS]
OUTSIDE = {"rearm", "msgspec", "typing_extensions"}  # msgspec takes typing_extensions where it is installed
OTHER_CLOUD = {"aws": "rearm.clouds.alibaba", "alibaba": "rearm.clouds.aws"}


@pytest.mark.parametrize("path", DOORWAYS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_loading_a_doorway_imports_no_sdk(path: Path) -> None:
    """What `python -X importtime` shows for a doorway: the layer, msgspec and the standard library, nothing that a look may not need."""
    code = f"import runpy; runpy.run_path({str(path)!r})"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], env={"PYTHONPATH": str(LAYER)}, capture_output=True, text=True, check=True
    )
    modules = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:") and "|" in line}
    assert "rearm.look" in modules
    loaded = {module for module in modules for name in FORBIDDEN_AT_LOAD if module == name or module.startswith(name + ".")}
    assert not loaded
    assert not any(module.startswith(OTHER_CLOUD[path.parent.name]) for module in modules)
    tops = {module.split(".")[0] for module in modules if not module.startswith("_")}
    assert tops - set(sys.stdlib_module_names) <= OUTSIDE | {"imported package", "sitecustomize"}
