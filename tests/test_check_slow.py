"""Clouds that take the connection and say nothing: through the real clients, a check costs its own limit and no more."""

import re
import socket
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from rearm import checks, observe
from rearm.clouds.alibaba.cloud import Alibaba
from rearm.clouds.alibaba.cloud import forget_clients as forget_alibaba
from rearm.clouds.alibaba.endpoints import BY_REGION
from rearm.clouds.aws.cloud import Aws
from rearm.clouds.aws.cloud import forget_clients as forget_aws
from rearm.core.model import Action, Wait
from rearm.core.profile import Check, Profile

LIMIT_S = 0.2
AWS: dict[str, dict[str, object]] = {
    "target_health": {"target_group": "web"},
    "queue_empty": {"queue": "jobs"},
    "metric": {"namespace": "AWS/EC2", "name": "CPUUtilization", "below": 5},
    "ecs_tasks": {"cluster": "shop"},
    "instance_status": {"ssm": True},
    "tag": {"key": "drained"},
    "command": {"run": "true"},
    "parameter": {"name": "ready"},
    "object": {"bucket": "ready", "key": "x"},
    "function": {"function": "is-it-ready"},
}
ALIBABA: dict[str, dict[str, object]] = {
    "target_health": {"load_balancer": "lb-1"},
    "queue_empty": {"queue": "jobs"},
    "metric": {"namespace": "acs_ecs_dashboard", "name": "CPUUtilization", "below": 5},
    "instance_status": {"cloud_assistant": True},
    "tag": {"key": "drained"},
    "command": {"run": "true"},
    "parameter": {"name": "ready"},
    "object": {"bucket": "ready", "key": "x"},
    "function": {"function": "is-it-ready"},
}
CASES = [(cloud, kind) for cloud, kinds in (("aws", AWS), ("alibaba", ALIBABA)) for kind in kinds]


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Every endpoint of both clouds is a socket that nobody reads."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        endpoint = f"127.0.0.1:{listener.getsockname()[1]}"
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"):
            monkeypatch.setenv(name, "x")
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{endpoint}")
        monkeypatch.setenv("FC_REGION", "cn-hangzhou")
        for product in (*BY_REGION, "fc"):
            monkeypatch.setenv(f"REARM_ENDPOINT_{product.upper()}", endpoint)
        forget_aws()
        forget_alibaba()
        listener.settimeout(10)
        yield listener
    forget_aws()
    forget_alibaba()


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_silent_cloud_costs_the_checks_limit(silent: socket.socket, name: Any, kind: str) -> None:
    cloud: Any = Aws() if name == "aws" else Alibaba(SimpleNamespace())
    check = Check(kind, (AWS if name == "aws" else ALIBABA)[kind], limit_s=LIMIT_S, label=kind)
    checks.module(kind)
    action = Action(name, "hook", "t", ("i-0123456789abcdef0",), "group", "terminate")
    began = time.monotonic()
    (result,) = observe.observe(Wait(action, 0.0, 600.0), Profile("p", checks=(check,)), cloud).values()
    assert (result.status, result.error) == ("waiting", True)
    # `function` and `object` hand the limit to the client too: whichever of the two clocks is first says so.
    assert re.search("^no answer within 0.2 s$|no answer in time|ReadTimeoutError", result.reason), result.reason
    assert time.monotonic() - began < LIMIT_S + 1
    line, _ = silent.accept()  # the question was really sent
    line.close()
