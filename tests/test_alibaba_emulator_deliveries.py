"""A hook's notification on its way to a function: the shapes that the doorways parse."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from alibaba_world import START, DirectWorld
from rearm.clouds.alibaba import parse
from rearm.core.model import Action, Parsed

NEW = "2022-02-22"
MNS = "acs:mns:cn-hangzhou:1234567890123456:"


@pytest.fixture
def world() -> Iterator[DirectWorld]:
    made = DirectWorld()
    with made.emulator:
        made.emulator.mns.create_queue("hooks", {})
        made.emulator.mns.create_topic("hooks", {})
        yield made


def fire(world: DirectWorld, arn: str, transition: str = "SCALE_OUT", count: int = 1, **more: Any) -> str:
    """An action begins on a hook with that target. Returns its token."""
    given = {"RegionId": "cn-hangzhou", "MinSize": 0, "MaxSize": 9, "ScalingGroupName": "web"}
    group = world.rpc(NEW, "CreateScalingGroup", **given)["ScalingGroupId"]
    world.rpc(NEW, "EnableScalingGroup", ScalingGroupId=group)
    adjust = {"ScalingGroupId": group, "AdjustmentType": "QuantityChangeInCapacity"}
    if transition == "SCALE_IN":
        world.rpc(NEW, "ScaleWithAdjustment", **adjust, AdjustmentValue=count)
    world.rpc(NEW, "CreateLifecycleHook", ScalingGroupId=group, LifecycleTransition=transition, NotificationArn=arn, **more)
    out = transition == "SCALE_OUT"
    activity = world.rpc(NEW, "ScaleWithAdjustment", **adjust, AdjustmentValue=count if out else -count)["ScalingActivityId"]
    (action,) = world.rpc(NEW, "DescribeLifecycleActions", ScalingActivityId=activity)["LifecycleActions"]
    return str(action["LifecycleActionToken"])


def action_of(answers: list[Parsed]) -> Action:
    (answer,) = answers
    assert answer.action is not None
    return answer.action


@pytest.mark.parametrize(
    ("kind", "source", "arn", "options", "doorway"),
    [
        ("mns_topic", "hooks", f"{MNS}topic/hooks", {}, parse.mns_topic),
        ("mns_topic", "hooks", f"{MNS}topic/hooks", {"content_format": "JSON"}, parse.mns_topic),
        ("mns_queue", "hooks", f"{MNS}queue/hooks", {}, parse.mns_queue),
        ("mns_queue", "hooks", f"{MNS}queue/hooks", {"batch": "single"}, parse.mns_queue),
        ("mns_queue", "hooks", f"{MNS}queue/hooks", {"is_base64_decode": True}, parse.mns_queue),
        ("eventbridge", "default", "acs:eventbridge:cn-hangzhou:1234567890123456:eventbus/default", {}, parse.eventbridge),
        ("oos", "ready", "acs:oos:cn-hangzhou:1234567890123456:template/ready", {}, parse.oos),
    ],
)
@pytest.mark.parametrize("transition", ["SCALE_OUT", "SCALE_IN"])
def test_an_action_reaches_the_doorway(
    world: DirectWorld,
    kind: Any,
    source: str,
    arn: str,
    options: dict[str, Any],
    doorway: Callable[[bytes], list[Parsed]],
    transition: str,
) -> None:
    world.emulator.add_trigger(kind, source, "rearm-fn", **options)
    token = fire(world, arn, transition, 2, NotificationMetadata='{"role": "web"}', HeartbeatTimeout=900)
    world.clock.run_until(START)
    ((_, function, payload, task_id),) = world.invoked
    action = action_of(doorway(payload))
    assert (function, task_id, action.token, len(action.instances)) == ("rearm-fn", None, token, 2)
    assert (action.region, action.group[:7]) == ("cn-hangzhou", "asg-bp1")
    if kind != "oos":
        assert (action.group_name, action.transition) == ("web", "launch" if transition == "SCALE_OUT" else "terminate")
        assert (action.metadata, action.account) == ('{"role": "web"}', "1234567890123456")
    assert world.emulator.mns.queues["hooks"].messages == []


def test_the_message_of_a_queue_without_a_trigger_stays(world: DirectWorld) -> None:
    token = fire(world, f"{MNS}queue/hooks")
    (message,) = world.emulator.mns.queues["hooks"].messages
    told = json.loads(base64.b64decode(message.body))
    assert sorted(told) == ["content", "regionId", "resourceArn", "userId"]
    assert sorted(told["content"]) == [
        "defaultResult",
        "instanceIds",
        "lifecycleActionToken",
        "lifecycleHookId",
        "lifecycleHookName",
        "lifecycleTransition",
        "requestId",
        "scalingActivityId",
        "scalingGroupId",
        "scalingGroupName",
    ]
    assert (told["content"]["lifecycleActionToken"], world.invoked) == (token, [])


def test_parameters_of_a_template(world: DirectWorld) -> None:
    """Its own go before the defaults, and `${…}` is filled in; what is no placeholder stays."""
    world.emulator.add_trigger("oos", "ready", "rearm/oos")
    own = {"command": "drain ${instanceIds} ${unknown}", "lifecycleActionResult": "${lifecycleActionResult}", "timeout": 60}
    fire(world, "acs:oos:cn-hangzhou:1234567890123456:template/ready", NotificationMetadata=json.dumps(own))
    world.clock.run_until(START)
    given = json.loads(world.invoked[0][2])
    (instance,) = json.loads(given["instanceIds"])
    assert (given["command"], given["lifecycleActionResult"], given["timeout"]) == (f'drain ["{instance}"] ${{unknown}}', "CONTINUE", 60)


@pytest.mark.parametrize(("content_format", "start"), [("SIMPLIFIED", "eyJ"), ("JSON", '{"TopicOwner"'), ("XML", "<?xml")])
def test_a_topic_feeds_a_queue(world: DirectWorld, content_format: str, start: str) -> None:
    endpoint = {"Endpoint": f"{MNS}queues/hooks", "NotifyContentFormat": content_format}
    world.emulator.mns.subscribe("hooks", "to-queue", endpoint)
    world.emulator.mns.subscribe("hooks", "tagged", endpoint | {"FilterTag": "other"})
    fire(world, f"{MNS}topic/hooks")
    (message,) = world.emulator.mns.queues["hooks"].messages
    assert message.body.startswith(start)


def test_a_target_that_is_gone_gets_nothing(world: DirectWorld) -> None:
    world.rpc(NEW, "CreateScalingGroup", RegionId="cn-hangzhou", MinSize=0, MaxSize=1)
    group = next(iter(world.emulator.ess.groups.all))
    given = {"ScalingGroupId": group, "LifecycleTransition": "SCALE_OUT", "NotificationArn": f"{MNS}queue/hooks"}
    world.rpc(NEW, "CreateLifecycleHook", **given)
    del world.emulator.mns.queues["hooks"]
    world.rpc(NEW, "EnableScalingGroup", ScalingGroupId=group)
    adjusted = {"ScalingGroupId": group, "AdjustmentType": "TotalCapacity", "AdjustmentValue": 1}
    activity = world.rpc(NEW, "ScaleWithAdjustment", **adjusted)["ScalingActivityId"]
    assert world.rpc(NEW, "DescribeLifecycleActions", ScalingActivityId=activity)["TotalCount"] == 1


def test_arns(world: DirectWorld) -> None:
    """The older spelling, EventBridge in 2022 only, and what stands for none."""
    world.rpc(NEW, "CreateScalingGroup", RegionId="cn-hangzhou", MinSize=0, MaxSize=1)
    new = {"ScalingGroupId": next(iter(world.emulator.ess.groups.all)), "LifecycleTransition": "SCALE_OUT"}
    ess, bus = "acs:ess:cn-hangzhou:1234567890123456:", "acs:eventbridge:cn-hangzhou:1234567890123456:eventbus/default"
    unset = f"{ess}null/null"
    shown = []
    for arn in (f"{ess}queue/hooks", unset, bus):
        hook = world.rpc(NEW, "CreateLifecycleHook", **new, NotificationArn=arn)["LifecycleHookId"]
        shown.append(world.rpc(NEW, "DescribeLifecycleHooks", LifecycleHookIds__1=hook)["LifecycleHooks"][0]["NotificationArn"])
    assert shown == [f"{ess}queue/hooks", unset, bus]
    assert world.error("2014-08-28", "CreateLifecycleHook", **new, NotificationArn=bus)[1] == "InvalidNotificationArn"
    assert world.error("2014-08-28", "CreateLifecycleHook", **new, NotificationArn=f"{ess}queue/none")[1] == "QueueNotExist"


@pytest.mark.parametrize(
    ("trigger", "status"),
    [
        ({"kind": "mns_topic", "source": "hooks", "function": "rearm-mns_topic", "content_format": "JSON"}, 200),
        ({"kind": "sns", "source": "hooks", "function": "f"}, 400),
        ({"kind": "oos", "source": "", "function": "f"}, 400),
        ({"kind": "oos", "source": "t", "function": "f", "colour": "red"}, 400),
        ([], 400),
    ],
)
def test_triggers_over_http(world: DirectWorld, trigger: Any, status: int) -> None:
    assert world.http("POST", "/_triggers", json.dumps(trigger).encode())[0] == status
    fire(world, f"{MNS}topic/hooks")
    world.clock.run_until(START)
    assert [function for _, function, _, _ in world.invoked] == (["rearm-mns_topic"] if status == 200 else [])
