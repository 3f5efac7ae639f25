"""The emulated ESS and ECS as the documentation tells them, through the official core SDK and plain HTTP."""

import json
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import parse_qsl, urlencode

import pytest

from alibaba_signing import acs3, v1
from alibaba_world import BEAT, START, DirectWorld
from rearm.clouds.alibaba.rpc import PATHS, VERSIONS
from rearm_workbench.emulators.alibaba.account import unset_arn

OLD, NEW, ECS = "2014-08-28", "2022-02-22", "2014-05-26"


@pytest.fixture
def world() -> Iterator[DirectWorld]:
    made = DirectWorld()
    with made.emulator:
        yield made


DONE = {"LifecycleHookId": "ash-1", "LifecycleActionToken": "t-1"}
MATCHES_NONE = (
    400,
    "LifecycleHookIdAndLifecycleActionToken.Invalid",
    "The specified lifecycleActionToken and lifecycleHookId you provided does not match any in process lifecycle action.",
)


def test_a_heartbeat_sets_the_time_left(world: DirectWorld) -> None:
    action = world.begin()
    world.clock.run_until(START + 100)
    assert world.rpc(NEW, "RecordLifecycleActionHeartbeat", **BEAT, heartbeatTimeout=900) == {}
    assert action.lapses_at == START + 1000
    world.rpc(OLD, "RecordLifecycleActionHeartbeat", LifecycleHookId="ash-1", LifecycleActionToken="t-1")
    assert (action.lapses_at, action.heartbeats) == (START + 700, 2)


def test_or_adds_to_it() -> None:
    """The documentation leaves it open, so both are modelled."""
    world = DirectWorld(heartbeat_adds=True)
    with world.emulator:
        action = world.begin()
        world.clock.run_until(START + 100)
        world.rpc(NEW, "RecordLifecycleActionHeartbeat", **BEAT, heartbeatTimeout=900)
    assert action.lapses_at == START + 1500


def test_the_21st_heartbeat_and_the_seventh_hour(world: DirectWorld) -> None:
    world.begin()
    world.clock.run_until(START + 60)
    assert world.error(NEW, "RecordLifecycleActionHeartbeat", **BEAT, heartbeatTimeout=21_600) == (
        400,
        "LifecycleAction.TimeExceeded",
        "The specified parameter heartbeatTime exceed lifecycleAction max suspend time.",
    )
    for _ in range(20):
        world.rpc(NEW, "RecordLifecycleActionHeartbeat", **BEAT)
    assert world.error(NEW, "RecordLifecycleActionHeartbeat", **BEAT) == (
        400,
        "LifecycleAction.RecordTimesExceeded",
        "The specified lifecycleAction exceed lifecycleAction max record times.",
    )


def test_a_hook_that_lapses_applies_its_default_result(world: DirectWorld) -> None:
    ended: list[float] = []
    action = world.begin()
    action.on_end.append(lambda one: ended.append(world.clock.now() - START))
    world.clock.run_until(START + 300)
    world.rpc(NEW, "RecordLifecycleActionHeartbeat", **BEAT, heartbeatTimeout=600)
    world.clock.run_until(START + 2000)
    assert (ended, action.result, action.by) == ([900], "ABANDON", "default result")
    assert world.error(NEW, "CompleteLifecycleAction", **DONE, LifecycleActionResult="CONTINUE") == MATCHES_NONE
    assert world.error(NEW, "RecordLifecycleActionHeartbeat", **BEAT) == MATCHES_NONE


def test_completion(world: DirectWorld) -> None:
    action = world.begin()
    assert world.error(NEW, "CompleteLifecycleAction", LifecycleHookId="ash-2", LifecycleActionToken="t-1") == MATCHES_NONE
    assert world.rpc(NEW, "CompleteLifecycleAction", **DONE, LifecycleActionResult="ROLLBACK") == {}
    assert (action.result, action.by) == ("ROLLBACK", "client")
    assert world.error(NEW, "CompleteLifecycleAction", **DONE, LifecycleActionResult="ROLLBACK") == MATCHES_NONE


