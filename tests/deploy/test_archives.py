"""The built archives: the same bytes again, small, nothing in them that nobody needs, and nothing compiled at start."""

import ast
import email
import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from archives_world import ARCHIVES, ROOT, RUNTIMES, Unpacked, copied, found, lone, make, sources, unpacked
from rearm.core.model import CloudName
from rearm_workbench.packaging import manifest

pytestmark = pytest.mark.deploy

MOST_BYTES = 12_000_000
LAYER = ROOT / "shared" / "python"
CLOUDS: tuple[CloudName, ...] = get_args(CloudName)
BUILDS = [(cloud, version) for cloud in CLOUDS for version in RUNTIMES[cloud]]


@pytest.fixture(params=BUILDS, ids="-".join)
def built(request: pytest.FixtureRequest) -> tuple[CloudName, str, Unpacked]:
    cloud, version = request.param
    if found(version) is None:
        pytest.skip(f"no Python {version} on this machine")
    return cloud, version, unpacked(cloud, version)


def test_python_310_and_another_one_are_here() -> None:
    assert found("3.10")
    assert [version for version in RUNTIMES["aws"] if version != "3.10" and found(version)]


def digests(made: Path, cloud: str) -> dict[str, str]:
    return {name: hashlib.sha256((made / name).read_bytes()).hexdigest() for name in (*ARCHIVES[cloud], "manifest.json")}


