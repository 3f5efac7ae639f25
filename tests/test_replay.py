"""The main job, end to end: a notification file in, the deployed handlers on emulated clouds in virtual time, waits out."""

import json
import math
import time
from pathlib import Path

import pytest

from rearm import config as configs
from rearm.core.profile import Config
from rearm_workbench.replay import Replay, events_dir, files_of, play, prepare, surprise
from rearm_workbench.timeline import WaitRecord
from rearm_workbench.world_file import World, judge

EVENTS = events_dir()
ONE_OF_EACH = {
    "aws eventbridge": "aws/eventbridge-launch.json",
    "aws sns": "aws/sns-terminate.json",
    "aws sqs": "aws/sqs-raw-delivery.json",
    "aws direct": "aws/direct-launch.json",
    "alibaba mns_topic": "alibaba/mns-topic-stream.txt",
    "alibaba mns_queue": "alibaba/mns-queue-single.json",
    "alibaba eventbridge": "alibaba/eventbridge-scale-out.json",
    "alibaba oos": "alibaba/oos.json",
}
of_each_type = pytest.mark.parametrize("event", ONE_OF_EACH.values(), ids=ONE_OF_EACH)
SCHEDULE = {"aws": "scheduler:CreateSchedule", "alibaba": "fc:InvokeFunction"}


def replayed(event: str, config: Config | None = None, config_path: Path | None = None, **world: object) -> Replay:
    """The file, in the world that `world` describes (as a world file would)."""
    replay = prepare(EVENTS / event, None)
    replay.world = judge(world)
    play(replay, config or configs.load(str(configs.DEFAULT)), config_path)
    return replay


def the_wait(event: str, **world: object) -> WaitRecord:
    return replayed(event, **world).waits[0]


@pytest.mark.slow
def test_the_samples_hold_every_type_of_notification_and_end_as_their_worlds_say() -> None:
    """What `make demo` shows."""
    seen, waits = set(), []
    config = configs.load(str(configs.DEFAULT))
    for path in files_of([]):
        replay = prepare(path, None)
        play(replay, config, None)
        assert not replay.surprises
        assert not replay.invalid
        if replay.waits:
            seen.add(f"{replay.kind.cloud} {replay.kind.doorway}")
        waits += replay.waits
    assert seen == set(ONE_OF_EACH)
    long_boots = [wait for wait in waits if wait.cloud == "aws" and wait.ready_s == 2400 and wait.real.timeout_s == 600]
    assert [wait.outcome for wait in long_boots] == ["CONTINUE"]
    assert any(wait.cloud == "alibaba" and wait.ready_s == 21_000 and wait.outcome == "CONTINUE" for wait in waits)


def test_aws_hook_3600_ready_after_40_minutes_takes_no_heartbeat() -> None:
    wait = the_wait("aws/eventbridge-launch.json", ready_after="40m", hook={"heartbeat_timeout": "1h"})
    assert (wait.outcome, wait.ended_by, wait.real.heartbeats) == ("CONTINUE", "rearm", 0)


def test_aws_hook_600_ready_after_40_minutes_is_at_most_one_above_the_floor() -> None:
    wait = the_wait("aws/eventbridge-launch.json", ready_after="40m", hook={"heartbeat_timeout": "10m"})
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert wait.real.heartbeats <= math.ceil((2400 - 600) / 600) + 1
    assert 2400 <= wait.waited_s <= 2400 + 60


@pytest.mark.slow
@pytest.mark.parametrize("heartbeat", ["sets", "adds"])
@pytest.mark.parametrize("fc", ["2.0", "3.0"])
def test_alibaba_ready_after_5_h_50_continues_within_20_heartbeats(heartbeat: str, fc: str) -> None:
    wait = the_wait("alibaba/mns-topic-stream.txt", ready_after="5h50m", heartbeat=heartbeat, fc=fc)
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert wait.real.heartbeats <= 20


@pytest.mark.parametrize(
    ("event", "hook_timeout", "result"),
    [
        ("aws/eventbridge-launch.json", "5m", "ABANDON"),
        ("aws/eventbridge-terminate.json", "5m", "CONTINUE"),
        ("aws/direct-launch.json", "30s", "ABANDON"),
        ("aws/direct-launch.json", "179s", "ABANDON"),
        ("aws/direct-launch.json", "3m", "ABANDON"),
        ("alibaba/oos.json", "30s", "ABANDON"),
        ("alibaba/mns-queue-single.json", "6h", "ABANDON"),
        ("alibaba/eventbridge-scale-in.json", "10m", "CONTINUE"),
    ],
)
@pytest.mark.slow
@pytest.mark.parametrize("late", [None, "59s"])
def test_never_ready_gets_an_explicit_result_before_the_default_would_fall(event: str, hook_timeout: str, result: str, late: str) -> None:
    default = "CONTINUE" if result == "ABANDON" else "ABANDON"
    world = {"ready_after": "never", "hook": {"heartbeat_timeout": hook_timeout, "default_result": default}}
    wait = the_wait(event, **world | ({"timers_late": late} if late else {}))
    assert (wait.outcome, wait.ended_by) == (result, "rearm")