def test_completion_without_a_result_takes_the_hooks_default(world: DirectWorld) -> None:
    action = world.begin()
    world.rpc(OLD, "CompleteLifecycleAction", **DONE)
    assert action.result == "ABANDON"


@pytest.mark.parametrize(
    ("action", "params", "code"),
    [
        ("RecordLifecycleActionHeartbeat", {**BEAT, "heartbeatTimeout": "29"}, "InvalidParamter"),
        ("RecordLifecycleActionHeartbeat", {**BEAT, "heartbeatTimeout": "soon"}, "InvalidParamter"),
        ("RecordLifecycleActionHeartbeat", {"lifecycleHookId": "ash-1"}, "MissingParameter"),
        ("CompleteLifecycleAction", {**DONE, "LifecycleActionResult": "continue"}, "InvalidParamter"),
        ("CompleteLifecycleAction", {**DONE, "ClientToken": "x" * 65}, "InvalidParamter"),
        ("CompleteLifecycleAction", {"LifecycleActionToken": "t-1"}, "MissingParameter"),
        ("DescribeLifecycleActions", {}, "InvalidParameter"),
    ],
)
def test_wrong_parameters_change_nothing(world: DirectWorld, action: str, params: dict[str, str], code: str) -> None:
    seeded = world.begin()
    assert world.error(NEW, action, **params)[:2] == (400, code)
    assert (seeded.heartbeats, seeded.ended_at) == (0, None)


def test_hooks_in_both_versions_shapes(world: DirectWorld) -> None:
    world.begin(transition="terminate")
    world.begin(token="t-2", hook="ash-2")
    hook: dict[str, object] = {
        "LifecycleHookId": "ash-1",
        "LifecycleHookName": "ash-1",
        "ScalingGroupId": "asg-1",
        "LifecycleTransition": "SCALE_IN",
        "HeartbeatTimeout": 600,
        "DefaultResult": "ABANDON",
        "NotificationArn": unset_arn("cn-hangzhou"),
        "NotificationMetadata": "",
    }
    counts = {"TotalCount": 1, "PageNumber": 1, "PageSize": 50}
    assert world.rpc(NEW, "DescribeLifecycleHooks", LifecycleHookIds__1="ash-1") == {
        "LifecycleHooks": [hook | {"LifecycleHookStatus": "Active"}],
        **counts,
    }
    assert world.rpc(OLD, "DescribeLifecycleHooks", LifecycleHookId__1="ash-1") == {"LifecycleHooks": {"LifecycleHook": [hook]}, **counts}
    assert world.rpc(NEW, "DescribeLifecycleHooks", ScalingGroupId="asg-1")["TotalCount"] == 2
    assert world.rpc(NEW, "DescribeLifecycleHooks", LifecycleHookIds__1="ash-9")["LifecycleHooks"] == []


def test_actions_of_an_activity(world: DirectWorld) -> None:
    for number in range(3):
        world.begin(token=f"t-{number}", activity="asa-1", timeout_s=600 * (number + 1))
    world.begin(token="elsewhere")
    world.rpc(NEW, "CompleteLifecycleAction", LifecycleHookId="ash-1", LifecycleActionToken="t-2", LifecycleActionResult="CONTINUE")
    world.clock.run_until(START + 700)
    first = world.rpc(NEW, "DescribeLifecycleActions", ScalingActivityId="asa-1", MaxResults=2)
    second = world.rpc(NEW, "DescribeLifecycleActions", ScalingActivityId="asa-1", MaxResults=2, NextToken=first["NextToken"])
    actions = first["LifecycleActions"] + second["LifecycleActions"]
    told = [(one["LifecycleActionToken"], one["LifecycleActionStatus"], one["LifecycleActionResult"]) for one in actions]
    assert told == [("t-0", "Timeout", "ABANDON"), ("t-1", "Pending", "ABANDON"), ("t-2", "Completed", "CONTINUE")]
    assert (first["TotalCount"], "NextToken" in second) == (3, False)
    old = world.rpc(OLD, "DescribeLifecycleActions", ScalingActivityId="asa-1", LifecycleActionStatus="Pending")
    assert old["LifecycleActions"]["LifecycleAction"][0]["InstanceIds"] == {"InstanceId": ["i-1", "i-2"]}


