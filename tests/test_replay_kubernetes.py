"""kubernetes_node in a replay for instances that terminate: pods end in their own time, and the wait follows."""

import json
from pathlib import Path

import pytest

from rearm import config as configs
from rearm.errors import ConfigError
from rearm_workbench.replay import Replay, events_dir, play, prepare
from rearm_workbench.world_file import judge


def replayed(event: str, tmp_path: Path, settings: dict[str, object], **world: object) -> Replay:
    path = tmp_path / "rearm.json"
    profile = {"name": "p", "checks": [{"kubernetes_node": settings}], "budget": "20m", "on_timeout": "ABANDON"}
    path.write_text(json.dumps({"version": 1, "profiles": [profile]}))
    replay = prepare(events_dir() / event, None)
    replay.world = judge(world)
    play(replay, configs.load(str(path)), path)
    return replay


@pytest.mark.parametrize("event", ["aws/eventbridge-terminate.json", "alibaba/eventbridge-scale-in.json"])
def test_a_node_that_is_drained(event: str, tmp_path: Path) -> None:
    wait = replayed(event, tmp_path, {"cluster": "web"}, ready_after="7m").waits[0]
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert 420 <= wait.waited_s <= 481
    reasons = [entry.why for entry in wait.timeline if entry.what.startswith("look")]
    instances = len(wait.action.instances)
    assert any("2 pods are left" in reason for reason in reasons)
    assert wait.api_calls["kubernetes:list nodes"] == instances, "a node's name is remembered"
    assert wait.api_calls["eks:DescribeCluster" if wait.cloud == "aws" else "cs:DescribeClusterUserKubeconfig"] <= instances
    never = replayed(event, tmp_path, {"cluster": "web"}, ready_after="never").waits[0]
    assert (never.outcome, never.ended_by) == ("ABANDON", "rearm")


@pytest.mark.parametrize("event", ["aws/eventbridge-launch.json", "alibaba/eventbridge-scale-out.json"])
def test_a_node_that_joins_is_seen_at_each_stage(event: str, tmp_path: Path) -> None:
    wait = replayed(event, tmp_path, {"cluster": "web"}, ready_after="7m").waits[0]
    reasons = [entry.why for entry in wait.timeline if entry.what.startswith("look")]
    stages = ["has no node of this instance yet", "is not Ready (KubeletNotReady)", "every check passed"]
    seen = [next(stage for stage in stages if stage in reason) for reason in reasons]
    assert sorted(seen, key=stages.index) == seen, reasons
    assert set(seen) == set(stages)


def test_a_cluster_that_a_replay_does_not_know(tmp_path: Path) -> None:
    settings = {"endpoint": "https://10.0.0.1:6443", "token_env": "TOKEN"}
    with pytest.raises(ConfigError, match="give the `cluster` alone"):
        replayed("aws/eventbridge-terminate.json", tmp_path, settings, ready_after="7m")
