"""`ecs_drain`: the container instance on the instance is set to DRAINING."""

from pathlib import Path
from typing import Any

import pytest

from check_clouds import I
from step_clouds import assert_nonsense_is_going, assert_trouble_is_going, do, every_other_timer_fails, judged, played, said
from test_check_ecs_tasks import SHOP, ecs, join, kept

__all__ = ["ecs"]

KIND = "ecs_drain"
CALLS = ["ecs:ListContainerInstances", "ecs:DescribeContainerInstances", "ecs:UpdateContainerInstancesState"]


def told(cloud: Any) -> tuple[str, str]:
    found = do(cloud, KIND, SHOP)
    return found.status, found.reason


def test_it_drains_this_instance_and_no_other(aws_cloud: Any, ecs: Any) -> None:
    join(ecs)
    assert told(aws_cloud) == ("done", "set to DRAINING")
    assert told(aws_cloud) == ("done", "is DRAINING already")
    arns = ecs.list_container_instances(cluster="shop")["containerInstanceArns"]
    found = ecs.describe_container_instances(cluster="shop", containerInstances=arns)["containerInstances"]
    assert {one["ec2InstanceId"] == I: one["status"] for one in found} == {True: "DRAINING", False: "ACTIVE"}


def test_one_that_registered_twice_is_drained_twice(aws_cloud: Any, ecs: Any) -> None:
    arns = [join(ecs), join(ecs)]
    assert told(aws_cloud) == ("done", "set to DRAINING")
    found = ecs.describe_container_instances(cluster="shop", containerInstances=arns)["containerInstances"]
    assert [one["status"] for one in found] == ["DRAINING"] * 2


def test_an_instance_that_the_cluster_does_not_know_needs_no_draining(aws_cloud: Any, ecs: Any) -> None:
    assert told(aws_cloud) == ("done", "not in the cluster")
    join(ecs)
    for status in ("INACTIVE", "DEREGISTERING", "REGISTRATION_FAILED"):
        kept(aws_cloud).status = status
        assert told(aws_cloud) == ("done", "not in the cluster")
        assert kept(aws_cloud).status == status


def test_a_cluster_that_is_not_there_has_failed(aws_cloud: Any) -> None:
    status, reason = told(aws_cloud)
    assert status == "failed"
    assert "ClusterNotFoundException" in reason


def test_trouble_is_going(aws_cloud: Any, ecs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    join(ecs)
    for call in CALLS:
        assert_trouble_is_going(aws_cloud, call, KIND, SHOP)
    assert_nonsense_is_going(monkeypatch, aws_cloud, "rearm.checks.ecs_tasks.aws", KIND, SHOP)
    assert_nonsense_is_going(monkeypatch, aws_cloud, "rearm.steps.ecs_drain.aws", KIND, SHOP)
    arn = kept(aws_cloud).container_instance_arn
    still = {"containerInstances": [{"containerInstanceArn": arn, "status": "ACTIVE"}]}
    for answer, words in (({"failures": [{"reason": "MISSING"}]}, "MISSING"), (still, "cannot be read")):
        monkeypatch.setattr("rearm.steps.ecs_drain.aws", lambda *_, _answer=answer, **__: _answer)
        status, reason = told(aws_cloud)
        assert (status, words in reason) == ("going", True)


def test_one_that_is_not_active_yet_is_tried_again(aws_cloud: Any, ecs: Any) -> None:
    join(ecs)
    join(ecs)
    first = kept(aws_cloud)
    first.status = "REGISTERING"
    assert told(aws_cloud) == ("going", "is REGISTERING: only an ACTIVE one can be drained")
    first.status = "ACTIVE"
    assert told(aws_cloud) == ("done", "set to DRAINING")
    assert told(aws_cloud) == ("done", "is DRAINING already")


@pytest.mark.parametrize(
    ("match", "says"),
    [
        ({"cloud": "aws", "transition": "terminate"}, ""),
        ({"transition": "terminate"}, "is for AWS only"),
        ({"cloud": "aws"}, "`match: {transition: terminate}`"),
    ],
)
def test_where_it_fits(match: dict[str, str], says: str) -> None:
    problems = judged({KIND: SHOP}, **match)
    assert len(problems) == bool(says)
    assert says in "".join(problems)


def test_a_wait_drains_once_and_goes_on_without_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    happened = every_other_timer_fails(monkeypatch)
    wait = played("aws", tmp_path, {KIND: SHOP}, checks=[{"ecs_tasks": SHOP}])
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert 600 <= wait.waited_s <= 661
    assert wait.api_calls[CALLS[2]] == 1
    [instance] = wait.action.instances
    drained = f"step done: ecs drain shop {instance}: is DRAINING already"
    assert list(said(wait))[-1] == drained, "the look that drained it was delivered again"
    assert "failed" in happened
    assert "the container instance is DRAINING" in "".join(entry.why for entry in wait.timeline)
