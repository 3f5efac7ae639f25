"""What is left of botocore's data makes the same requests as the whole, and what is left out of the packages is only what nothing reads."""

import json
import shutil
from pathlib import Path
from typing import Any

import boto3
import botocore
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.regions import EndpointResolver

from rearm.errors import ConfigError
from rearm_workbench.packaging import botocore_data, operations
from rearm_workbench.packaging.left_out import is_left_out

WHOLE = Path(botocore.__file__).parent / "data"
KEPT = operations.of_rearm()


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of rearm's services and of two others, cut."""
    data = tmp_path_factory.mktemp("botocore") / "data"
    for name in (*KEPT, "sts", "elasticache"):
        shutil.copytree(WHOLE / name, data / name)
    for path in WHOLE.glob("*.json"):
        shutil.copy(path, data)
    (data / "unknown.json").write_text("{}")
    botocore_data.cut(data, KEPT)
    return data


def loader(data: Path) -> Loader:
    return Loader(extra_search_paths=[str(data)], include_default_search_paths=False)


def shapes(shape: Shape | None, seen: dict[str, Any]) -> dict[str, Any]:
    """Everything that a request or an answer of that shape is read by."""
    if shape is None or shape.name in seen:
        return seen
    metadata = {key: value for key, value in shape.metadata.items() if key != "examples"}
    seen[shape.name] = (shape.type_name, shape.serialization, metadata, list(getattr(shape, "members", ())))
    inner = [*getattr(shape, "members", {}).values(), *(getattr(shape, name, None) for name in ("member", "key", "value"))]
    for one in inner:
        shapes(one if isinstance(one, Shape) else None, seen)
    return seen


@pytest.mark.parametrize("service", sorted(KEPT))
def test_each_operation_is_read_and_written_as_before(service: str, cut: Path) -> None:
    before, after = (ServiceModel(one.load_service_model(service, "service-2"), service) for one in (Loader(), loader(cut)))
    assert set(after.operation_names) <= KEPT[service]
    assert after.operation_names
    assert after.metadata == before.metadata
    assert after.client_context_parameters == before.client_context_parameters
    for name in after.operation_names:
        old, new = before.operation_model(name), after.operation_model(name)
        assert new.http == old.http
        assert shapes(new.input_shape, {}) == shapes(old.input_shape, {})
        assert shapes(new.output_shape, {}) == shapes(old.output_shape, {})
        assert [one.name for one in new.error_shapes] == [one.name for one in old.error_shapes]
    assert loader(cut).load_service_model(service, "endpoint-rule-set-1") == Loader().load_service_model(service, "endpoint-rule-set-1")


def test_every_operation_is_in_one_of_its_prefixs_services(cut: Path) -> None:
    there = {
        name for service in KEPT for name in ServiceModel(loader(cut).load_service_model(service, "service-2"), service).operation_names
    }
    assert there == {name for names in KEPT.values() for name in names}


def test_services_and_files_that_nobody_reads_are_gone(cut: Path) -> None:
    assert {path.name for path in cut.iterdir() if path.is_dir()} == set(KEPT)
    assert {path.name for path in cut.iterdir() if path.is_file()} == set(botocore_data.SHARED)
    names = {path.name for path in cut.rglob("*/*/*.json")}
    assert names == {"service-2.json", "endpoint-rule-set-1.json", "service-2.sdk-extras.json"}
    assert all(len(list(path.iterdir())) == 1 for path in cut.iterdir() if path.is_dir())
    assert sum(path.stat().st_size for path in cut.rglob("*") if path.is_file()) < 3_000_000


