"""One-time schedules on the AWS emulator: they fire in virtual time, once."""

from collections.abc import Iterator
from datetime import datetime, timezone
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


def test_an_update_that_leaves_the_time_as_it_is_changes_the_message_only(world: World) -> None:
    """Its timer comes when it would have come, and once."""
    schedule(world)
    world.aws._running.timers_late_s = 30.0
    again = {"FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {"Arn": FUNCTION, "RoleArn": ROLE, "Input": '{"slot": 8}'}}
    world.client("scheduler").update_schedule(
        Name="one", ScheduleExpression="at(2023-11-14T22:15:00)", ActionAfterCompletion="DELETE", **again
    )
    world.clock.run_until(START + 100)
    assert world.invoked == [(FUNCTION, {"slot": 8})]
    world.clock.run_until(START + 200)
    assert len(world.invoked) == 1


def test_timers_can_be_late_and_other_targets_and_zones_work() -> None:
    virtual = VirtualClock(START)
    fired: list[float] = []
    with AwsEmulator(virtual, invoke=lambda _arn, _payload: fired.append(virtual.now()), timers_late_s=59):
        client = boto3.client("scheduler")
        common: Any = {"FlexibleTimeWindow": {"Mode": "OFF"}}
        target: Any = {"Arn": FUNCTION, "RoleArn": ROLE}
        zone = {"ScheduleExpression": "at(2023-11-14T23:15:00)", "ScheduleExpressionTimezone": "Europe/Berlin"}
        client.create_schedule(Name="zone", Target=target, **zone, **common)
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
        ({"ScheduleExpression": "rate(0 minutes)"}, "ValidationException"),
        ({"ScheduleExpression": "rate(5 weeks)"}, "ValidationException"),
        ({"ScheduleExpression": "cron(0 12 * *)"}, "ValidationException"),
        ({"ScheduleExpression": "cron(0 12 L * ? *)"}, "ValidationException"),
        ({"ScheduleExpression": "cron(60 12 * * ? *)"}, "ValidationException"),
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


@pytest.mark.parametrize(
    ("expression", "zone", "times"),
    [
        ("rate(5 minutes)", "UTC", ["22:18:20", "22:23:20", "22:28:20"]),
        ("rate(1 hour)", "UTC", ["23:13:20", "00:13:20", "01:13:20"]),
        ("cron(30 22 * * ? *)", "UTC", ["22:30:00", "22:30:00", "22:30:00"]),
        ("cron(0/20 * ? NOV TUE-WED 2023)", "UTC", ["22:20:00", "22:40:00", "23:00:00"]),
        ("cron(15,45 23 14 * ? *)", "Europe/Berlin", ["22:15:00", "22:45:00", "22:15:00"]),
    ],
)
def test_a_recurring_schedule_fires_again_and_again(expression: str, zone: str, times: list[str]) -> None:
    virtual = VirtualClock(START)
    fired: list[str] = []
    with AwsEmulator(
        virtual, invoke=lambda _arn, _payload: fired.append(f"{datetime.fromtimestamp(virtual.now(), timezone.utc):%H:%M:%S}")
    ) as aws:
        make: Any = boto3.client
        client = make("scheduler")
        client.create_schedule(
            Name="sweep",
            ScheduleExpression=expression,
            ScheduleExpressionTimezone=zone,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": FUNCTION, "RoleArn": ROLE},
        )
        while len(fired) < 3:
            assert virtual.step()
        assert fired == times
        assert aws.pending_schedules() == ["sweep"]
        client.delete_schedule(Name="sweep")
        virtual.step()
        assert len(fired) == 3


def test_a_recurring_schedule_keeps_to_its_dates_and_is_then_complete(world: World) -> None:
    dates = {"StartDate": datetime.fromtimestamp(START + 3600, timezone.utc), "EndDate": datetime.fromtimestamp(START + 3800, timezone.utc)}
    schedule(world, ScheduleExpression="rate(2 minutes)", **dates)
    world.clock.run_until(START + 3599)
    assert world.invoked == []
    world.clock.run_until(START + 9000)
    assert len(world.invoked) == 2
    assert world.client("scheduler").list_schedules()["Schedules"] == []


def test_schedule_groups_have_names_of_their_own(world: World) -> None:
    client = world.client("scheduler")
    client.create_schedule_group(Name="looks")
    with pytest.raises(ClientError) as error:
        client.create_schedule_group(Name="looks")
    assert refused(error) == ("ConflictException", "Schedule group looks already exists.")
    schedule(world, GroupName="looks")
    schedule(world)
    client.delete_schedule_group(Name="looks")
    world.clock.run_until(START + 100)
    assert len(world.invoked) == 1, "a group that is deleted takes its schedules along"
    with pytest.raises(ClientError) as error:
        client.delete_schedule_group(Name="looks")
    assert refused(error)[0] == "ResourceNotFoundException"


def test_a_schedule_publishes_to_a_topic_and_what_is_not_there_is_kept(world: World) -> None:
    sqs, url, arn = world.queue()
    sns = world.client("sns")
    topic = sns.create_topic(Name="looks")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    schedule(world, Target={"Arn": topic, "RoleArn": ROLE, "Input": '{"slot": 8}'})
    schedule(world, Name="lost", Target={"Arn": arn + "-gone", "RoleArn": ROLE, "Input": "x"})
    world.clock.run_until(START + 100)
    assert world.bodies(sqs, url) == [{"slot": 8}]
    assert world.aws.undelivered == [(arn + "-gone", b"x")]
