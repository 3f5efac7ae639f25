"""Steps in whole waits: done once, in their order, before the wait may go on; and escalations in their time."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rearm import config as configs
from rearm.checks.question import Question
from rearm.core.model import CheckResult, StepResult
from rearm.errors import TryAgain
from rearm_workbench.replay import Replay
from test_replay import ONE_OF_EACH, replayed

TERMINATE = {"aws": "aws/eventbridge-terminate.json", "alibaba": "alibaba/eventbridge-scale-in.json"}
of_each_cloud = pytest.mark.parametrize("cloud", TERMINATE)
TAG_CALL = {"aws": "ec2:CreateTags", "alibaba": "ecs:TagResources"}
SUSPEND_CALL = {"aws": "autoscaling:SuspendProcesses", "alibaba": "ess:SuspendProcesses"}
TAG = {"tag": {"key": "draining", "value": "yes"}}
SUSPEND = {"suspend_processes": {"processes": ["HealthCheck"]}}
DRAINED = {"tag": {"key": "drained"}}
HOOK = {"heartbeat_timeout": "10m"}

called: list[tuple[str, str]] = []


def told(question: Question, name: str, fails: int = 0, after_s: float = 0) -> StepResult:
    """A step of the operator's own, that fails so often first."""
    called.append((name, question.instance))
    if called.count((name, question.instance)) <= fails:
        raise TryAgain("the node does not answer")
    return StepResult("failed", "no such node") if name == "hopeless" else StepResult("done", f"{name} {question.action.transition}")


def never(question: Question) -> CheckResult:
    return CheckResult("waiting", f"{question.instance} is never ready")


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    called.clear()
    yield
    called.clear()


def own(name: str, **more: Any) -> dict[str, Any]:
    return {"python": {"function": "test_steps:told", "with": {"name": name, **more}}}


def play(cloud: str, tmp_path: Path, event: str = "", world: dict[str, Any] | None = None, **profile: Any) -> Replay:
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
    path.write_text(json.dumps({"version": 1, "profiles": [{"name": "p", "checks": [], "budget": "30m", **profile}]}))
    known = {"ready_after": "10m", "hook": HOOK} | (world or {})
    return replayed(event or TERMINATE[cloud], configs.load(str(path)), path, **known)


@of_each_cloud
def test_steps_are_done_once_for_each_instance_or_once_for_the_action(cloud: str, tmp_path: Path) -> None:
    wait = play(cloud, tmp_path, steps=[SUSPEND, TAG, own("goodbye")], checks=[DRAINED]).waits[0]
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert wait.looks > 8
    assert wait.api_calls[SUSPEND_CALL[cloud]] == 1
    assert wait.api_calls[TAG_CALL[cloud]] == len(wait.action.instances)
    assert sorted(called) == [("goodbye", instance) for instance in sorted(wait.action.instances)]
    steps = [entry for entry in wait.timeline if entry.what.startswith("step")]
    assert [entry.what for entry in steps] == ["step done"] * (1 + 2 * len(wait.action.instances))
    assert [entry.why.split(":")[0].split()[0] for entry in steps[:2]] == ["suspend", "tag"]
    assert {entry.at_s for entry in steps} == {0}, "the first look of a fresh notification does them"


@pytest.mark.parametrize("event", ONE_OF_EACH.values(), ids=ONE_OF_EACH)
def test_a_duplicate_does_no_step_again(event: str, tmp_path: Path) -> None:
    world = {"ready_after": "35m", "duplicates": 4}
    replay = play("", tmp_path, event, world, steps=[own("hello"), own("tell")], checks=["instance_status"], budget="50m")
    for wait in replay.waits:
        assert wait.ended_by == "rearm"
        for instance in wait.action.instances:
            assert [name for name, one in called if one == instance] == ["hello", "tell"]


@of_each_cloud
def test_a_step_that_fails_for_a_while_is_tried_again_and_the_next_one_waits(cloud: str, tmp_path: Path) -> None:
    wait = play(cloud, tmp_path, world={"ready_after": "1s"}, steps=[own("cordon", fails=3), own("drain")]).waits[0]
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    first = wait.action.instances[0]
    assert [name for name, one in called if one == first] == ["cordon"] * 4 + ["drain"]
    going = [entry.why for entry in wait.timeline if entry.what == "step going"]
    assert all("the node does not answer" in why for why in going)
    assert 120 <= wait.waited_s <= 240


@of_each_cloud
def test_a_step_that_fails_for_good_takes_the_answer_for_a_failure(cloud: str, tmp_path: Path) -> None:
    wait = play(cloud, tmp_path, steps=[own("hopeless"), own("next")], checks=[DRAINED], on_failure="ABANDON").waits[0]
    assert (wait.outcome, wait.ended_by, wait.looks) == ("ABANDON", "rearm", 1)
    assert "no such node" in wait.timeline[-1].why
    called.clear()
    step = {"python": own("hopeless")["python"] | {"required": False}}
    wait = play(cloud, tmp_path, steps=[step, own("next")], checks=[DRAINED], on_failure="ABANDON").waits[0]
    assert wait.outcome == "CONTINUE"
    assert "next" in {name for name, _ in called}


@of_each_cloud
def test_a_stage_comes_when_the_wait_is_so_old(cloud: str, tmp_path: Path) -> None:
    stages = [{"name": "force", "after": "10m", "steps": [own("force")]}, {"name": "harder", "after": "20m", "steps": [own("kill"), TAG]}]
    wait = play(cloud, tmp_path, world={"ready_after": "never"}, checks=[{"python": "test_steps:never"}], stages=stages).waits[0]
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm"), "the answer of the budget's end, on terminate"
    at = {entry.why.split()[0]: entry.at_s for entry in wait.timeline if entry.what == "step done"}
    assert 600 <= at["force"] <= 660
    assert 1200 <= at["harder"] <= 1260
    assert called.count(("force", wait.action.instances[0])) == 1
    calm = play(cloud, tmp_path, world={"ready_after": "5m"}, checks=[DRAINED], stages=stages).waits[0]
    assert not [entry for entry in calm.timeline if entry.what.startswith("step")]


@of_each_cloud
def test_an_instance_that_is_ready_is_not_escalated(cloud: str, tmp_path: Path) -> None:
    """Also when the stage is due in the very look that finds it ready."""
    stages = [{"name": "force", "after": "5m", "steps": [own("kill")]}]
    wait = play(cloud, tmp_path, world={"ready_after": "299s"}, checks=[DRAINED], stages=stages, every="10m").waits[0]
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert wait.waited_s >= 300
    assert not called


@of_each_cloud
def test_a_step_that_is_not_required_holds_nothing_up(cloud: str, tmp_path: Path) -> None:
    flaky = {"python": own("flaky", fails=999)["python"] | {"required": False}}
    wait = play(cloud, tmp_path, world={"ready_after": "1s"}, steps=[flaky, own("drain")], checks=[DRAINED]).waits[0]
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert {name for name, _ in called} == {"flaky", "drain"}


@of_each_cloud
def test_a_step_that_breaks_is_named_and_never_completes_anything(cloud: str, tmp_path: Path) -> None:
    wait = play(cloud, tmp_path, world={"ready_after": "1s"}, steps=[own("nothing", wrong=1)], budget="10m", on_timeout="ABANDON").waits[0]
    assert (wait.outcome, wait.ended_by) == ("ABANDON", "rearm")
    assert wait.waited_s > 500
    assert "the step broke: TypeError" in wait.timeline[-1].why
