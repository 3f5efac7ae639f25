"""Building: what lies where, the same bytes again, and nothing half-done whatever goes wrong."""

import fcntl
import hashlib
import json
import marshal
import os
import shutil
import sys
import threading
import zipfile
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from typer.testing import CliRunner

import packaging_world as world
from rearm.errors import ConfigError
from rearm_workbench.cli import app
from rearm_workbench.packaging import build as building
from rearm_workbench.packaging import manifest
from rearm_workbench.packaging.build import build

TAG = sys.implementation.cache_tag


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    world.use_this_python(monkeypatch)
    return world.repository(tmp_path / "repository")


def quiet(_line: str) -> None: ...


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir()) if path.is_file()}


def code_in(archive: Path, name: str) -> CodeType:
    with zipfile.ZipFile(archive) as packed:
        code = marshal.loads(packed.read(name)[16:])
    assert isinstance(code, CodeType)
    return code


def test_what_lies_where(root: Path) -> None:
    packed = build(world.target(), root, quiet)
    made = root / "build/package/aws"
    layer = world.names(made / "layer.zip")
    assert {"python/rearm/look.py", f"python/rearm/__pycache__/look.{TAG}.pyc", "python/rearm/default.json", "python/some/a.py"} <= layer
    assert "python/some-1.0.dist-info/licenses/LICENSE" in layer
    assert not [name for name in layer if name.endswith((".yml", ".pyi", "RECORD", "cpython-38.pyc", "examples-1.json")) or "tests" in name]
    assert not [name for name in layer if "elasticache" in name]
    assert world.names(made / "functions.zip") == {
        "recheck.py",
        f"__pycache__/recheck.{TAG}.pyc",
        "my_checks/cache.py",
        f"my_checks/__pycache__/cache.{TAG}.pyc",
        "rearm.json",
    }
    with zipfile.ZipFile(made / "functions.zip") as functions:
        assert functions.read("rearm.json") == world.CONFIG
    told = manifest.read(made)
    assert (told.cloud, told.python, told.architecture, told.environment) == ("aws", world.PYTHON, "x86_64", "dev")
    assert {name: one.sha256 for name, one in told.archives.items()} == {
        name: digest for name, digest in digests(made).items() if name.endswith(".zip")
    }
    assert {name: (one.files, one.unpacked_bytes, one.bytes) for name, one in told.archives.items()} == packed


def test_everything_in_one_for_function_compute_2(root: Path) -> None:
    build(world.target("alibaba"), root, quiet)
    made = root / "build/package/alibaba"
    assert set(digests(made)) == {"layer.zip", "functions.zip", "funcraft.zip", "manifest.json"}
    inside = world.names(made / "funcraft.zip")
    assert {"bootstrap", "recheck.py", "rearm.json", "python/rearm/look.py", "python/rearm_fc_runtime/__main__.py"} <= inside
    assert f"python/rearm_fc_runtime/__pycache__/__main__.{TAG}.pyc" in inside
    assert os.access(made / "funcraft" / "bootstrap", os.X_OK)
    assert {path.relative_to(made / "funcraft").as_posix() for path in (made / "funcraft").rglob("*") if path.is_file()} == inside


@pytest.mark.parametrize(
    ("cloud", "archive", "name", "path"),
    [
        ("aws", "layer.zip", "python/rearm/__pycache__/look", "/opt/python/rearm/look.py"),
        ("aws", "functions.zip", "__pycache__/recheck", "/var/task/recheck.py"),
        ("alibaba", "functions.zip", "my_checks/__pycache__/cache", "/code/my_checks/cache.py"),
        ("alibaba", "funcraft.zip", "python/rearm/__pycache__/look", "/code/python/rearm/look.py"),
    ],
)
def test_bytecode_names_the_files_of_the_target(cloud: Any, archive: str, name: str, path: str, root: Path) -> None:
    build(world.target(cloud), root, quiet)
    assert code_in(root / f"build/package/{cloud}" / archive, f"{name}.{TAG}.pyc").co_filename == path


def test_bytecode_is_not_compared_with_the_files_dates(root: Path) -> None:
    build(world.target(), root, quiet)
    with zipfile.ZipFile(root / "build/package/aws/layer.zip") as packed:
        flags = packed.read(f"python/rearm/__pycache__/look.{TAG}.pyc")[4:8]
    # A hash instead of a date, and not to be checked: docs.python.org/3/reference/import.html#pyc-invalidation
    assert int.from_bytes(flags, "little") == 0b01


