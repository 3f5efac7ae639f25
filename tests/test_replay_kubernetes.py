"""kubernetes_node in a replay for instances that terminate: pods end in their own time, and the wait follows."""

import json
from pathlib import Path
from typing import Any

import pytest

from rearm import config as configs
from rearm.errors import ConfigError
from rearm_workbench.replay import Replay, events_dir, play, prepare
from rearm_workbench.world_file import judge


def replayed(event: str, tmp_path: Path, settings: dict[str, object], steps: list[object] | None = None, **world: object) -> Replay:
    """With a check `kubernetes_node`, or with these steps alone."""
    path = tmp_path / "rearm.json"
    profile = {
        "name": "p",
        "match": {"transition": "terminate" if steps else ["launch", "terminate"]},
        "budget": "20m",
        "on_timeout": "ABANDON",
    }
    profile |= {"checks": [], "steps": steps} if steps else {"checks": [{"kubernetes_node": settings}]}
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


TERMINATE = pytest.mark.parametrize("event", ["aws/eventbridge-terminate.json", "alibaba/eventbridge-scale-in.json"])


def done_at(wait: Any, step: str) -> list[float]:
    return [entry.at_s for entry in wait.timeline if entry.what == "step done" and f"kubernetes {step}" in entry.why]


@TERMINATE
def test_a_node_that_rearm_drains(event: str, tmp_path: Path) -> None:
    steps: list[object] = [{"kubernetes_cordon": {"cluster": "web"}}, {"kubernetes_drain": {"cluster": "web"}}]
    wait = replayed(event, tmp_path, {}, steps, ready_after="7m", duplicates=2).waits[0]
    instances = len(wait.action.instances)
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert 420 <= wait.waited_s <= 541, "the budget allows it 30 s before; then comes a look, and one that finds the pods gone"
    assert done_at(wait, "cordon") == [0] * instances
    assert wait.api_calls["kubernetes:patch nodes"] == instances, "what is cordoned is not cordoned again"
    assert wait.api_calls["kubernetes:list nodes"] == instances, "the next step knows the node already"
    assert wait.api_calls["kubernetes:delete pods"] == 0
    assert any("the disruption budget shop/web-" in entry.why for entry in wait.timeline if entry.what == "step going")
    never = replayed(event, tmp_path, {}, steps, ready_after="never").waits[0]
    assert (never.outcome, never.ended_by) == ("ABANDON", "rearm")


@TERMINATE
def test_a_drain_that_escalates(event: str, tmp_path: Path) -> None:
    wait = replayed(event, tmp_path, {}, [{"kubernetes_drain": {"cluster": "web", "force_after": "10m"}}], ready_after="never").waits[0]
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert 600 <= done_at(wait, "drain")[-1] <= 730
    assert wait.api_calls["kubernetes:delete pods"] == 2 * len(wait.action.instances)


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
