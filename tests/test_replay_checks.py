"""Checks that fit one cloud or one transition, replayed: the emulated cloud changes at `ready_after`, and the wait ends then."""

import json
from pathlib import Path

import boto3
import msgspec
import pytest

from rearm import checks
from rearm import config as configs
from rearm_workbench.permissions.needs import operations
from rearm_workbench.replay import prepare
from rearm_workbench.world_aws import ReplayedOnAws
from rearm_workbench.world_file import judge
from test_replay import EVENTS as SAMPLES
from test_replay import replayed

EVENTS = {
    "aws launch": "aws/eventbridge-launch.json",
    "aws terminate": "aws/eventbridge-terminate.json",
    "alibaba launch": "alibaba/eventbridge-scale-out.json",
    "alibaba terminate": "alibaba/eventbridge-scale-in.json",
}
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0a1b2c3d4e5f6a7b"
CPU = {"namespace": "AWS/EC2", "name": "CPUUtilization", "dimensions": {"InstanceId": "{instance}"}}
CONNECTIONS = {"namespace": "acs_ecs_dashboard", "name": "concurrentConnections", "dimensions": {"instanceId": "{instance}"}}
CHECKS: list[tuple[str, dict[str, object]]] = [
    ("aws launch", {"target_health": {"target_group": "web"}}),
    ("aws launch", {"target_health": {"target_group": ARN, "port": 9000}}),
    ("aws launch", {"target_health": {"load_balancer": "old"}}),
    ("aws terminate", {"target_health": {"target_group": "web"}}),
    ("aws terminate", {"target_health": {"load_balancer": "old"}}),
    ("alibaba terminate", {"target_health": {"load_balancer": "lb-1"}}),
    ("alibaba terminate", {"target_health": {"server_group": "sgp-1", "port": 8080}}),
    ("alibaba terminate", {"target_health": {"server_group": "sgp-1", "balancer": "nlb"}}),
    ("aws launch", {"metric": CPU | {"above": 1, "below": 90}}),
    ("aws terminate", {"metric": CPU | {"statistic": "Sum", "below": 0.5}}),
    ("aws launch", {"ecs_tasks": {"cluster": "shop"}}),
    ("aws terminate", {"ecs_tasks": {"cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/shop"}}),
    ("alibaba launch", {"metric": CONNECTIONS | {"above": 0.5, "statistic": "Value"}}),
    ("aws terminate", {"queue_empty": {"queue": "jobs-{instance}"}}),
    ("aws launch", {"queue_empty": {"queue": "https://sqs.us-east-1.amazonaws.com/123456789012/jobs", "delayed": True}}),
    ("alibaba launch", {"queue_empty": {"queue": "jobs"}}),
    ("alibaba terminate", {"queue_empty": {"queue": "jobs-{instance}", "delayed": True}}),
    ("alibaba terminate", {"metric": CONNECTIONS | {"below": 1}}),
]
LATE_S = {"metric": 120}
"""A metric's value is told when its period is over."""


def profile(where: str, check: dict[str, object]) -> dict[str, object]:
    """On time-out the result that the check's passing does not give."""
    cloud, transition = where.split()
    return {"name": "p", "match": {"cloud": cloud, "transition": transition}, "checks": [check], "budget": "20m", "on_timeout": "ABANDON"}


def assert_called_what_it_declares(where: str, check: dict[str, object], seen: set[str]) -> None:
    """Every call of the check's services is declared, and every declared call was made; the second question, whether it exists, was not."""
    cloud, ((kind, settings),) = where.split()[0], check.items()
    module = checks.module(kind)
    declared = set(operations(module, msgspec.convert(settings, module.Settings), "aws" if cloud == "aws" else "alibaba"))
    services = {call.partition(":")[0] for call in declared} - {"ec2"}
    assert {call for call in seen if call.partition(":")[0] in services} == declared - {"ec2:DescribeInstanceStatus"}


@pytest.mark.parametrize(("where", "check"), CHECKS, ids=lambda part: json.dumps(part).replace('"', ""))
def test_a_check_follows_the_world(where: str, check: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "rearm.json"
    path.write_text(json.dumps({"version": 1, "profiles": [profile(where, check)]}))
    config = configs.load(str(path))
    ready = replayed(EVENTS[where], config, path, ready_after="7m").waits[0]
    assert (ready.outcome, ready.ended_by) == ("CONTINUE", "rearm")
    assert 420 <= ready.waited_s <= 481 + LATE_S.get(next(iter(check)), 0)
    assert_called_what_it_declares(where, check, set(ready.api_calls))
    never = replayed(EVENTS[where], config, path, ready_after="never").waits[0]
    assert (never.outcome, never.ended_by) == ("ABANDON", "rearm")
    assert 1200 - 61 <= never.waited_s <= 1201


def test_the_bucket_is_there_before_its_object(tmp_path: Path) -> None:
    """A bucket that does not exist is a mistake in the configuration; an object that does not exist yet is what is waited for."""
    path = tmp_path / "rearm.json"
    path.write_text(json.dumps({"version": 1, "profiles": [profile("aws launch", {"object": {"bucket": "example-logs", "key": "x"}})]}))
    replay = prepare(SAMPLES / EVENTS["aws launch"], None)
    world = ReplayedOnAws(replay.event, replay.kind, replay.actions, judge({"ready_after": "7m"}), configs.load(str(path)), path)
    seen: list[int] = []

    def before(_world: object) -> None:
        seen.append(boto3.client("s3", region_name="us-east-1").list_objects_v2(Bucket="example-logs")["KeyCount"])

    assert [wait.outcome for wait in world.run(before=before)] == ["CONTINUE"]
    assert seen == [0]
