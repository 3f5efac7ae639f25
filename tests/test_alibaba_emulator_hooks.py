"""What hooks do to a scaling activity, and the groups around them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from alibaba_world import START, DirectWorld

OLD, NEW = "2014-08-28", "2022-02-22"


class Groups:
    """One active group in the emulator, spoken to as by aliyun-python-sdk-core."""

    def __init__(self, world: DirectWorld, **more: object) -> None:
        self.world = world
        self.id = str(
            world.rpc(NEW, "CreateScalingGroup", RegionId="cn-hangzhou", **({"MinSize": 0, "MaxSize": 9} | more))["ScalingGroupId"]
        )
        world.rpc(NEW, "EnableScalingGroup", ScalingGroupId=self.id)

    def hook(self, transition: str, **more: object) -> str:
        made = self.world.rpc(NEW, "CreateLifecycleHook", ScalingGroupId=self.id, LifecycleTransition=transition, **more)
        return str(made["LifecycleHookId"])

    def scale(self, by: int, **more: object) -> str:
        kind = {"AdjustmentType": "QuantityChangeInCapacity", "AdjustmentValue": by} | more
        return str(self.world.rpc(NEW, "ScaleWithAdjustment", ScalingGroupId=self.id, **kind)["ScalingActivityId"])

    def refused(self, **params: object) -> str:
        return self.world.error(NEW, "ScaleWithAdjustment", ScalingGroupId=self.id, **params)[1]

    def states(self) -> list[str]:
        found = self.world.rpc(NEW, "DescribeScalingInstances", ScalingGroupId=self.id)["ScalingInstances"]
        return sorted(one["LifecycleState"] for one in found)

    def status(self, activity: str) -> str:
        (found,) = self.world.rpc(NEW, "DescribeScalingActivities", ScalingActivityIds__1=activity)["ScalingActivities"]
        return str(found["StatusCode"])

    def actions(self, activity: str) -> dict[str, dict[str, Any]]:
        found = self.world.rpc(NEW, "DescribeLifecycleActions", ScalingActivityId=activity)["LifecycleActions"]
        return {one["LifecycleHookId"]: one for one in found}

    def complete(self, activity: str, hook: str, result: str) -> None:
        token = self.actions(activity)[hook]["LifecycleActionToken"]
        self.world.rpc(NEW, "CompleteLifecycleAction", LifecycleHookId=hook, LifecycleActionToken=token, LifecycleActionResult=result)


@pytest.fixture
def world() -> Iterator[DirectWorld]:
    made = DirectWorld()
    with made.emulator:
        yield made


@pytest.fixture
def group(world: DirectWorld) -> Groups:
    return Groups(world)


@pytest.mark.parametrize("result", ["ABANDON", "ROLLBACK"])
def test_on_a_scale_in_one_refusal_ends_the_other_hooks_at_once(group: Groups, result: str) -> None:
    group.scale(1)
    first, second = group.hook("SCALE_IN"), group.hook("SCALE_IN", HeartbeatTimeout=1200)
    activity = group.scale(-1)
    group.complete(activity, first, result)
    assert {one["LifecycleActionStatus"] for one in group.actions(activity).values()} == {"Completed"}
    assert group.actions(activity)[second]["LifecycleActionResult"] == result
    assert group.states() == (["InService"] if result == "ROLLBACK" else [])
    assert group.status(activity) == ("Failed" if result == "ROLLBACK" else "Successful")


@pytest.mark.parametrize(
    ("transition", "last", "left"), [("SCALE_IN", "ROLLBACK", 1), ("SCALE_OUT", "ABANDON", 0), ("SCALE_OUT", "CONTINUE", 1)]
)
def test_otherwise_the_last_to_finish_decides(group: Groups, transition: str, last: str, left: int) -> None:
    if transition == "SCALE_IN":
        group.scale(1)
    first, second = group.hook(transition), group.hook(transition)
    activity = group.scale(-1 if transition == "SCALE_IN" else 1)
    group.complete(activity, first, "CONTINUE" if transition == "SCALE_IN" or last == "ABANDON" else "ABANDON")
    assert group.status(activity) == "InProgress"
    assert group.actions(activity)[second]["LifecycleActionStatus"] == "Pending"
    group.complete(activity, second, last)
    assert group.states() == ["InService"] * left


@pytest.mark.parametrize(("default", "left"), [("CONTINUE", ["InService"] * 2), ("ABANDON", []), ("ROLLBACK", [])])
def test_the_default_result_on_time_out(group: Groups, default: str, left: list[str]) -> None:
    hook = group.hook("SCALE_OUT", DefaultResult=default, HeartbeatTimeout=30)
    activity = group.scale(2)
    group.world.clock.run_until(START + 29)
    assert group.states() == ["Pending:Wait"] * 2
    group.world.clock.run_until(START + 30)
    assert (group.states(), group.actions(activity)[hook]["LifecycleActionStatus"]) == (left, "Timeout")


def test_an_abandoned_instance_is_gone(group: Groups) -> None:
    hook = group.hook("SCALE_OUT")
    activity = group.scale(1)
    (instance,) = group.actions(activity)[hook]["InstanceIds"]

    def described() -> int:
        return int(group.world.rpc("2014-05-26", "DescribeInstanceStatus", RegionId="cn-hangzhou", InstanceId__1=instance)["TotalCount"])

    before = described()
    group.complete(activity, hook, "ABANDON")
    assert (before, described()) == (1, 0)


def test_deleting_a_hook_ends_its_wait(group: Groups) -> None:
    hook = group.hook("SCALE_OUT", DefaultResult="CONTINUE")
    activity = group.scale(1)
    group.world.rpc(NEW, "DeleteLifecycleHook", LifecycleHookId=hook)
    assert (group.states(), group.status(activity)) == (["InService"], "Successful")
    assert group.actions(activity)[hook]["LifecycleActionStatus"] == "Completed"


def test_hooks_that_take_no_part(group: Groups) -> None:
    inactive, ignored = group.hook("SCALE_OUT"), group.hook("SCALE_OUT")
    group.hook("SCALE_IN")
    group.world.rpc(NEW, "ModifyLifecycleHook", LifecycleHookId=inactive, LifecycleHookStatus="InActive")
    context = json.dumps({"IgnoredLifecycleHookIds": [ignored]})
    group.scale(1, LifecycleHookContext=context)
    group.scale(1, LifecycleHookContext='{"DisableLifecycleHook": true}')
    assert group.states() == ["InService"] * 2
    assert set(group.actions(group.scale(1))) == {ignored}
    assert group.refused(AdjustmentType="TotalCapacity", AdjustmentValue=9, LifecycleHookContext="[]") == "ScalingActivityInProgress"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"AdjustmentType": "Percent", "AdjustmentValue": 1}, "InvalidParameter"),
        ({"AdjustmentType": "TotalCapacity"}, "MissingParameter"),
        ({"AdjustmentType": "TotalCapacity", "AdjustmentValue": 2001}, "InvalidParameter"),
        ({"AdjustmentType": "TotalCapacity", "AdjustmentValue": 2}, "IncorrectCapacity.NoChange"),
        ({"AdjustmentType": "TotalCapacity", "AdjustmentValue": 3, "LifecycleHookContext": "[]"}, "InvalidParameter"),
        ({"AdjustmentType": "TotalCapacity", "AdjustmentValue": 3, "ClientToken": "x" * 65}, "InvalidParameter"),
        ({"AdjustmentType": "TotalCapacity", "AdjustmentValue": 3, "ExecutionMode": "Now"}, "InvalidParameter"),
    ],
)
def test_adjustments_refused(group: Groups, params: dict[str, object], code: str) -> None:
    group.scale(2)
    assert group.refused(**params) == code
    assert group.states() == ["InService"] * 2


def test_adjustments(group: Groups) -> None:
    """Within the group's limits; a percentage by at least its magnitude; a plan changes nothing; a client token counts once."""
    sizes = []
    for kind, value, more in [
        ("TotalCapacity", 4, {}),
        ("PercentChangeInCapacity", 50, {}),
        ("PercentChangeInCapacity", -10, {"MinAdjustmentMagnitude": 2}),
        ("QuantityChangeInCapacity", 100, {"ClientToken": "once"}),
        ("QuantityChangeInCapacity", -100, {}),
    ]:
        group.scale(value, AdjustmentType=kind, **more)
        sizes.append(len(group.states()))
    assert sizes == [4, 6, 4, 9, 0]
    group.scale(100, ClientToken="once")
    planned = group.world.rpc(
        NEW, "ScaleWithAdjustment", ScalingGroupId=group.id, AdjustmentType="TotalCapacity", AdjustmentValue=3, ExecutionMode="PlanOnly"
    )
    assert (planned["PlanResult"]["ResourceAllocations"][0]["Amount"], group.states()) == (3, [])


