"""`deregister_targets` on AWS: target groups and Classic Load Balancers; and its settings."""

from pathlib import Path
from typing import Any

import pytest

from check_clouds import I
from rearm.steps import deregister_targets
from step_clouds import assert_nonsense_is_going, assert_trouble_is_going, do, every_other_timer_fails, judged, played, said
from test_check_target_health import CLASSIC, GROUP, group

__all__ = ["group"]

KIND = "deregister_targets"
ELB = "elasticloadbalancing"
TARGETS, INSTANCES = f"{ELB}:DeregisterTargets", f"{ELB}:DeregisterInstancesFromLoadBalancer"
HEALTH, CLASSIC_HEALTH, BY_NAME = f"{ELB}:DescribeTargetHealth", f"{ELB}:DescribeInstanceHealth", f"{ELB}:DescribeTargetGroups"
GOING, DONE = ("going", "deregistered, connections drain"), ("done", "not registered with the load balancer")
OTHER = "i-00000000000000001"


def told(cloud: Any, settings: Any, known: dict[str, str] | None = None) -> tuple[str, str]:
    found = do(cloud, KIND, settings, known)
    return found.status, found.reason


@pytest.fixture
def classic(aws_cloud: Any, group: Any) -> Any:
    """A client of a Classic Load Balancer, `I` behind it, with a minute of draining."""
    elb = aws_cloud.client("elb")
    listener = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}
    elb.create_load_balancer(LoadBalancerName="old", Listeners=[listener], AvailabilityZones=["us-east-1a"])
    draining = {"ConnectionDraining": {"Enabled": True, "Timeout": 60}}
    elb.modify_load_balancer_attributes(LoadBalancerName="old", LoadBalancerAttributes=draining)
    elb.register_instances_with_load_balancer(LoadBalancerName="old", Instances=[{"InstanceId": I}, {"InstanceId": OTHER}])
    return elb


def members(elb: Any, arn: str) -> dict[str, str]:
    found = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return {one["Target"]["Id"]: one["TargetHealth"]["State"] for one in found}


def test_a_target_leaves_its_group_and_drains(aws_cloud: Any, group: tuple[Any, str], clock: Any) -> None:
    elb, arn = group
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": I, "Port": 9000}, {"Id": OTHER}])
    known: dict[str, str] = {}
    assert told(aws_cloud, GROUP, known) == GOING
    assert members(elb, arn)[I] == "draining"
    assert OTHER in members(elb, arn)
    until = clock.now() + 30
    clock.run_until(until - 1)
    assert told(aws_cloud, GROUP, known) == ("going", "connections drain")
    clock.run_until(until)
    assert told(aws_cloud, GROUP, known) == DONE, "looking again did not make it drain anew"
    assert told(aws_cloud, {"target_group": arn}) == DONE
    assert members(elb, arn) == {OTHER: "healthy"}


def test_who_does_not_wait_is_done_at_once(aws_cloud: Any, group: tuple[Any, str], classic: Any) -> None:
    elb, arn = group
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": I}])
    for settings in ({"target_group": arn}, CLASSIC):
        assert told(aws_cloud, settings | {"wait_for_draining": False}) == ("done", "deregistered")
        assert told(aws_cloud, settings)[0] == "going", "it drains nevertheless"
        assert told(aws_cloud, settings | {"wait_for_draining": False}) == ("done", "deregistered")


def test_another_port_of_the_instance_stays(aws_cloud: Any, group: tuple[Any, str]) -> None:
    elb, arn = group
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": I, "Port": 9000}])
    assert told(aws_cloud, GROUP | {"port": 8080}) == DONE
    assert I in members(elb, arn)
    assert told(aws_cloud, GROUP | {"port": 9000}) == GOING


@pytest.mark.parametrize(
    ("states", "left", "status"),
    [
        (["healthy", "unhealthy.draining"], [80, 81], "going"),
        (["draining", "initial"], [81], "going"),
        (["draining"], [], "going"),
        (["unused", "unused"], [80, 81], "done"),
        (["unused", "draining"], [80], "going"),
        ([], [], "done"),
    ],
)
def test_every_port_is_named_and_only_what_is_still_registered(
    aws_cloud: Any, monkeypatch: pytest.MonkeyPatch, states: list[str], left: list[int], status: str
) -> None:
    """Ports of one instance, which the emulator keeps one of."""
    named: list[int] = []
    found = [{"Target": {"Id": I, "Port": 80 + n}, "TargetHealth": {"State": state}} for n, state in enumerate(states)]
    monkeypatch.setattr("rearm.checks.aws.target_health.aws", lambda *_, **__: {"TargetHealthDescriptions": found})
    monkeypatch.setattr("rearm.steps.aws.deregister_targets.aws", lambda *_, **said: named.extend(one["Port"] for one in said["Targets"]))
    assert told(aws_cloud, {"target_group": "arn:aws:x:targetgroup/web/1"})[0] == status
    assert named == left


