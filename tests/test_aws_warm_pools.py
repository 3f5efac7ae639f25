"""Warm pools, retained instances and replaced root volumes on the AWS emulator."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aws_world import LAUNCHING, ROLE, START, TERMINATING, World, complete, refused, running

RETAIN = {"RetentionTriggers": {"TerminateHookAbandon": "retain"}}


@pytest.fixture
def world() -> Iterator[World]:
    with running() as one:
        yield one


def routes(world: World, sqs: Any, url: str) -> list[tuple[str, str]]:
    """Origin and destination of every notification that has come since."""
    return [(one["Origin"], one["Destination"]) for one in world.bodies(sqs, url) if "Origin" in one]


def pool(scaling: Any) -> list[str]:
    return [one["LifecycleState"] for one in scaling.describe_warm_pool(AutoScalingGroupName="web")["Instances"]]


def ec2_state(world: World, instance_id: str) -> str:
    shown = world.client("ec2").describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
    return str(shown["State"]["Name"])


def test_a_launch_hook_fires_twice_with_a_warm_pool(world: World) -> None:
    sqs, url, arn = world.queue()
    scaling = world.group()
    world.hook(scaling, NotificationTargetARN=arn, RoleARN=ROLE)
    scaling.put_warm_pool(AutoScalingGroupName="web", MaxGroupPreparedCapacity=1)
    first = world.waiting()[0]
    assert routes(world, sqs, url) == [("EC2", "WarmPool")]
    assert (pool(scaling), ec2_state(world, first.instances[0])) == (["Warmed:Pending:Wait"], "running")
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"] == []
    complete(scaling, LifecycleActionToken=first.token)
    assert (pool(scaling), ec2_state(world, first.instances[0])) == (["Warmed:Stopped"], "stopped")
    world.scale(scaling, 1)
    second = world.waiting()[0]
    assert routes(world, sqs, url) == [("WarmPool", "AutoScalingGroup")]
    assert second.instances == first.instances
    assert second.token != first.token
    assert (world.states(scaling), pool(scaling), ec2_state(world, first.instances[0])) == (["Pending:Wait"], [], "running")
    with pytest.raises(ClientError, match="No active Lifecycle Action found with token"):
        complete(scaling, LifecycleActionToken=first.token)
    complete(scaling, LifecycleActionToken=second.token)
    assert world.states(scaling) == ["InService"]


def test_scale_in_returns_to_the_pool_if_the_group_reuses_instances(world: World) -> None:
    sqs, url, arn = world.queue()
    scaling = world.group()
    world.scale(scaling, 1)
    reuse = {"ReuseOnScaleIn": True}
    scaling.put_warm_pool(AutoScalingGroupName="web", MaxGroupPreparedCapacity=1, PoolState="Running", InstanceReusePolicy=reuse)
    world.hook(scaling, LifecycleTransition=TERMINATING, NotificationTargetARN=arn, RoleARN=ROLE)
    instance = scaling.describe_auto_scaling_instances()["AutoScalingInstances"][0]["InstanceId"]
    world.scale(scaling, 0)
    assert routes(world, sqs, url) == [("AutoScalingGroup", "WarmPool")]
    assert (world.states(scaling), len(world.waiting())) == (["Warmed:Pending:Wait"], 1)
    complete(scaling, InstanceId=instance)
    shown = scaling.describe_warm_pool(AutoScalingGroupName="web")
    assert [(one["InstanceId"], one["LifecycleState"]) for one in shown["Instances"]] == [(instance, "Warmed:Running")]
    assert shown["WarmPoolConfiguration"] == {
        "MaxGroupPreparedCapacity": 1,
        "MinSize": 0,
        "PoolState": "Running",
        "InstanceReusePolicy": reuse,
    }
    group = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]
    assert (group["WarmPoolSize"], group["WarmPoolConfiguration"]["PoolState"]) == (1, "Running")
    scaling.delete_warm_pool(AutoScalingGroupName="web")
    assert routes(world, sqs, url) == [("WarmPool", "EC2")]
    assert pool(scaling) == ["Warmed:Terminating:Wait"]
    ends = scaling.describe_warm_pool(AutoScalingGroupName="web")["WarmPoolConfiguration"]
    assert ends["Status"] == "PendingDelete"
    complete(scaling, InstanceId=instance)
    assert world.aws.instance_state(instance) == "terminated"
    assert "WarmPoolConfiguration" not in scaling.describe_warm_pool(AutoScalingGroupName="web")


def test_an_instance_that_fails_to_warm_up_is_replaced_in_the_pool(world: World) -> None:
    scaling = world.group()
    world.hook(scaling)
    scaling.put_warm_pool(AutoScalingGroupName="web", MaxGroupPreparedCapacity=0, MinSize=1)
    first = world.waiting()[0]
    world.clock.run_until(START + 600)
    assert (first.result, first.by) == ("ABANDON", "default result")
    second = world.waiting()[0]
    assert second.instances != first.instances
    assert pool(scaling) == ["Warmed:Pending:Wait"]
    scaling.delete_warm_pool(AutoScalingGroupName="web", ForceDelete=True)
    assert (world.waiting(), second.by) == ([], "gone")


def test_a_pool_follows_the_desired_capacity(world: World) -> None:
    scaling = world.group()
    scaling.put_warm_pool(AutoScalingGroupName="web")
    assert pool(scaling) == ["Warmed:Stopped"] * 9
    world.scale(scaling, 2)
    assert (pool(scaling), world.states(scaling).count("InService")) == (["Warmed:Stopped"] * 7, 2)
    scaling.update_auto_scaling_group(AutoScalingGroupName="web", MaxSize=4)
    world.scale(scaling, 1)
    assert (pool(scaling), world.states(scaling).count("InService")) == (["Warmed:Stopped"] * 3, 1)
    with pytest.raises(ClientError) as error:
        scaling.put_warm_pool(AutoScalingGroupName="web", PoolState="Asleep")
    assert refused(error)[0] == "ValidationError"


@pytest.mark.parametrize("how", ["abandoned", "timed out"])
def test_a_retaining_group_keeps_what_was_abandoned_on_its_way_out(world: World, how: str) -> None:
    scaling = world.group(InstanceLifecyclePolicy=RETAIN)
    world.scale(scaling, 1)
    world.hook(scaling, LifecycleTransition=TERMINATING)
    instance = scaling.describe_auto_scaling_instances()["AutoScalingInstances"][0]["InstanceId"]
    world.scale(scaling, 0)
    if how == "abandoned":
        complete(scaling, "ABANDON", InstanceId=instance)
    else:
        world.clock.run_until(START + 600)
    assert (world.aws.instance_state(instance), ec2_state(world, instance)) == ("Terminating:Retained", "running")
    world.scale(scaling, 1)
    assert sorted(world.states(scaling)) == ["InService", "Terminating:Retained"], "it does not count to the capacity"
    with pytest.raises(ClientError, match="TerminateHookAbandon retention trigger is set to retain"):
        scaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    scaling.terminate_instance_in_auto_scaling_group(InstanceId=instance, ShouldDecrementDesiredCapacity=False)
    assert (world.aws.instance_state(instance), world.waiting()) == ("terminated", [])
    shown = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["InstanceLifecyclePolicy"]
    assert shown == RETAIN
    scaling.update_auto_scaling_group(
        AutoScalingGroupName="web", InstanceLifecyclePolicy={"RetentionTriggers": {"TerminateHookAbandon": "terminate"}}
    )
    world.scale(scaling, 0)
    complete(scaling, "ABANDON", InstanceId=world.waiting()[0].instances[0])
    assert world.states(scaling) == []


def test_continue_terminates_also_in_a_retaining_group(world: World) -> None:
    scaling = world.group(InstanceLifecyclePolicy=RETAIN)
    world.scale(scaling, 1)
    world.hook(scaling, LifecycleTransition=TERMINATING)
    world.scale(scaling, 0)
    complete(scaling, InstanceId=world.waiting()[0].instances[0])
    assert world.states(scaling) == []


def test_an_instance_of_the_pool_is_retained_too(world: World) -> None:
    scaling = world.group(InstanceLifecyclePolicy=RETAIN)
    world.hook(scaling, LifecycleTransition=TERMINATING)
    scaling.put_warm_pool(AutoScalingGroupName="web", MaxGroupPreparedCapacity=1)
    scaling.put_warm_pool(AutoScalingGroupName="web", MaxGroupPreparedCapacity=0)
    assert pool(scaling) == ["Warmed:Terminating:Wait"]
    complete(scaling, "ABANDON", InstanceId=world.waiting()[0].instances[0])
    assert pool(scaling) == ["Warmed:Terminating:Retained"]


def test_the_way_out_of_a_replaced_root_volume_runs_the_launch_hooks(world: World) -> None:
    sqs, url, arn = world.queue()
    action = world.seed(transition="terminate", origin="AutoScalingGroup", destination="AutoScalingGroup")
    scaling = world.client("autoscaling")
    world.hook(scaling, LifecycleHookName="up", LifecycleTransition=LAUNCHING, NotificationTargetARN=arn, RoleARN=ROLE)
    world.bodies(sqs, url)
    complete(scaling, LifecycleActionToken=action.token)
    notice = world.bodies(sqs, url)[0]
    assert (notice["Origin"], notice["Destination"], notice["Action"]) == ("AutoScalingGroup", "AutoScalingGroup", "ReplaceRootVolume")
    assert world.states(scaling) == ["Pending:Wait"]
    complete(scaling, LifecycleHookName="up", LifecycleActionToken=notice["LifecycleActionToken"])
    assert world.states(scaling) == ["InService"]


def test_an_instance_refresh_replaces_root_volumes_one_by_one(world: World) -> None:
    ec2, scaling = world.client("ec2"), world.group(name="other")
    template = ec2.create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-12c6146b", "InstanceType": "t3.micro"}
    )["LaunchTemplate"]["LaunchTemplateId"]
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=0,
        MaxSize=3,
        DesiredCapacity=2,
        AvailabilityZones=["us-east-1a"],
        MixedInstancesPolicy={"LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateId": template}}},
    )
    before = [one["InstanceId"] for one in scaling.describe_auto_scaling_instances()["AutoScalingInstances"]]
    world.hook(scaling, LifecycleTransition=TERMINATING)
    world.hook(scaling, LifecycleHookName="up")
    started = scaling.start_instance_refresh(AutoScalingGroupName="web", Strategy="ReplaceRootVolume")["InstanceRefreshId"]
    with pytest.raises(ClientError) as error:
        scaling.start_instance_refresh(AutoScalingGroupName="web")
    assert refused(error)[0] == "InstanceRefreshInProgress"
    for _ in range(2):
        assert sorted(world.states(scaling)) == ["InService", "ReplacingRootVolume:Wait"]
        complete(scaling, LifecycleActionToken=world.waiting()[0].token)
        assert sorted(world.states(scaling)) == ["InService", "Pending:Wait"]
        complete(scaling, LifecycleHookName="up", LifecycleActionToken=world.waiting()[0].token)
    assert [one["InstanceId"] for one in scaling.describe_auto_scaling_instances()["AutoScalingInstances"]] == before
    shown = scaling.describe_instance_refreshes(AutoScalingGroupName="web")["InstanceRefreshes"]
    assert [(one["InstanceRefreshId"], one["Status"], one["PercentageComplete"]) for one in shown] == [(started, "Successful", 100)]
    with pytest.raises(ClientError) as error:
        scaling.cancel_instance_refresh(AutoScalingGroupName="web")
    assert refused(error)[0] == "ActiveInstanceRefreshNotFound"
    with pytest.raises(ClientError, match="mixed instances policy"):
        scaling.start_instance_refresh(AutoScalingGroupName="other", Strategy="ReplaceRootVolume")


def test_a_rolling_refresh_terminates_and_launches(world: World) -> None:
    scaling = world.group(DesiredCapacity=2)
    before = {one["InstanceId"] for one in scaling.describe_auto_scaling_instances()["AutoScalingInstances"]}
    world.hook(scaling, LifecycleTransition=TERMINATING)
    scaling.start_instance_refresh(AutoScalingGroupName="web")
    assert sorted(world.states(scaling)) == ["InService", "InService", "Terminating:Wait"]
    complete(scaling, LifecycleActionToken=world.waiting()[0].token)
    scaling.cancel_instance_refresh(AutoScalingGroupName="web")
    complete(scaling, LifecycleActionToken=world.waiting()[0].token)
    after = {one["InstanceId"] for one in scaling.describe_auto_scaling_instances()["AutoScalingInstances"]}
    assert (len(after), after & before) == (2, set())
    assert scaling.describe_instance_refreshes(AutoScalingGroupName="web")["InstanceRefreshes"][0]["Status"] == "Cancelled"


def test_activities_tell_where_an_instance_is_held(world: World) -> None:
    scaling = world.group()
    world.hook(scaling)

    def told() -> list[tuple[str, str]]:
        shown = scaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"]
        return [(one["Description"], one["StatusCode"]) for one in shown]

    world.scale(scaling, 1)
    first = world.waiting()[0]
    launching = f"Launching a new EC2 instance: {first.instances[0]}"
    assert told() == [(launching, "MidLifecycleAction")]
    complete(scaling, "ABANDON", LifecycleActionToken=first.token)
    second = world.waiting()[0]
    assert told() == [(f"Launching a new EC2 instance: {second.instances[0]}", "MidLifecycleAction"), (launching, "Cancelled")]
    complete(scaling, LifecycleActionToken=second.token)
    world.scale(scaling, 0)
    assert told()[:2] == [
        (f"Terminating EC2 instance: {second.instances[0]}", "Successful"),
        (f"Launching a new EC2 instance: {second.instances[0]}", "Successful"),
    ]