def test_twice_in_different_places_and_surroundings(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for cloud in ("aws", "alibaba"):
        build(world.target(cloud), root, quiet)  # type: ignore[arg-type] # one of two names
    other = world.repository(tmp_path / "elsewhere" / "a longer name")
    for path in other.rglob("*.py"):
        os.utime(path, (1e9, 1e9))
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    for cloud in ("aws", "alibaba"):
        build(world.target(cloud), other, quiet, tmp_path / "out")  # type: ignore[arg-type] # one of two names
        assert digests(tmp_path / "out" / cloud) == digests(root / "build/package" / cloud)


def test_a_service_of_an_own_check_is_there_whole(root: Path) -> None:
    own = {"function": "my_checks.cache:is_warm", "permissions": ["elasticache:DescribeCacheClusters"]}
    config = json.dumps({"profiles": [{"checks": [{"python": own}]}]}).encode()
    build(world.target(config=config), root, quiet)
    with zipfile.ZipFile(root / "build/package/aws/layer.zip") as packed:
        found = json.loads(packed.read("python/botocore/data/elasticache/2026-01-01/service-2.json"))
        ours = json.loads(packed.read("python/botocore/data/lambda/2026-01-01/service-2.json"))
    assert set(found["operations"]) == {"DescribeCacheClusters", "Other", "NeverCalled"}
    assert set(ours["operations"]) == {"Invoke"}


def test_a_failed_build_leaves_what_was_there(root: Path) -> None:
    build(world.target(), root, quiet)
    before = digests(root / "build/package/aws")
    (root / "shared/python/rearm/broken.py").write_text("def f(:\n")
    with pytest.raises(ConfigError, match=r"cannot compile what was to be shipped: .*broken\.py"):
        build(world.target(), root, quiet)
    assert digests(root / "build/package/aws") == before
    assert [path.name for path in (root / "build/package").iterdir()] == ["aws"]


def test_a_killed_build_leaves_what_was_there_and_the_next_one_cleans_up(root: Path) -> None:
    build(world.target(), root, quiet)
    before = digests(root / "build/package/aws")
    left = root / "build/package" / f"{building.UNFINISHED}x" / "layer"
    left.mkdir(parents=True)
    (root / "build/wheels/.fetching-x").mkdir()
    # Killed between the two renames: the old one stands aside.
    (root / "build/package/aws").rename(root / "build/package" / f"{building.REPLACED}aws")
    build(world.target(), root, quiet)
    assert digests(root / "build/package/aws") == before
    assert [path.name for path in (root / "build/package").iterdir()] == ["aws"]
    assert not (root / "build/wheels/.fetching-x").exists()


def test_two_at_once_take_turns(root: Path) -> None:
    said: list[str] = []
    with (root / "build" / "wheels" / building.LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waits = threading.Event()

        def say(line: str) -> None:
            said.append(line)
            waits.set()

        second = threading.Thread(target=lambda: build(world.target(), root, say))
        second.start()
        assert waits.wait(20)
        assert not (root / "build/package/aws").exists()
    second.join(20)
    assert said == ["another run is building: waiting for it"]
    assert (root / "build/package/aws/manifest.json").is_file()


def test_the_registry_is_not_reachable(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(root / "build/wheels")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setattr("rearm_workbench.packaging.wheels.RETRIES", 1)  # what pip says of a try is said before the next one
    with pytest.raises(ConfigError) as refused:
        build(world.target(), root, quiet)
    (line,) = refused.value.problems
    assert line.startswith("the package registry cannot be reached: ")
    assert [path.name for path in (root / "build/wheels").iterdir()] == [building.LOCK]
    assert not (root / "build/package/aws").exists()


def test_a_package_that_wants_to_be_elsewhere(root: Path) -> None:
    world.put_wheel(root, "aws", "odd-1.0-py3-none-any.whl", {"odd-1.0.data/purelib/odd.py": ""})
    with pytest.raises(ConfigError, match=r"^odd-1\.0-py3-none-any\.whl: odd-1\.0\.data/purelib/odd\.py would be installed elsewhere"):
        build(world.target(), root, quiet)


def test_the_disk_says_no(root: Path) -> None:
    (root / "build/package").write_text("a file")
    with pytest.raises(ConfigError, match=r"build/package: File exists: the archives could not be built"):
        build(world.target(), root, quiet)


def test_the_runtime_of_function_compute_2_is_missing(root: Path) -> None:
    (root / "funcraft/bootstrap").unlink()
    with pytest.raises(ConfigError, match=r"funcraft/bootstrap is not there"):
        build(world.target("alibaba"), root, quiet)


def test_what_the_archives_come_from(root: Path) -> None:
    first = manifest.digest(root, "aws", world.CONFIG)
    assert manifest.digest(root, "aws", world.CONFIG) == first
    there = manifest.digest(root, "alibaba", world.CONFIG)
    (root / "functions/alibaba/recheck.py").write_text("changed = 1")
    (root / "funcraft/template.yml").write_text("changed: 1")
    assert manifest.digest(root, "aws", world.CONFIG) == first
    changed = manifest.digest(root, "alibaba", world.CONFIG)
    (root / "funcraft/bootstrap").write_text("changed")
    assert len({first, there, changed, manifest.digest(root, "alibaba", world.CONFIG)}) == 4
    assert manifest.digest(root, "aws", world.CONFIG + b" ") != first
    (root / "functions/aws/recheck.py").write_text("changed = 1")
    assert manifest.digest(root, "aws", world.CONFIG) != first


@pytest.mark.parametrize(
    ("text", "line"),
    [(None, "the archives are not built; run `make package`"), ("{", "this is no manifest"), ("{}", "this is no manifest")],
)
def test_a_manifest_that_cannot_be_read(text: str | None, line: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / manifest.NAME).write_text(text)
    with pytest.raises(ConfigError, match=rf"manifest\.json: {line}"):
        manifest.read(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "rearm: no environment given; "),
        (["--env", "nowhere"], "rearm: environment `nowhere`: there is none such; "),
    ],
)
def test_the_command_refuses_in_one_line(arguments: list[str], line: str) -> None:
    told = CliRunner().invoke(app, ["package", *arguments])
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith(line)
    assert told.stderr.count("\n") == 1