def test_parameters_from_query_form_and_headers(world: DirectWorld) -> None:
    """The ESS SDK of 2014 sends a form body, the one of 2022 `x-acs-*` headers."""
    action = world.begin()
    common = {"Action": "RecordLifecycleActionHeartbeat", "Version": OLD, "Format": "json"}
    form = BEAT | {"heartbeatTimeout": "700"}
    signed = dict(parse_qsl(v1(common | form, "POST")))
    query = urlencode({name: value for name, value in signed.items() if name not in form})
    body = urlencode(form).encode()
    assert world.http("POST", f"/?{query}", body, Content_Type="application/x-www-form-urlencoded")[0] == 200
    assert action.lapses_at == START + 700
    given = BEAT | {"heartbeatTimeout": "800"}
    headers = acs3("POST", "/", given, x_acs_action="RecordLifecycleActionHeartbeat", x_acs_version=NEW)
    assert world.http("POST", f"/?{urlencode(given)}", b"", **headers)[0] == 200
    assert action.lapses_at == START + 800
    assert [name for name, _ in world.calls] == ["ess:RecordLifecycleActionHeartbeat"] * 2
    assert "heartbeatTimeout=700" in world.calls[0][1]


def test_xml_on_request(world: DirectWorld) -> None:
    world.begin()
    query = {"Action": "DescribeLifecycleHooks", "Version": OLD, "Format": "XML"}
    status, text, headers = world.http("GET", f"/?{v1(query)}")
    assert (status, headers["content-type"]) == (200, "text/xml;charset=utf-8")
    assert "<LifecycleHooks><LifecycleHook><ScalingGroupId>asg-1</ScalingGroupId><LifecycleHookId>ash-1</LifecycleHookId>" in text
    status, text, _ = world.http("GET", "/?" + v1(query | {"Action": "CompleteLifecycleAction"}))
    assert status == 400
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?><Error><RequestId>')


def test_strangers_and_what_is_not_modelled_are_refused(world: DirectWorld) -> None:
    status, text, _ = world.http("POST", f"/?{urlencode({'Action': 'DescribeLifecycleHooks', 'Version': NEW, 'AccessKeyId': 'LTAIother'})}")
    assert (status, json.loads(text)["Code"]) == (404, "InvalidAccessKeyId.NotFound")
    status, code, message = world.error(NEW, "CreateScalingRule", ScalingGroupId="asg-1")
    assert (status, code) == (404, "InvalidAction.NotFound")
    assert message.startswith("ess:CreateScalingRule is not modelled by the emulator; modelled: ")
    assert ", ecs:DescribeInstanceStatus, " in message
    assert world.error("2019-01-02", "DescribeRegions")[:2] == (400, "NoSuchVersion")
    assert [name for name, _ in world.calls] == ["ess:DescribeLifecycleHooks", "ess:CreateScalingRule", "unknown:DescribeRegions"]


def test_every_modelled_operation_answers(world: DirectWorld) -> None:
    by_path = {f"{product}:{action}" for product, action in PATHS}
    served = {name for name in world.emulator.modelled_operations() if name.partition(":")[0] in VERSIONS} - by_path
    for name in served:
        product, _, action = name.partition(":")
        params = {"Action": action, "Version": VERSIONS[product]}
        status, text, _ = world.http("GET", f"/?{v1(params)}")
        assert "not modelled" not in text
        assert status in (200, 400)
    assert {name for name, _ in world.calls} == served


def test_who_the_caller_is(world: DirectWorld) -> None:
    told = world.rpc("2015-04-01", "GetCallerIdentity")
    assert (told["AccountId"], told["Arn"]) == ("1234567890123456", "acs:ram::1234567890123456:root")


def test_faults_before_and_after_the_effect(world: DirectWorld) -> None:
    action = world.begin()
    world.emulator.fail_next("ess:RecordLifecycleActionHeartbeat", "Throttling", times=2)
    world.emulator.fail_next("ess:RecordLifecycleActionHeartbeat", "InternalError", status=500, after_effect=True)
    throttled = (400, "Throttling", "Request was denied due to request throttling.")
    assert [world.error(NEW, "RecordLifecycleActionHeartbeat", **BEAT) for _ in range(2)] == [throttled, throttled]
    assert action.heartbeats == 0
    assert world.error(NEW, "RecordLifecycleActionHeartbeat", **BEAT)[:2] == (500, "InternalError")
    assert action.heartbeats == 1
    world.rpc(NEW, "RecordLifecycleActionHeartbeat", **BEAT)
    assert action.heartbeats == 2