def test_other_activities_during_a_wait(world: DirectWorld) -> None:
    """Rejected, unless the group has an expected number of instances."""
    single, parallel = Groups(world), Groups(world, DesiredCapacity=1)
    told = []
    for group in (single, parallel):
        group.hook("SCALE_OUT")
        group.scale(1)
        told.append(group.refused(AdjustmentType="QuantityChangeInCapacity", AdjustmentValue=20) if group is single else group.scale(1)[:4])
    assert told == ["ScalingActivityInProgress", "asa-"]


def test_enabling_creates_what_is_missing_and_attaches(world: DirectWorld) -> None:
    group = Groups(world, MinSize=2)
    assert group.states() == ["InService"] * 2
    world.rpc(NEW, "DisableScalingGroup", ScalingGroupId=group.id)
    assert group.refused(AdjustmentType="TotalCapacity", AdjustmentValue=3) == "IncorrectScalingGroupStatus"
    world.rpc(NEW, "EnableScalingGroup", ScalingGroupId=group.id, InstanceIds__1="i-mine")
    world.rpc(NEW, "RemoveInstances", ScalingGroupId=group.id, InstanceIds__1="i-mine")
    assert world.rpc("2014-05-26", "DescribeInstanceStatus", RegionId="r", InstanceId__1="i-mine")["TotalCount"] == 1
    refused = world.error(NEW, "RemoveInstances", ScalingGroupId=group.id, InstanceIds__1="i-mine")
    assert refused == (404, "InvalidInstanceId.NotFound", 'Instance "i-mine" does not exist.')


