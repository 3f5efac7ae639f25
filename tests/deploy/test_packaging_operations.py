"""The operations that the cut botocore knows are those that the layer calls."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from rearm_workbench.packaging import operations

LAYER = Path(__file__).resolve().parents[2] / "shared" / "python" / "rearm"
CALLERS = {"aws", "aws_once", "_sent"}
CLIENTS = {"client", "client_of_one_attempt"}
PASSED_ON = {"checks/asking/call.py", "clouds/aws/calls.py", "steps/aws/notify.py"}
"""Where the service is an argument: these are called with the names that the others give."""


def camel(method: str) -> str:
    return "".join(part.capitalize() for part in method.split("_"))


def called() -> Iterator[tuple[str, str, str]]:
    """(file, service, operation) of every call; the operation is empty where only a client is asked for."""
    for path in sorted(LAYER.rglob("*.py")):
        name = path.relative_to(LAYER).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLERS | CLIENTS:
                service = node.args[0] if node.args else None
                if not isinstance(service, ast.Constant):
                    assert name in PASSED_ON, f"{name}:{node.lineno} calls a service that this test cannot read"
                    continue
                operation = node.args[1] if node.func.id in CALLERS else None
                assert operation is None or isinstance(operation, ast.Constant), f"{name}:{node.lineno}"
                yield name, str(service.value), str(operation.value) if isinstance(operation, ast.Constant) else ""
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
                made = node.value
                if made.func.id in CLIENTS and isinstance(made.args[0], ast.Constant):  # type: ignore[attr-defined] # a Name, as asked above
                    yield name, str(made.args[0].value), camel(node.attr)


def test_every_call_in_the_layer_is_known() -> None:
    known = operations.of_rearm()
    found = set(called())
    for name, service, operation in sorted(found):
        assert service in known, f"{name} calls {service}"
        assert not operation or operation in known[service], f"{name} calls {service}:{operation}"
    # The reading of the source has not gone blind.
    assert {(service, operation) for _, service, operation in found} >= {
        ("autoscaling", "CompleteLifecycleAction"),
        ("scheduler", "CreateSchedule"),
        ("ec2", "DescribeTags"),
        ("lambda", "Invoke"),
        ("sns", "Publish"),
        ("elb", "DescribeInstanceHealth"),
    }


def test_no_service_is_kept_that_nothing_calls() -> None:
    assert set(operations.of_rearm()) == {service for _, service, _ in called()}


def test_operations_that_are_not_called_as_their_permission_is() -> None:
    known = operations.of_rearm()
    assert known["lambda"] == {"Invoke"}
    assert known["s3"] == {"HeadObject", "HeadBucket"}
    assert "iam" not in known
    assert "logs" not in known


@pytest.mark.parametrize(
    ("config", "prefixes"),
    [
        (b'{"version": 1, "profiles": [{"name": "a", "checks": [{"tag": {"key": "a"}}]}]}', []),
        (
            b'{"profiles": [{"checks": [{"python": {"function": "a:b", "permissions": ["elasticache:DescribeCacheClusters"]}}]}]}',
            ["elasticache"],
        ),
        (
            b'{"profiles": [{"checks": [{"not": {"any": [{"python": {"function": "a:b", "permissions": ["rds:X", "kms:Y"]}}]}}],'
            b' "stages": [{"do": [{"python": {"function": "a:b", "permissions": ["kms:Z"]}}]}], "steps": [{"python": "a:b"}]}]}',
            ["kms", "rds"],
        ),
    ],
)
def test_what_the_operators_own_checks_call(config: bytes, prefixes: list[str]) -> None:
    assert operations.of_own_checks(config) == dict.fromkeys(prefixes, operations.ALL)
