"""What the emulated clouds answer to a sweep's questions, and what starts one there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from alibaba_signing import acs3, fc2
from alibaba_world import START as ALIBABA_START
from alibaba_world import DirectWorld
from aws_world import START, World, refused, running, schedule
from rearm_workbench.emulators.alibaba import AlibabaEmulator
from sweep_world import sweep_world

FC2_FUNCTION = "/2016-08-15/services/rearm/functions/recheck"
FC3_FUNCTION = "/2023-03-30/functions/rearm-recheck"
LISTINGS = pytest.mark.parametrize(
    ("function", "listing", "element", "name", "prefix", "header"),
    [
        (
            FC2_FUNCTION,
            "stateful-async-invocations",
            "invocations",
            "invocationId",
            "invocationIdPrefix",
            "x_fc_stateful_async_invocation_id",
        ),
        (FC3_FUNCTION, "async-tasks", "tasks", "taskId", "prefix", "x_fc_async_task_id"),
    ],
    ids=["2.0", "3.0"],
)


@pytest.fixture
def world() -> Iterator[World]:
    with running() as one:
        yield one


def test_instances_come_in_pages_of_fifty(world: World) -> None:
    for number in range(120):
        world.seed(token=f"{number:036}", instance_id=f"i-{number:017x}")
    scaling = world.client("autoscaling")
    pages = list(scaling.get_paginator("describe_auto_scaling_instances").paginate())
    assert [len(page["AutoScalingInstances"]) for page in pages] == [50, 50, 20]
    assert len({one["InstanceId"] for page in pages for one in page["AutoScalingInstances"]}) == 120
    assert len(scaling.describe_auto_scaling_instances(MaxRecords=7)["AutoScalingInstances"]) == 7
    with pytest.raises(ClientError) as error:
        scaling.describe_auto_scaling_instances(MaxRecords=51)
    assert refused(error)[0] == "ValidationError"
    with pytest.raises(ClientError) as error:
        scaling.describe_auto_scaling_instances(NextToken="nonsense")
    assert refused(error)[0] == "InvalidNextToken"


def test_activities_in_progress_come_first(world: World) -> None:
    """Then by their start, newest first (DescribeScalingActivities)."""
    waiting = world.seed()
    scaling = world.client("autoscaling")
    world.clock.run_until(START + 60)
    later = world.seed(token="b" * 36, instance_id="i-2")
    world.aws.book.end(later, "CONTINUE", "client")
    world.clock.run_until(START + 120)
    world.seed(token="c" * 36, instance_id="i-3")
    shown = scaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"]
    assert [(one["StatusCode"], one["Description"].rpartition(" ")[2]) for one in shown] == [
        ("MidLifecycleAction", "i-3"),
        ("MidLifecycleAction", waiting.instances[0]),
        ("Successful", "i-2"),
    ]
    assert [
        len(page["Activities"]) for page in scaling.get_paginator("describe_scaling_activities").paginate(PaginationConfig={"PageSize": 2})
    ] == [
        2,
        1,
    ]
    with pytest.raises(ClientError) as error:
        scaling.describe_scaling_activities(AutoScalingGroupName="web", Filters=[{"Name": "Status", "Values": ["Successful"]}])
    assert refused(error)[0] == "ValidationError"


def test_schedules_are_listed_by_group_and_prefix(world: World) -> None:
    for group in ("rearm", "other"):
        world.aws.add_schedule_group(group)
        for number in range(105):
            schedule(world, Name=f"{'rearm' if number else 'sweep'}-{number}", GroupName=group)
    scheduler = world.client("scheduler")
    pages = list(scheduler.get_paginator("list_schedules").paginate(GroupName="rearm", NamePrefix="rearm-"))
    assert [len(page["Schedules"]) for page in pages] == [100, 4]
    assert {one["GroupName"] for page in pages for one in page["Schedules"]} == {"rearm"}
    with pytest.raises(ClientError) as error:
        scheduler.list_schedules(GroupName="nowhere")
    assert refused(error)[0] == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        scheduler.list_schedules(NextToken="nonsense")
    assert refused(error)[0] == "ValidationException"


def ask(
    world: DirectWorld, method: str, path: str, body: bytes = b"", query: dict[str, str] | None = None, **headers: str
) -> tuple[int, Any]:
    """Signed as the API's own SDK does."""
    asked = query or {}
    signed = fc2(method, path, **headers) if "/services/" in path else acs3(method, path, asked, body, **headers)
    text = "&".join(f"{key}={value}" for key, value in asked.items())
    status, answer, _ = world.http(method, f"{path}?{text}" if text else path, body, **signed)
    return status, json.loads(answer) if answer else None


@LISTINGS
def test_a_task_goes_through_its_states(function: str, listing: str, element: str, name: str, prefix: str, header: str) -> None:
    """Enqueued while it is delayed, then running, repeated after each failure, and failed for good after the third repetition."""
    world = DirectWorld()
    known: list[str] = []

    def invoke(function: str, payload: bytes, task: str | None, invocation: str) -> None:
        known.append(invocation)

    world.emulator = AlibabaEmulator(world.clock, invoke=invoke)

    def state() -> tuple[str, int]:
        _, answer = ask(world, "GET", f"{function}/{listing}")
        [task] = answer[element]
        assert (task[name], task["startedTime"]) == ("one", ALIBABA_START * 1000)
        return task["status"], task["alreadyRetriedTimes"]

    with world.emulator:
        headers = {"x_fc_invocation_type": "Async", "x_fc_async_delay": "60", header: "one"}
        assert ask(world, "POST", f"{function}/invocations", b"", **headers)[0] == 202
        assert state() == ("Enqueued", 0)
        world.clock.run_until(ALIBABA_START + 60)
        assert state() == ("Running", 0)
        for retried in (1, 2, 3):
            world.emulator.report(known[-1], ok=False)
            assert state() == ("Retrying", retried)
            world.clock.run_until(world.clock.now() + 10)
            assert state() == ("Running", retried)
        world.emulator.report(known[-1], ok=False)
        assert state() == ("Failed", 3)
        world.clock.run_until(world.clock.now() + 8 * 86_400)
        assert ask(world, "GET", f"{function}/{listing}")[1][element] == [], "kept for 7 days"