def test_instances(world: DirectWorld) -> None:
    world.begin()
    world.begin(token="t-2", hook="ash-2", transition="terminate", instances=("i-3",))
    world.emulator.set_ready("i-1", lambda: world.clock.now() >= START + 60)
    world.emulator.set_ready("i-3", lambda: world.clock.now() >= START + 60)
    world.emulator.put_tag("i-1", "state", "ready")

    def statuses() -> dict[str, str]:
        answer = world.rpc(
            ECS, "DescribeInstanceStatus", RegionId="cn-hangzhou", InstanceId__1="i-1", InstanceId__2="i-3", InstanceId__3="i-9"
        )
        return {one["InstanceId"]: one["Status"] for one in answer["InstanceStatuses"]["InstanceStatus"]}

    assert statuses() == {"i-1": "Starting", "i-3": "Starting"}
    world.clock.run_until(START + 60)
    assert statuses() == {"i-1": "Running", "i-3": "Running"}
    described = world.rpc(ECS, "DescribeInstances", RegionId="cn-hangzhou", InstanceIds='["i-1"]')["Instances"]["Instance"]
    assert described[0]["VpcAttributes"]["PrivateIpAddress"]["IpAddress"] == [world.emulator.private_ip("i-1")]
    assert described[0]["Tags"]["Tag"] == [{"TagKey": "state", "TagValue": "ready"}]
    tags = world.rpc(ECS, "ListTagResources", RegionId="cn-hangzhou", ResourceType="instance", ResourceId__1="i-1", Tag__1__Key="state")
    assert tags["TagResources"]["TagResource"][0] | {"ResourceId": "i-1", "TagValue": "ready"} == tags["TagResources"]["TagResource"][0]
    assert world.error(ECS, "DescribeInstances", RegionId="cn-hangzhou", InstanceIds="i-1")[:2] == (400, "InvalidInstanceIds.Malformed")
    assert world.emulator.private_ip("i-1") != world.emulator.private_ip("i-2")


def test_an_action_ends_when_its_last_instance_has_vanished(world: DirectWorld) -> None:
    action, other = world.begin(), world.begin(token="t-2", instances=("i-3",))
    endings = [action.by]
    for instance in action.instances:
        world.clock.run_until(world.clock.now() + 30)
        world.emulator.vanish(instance)
        endings.append(action.by)
    assert endings == [None, None, "gone"]
    assert (action.ended_at, other.ended_at) == (START + 60, None)
    assert world.rpc(ECS, "DescribeInstanceStatus", RegionId="cn-hangzhou", InstanceId__1="i-1")["InstanceStatuses"]["InstanceStatus"] == []
    assert world.error(NEW, "RecordLifecycleActionHeartbeat", **BEAT) == MATCHES_NONE


def test_a_call_costs_a_few_milliseconds(world: DirectWorld) -> None:
    """A replay of six hours makes hundreds of calls; connections are kept and nothing waits for Nagle's algorithm."""
    world.begin()
    query = v1({"Action": "DescribeLifecycleHooks", "Version": NEW}, "POST")
    connection = HTTPConnection(world.emulator.endpoint, timeout=5)
    times = []
    for _ in range(50):
        began = time.perf_counter()
        connection.request("POST", f"/?{query}", b"")
        assert connection.getresponse().read()
        times.append(time.perf_counter() - began)
    connection.close()
    assert sorted(times)[25] < 0.005


def test_nobody_answers_after_the_end() -> None:
    world = DirectWorld()
    with world.emulator:
        connection = HTTPConnection(world.emulator.endpoint, timeout=5)
        connection.request("POST", "/", b"")
        connection.getresponse().read()
    with pytest.raises(OSError, match=r".*"):
        world.http("POST", "/")
    connection.close()