def test_the_same_bytes_again_from_another_directory(
    built: tuple[CloudName, str, Unpacked], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And without a network: what was fetched for the first build serves the second."""
    cloud, version, at = built
    root = copied(tmp_path / "a checkout elsewhere", sources())
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PYTHONHASHSEED", "11")
    assert digests(make(cloud, version, root / "build" / "package", root), cloud) == digests(at.made, cloud)


def test_sizes(built: tuple[CloudName, str, Unpacked]) -> None:
    cloud, _, at = built
    told = manifest.read(at.made)
    assert set(told.archives) == set(ARCHIVES[cloud])
    assert sum(told.archives[name].bytes for name in ("layer.zip", "functions.zip")) < MOST_BYTES
    assert all(one.bytes == (at.made / name).stat().st_size < MOST_BYTES for name, one in told.archives.items())
    # Lambda's and Function Compute's limits on what is unpacked, 250 MB and 500 MB, are far away.
    assert told.archives["layer.zip"].unpacked_bytes < (40_000_000 if cloud == "aws" else 4_000_000)


def entries(at: Unpacked, archive: str) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(at.made / archive) as packed:
        return packed.infolist()


def test_nothing_that_nobody_needs(built: tuple[CloudName, str, Unpacked]) -> None:
    cloud, version, at = built
    tag = f"cpython-{version.replace('.', '')}"
    for archive in ARCHIVES[cloud]:
        names = [one.filename for one in entries(at, archive)]
        assert names == sorted(names)
        assert {one.date_time for one in entries(at, archive)} == {(1980, 1, 1, 0, 0, 0)}
        for name in names:
            parts = name.split("/")
            assert not {"tests", "test", "workbench", "rearm_workbench", "pip", "setuptools", "moto"}.intersection(parts), name
            assert not name.endswith((".pyi", ".pyx", ".c", ".yml", ".toml", ".zip", "RECORD", "WHEEL", "entry_points.txt")), name
            if "__pycache__" in parts:
                assert name.endswith(f".{tag}.pyc"), name
            if name.endswith(".so"):
                assert f"{tag}-x86_64-linux-gnu" in name or ".abi3." in name, name


def test_every_module_has_its_bytecode(built: tuple[CloudName, str, Unpacked]) -> None:
    cloud, version, at = built
    for archive in ARCHIVES[cloud]:
        names = {one.filename for one in entries(at, archive)}
        for name in names:
            if name.endswith(".py"):
                folder, _, module = name.rpartition("/")
                compiled = f"__pycache__/{module[:-3]}.cpython-{version.replace('.', '')}.pyc"
                assert (f"{folder}/{compiled}" if folder else compiled) in names, name


def test_the_licence_of_everything_is_there(built: tuple[CloudName, str, Unpacked]) -> None:
    cloud, _, at = built
    folders = sorted((at.layer / "python").glob("*.dist-info"))
    assert len(folders) >= (10 if cloud == "aws" else 2)
    for folder in folders:
        told = email.message_from_string((folder / "METADATA").read_text())
        files = [path for path in folder.rglob("*") if path.is_file() and path.name != "METADATA"]
        assert files or told["License"] or told["License-Expression"] or "License ::" in str(told), folder.name


OF_ONE_CLOUD = {"checks/kubernetes/eks.py": "aws", "checks/kubernetes/ack.py": "alibaba"}
"""What lies outside the clouds' own rooms."""
NOT_DEPLOYED = {"import yaml"}
"""For `rearm.yml` on an engineer's machine: the functions read the JSON that is compiled from it."""


def imports(path: Path) -> Iterator[str]:
    """Each import statement of a file, as a line to run by itself. Those for types only do not run."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield ast.unparse(node)


def statements(cloud: CloudName) -> list[str]:
    """Of the layer and the doorways, without the rooms of the other cloud."""
    other = "alibaba" if cloud == "aws" else "aws"
    files = [path for path in LAYER.rglob("*.py") if other not in path.relative_to(LAYER).parts]
    files = [path for path in files if OF_ONE_CLOUD.get(path.relative_to(LAYER / "rearm").as_posix(), cloud) == cloud]
    files += (ROOT / "functions" / cloud).glob("*.py")
    return sorted({line for path in files for line in imports(path) if f".{other}" not in line} - NOT_DEPLOYED)


IMPORTS = """
import json
own, missing = {where!r}, []
compiled = []
def watch(event, arguments):
    if event == "compile" and str(arguments[1]).startswith(tuple(own)):
        compiled.append(str(arguments[1]))
sys.addaudithook(watch)
for line in json.loads(sys.argv[1]):
    try:
        exec(line, {{}})
    except ImportError as error:
        missing.append(line + ": " + str(error))
{more}
loaded = [module.__file__ for module in sys.modules.values() if str(getattr(module, "__file__", None)).startswith(tuple(own))]
print(json.dumps({{"missing": missing, "compiled": compiled, "loaded": len(loaded)}}))
"""
MORE = {
    "aws": """
import boto3, os
from aws_lambda_powertools import Logger
Logger(service="rearm")
for service in ("autoscaling", "scheduler", "ec2", "s3", "lambda", "elbv2"):
    boto3.session.Session().client(service, region_name="us-east-1")
for name in ("eventbridge", "sns", "sqs", "direct", "recheck", "sweep"):
    __import__(name).handler
""",
    "alibaba": """
import certifi
from rearm.clouds.alibaba import exchange, invoke_fc2, invoke_fc3, oss, rpc, smq
from rearm.clouds.alibaba.settings import Credentials
key = Credentials("id", "secret", "token")
rpc.signed(key, "ess", "DescribeLifecycleHooks", {"RegionId": "cn-hangzhou"}, 0, "nonce")
rpc.signed(key, "cs", "DescribeClusterUserKubeconfig", {"ClusterId": "c", "RegionId": "cn-hangzhou"}, 0, "nonce")
exchange._trust(), open(certifi.where()).close()
for name in ("mns_topic", "mns_queue", "eventbridge", "oos", "recheck", "sweep"):
    __import__(name).handler
""",
}


def imported(cloud: CloudName, at: Unpacked) -> dict[str, object]:
    script = IMPORTS.format(where=[str(at.layer), str(at.code)], more=MORE[cloud])
    told = lone(at, script, json.dumps(statements(cloud)), surroundings={"REARM_CONFIG": str(at.code / "rearm.json")})
    assert told.returncode == 0, told.stderr
    answer: dict[str, object] = json.loads(told.stdout)
    return answer


def test_every_import_is_served_and_nothing_is_compiled_at_start(built: tuple[CloudName, str, Unpacked]) -> None:
    cloud, _, at = built
    told = imported(cloud, at)
    assert told["missing"] == []
    assert told["compiled"] == []
    assert int(str(told["loaded"])) > (250 if cloud == "aws" else 100)


def test_a_module_that_is_compiled_at_start_is_seen(tmp_path: Path) -> None:
    """The test above would notice: bytecode that is missing, and bytecode that is bound to a file's date."""
    cloud: CloudName = "aws"
    version = next(one for one in RUNTIMES[cloud] if found(one))
    at = unpacked(cloud, version)
    layer = tmp_path / "opt"
    shutil.copytree(at.layer, layer)
    tag = f"cpython-{version.replace('.', '')}"
    (layer / f"python/rearm/__pycache__/look.{tag}.pyc").unlink()
    dated = layer / f"python/boto3/__pycache__/session.{tag}.pyc"
    dated.write_bytes(dated.read_bytes()[:4] + bytes(12) + dated.read_bytes()[16:])
    told = imported(cloud, at._replace(layer=layer))
    assert sorted(str(told["compiled"]).replace("'", "").strip("[]").split(", ")) == [
        str(layer / "python/boto3/session.py"),
        str(layer / "python/rearm/look.py"),
    ]


def test_the_archives_for_arm(tmp_path: Path) -> None:
    """Lambda only: Function Compute runs x86_64."""
    version = next(one for one in RUNTIMES["aws"] if found(one))
    made = make("aws", version, tmp_path / "package", sources(), "arm64")
    with zipfile.ZipFile(made / "layer.zip") as packed:
        native = [name for name in packed.namelist() if name.endswith(".so")]
    assert native
    assert all("aarch64" in name for name in native)