def test_a_client_of_the_cut_data_signs_the_same_request(cut: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def request(found: Loader) -> tuple[str, bytes, str]:
        session = boto3.session.Session("key", "secret", region_name="eu-central-1")
        session._session.register_component("data_loader", found)
        scheduler = session.client("scheduler", endpoint_url=None)
        sent: list[Any] = []

        def keep(request: Any, **_: object) -> Any:
            sent.append(request)
            raise InterruptedError

        scheduler.meta.events.register("before-send.scheduler.CreateSchedule", keep)
        with pytest.raises(InterruptedError):
            scheduler.create_schedule(
                Name="n",
                ScheduleExpression="at(2026-01-01T00:00:00)",
                FlexibleTimeWindow={"Mode": "OFF"},
                ClientToken="t",
                Target={"Arn": "arn:aws:lambda:eu-central-1:1:function:f", "RoleArn": "arn:aws:iam::1:role/r", "Input": "{}"},
            )
        return sent[0].url, sent[0].body, str(sent[0].method)

    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert request(loader(cut)) == request(Loader())


def test_every_endpoint_of_every_region_is_the_same(cut: Path) -> None:
    small, whole = (EndpointResolver(found.load_data("endpoints")) for found in (loader(cut), Loader()))
    compared = 0
    for service in KEPT:
        prefix = loader(cut).load_service_model(service, "service-2")["metadata"]["endpointPrefix"]
        for partition in whole.get_available_partitions():
            regions = whole.get_available_endpoints("ec2", partition, allow_non_regional=True)
            assert small.get_available_endpoints(prefix, partition) == whole.get_available_endpoints(prefix, partition)
            for region in regions:
                assert small.construct_endpoint(prefix, region) == whole.construct_endpoint(prefix, region)
                compared += 1
    assert compared > 300
    assert (cut / "endpoints.json").stat().st_size < 150_000


def test_a_service_by_the_prefix_that_it_signs_by_stays_whole(tmp_path: Path) -> None:
    for name in ("sts", "cloudwatch", "elasticache"):
        shutil.copytree(WHOLE / name, tmp_path / name)
    botocore_data.cut(tmp_path, {"monitoring": operations.ALL, "elasticache": operations.ALL, "sts": frozenset({"AssumeRole"})})
    for service in ("cloudwatch", "elasticache"):
        assert set(loader(tmp_path).load_service_model(service, "service-2")["operations"]) == set(
            Loader().load_service_model(service, "service-2")["operations"]
        )
    assert set(loader(tmp_path).load_service_model("sts", "service-2")["operations"]) == {"AssumeRole"}


def test_a_service_that_botocore_does_not_know(tmp_path: Path) -> None:
    shutil.copytree(WHOLE / "sts", tmp_path / "sts")
    with pytest.raises(ConfigError, match="botocore knows no service `nonsuch`"):
        botocore_data.cut(tmp_path, {"nonsuch": operations.ALL})


def test_members_that_are_called_as_what_is_cut_stay(tmp_path: Path) -> None:
    folder = tmp_path / "own" / "2026-01-01"
    folder.mkdir(parents=True)
    model = {
        "metadata": {"endpointPrefix": "own"},
        "operations": {"Get": {"name": "Get", "input": {"shape": "In"}, "documentation": "long"}},
        "shapes": {
            "In": {"type": "structure", "members": {"documentation": {"shape": "Text", "documentation": "long"}}, "documentation": "long"},
            "Text": {"type": "string"},
            "Other": {"type": "string"},
        },
    }
    (folder / "service-2.json").write_text(json.dumps(model))
    (folder / "endpoint-rule-set-1.json").write_text("{}")
    botocore_data.cut(tmp_path, {"own": frozenset({"Get"})})
    left = json.loads((folder / "service-2.json").read_text())
    assert left["shapes"] == {"In": {"type": "structure", "members": {"documentation": {"shape": "Text"}}}, "Text": {"type": "string"}}
    assert left["operations"] == {"Get": {"name": "Get", "input": {"shape": "In"}}}


@pytest.mark.parametrize(
    ("name", "cloud", "left_out"),
    [
        ("boto3/session.py", "aws", False),
        ("boto3/data/ec2/2016-11-15/resources-1.json", "aws", True),
        ("botocore/cacert.pem", "aws", False),
        ("msgspec/_core.cpython-312-x86_64-linux-gnu.so", "aws", False),
        ("msgspec/__init__.pyi", "aws", True),
        ("aws_lambda_powertools/logging/logger.py", "aws", False),
        ("aws_lambda_powertools/utilities/__init__.py", "aws", False),
        ("aws_lambda_powertools/utilities/jmespath_utils/__init__.py", "aws", False),
        ("aws_lambda_powertools/utilities/parser/models/sqs.py", "aws", True),
        ("aws_lambda_powertools/event_handler/api_gateway.py", "aws", True),
        ("jmespath-1.1.0.data/scripts/jp.py", "aws", True),
        ("jmespath-1.1.0.data/purelib/jp.py", "aws", False),
        ("boto3-1.44.5.dist-info/METADATA", "aws", False),
        ("boto3-1.44.5.dist-info/RECORD", "aws", True),
        ("boto3-1.44.5.dist-info/licenses/LICENSE", "aws", False),
        ("python_dateutil-2.9.0.post0.dist-info/LICENSE", "aws", False),
        ("certifi/tests/data/cacert.pem", "alibaba", True),
        ("certifi/cacert.pem", "alibaba", False),
        ("certifi/py.typed", "alibaba", True),
        ("boto3/data/ec2/2016-11-15/resources-1.json", "alibaba", False),
    ],
)
def test_what_is_left_out(name: str, cloud: Any, left_out: bool) -> None:
    assert is_left_out(name, cloud) is left_out