def test_removal_respects_the_least_size(world: DirectWorld) -> None:
    group = Groups(world, MinSize=1)
    (instance,) = (one["InstanceId"] for one in world.rpc(NEW, "DescribeScalingInstances", ScalingGroupId=group.id)["ScalingInstances"])
    given = {"ScalingGroupId": group.id, "InstanceIds.1": instance}
    assert world.error(NEW, "RemoveInstances", **given)[1] == "IncorrectCapacity.MinSize"
    ignored = world.rpc(
        NEW, "RemoveInstances", **given | {"InstanceIds.2": "i-none"}, IgnoreInvalidInstance="true", DecreaseDesiredCapacity="false"
    )["IgnoredInstances"]
    assert [one["InstanceId"] for one in ignored] == ["i-none"]


def test_a_forced_deletion_waits_for_the_activity(group: Groups) -> None:
    hook = group.hook("SCALE_OUT")
    activity = group.scale(1)
    group.world.rpc(NEW, "DeleteScalingGroup", ScalingGroupId=group.id, ForceDelete="true")
    (shown,) = group.world.rpc(NEW, "DescribeScalingGroups", RegionId="cn-hangzhou")["ScalingGroups"]
    assert (shown["LifecycleState"], shown["PendingWaitCapacity"]) == ("Deleting", 1)
    group.complete(activity, hook, "CONTINUE")
    assert group.world.rpc(NEW, "DescribeScalingGroups", RegionId="cn-hangzhou")["TotalCount"] == 0


def test_hooks_given_with_the_group(world: DirectWorld) -> None:
    """All of them or none; wrong ones leave no group behind."""
    given = {"RegionId": "cn-hangzhou", "MinSize": 0, "MaxSize": 1, "LifecycleHooks.1.LifecycleTransition": "SCALE_OUT"}
    wrong = world.error(NEW, "CreateScalingGroup", **given, **{"LifecycleHooks.2.LifecycleTransition": "SIDEWAYS"})
    assert (wrong[1], world.rpc(NEW, "DescribeScalingGroups", RegionId="cn-hangzhou")["TotalCount"]) == ("InvalidParamter", 0)
    made = world.rpc(OLD, "CreateScalingGroup", **{name.replace("Hooks", "Hook"): value for name, value in given.items()})
    hooks = world.rpc(OLD, "DescribeLifecycleHooks", ScalingGroupId=made["ScalingGroupId"])["LifecycleHooks"]["LifecycleHook"]
    assert [(one["LifecycleHookName"] == one["LifecycleHookId"], one["HeartbeatTimeout"]) for one in hooks] == [(True, 600)]
    shown = world.rpc(OLD, "DescribeScalingGroups", RegionId="cn-hangzhou")["ScalingGroups"]["ScalingGroup"]
    assert [one["ScalingGroupId"] for one in shown] == [made["ScalingGroupId"]]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"MinSize": 3, "MaxSize": 1}, "InvalidParameter.Conflict"),
        ({"MinSize": 0}, "MissingParameter"),
        ({"MinSize": 0, "MaxSize": 2001}, "InvalidParameter"),
        ({"MinSize": 0, "MaxSize": 1, "DesiredCapacity": 2}, "InvalidParameter"),
        ({"MinSize": 0, "MaxSize": 1, "ScalingGroupName": "taken"}, "InvalidScalingGroupName.Duplicate"),
        ({"MinSize": 0, "MaxSize": 1, "ScalingGroupName": "?"}, "InvalidParameter"),
    ],
)
def test_groups_refused(world: DirectWorld, params: dict[str, object], code: str) -> None:
    Groups(world, ScalingGroupName="taken")
    assert world.error(NEW, "CreateScalingGroup", RegionId="cn-hangzhou", **params)[1] == code
    assert world.rpc(NEW, "DescribeScalingGroups", RegionId="cn-hangzhou")["TotalCount"] == 1
