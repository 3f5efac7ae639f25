"""Hooks, heartbeats and results on the AWS emulator, through boto3."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aws_world import INSTANCE, LAUNCHING, ROLE, START, TERMINATING, TOKEN, World, beat, complete, refused, running


@pytest.fixture
def world() -> Iterator[World]:
    with running() as one:
        yield one


def test_a_heartbeat_prolongs_and_the_default_result_falls_without_one(world: World) -> None:
    scaling = world.group()
    world.hook(scaling, LifecycleTransition=LAUNCHING, DefaultResult="CONTINUE")
    world.scale(scaling, 1)
    action: Any = world.waiting()[0]
    world.clock.run_until(START + 599)
    beat(scaling, LifecycleActionToken=action.token)
    world.clock.run_until(START + 599 + 599)
    assert world.waiting() == [action]
    world.clock.run_until(START + 599 + 600)
    assert (action.ended_at, action.result, action.by) == (START + 1199, "CONTINUE", "default result")
    assert world.states(scaling) == ["InService"]


def test_an_abandoned_launch_is_replaced(world: World) -> None:
    scaling = world.group()
    world.hook(scaling)
    world.scale(scaling, 1)
    first = world.waiting()[0]
    complete(scaling, "ABANDON", LifecycleActionToken=first.token)
    second = world.waiting()[0]
    assert second.instances != first.instances
    assert world.aws.instance_state(first.instances[0]) == "terminated"
    assert world.states(scaling) == ["Pending:Wait"]


def test_no_heartbeat_reaches_beyond_the_global_timeout(world: World) -> None:
    scaling = world.group()
    world.hook(scaling, HeartbeatTimeout=30)
    assert scaling.describe_lifecycle_hooks(AutoScalingGroupName="web")["LifecycleHooks"][0]["GlobalTimeout"] == 3000
    world.scale(scaling, 1)
    action: Any = world.waiting()[0]
    for second in range(20, 3000, 20):
        world.clock.run_until(START + second)
        beat(scaling, LifecycleActionToken=action.token)
    world.clock.run_until(START + 2999)
    assert world.waiting() == [action]
    world.clock.run_until(START + 3000)
    assert (action.ended_at, action.by) == (START + 3000, "default result")
    with pytest.raises(ClientError) as error:
        beat(scaling, LifecycleActionToken=action.token)
    assert refused(error) == ("ValidationError", f"No active Lifecycle Action found with token {action.token}")


def test_the_same_action_cannot_be_completed_twice(world: World) -> None:
    scaling = world.group()
    world.hook(scaling)
    world.scale(scaling, 1)
    action = world.waiting()[0]
    complete(scaling, LifecycleActionToken=action.token, InstanceId=action.instances[0])
    with pytest.raises(ClientError) as error:
        complete(scaling, LifecycleActionToken=action.token)
    assert refused(error) == ("ValidationError", f"No active Lifecycle Action found with token {action.token}")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(ClientError) as error:
        complete(scaling, InstanceId=action.instances[0])
    assert refused(error) == ("ValidationError", f"No active Lifecycle Action found with instance ID {action.instances[0]}")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"AutoScalingGroupName": "none"}, "AutoScalingGroup 'none' not found"),
        ({"LifecycleHookName": "other"}, "No active Lifecycle Action found with token"),
        ({"LifecycleActionToken": "00000000-4321-4321-4321-210987654321"}, "No active Lifecycle Action found with token 00000000-"),
        ({"InstanceId": "i-0000000000000000a"}, "No active Lifecycle Action found with token"),
        ({"LifecycleActionResult": "ROLLBACK"}, "must be CONTINUE or ABANDON"),
        ({"LifecycleActionToken": TOKEN + "0"}, "at 'lifecycleActionToken' failed to satisfy constraint"),
    ],
)
def test_completing_something_else_is_refused(world: World, wrong: dict[str, str], message: str) -> None:
    action = world.seed()
    with pytest.raises(ClientError) as error:
        complete(world.client("autoscaling"), **({"LifecycleActionToken": TOKEN, "InstanceId": INSTANCE} | wrong))
    code, text = refused(error)
    assert code == "ValidationError"
    assert message in text
    assert action.ended_at is None


def test_an_action_is_named_by_its_token_or_its_instance(world: World) -> None:
    world.seed()
    with pytest.raises(ClientError) as error:
        beat(world.client("autoscaling"))
    assert refused(error) == ("ValidationError", "Either a lifecycle action token or an instance ID must be specified")


def test_every_hook_of_a_transition_must_continue_and_one_abandon_ends_all(world: World) -> None:
    scaling = world.group()
    world.hook(scaling)
    world.hook(scaling, LifecycleHookName="second")
    world.scale(scaling, 2)
    first, second = (
        sorted((one for one in world.waiting() if one.instances == (instance,)), key=lambda one: one.hook)
        for instance in dict.fromkeys(one.instances[0] for one in world.waiting())
    )
    complete(scaling, LifecycleActionToken=first[0].token)
    assert sorted(world.states(scaling)) == ["Pending:Wait", "Pending:Wait"]
    complete(scaling, LifecycleHookName="second", LifecycleActionToken=first[1].token)
    assert sorted(world.states(scaling)) == ["InService", "Pending:Wait"]
    complete(scaling, "ABANDON", LifecycleActionToken=second[0].token)
    assert (second[1].result, second[1].by) == ("ABANDON", "gone")


@pytest.mark.parametrize(("transition", "result"), [(LAUNCHING, "ABANDON"), (TERMINATING, "CONTINUE")])
def test_deleting_the_hook_ends_its_actions(world: World, transition: str, result: str) -> None:
    scaling = world.group()
    if transition == TERMINATING:
        world.scale(scaling, 1)
    world.hook(scaling, LifecycleTransition=transition)
    world.scale(scaling, 0 if transition == TERMINATING else 1)
    action = world.waiting()[0]
    scaling.delete_lifecycle_hook(AutoScalingGroupName="web", LifecycleHookName="hold")
    assert (action.result, action.by) == (result, "hook deleted")
    assert world.aws.instance_state(action.instances[0]) == "terminated"
    with pytest.raises(ClientError, match="No Lifecycle Hook found"):
        scaling.delete_lifecycle_hook(AutoScalingGroupName="web", LifecycleHookName="hold")


def test_terminating_one_instance_runs_its_hook_and_replaces_it(world: World) -> None:
    scaling = world.group()
    world.scale(scaling, 1)
    world.hook(scaling, LifecycleTransition=TERMINATING)
    instance = scaling.describe_auto_scaling_instances()["AutoScalingInstances"][0]["InstanceId"]
    scaling.terminate_instance_in_auto_scaling_group(InstanceId=instance, ShouldDecrementDesiredCapacity=False)
    assert sorted(world.states(scaling)) == ["InService", "Terminating:Wait"]
    scaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    assert world.waiting() == []
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


# hooks


def test_a_hook_keeps_all_that_was_put_and_a_second_put_changes_only_what_it_names(world: World) -> None:
    _, _, arn = world.queue()
    scaling = world.group()
    world.hook(scaling, NotificationTargetARN=arn, RoleARN=ROLE, NotificationMetadata="m", DefaultResult="CONTINUE")
    scaling.put_lifecycle_hook(AutoScalingGroupName="web", LifecycleHookName="hold", HeartbeatTimeout=7200)
    hook = scaling.describe_lifecycle_hooks(AutoScalingGroupName="web", LifecycleHookNames=["hold"])["LifecycleHooks"][0]
    assert hook == {
        "LifecycleHookName": "hold",
        "AutoScalingGroupName": "web",
        "LifecycleTransition": LAUNCHING,
        "NotificationTargetARN": arn,
        "RoleARN": ROLE,
        "NotificationMetadata": "m",
        "HeartbeatTimeout": 7200,
        "GlobalTimeout": 172_800,
        "DefaultResult": "CONTINUE",
    }
    scaling.put_lifecycle_hook(AutoScalingGroupName="web", LifecycleHookName="hold", NotificationTargetARN="")
    assert "NotificationTargetARN" not in scaling.describe_lifecycle_hooks(AutoScalingGroupName="web")["LifecycleHooks"][0]
    assert set(scaling.describe_lifecycle_hook_types()["LifecycleHookTypes"]) == {LAUNCHING, TERMINATING}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"AutoScalingGroupName": "none"}, "AutoScalingGroup 'none' not found"),
        ({"HeartbeatTimeout": 29}, "between 30 and 7200"),
        ({"HeartbeatTimeout": 7201}, "between 30 and 7200"),
        ({"DefaultResult": "ROLLBACK"}, "must be CONTINUE or ABANDON"),
        ({"LifecycleTransition": "autoscaling:TEST"}, "Lifecycle transition"),
        ({"LifecycleHookName": "two words"}, "Lifecycle hook name"),
        ({"NotificationMetadata": "grün"}, "printable ASCII"),
        ({"NotificationTargetARN": "arn:aws:s3:::bucket"}, "must be the ARN of"),
        ({"NotificationTargetARN": "arn:aws:sqs:us-east-1:123456789012:notices"}, "needs a RoleARN"),
        ({"NotificationTargetARN": "arn:aws:sqs:us-east-1:123456789012:a.fifo", "RoleARN": ROLE}, "FIFO"),
        ({"NotificationTargetARN": "arn:aws:sqs:eu-west-1:123456789012:a", "RoleARN": ROLE}, "must be in us-east-1"),
        ({"NotificationTargetARN": "arn:aws:sqs:us-east-1:123456789012:a", "RoleARN": ROLE}, "Unable to publish test message"),
        ({"NotificationTargetARN": "arn:aws:sns:us-east-1:123456789012:a", "RoleARN": ROLE}, "Unable to publish test message"),
    ],
)
def test_a_wrong_hook_is_refused(world: World, wrong: dict[str, Any], message: str) -> None:
    scaling = world.group()
    with pytest.raises(ClientError) as error:
        world.hook(scaling, **wrong)
    code, text = refused(error)
    assert code == "ValidationError"
    assert message in text
    assert scaling.describe_lifecycle_hooks(AutoScalingGroupName="web")["LifecycleHooks"] == []


def test_a_group_has_fifty_hooks_at_most(world: World) -> None:
    scaling = world.group()
    for number in range(50):
        world.hook(scaling, LifecycleHookName=f"h{number}")
    with pytest.raises(ClientError) as error:
        world.hook(scaling, LifecycleHookName="h50")
    assert refused(error)[0] == "LimitExceeded"


def test_hooks_given_with_the_group_hold_its_first_instances(world: World) -> None:
    hooks = [{"LifecycleHookName": "hold", "LifecycleTransition": LAUNCHING, "HeartbeatTimeout": 60}]
    scaling = world.group(DesiredCapacity=1, LifecycleHookSpecificationList=hooks)
    assert world.states(scaling) == ["Pending:Wait"]
    with pytest.raises(ClientError) as error:
        world.group(name="bad", LifecycleHookSpecificationList=[hooks[0] | {"HeartbeatTimeout": 5}])
    assert refused(error)[0] == "ValidationError"


def test_hooks_given_with_the_group_share_a_target_and_are_told_of_it(world: World) -> None:
    sqs, url, arn = world.queue()
    up = {"LifecycleHookName": "up", "LifecycleTransition": LAUNCHING, "NotificationTargetARN": arn, "RoleARN": ROLE}
    down = {"LifecycleHookName": "down", "LifecycleTransition": TERMINATING}
    for wrong, message in (
        ([up, down], "same notification target and role"),
        ([up, up], "must be unique"),
        ([up | {"NotificationTargetARN": arn + "-gone"}], "Unable to publish test message"),
    ):
        with pytest.raises(ClientError, match=message):
            world.group(name=f"bad-{message.split()[0]}", LifecycleHookSpecificationList=wrong, DesiredCapacity=1)
    scaling = world.client("autoscaling")
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert (world.bodies(sqs, url), world.waiting()) == ([], [])
    world.group(LifecycleHookSpecificationList=[up, down | {"NotificationTargetARN": arn, "RoleARN": ROLE}], DesiredCapacity=1)
    *tests, notice = world.bodies(sqs, url)
    assert [one["Event"] for one in tests] == ["autoscaling:TEST_NOTIFICATION"] * 2
    assert notice["LifecycleActionToken"] == world.waiting()[0].token
    scaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    assert world.waiting() == []


def test_a_group_can_be_named_by_its_arn_and_keeps_within_its_size(world: World) -> None:
    action = world.seed()
    scaling = world.group(name="sized")
    arn = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])["AutoScalingGroups"][0]["AutoScalingGroupARN"]
    complete(scaling, AutoScalingGroupName=arn, LifecycleActionToken=TOKEN)
    assert action.result == "CONTINUE"
    with pytest.raises(ClientError) as error:
        scaling.set_desired_capacity(AutoScalingGroupName="sized", DesiredCapacity=10)
    assert refused(error) == ("ValidationError", "New SetDesiredCapacity value 10 is above max value 9 for the AutoScalingGroup.")
    scaling.update_auto_scaling_group(AutoScalingGroupName="sized", MinSize=1)
    assert scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["sized"])["AutoScalingGroups"][0]["DesiredCapacity"] == 1
    with pytest.raises(ClientError, match="below min value 1"):
        scaling.set_desired_capacity(AutoScalingGroupName="sized", DesiredCapacity=0)
    with pytest.raises(ClientError) as error:
        scaling.delete_auto_scaling_group(AutoScalingGroupName="sized")
    assert refused(error)[0] == "ResourceInUse"
    with pytest.raises(ClientError, match="TerminateHookAbandon"):
        scaling.update_auto_scaling_group(
            AutoScalingGroupName="sized", InstanceLifecyclePolicy={"RetentionTriggers": {"TerminateHookAbandon": "keep"}}
        )