@of_each_type
def test_duplicates_cost_at_most_one_look_one_recheck_and_one_heartbeat(event: str) -> None:
    world = {"ready_after": "35m", "hook": {"heartbeat_timeout": "10m"}}
    once, thrice = the_wait(event, **world), the_wait(event, **world, duplicates=3)
    assert sum(entry.what == "notification" for entry in thrice.timeline) == 3
    assert thrice.outcome == once.outcome == "CONTINUE"
    assert thrice.looks <= once.looks + 1
    assert thrice.real.heartbeats <= once.real.heartbeats + 1
    timers = SCHEDULE[once.cloud]
    assert thrice.api_calls[timers] <= once.api_calls[timers] + 1
    fired = [wait.looks - 1 for wait in (once, thrice)]
    assert fired[1] <= fired[0] + 1


@pytest.mark.slow
def test_a_48_hour_wait_with_a_look_a_minute_replays_within_a_minute() -> None:
    began = time.monotonic()
    wait = the_wait("aws/eventbridge-launch.json", ready_after="never", hook={"heartbeat_timeout": "1h"}, expect="ABANDON")
    assert time.monotonic() - began < 60
    assert (wait.outcome, wait.ended_by) == ("ABANDON", "rearm")
    assert wait.looks >= 48 * 60 - 10
    assert 48 * 3600 - 120 <= wait.waited_s < 48 * 3600


@of_each_type
def test_calls_are_those_that_the_emulators_received(event: str) -> None:
    wait = the_wait(event, ready_after="25m", hook={"heartbeat_timeout": "10m"})
    calls, aws = wait.api_calls, wait.cloud == "aws"
    assert calls["autoscaling:CompleteLifecycleAction" if aws else "ess:CompleteLifecycleAction"] == 1
    assert calls["autoscaling:DescribeLifecycleHooks" if aws else "ess:DescribeLifecycleHooks"] == 1
    assert calls["autoscaling:RecordLifecycleActionHeartbeat" if aws else "ess:RecordLifecycleActionHeartbeat"] == wait.real.heartbeats
    assert calls[SCHEDULE[wait.cloud]] == wait.looks - 1
    assert sum(entry.what.startswith("heartbeat") for entry in wait.timeline) == wait.real.heartbeats


def test_gone_ends_quietly_with_the_reason() -> None:
    for event in ("aws/eventbridge-launch.json", "alibaba/eventbridge-scale-out.json"):
        wait = the_wait(event, ready_after="never", gone_after="12m")
        assert wait.ended_by == "gone"
        assert wait.timeline[-1].what == "gone"
        assert wait.timeline[-1].at_s <= 12 * 60 + 61
        assert surprise(wait, World(ready_after_s=None, gone_after_s=720)) is None


def test_every_record_of_a_batch_is_a_wait_of_its_own() -> None:
    replay = replayed("aws/sqs-batch.json", ready_after="4m")
    assert [wait.outcome for wait in replay.waits] == ["CONTINUE"] * 3
    assert len({wait.action.token for wait in replay.waits}) == 3


def test_all_instances_of_an_action_must_be_ready() -> None:
    wait = the_wait("alibaba/eventbridge-scale-in.json", ready_after="10m")
    assert len(wait.action.instances) == 2
    assert wait.api_calls["ecs:ListTagResources"] == 2 * wait.looks


CHECKS = {
    "http": [{"http": {"port": 8080, "path": "/healthz", "status": 204}}],
    "tcp": [{"tcp": {"port": 5432}}],
    "http with a body": [{"http": {"port": 8080, "json": "$.checks[1].db", "equals": "ok", "body_matches": "[0-9]{3}-?(ready|up)"}}],
    "https": [{"http": {"scheme": "https", "port": 8443, "method": "POST", "body": "?", "address_tag": "ingress"}}],
    "tls": [{"tls": {"port": 8443, "server_name": "shop.example", "valid_for": "14d"}}],
    "tag": [{"tag": {"key": "ready", "value": "yes"}}],
    "instance_status": [{"instance_status": {}}],
    "instance_status with agents": [{"instance_status": {"ssm": True, "cloud_assistant": True}}],
    "parameter": [{"parameter": {"name": "ready-{instance}", "value": "yes"}}],
    "object": [{"object": {"bucket": "ready", "key": "web/{instance}"}}],
    "kubernetes_node": [{"kubernetes_node": {"cluster": "web"}}],
    "function": [{"function": {"function": "is-it-ready"}}],
    "command": [{"command": {"run": "/opt/ready.sh", "output": "^ready$"}}],
    "all and any": [{"any": [{"tcp": {"port": 1}}, {"http": {"port": 80}}]}, {"instance_status": {}}],
}


@pytest.mark.parametrize("checks", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("event", ["aws/eventbridge-launch.json", "alibaba/eventbridge-scale-out.json"])
def test_each_check_is_asked_for_real_and_follows_the_world(checks: list, event: str, tmp_path: Path) -> None:
    path = tmp_path / "rearm.json"
    path.write_text(json.dumps({"version": 1, "profiles": [{"name": "p", "checks": checks, "budget": "20m"}]}))
    config = configs.load(str(path))
    ready = replayed(event, config, path, ready_after="7m").waits[0]
    assert (ready.outcome, ready.ended_by) == ("CONTINUE", "rearm")
    assert 420 <= ready.waited_s <= 481
    never = replayed(event, config, path, ready_after="never").waits[0]
    assert (never.outcome, never.ended_by) == ("ABANDON", "rearm")
    assert 1200 - 61 <= never.waited_s <= 1201


def test_the_same_file_gives_the_same_wait_twice() -> None:
    for event in ("aws/direct-launch.json", "alibaba/oos.json"):
        first, second = (replayed(event, ready_after="9m").waits[0].as_json() for _ in range(2))
        assert first == second