def test_an_instance_leaves_a_classic_load_balancer(aws_cloud: Any, classic: Any, clock: Any) -> None:
    assert told(aws_cloud, CLASSIC) == GOING
    until = clock.now() + 60
    clock.run_until(until - 1)
    assert told(aws_cloud, CLASSIC) == ("going", "connections drain")
    clock.run_until(until)
    assert told(aws_cloud, CLASSIC) == DONE
    [balancer] = classic.describe_load_balancers()["LoadBalancerDescriptions"]
    assert [one["InstanceId"] for one in balancer["Instances"]] == [OTHER]


def test_an_instance_that_is_gone_is_done(aws_cloud: Any, group: tuple[Any, str]) -> None:
    aws_cloud.vanish(I)
    assert told(aws_cloud, GROUP) == DONE


@pytest.mark.parametrize(("settings", "code"), [(GROUP, "TargetGroupNotFound"), (CLASSIC, "LoadBalancerNotFound")])
def test_a_place_that_does_not_exist_has_failed(aws_cloud: Any, settings: Any, code: str) -> None:
    status, reason = told(aws_cloud, settings)
    assert status == "failed"
    assert code in reason


def test_trouble_is_going(aws_cloud: Any, group: tuple[Any, str], classic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    elb, arn = group
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": I}])
    for settings, calls in ((GROUP, (BY_NAME, HEALTH, TARGETS)), (CLASSIC, (CLASSIC_HEALTH, INSTANCES))):
        for call in calls:
            assert_trouble_is_going(aws_cloud, call, KIND, settings)
        assert_nonsense_is_going(monkeypatch, aws_cloud, "rearm.checks.aws.target_health.aws", KIND, settings)
    assert I in members(elb, arn)


FITS = {"cloud": "aws", "transition": "terminate"}
THERE = {"cloud": "alibaba", "transition": "terminate"}


@pytest.mark.parametrize(
    ("settings", "match", "says"),
    [
        (GROUP, FITS, ""),
        (CLASSIC, {"transition": "terminate"}, ""),
        ({"server_group": "sgp-1", "balancer": "nlb", "port": 80}, THERE, ""),
        ({"vserver_group": "rsp-1"}, THERE, ""),
        ({}, FITS, "has no target: give"),
        (GROUP, {"cloud": "aws"}, "`match: {transition: terminate}`"),
        (GROUP, {"transition": "terminate"}, ".target_group: is of the other cloud only"),
        ({"vserver_group": "rsp-1"}, FITS, ".vserver_group: is of the other cloud only"),
        ({"vserver_group": "sgp-1"}, THERE, ".vserver_group: `sgp-1`: must be a text: the id of a VServer group"),
        (GROUP | CLASSIC, FITS, ".load_balancer: has no use beside `target_group`"),
        (CLASSIC | {"balancer": "nlb"}, THERE, ".balancer: has no use without `server_group`"),
        (CLASSIC | {"port": 80}, THERE, ".port: has no use with `load_balancer`"),
        (GROUP | {"wait_for_draining": "yes"}, FITS, ".wait_for_draining: `yes`: must be true or false"),
    ],
)
def test_settings(settings: dict[str, Any], match: dict[str, str], says: str) -> None:
    problems = judged({KIND: settings}, **match)
    assert len(problems) == bool(says)
    assert says in "".join(problems)


@pytest.mark.parametrize(
    ("settings", "label"),
    [
        (GROUP | {"port": 80}, "deregister from web:80"),
        ({"target_group": "arn:aws:x:targetgroup/web/1"}, "deregister from web"),
        ({"vserver_group": "rsp-1"}, "deregister from rsp-1"),
    ],
)
def test_labels(settings: dict[str, Any], label: str) -> None:
    assert deregister_targets.label(deregister_targets.Settings(**settings)) == label


@pytest.mark.parametrize(("settings", "call"), [(GROUP, TARGETS), (CLASSIC, INSTANCES)])
def test_a_wait_takes_it_out_once_and_goes_on_when_it_has_drained(
    settings: dict[str, Any], call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened = every_other_timer_fails(monkeypatch)
    wait = played("aws", tmp_path, {KIND: settings}, checks=[{"target_health": settings}])
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert 300 <= wait.waited_s <= 361, "ELB's default deregistration delay"
    assert wait.api_calls[call] == 1
    assert list(said(wait))[-1].endswith(DONE[1])
    assert "failed" in happened