@LISTINGS
def test_tasks_are_listed_by_state_and_prefix_in_pages(
    function: str, listing: str, element: str, name: str, prefix: str, header: str
) -> None:
    world = DirectWorld()
    with world.emulator:
        for number in range(25):
            headers = {
                "x_fc_invocation_type": "Async",
                "x_fc_async_delay": str(60 * (number % 2)),
                header: f"{'a' if number < 20 else 'b'}-{number}",
            }
            ask(world, "POST", f"{function}/invocations", b"", **headers)
        ask(world, "POST", f"{function}-other/invocations", b"", x_fc_invocation_type="Async", **{header: "a-other"})
        world.clock.run_until(ALIBABA_START + 1)
        path = f"{function}/{listing}"
        _, first = ask(world, "GET", path, query={"limit": "6", prefix: "a-", "status": "Enqueued"})
        assert [one[name] for one in first[element]] == [f"a-{number}" for number in (19, 17, 15, 13, 11, 9)]
        asked = {"limit": "6", "nextToken": first["nextToken"], prefix: "a-", "status": "Enqueued"}
        _, second = ask(world, "GET", path, query=asked)
        assert ([one[name] for one in second[element]], second.get("nextToken")) == (["a-7", "a-5", "a-3", "a-1"], None)
        _, oldest = ask(world, "GET", path, query={"limit": "1", "sortOrderByTime": "asc", "status": "Succeeded"})
        assert [one[name] for one in oldest[element]] == ["a-0"]
        for query in ({"limit": "101"}, {"limit": "0"}, {"status": "Sleeping"}, {"nextToken": "nonsense"}):
            assert ask(world, "GET", path, query=query)[0] == 400


@LISTINGS
def test_tasks_are_listed_for_the_account_only(function: str, listing: str, element: str, name: str, prefix: str, header: str) -> None:
    world = DirectWorld()
    with world.emulator:
        assert world.http("GET", f"{function}/{listing}", b"")[0] == 403
        world.emulator.fail_next(f"fc:{'ListStatefulAsyncInvocations' if '2016' in function else 'ListAsyncTasks'}", "AccessDenied", 403)
        status, answer = ask(world, "GET", f"{function}/{listing}")
        assert (status, answer.get("Code") or answer.get("ErrorCode")) == (403, "AccessDenied")


def test_an_action_put_in_place_by_hand_has_an_activity_that_ends_with_it() -> None:
    world = DirectWorld()
    with world.emulator:
        action = world.begin(activity="asa-1")
        other = world.begin(token="t-2", hook="ash-2", activity="asa-1")

        def shown() -> tuple[str, list[str]]:
            [activity] = world.rpc("2022-02-22", "DescribeScalingActivities", RegionId="cn-hangzhou", ScalingGroupId="asg-1")[
                "ScalingActivities"
            ]
            told = world.rpc("2022-02-22", "DescribeScalingInstances", RegionId="cn-hangzhou", ScalingGroupId="asg-1")["ScalingInstances"]
            return activity["StatusCode"], [one["LifecycleState"] for one in told]

        assert shown() == ("InProgress", ["Pending:Wait", "Pending:Wait"])
        world.emulator.book.end(action, "CONTINUE", "client")
        assert shown()[0] == "InProgress"
        world.emulator.book.end(other, "CONTINUE", "client")
        assert shown() == ("Successful", ["InService", "InService"])


def test_a_rate_schedule_starts_the_sweep_on_aws(tmp_path: Path) -> None:
    with sweep_world("aws", tmp_path) as world:
        world.emulator.client("scheduler").create_schedule(
            Name="sweep",
            ScheduleExpression="rate(5 minutes)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                "Arn": "arn:aws:lambda:us-east-1:123456789012:function:rearm-sweep",
                "RoleArn": "arn:aws:iam::123456789012:role/rearm-scheduler",
            },
        )
        action = world.wait(timeout_s=600)
        world.ready_after(1, 1500)
        world.run_for(3600)
        assert (action.result, action.by) == ("CONTINUE", "client")
        assert len(world.verdicts("sweep")) == 12


def test_a_timer_trigger_starts_the_sweep_on_alibaba_cloud(tmp_path: Path) -> None:
    with sweep_world("alibaba", tmp_path) as world:
        world.emulator.add_trigger("timer", "@every 5m", "rearm-sweep")
        action = world.wait(timeout_s=600)
        world.ready_after(1, 1500)
        world.run_for(3600)
        assert (action.result, action.by) == ("CONTINUE", "client")
        assert len(world.verdicts("sweep")) == 12


def test_a_timer_trigger_takes_minutes_only() -> None:
    world = DirectWorld()
    with world.emulator:
        for source, status in (("@every 5m", 200), ("@every 0m", 400), ("0 0 4 * * *", 400), ("5m", 400)):
            given = json.dumps({"kind": "timer", "source": source, "function": "rearm-sweep"}).encode()
            assert world.http("POST", "/_triggers", given)[0] == status
        world.clock.run_until(ALIBABA_START + 301)
        [(at, function, payload, task)] = world.invoked
        assert (at, function, task) == (300, "rearm-sweep", None)
        assert json.loads(payload) == {"triggerTime": "2027-01-15T08:05:00Z", "triggerName": "timer", "payload": ""}
