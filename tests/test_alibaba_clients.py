"""The published ESS clients against the emulator: a whole scale-out and scale-in with hooks, and every documented error."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from alibaba_clients import CLIENTS, NEW, OLD, Client
from alibaba_world import START, DirectWorld

QUEUE_ARN = "acs:mns:cn-hangzhou:1234567890123456:queue/hooks"
TOPIC_ARN = "acs:mns:cn-hangzhou:1234567890123456:topic/hooks"


@pytest.fixture
def world() -> Iterator[DirectWorld]:
    made = DirectWorld()
    with made.emulator:
        made.emulator.mns.create_queue("hooks", {})
        yield made


@pytest.fixture(params=CLIENTS)
def client(world: DirectWorld, request: pytest.FixtureRequest) -> Client:
    return CLIENTS[request.param](world.emulator.endpoint)


@pytest.fixture
def group(client: Client) -> str:
    made = client.call("CreateScalingGroup", RegionId="cn-hangzhou", MinSize=0, MaxSize=5, ScalingGroupName="web", DefaultCooldown=60)
    client.call("EnableScalingGroup", ScalingGroupId=made["ScalingGroupId"])
    return str(made["ScalingGroupId"])


def hook(client: Client, group: str, transition: str = "SCALE_OUT", **more: Any) -> str:
    made = client.call("CreateLifecycleHook", ScalingGroupId=group, LifecycleTransition=transition, **more)
    return str(made["LifecycleHookId"])


def scale(client: Client, group: str, by: int) -> str:
    adjusted = client.call("ScaleWithAdjustment", ScalingGroupId=group, AdjustmentType="QuantityChangeInCapacity", AdjustmentValue=by)
    return str(adjusted["ScalingActivityId"])


def instances(client: Client, group: str) -> dict[str, str]:
    found = client.call("DescribeScalingInstances", RegionId="cn-hangzhou", ScalingGroupId=group)
    return {one["InstanceId"]: one["LifecycleState"] for one in client.listed(found, "ScalingInstances")}


def actions(client: Client, activity: str) -> list[dict[str, Any]]:
    return client.listed(client.call("DescribeLifecycleActions", ScalingActivityId=activity), "LifecycleActions")


def status(client: Client, group: str, activity: str) -> str:
    found = client.call("DescribeScalingActivities", RegionId="cn-hangzhou", ScalingGroupId=group)
    return next(str(one["StatusCode"]) for one in client.listed(found, "ScalingActivities") if one["ScalingActivityId"] == activity)


def test_a_scale_out_and_a_scale_in(world: DirectWorld, client: Client, group: str) -> None:
    out = hook(client, group, LifecycleHookName="ready-hook", HeartbeatTimeout=300, NotificationArn=QUEUE_ARN, NotificationMetadata="m")
    leaving = hook(client, group, "SCALE_IN", LifecycleHookName="drain-hook", DefaultResult="ABANDON")

    activity = scale(client, group, 2)
    waiting = instances(client, group)
    assert (set(waiting.values()), len(waiting), status(client, group, activity)) == ({"Pending:Wait"}, 2, "InProgress")
    (action,) = actions(client, activity)
    token = action["LifecycleActionToken"]
    ids = action["InstanceIds"] if client.version == NEW else action["InstanceIds"]["InstanceId"]
    assert (sorted(ids), action["LifecycleActionStatus"], action["LifecycleHookId"]) == (sorted(waiting), "Pending", out)
    (message,) = world.emulator.mns.queues["hooks"].messages
    content = json.loads(base64.b64decode(message.body))["content"]
    assert (content["lifecycleActionToken"], content["instanceIds"], content["notificationMetadata"]) == (token, ids, "m")

    client.call("RecordLifecycleActionHeartbeat", lifecycleHookId=out, lifecycleActionToken=token, heartbeatTimeout=900)
    world.clock.run_until(START + 800)
    assert set(instances(client, group).values()) == {"Pending:Wait"}
    done = {"LifecycleHookId": out, "LifecycleActionToken": token}
    client.call("CompleteLifecycleAction", **done, LifecycleActionResult="CONTINUE")
    assert (set(instances(client, group).values()), status(client, group, activity)) == ({"InService"}, "Successful")
    assert client.refusal("CompleteLifecycleAction", **done) == ("LifecycleHookIdAndLifecycleActionToken.Invalid", 400)

    client.call("ModifyLifecycleHook", LifecycleHookId=leaving, HeartbeatTimeout=1200, DefaultResult="CONTINUE")
    hooks = client.listed(client.call("DescribeLifecycleHooks", ScalingGroupId=group, LifecycleHookName="drain-hook"), "LifecycleHooks")
    assert [(one["LifecycleHookId"], one["HeartbeatTimeout"], one["DefaultResult"]) for one in hooks] == [(leaving, 1200, "CONTINUE")]
    for result, left, ended in (("ROLLBACK", 2, "Failed"), ("CONTINUE", 1, "Successful")):
        activity = scale(client, group, -1)
        assert sorted(instances(client, group).values()) == ["InService", "Removing:Wait"]
        (action,) = actions(client, activity)
        given = {"LifecycleHookId": leaving, "LifecycleActionToken": action["LifecycleActionToken"]}
        client.call("CompleteLifecycleAction", **given, LifecycleActionResult=result)
        assert (list(instances(client, group).values()), status(client, group, activity)) == (["InService"] * left, ended)

    client.call("DeleteLifecycleHook", LifecycleHookId=out)
    client.call("DeleteLifecycleHook", ScalingGroupId=group, LifecycleHookName="drain-hook")
    client.call("DeleteScalingGroup", ScalingGroupId=group, ForceDelete=True)
    gone = client.refusal("DescribeScalingInstances", RegionId="cn-hangzhou", ScalingGroupId=group)
    assert gone == ("InvalidScalingGroupId.NotFound", 404)


def test_every_documented_error(world: DirectWorld, client: Client, group: str) -> None:
    made = hook(client, group, LifecycleHookName="ready-hook")
    activity = scale(client, group, 1)
    token = actions(client, activity)[0]["LifecycleActionToken"]
    beat, done = {"lifecycleHookId": made, "lifecycleActionToken": token}, {"LifecycleHookId": made, "LifecycleActionToken": token}
    new = {"ScalingGroupId": group, "LifecycleTransition": "SCALE_OUT"}
    gone = "acs:mns:cn-hangzhou:1234567890123456:"
    expected: list[tuple[str, int, str, dict[str, Any]]] = [
        ("InvalidParamter", 400, "RecordLifecycleActionHeartbeat", beat | {"heartbeatTimeout": 29}),
        ("InvalidParamter", 400, "CompleteLifecycleAction", done | {"LifecycleActionResult": "STOP"}),
        ("InvalidParamter", 400, "CreateLifecycleHook", new | {"HeartbeatTimeout": 21_601}),
        ("InvalidParamter", 400, "CreateLifecycleHook", new | {"LifecycleHookName": "-a"}),
        ("InvalidParamter", 400, "CreateLifecycleHook", new | {"NotificationMetadata": "x" * 4097}),
        ("InvalidParamter", 400, "CreateLifecycleHook", new | {"DefaultResult": "RETRY"}),
        ("InvalidParamter", 400, "CreateLifecycleHook", {"ScalingGroupId": group, "LifecycleTransition": "BOTH"}),
        ("MissingParameter", 400, "CreateLifecycleHook", {"ScalingGroupId": group}),
        ("InvalidScalingGroupId.NotFound", 404, "CreateLifecycleHook", new | {"ScalingGroupId": "asg-none"}),
        (
            "LifecycleHookIdAndLifecycleActionToken.Invalid",
            400,
            "RecordLifecycleActionHeartbeat",
            beat | {"lifecycleActionToken": "other"},
        ),
        ("LifecycleHookIdAndLifecycleActionToken.Invalid", 400, "CompleteLifecycleAction", done | {"LifecycleHookId": "ash-none"}),
        ("InvalidNotificationArn", 400, "CreateLifecycleHook", new | {"NotificationArn": "acs:sms:cn-hangzhou:1:queue/q"}),
        ("InvalidNotificationArn", 400, "CreateLifecycleHook", new | {"NotificationArn": QUEUE_ARN.replace("hangzhou", "beijing")}),
        ("QueueNotExist", 400, "CreateLifecycleHook", new | {"NotificationArn": f"{gone}queue/none"}),
        ("TopicNotExist", 400, "CreateLifecycleHook", new | {"NotificationArn": f"{gone}topic/none"}),
        ("InvalidLifecycleHookName.Duplicate", 400, "CreateLifecycleHook", new | {"LifecycleHookName": "ready-hook"}),
        ("InvalidLifecycleHookId.NotExist", 400, "ModifyLifecycleHook", {"LifecycleHookId": "ash-none"}),
        ("InvalidLifecycleHookId.NotExist", 400, "DeleteLifecycleHook", {"LifecycleHookId": "ash-none"}),
        ("InvalidLifecycleHookName.NotExist", 400, "ModifyLifecycleHook", {"ScalingGroupId": group, "LifecycleHookName": "none"}),
        ("InvalidLifecycleHookName.NotExist", 400, "DeleteLifecycleHook", {"ScalingGroupId": group, "LifecycleHookName": "none"}),
        ("InvalidParameter", 400, "DescribeLifecycleActions", {"ScalingActivityId": "asa-none"}),
        ("InvalidParameter", 400, "DescribeLifecycleActions", {"ScalingActivityId": activity, "MaxResults": 51}),
        ("ScalingActivityInProgress", 400, "DeleteScalingGroup", {"ScalingGroupId": group}),
        ("IncorrectScalingGroupStatus", 400, "EnableScalingGroup", {"ScalingGroupId": group}),
    ]
    told = [(*client.refusal(operation, **params), operation, params) for _, _, operation, params in expected]
    assert told == expected


def test_errors_of_region_quota_and_load(world: DirectWorld, client: Client, group: str) -> None:
    new = {"ScalingGroupId": group, "LifecycleTransition": "SCALE_IN"}
    world.emulator.ess.hooks.unsupported.add(("cn-hangzhou", "oos"))
    arn = "acs:oos:cn-hangzhou:1234567890123456:template/ACS-ESS-LifeCycle"
    unsupported = ("UnsupportedNotificationType.CurrentRegion", 400)
    assert client.refusal("CreateLifecycleHook", **new, NotificationArn=arn) == unsupported
    body = json.dumps({"name": "ess:CreateLifecycleHook", "code": "Throttling", "status": 400, "times": 2}).encode()
    assert world.http("POST", "/_faults", body)[:2] == (200, "{}")
    assert [client.refusal("CreateLifecycleHook", **new) for _ in range(2)] == [("Throttling", 400)] * 2
    for number in range(6 if client.version == OLD else 10):
        hook(client, group, LifecycleHookName=f"hook-{number}")
    assert client.refusal("CreateLifecycleHook", **new) == ("QuotaExceeded.LifecycleHook", 400)


def test_the_21st_heartbeat_and_the_seventh_hour(world: DirectWorld, client: Client, group: str) -> None:
    made = hook(client, group)
    beat = {"lifecycleHookId": made, "lifecycleActionToken": actions(client, scale(client, group, 1))[0]["LifecycleActionToken"]}
    world.clock.run_until(START + 60)
    too_long = client.refusal("RecordLifecycleActionHeartbeat", **beat, heartbeatTimeout=21_600)
    assert too_long == ("LifecycleAction.TimeExceeded", 400)
    for _ in range(20):
        client.call("RecordLifecycleActionHeartbeat", **beat)
    assert client.refusal("RecordLifecycleActionHeartbeat", **beat) == ("LifecycleAction.RecordTimesExceeded", 400)


@pytest.mark.parametrize("name", CLIENTS)
def test_a_wrong_signature_changes_nothing(world: DirectWorld, name: str) -> None:
    """aliyun-python-sdk-core reads the string to sign from the message; where it equals its own, it names the secret instead."""
    action = world.begin()
    beat = {"lifecycleHookId": "ash-1", "lifecycleActionToken": "t-1", "heartbeatTimeout": 900}
    wrong = CLIENTS[name](world.emulator.endpoint, secret="wrong")
    code = "InvalidAccessKeySecret" if name == "aliyun-python-sdk-ess" else "SignatureDoesNotMatch"
    assert wrong.refusal("RecordLifecycleActionHeartbeat", **beat) == (code, 400)
    stranger = CLIENTS[name](world.emulator.endpoint, key="LTAIother")
    assert stranger.refusal("RecordLifecycleActionHeartbeat", **beat) == ("InvalidAccessKeyId.NotFound", 404)
    assert (action.heartbeats, action.lapses_at) == (0, START + 600)


@pytest.mark.parametrize(("name", "fires"), [("alibabacloud_ess20220222", True), ("alibabacloud_ess20140828", False)])
def test_hooks_on_manual_removal(world: DirectWorld, name: str, fires: bool) -> None:
    """By the pages of 2014 none, unless the call has a hook context; in 2022 they fire, unless its context turns them off."""
    client = CLIENTS[name](world.emulator.endpoint)
    made = client.call("CreateScalingGroup", RegionId="cn-hangzhou", MinSize=0, MaxSize=5)["ScalingGroupId"]
    client.call("EnableScalingGroup", ScalingGroupId=made)
    scale(client, made, 2)
    first, second = instances(client, made)
    hook(client, made, "SCALE_IN")
    ids = "InstanceIds" if client.version == NEW else "InstanceId"
    client.call("RemoveInstances", ScalingGroupId=made, **{ids: [first]})
    assert instances(client, made) == ({first: "Removing:Wait"} if fires else {}) | {second: "InService"}
    if fires:
        world.clock.run_until(START + 601)
        client.call("RemoveInstances", ScalingGroupId=made, InstanceIds=[second], LifecycleHookContext={"DisableLifecycleHook": True})
        assert instances(client, made) == {}
