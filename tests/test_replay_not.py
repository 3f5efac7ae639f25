"""Checks under `not`, replayed: what they ask about is so until `ready_after`, and the wait ends when it is so no longer."""

import json
from pathlib import Path
from typing import Any

import pytest

from rearm import config as configs
from rearm_workbench.replay import Replay
from test_replay import replayed

EVENTS = {
    "aws launch": "aws/eventbridge-launch.json",
    "aws terminate": "aws/eventbridge-terminate.json",
    "alibaba launch": "alibaba/eventbridge-scale-out.json",
    "alibaba terminate": "alibaba/eventbridge-scale-in.json",
}
CPU = {"namespace": "AWS/EC2", "name": "CPUUtilization", "dimensions": {"InstanceId": "{instance}"}, "above": 1}
CONNECTIONS = {"namespace": "acs_ecs_dashboard", "name": "concurrentConnections", "above": 0.5, "statistic": "Value"}
BOTH: list[dict[str, Any]] = [
    {"tag": {"key": "quarantined"}},
    {"tag": {"key": "state", "value": "booting"}},
    {"parameter": {"name": "web-{instance}", "value": "draining"}},
    {"object": {"bucket": "example-locks", "key": "{instance}.lock"}},
    {"function": {"function": "is-busy"}},
    {"http": {"port": 8080, "path": "/connections"}},
    {"tcp": {"port": 22}},
    {"tcp": {"port": 22, "address_tag": "ip"}},
    {"tls": {"port": 443, "server_name": "shop.example"}},
    {"queue_empty": {"queue": "jobs-{instance}"}},
    {"instance_status": {}},
]
CHECKS: list[tuple[str, dict[str, Any]]] = [
    *((where, check) for check in BOTH for where in ("aws terminate", "alibaba launch")),
    ("aws launch", {"instance_status": {"ssm": True}}),
    ("alibaba launch", {"instance_status": {"cloud_assistant": True}}),
    ("alibaba launch", {"parameter": {"name": "booting", "store": "kms"}}),
    ("aws launch", {"metric": CPU}),
    ("alibaba terminate", {"metric": CONNECTIONS}),
    ("aws launch", {"ecs_tasks": {"cluster": "shop"}}),
    ("aws terminate", {"ecs_tasks": {"cluster": "shop"}}),
    ("aws launch", {"target_health": {"target_group": "web"}}),
    ("aws launch", {"target_health": {"load_balancer": "old"}}),
    ("aws launch", {"kubernetes_node": {"cluster": "shop"}}),
    ("alibaba launch", {"kubernetes_node": {"cluster": "shop"}}),
]
LATE_S = {"metric": 120}
"""A metric's value is told when its period is over."""


def play(tmp_path: Path, where: str, check: dict[str, Any], ready_after: str) -> Replay:
    cloud, transition = where.split()
    rules = {"name": "p", "match": {"cloud": cloud, "transition": transition}, "checks": [check], "budget": "20m", "on_timeout": "ABANDON"}
    path = tmp_path / "rearm.json"
    path.write_text(json.dumps({"version": 1, "profiles": [rules]}))
    return replayed(EVENTS[where], configs.load(str(path)), path, ready_after=ready_after)


@pytest.mark.parametrize(("where", "check"), CHECKS, ids=lambda part: json.dumps(part).replace('"', ""))
def test_under_not_a_check_passes_until_the_instance_is_ready(where: str, check: dict[str, Any], tmp_path: Path) -> None:
    wait = play(tmp_path, where, {"not": check}, "7m").waits[0]
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert 420 <= wait.waited_s <= 481 + LATE_S.get(next(iter(check)), 0)


def test_in_a_world_that_never_gets_ready_it_passes_to_the_end(tmp_path: Path) -> None:
    wait = play(tmp_path, "aws launch", {"not": BOTH[0]}, "never").waits[0]
    assert (wait.outcome, wait.ended_by) == ("ABANDON", "rearm")
    assert wait.waited_s >= 1200 - 61


@pytest.mark.parametrize(
    "condition",
    [
        {"not": {"not": BOTH[0]}},
        {"not": {"any": [{"not": BOTH[0]}, BOTH[1]]}},
        {"all": [{"not": BOTH[1]}, {"tag": {"key": "state", "value": "ready"}}]},
        {"all": [{"tag": {"key": "state", "value": "ready"}}, {"not": BOTH[1]}]},
        {"all": [{"parameter": {"name": "web-{instance}", "value": "drained"}}, {"not": BOTH[2]}]},
        {"all": [{"not": BOTH[5]}, {"http": {"port": 8080, "path": "/healthz"}}]},
        {"n_of": {"n": 2, "of": [{"not": BOTH[6]}, {"tcp": {"port": 80}}]}},
    ],
    ids=lambda part: json.dumps(part).replace('"', ""),
)
@pytest.mark.parametrize("where", ["aws launch", "alibaba terminate"])
def test_an_even_number_cancels_out_and_what_is_beside_it_follows_the_world(where: str, condition: dict[str, Any], tmp_path: Path) -> None:
    wait = play(tmp_path, where, condition, "7m").waits[0]
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert 420 <= wait.waited_s <= 481
