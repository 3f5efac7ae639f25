"""One-time schedules on the AWS emulator: they fire in virtual time, once."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from aws_world import FUNCTION, ROLE, START, World, refused, running, schedule
from rearm_workbench.emulators.aws import AwsEmulator
from rearm_workbench.virtual_clock import VirtualClock


@pytest.fixture
def world() -> Iterator[World]:
    with running() as one:
        yield one


def test_a_schedule_fires_once_on_time_and_deletes_itself(world: World) -> None:
    schedule(world)
    schedule(world, Name="kept", ActionAfterCompletion="NONE")
    assert world.aws.pending_schedules() == ["one", "kept"]
    world.clock.run_until(START + 99)
    assert world.invoked == []
    world.clock.run_until(START + 100)
    assert world.invoked == [(FUNCTION, {"slot": 7})] * 2
    assert world.aws.pending_schedules() == []
    assert [one["Name"] for one in world.client("scheduler").list_schedules()["Schedules"]] == ["kept"]


def test_a_name_that_is_taken_conflicts_and_is_free_again_after_firing(world: World) -> None:
    schedule(world)
    with pytest.raises(ClientError) as error:
        schedule(world)
    assert refused(error) == ("ConflictException", "Schedule one already exists.")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    world.clock.run_until(START + 100)
    schedule(world, ScheduleExpression="at(2023-11-14T23:00:00)")


def test_a_deleted_disabled_or_moved_schedule_does_not_fire_at_its_old_time(world: World) -> None:
    client = world.client("scheduler")
    schedule(world)
    client.delete_schedule(Name="one")
    schedule(world, Name="off", State="DISABLED")
    schedule(world, Name="moved")
    moved = {"FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {"Arn": FUNCTION, "RoleArn": ROLE, "Input": '{"moved": 1}'}}
    client.update_schedule(Name="moved", ScheduleExpression="at(2023-11-14T22:16:00)", State="ENABLED", **moved)
    world.clock.run_until(START + 159)
    assert world.invoked == []
    world.clock.run_until(START + 160)
    assert world.invoked == [(FUNCTION, {"moved": 1})]


def test_timers_can_be_late_and_other_targets_and_zones_work() -> None:
    virtual = VirtualClock(START)
    fired: list[float] = []
    with AwsEmulator(virtual, invoke=lambda _arn, _payload: fired.append(virtual.now()), timers_late_s=59):
        client = boto3.client("scheduler")
        common: Any = {"FlexibleTimeWindow": {"Mode": "OFF"}}
        target: Any = {"Arn": FUNCTION, "RoleArn": ROLE}
        zone = {"ScheduleExpression": "at(2023-11-14T23:15:00)", "ScheduleExpressionTimezone": "Europe/Berlin"}
        client.create_schedule(Name="zone", Target=target, **zone, **common)  # type: ignore[arg-type]
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName="work")["QueueUrl"]
        queue: Any = {"Arn": "arn:aws:sqs:us-east-1:123456789012:work", "RoleArn": ROLE, "Input": "hello"}
        client.create_schedule(Name="queue", Target=queue, ScheduleExpression="at(2023-11-14T22:15:00)", **common)
        virtual.run_until(START + 200)
        assert fired == [START + 159]
        assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"ScheduleExpression": "at(nonsense)"}, "ValidationException"),
        ({"ScheduleExpression": "at(2023-13-40T00:00:00)"}, "ValidationException"),
        ({"ScheduleExpression": "at(2023-11-14T22:13:20)"}, "ValidationException"),
        ({"ScheduleExpression": "rate(5 minutes)"}, "ValidationException"),
        ({"ScheduleExpressionTimezone": "Moon/Sea"}, "ValidationException"),
        ({"Name": "x" * 65}, "ValidationException"),
        ({"Name": "a b"}, "ValidationException"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}}, "ValidationException"),
        ({"Target": {"Arn": FUNCTION, "RoleArn": ROLE, "Input": "x" * 262_145}}, "ValidationException"),
        ({"GroupName": "none"}, "ResourceNotFoundException"),
    ],
)
def test_a_wrong_schedule_is_refused(world: World, wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as error:
        schedule(world, **wrong)
    assert refused(error)[0] == code
    assert world.aws.pending_schedules() == []
