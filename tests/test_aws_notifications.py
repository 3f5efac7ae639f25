"""What the AWS emulator sends when an action begins, and to whom."""

import json
from collections.abc import Iterator

import boto3
import pytest

from aws_world import FUNCTION, LAUNCHING, ROLE, START, TERMINATING, World, complete, running
from rearm.clouds.aws import parse
from rearm_workbench.emulators.aws import AwsEmulator
from rearm_workbench.virtual_clock import VirtualClock


@pytest.fixture
def world() -> Iterator[World]:
    with running() as one:
        yield one


def test_scale_out_stops_in_the_wait_state_and_tells_the_queue(world: World) -> None:
    sqs, url, arn = world.queue()
    scaling = world.group()
    world.hook(scaling, NotificationTargetARN=arn, RoleARN=ROLE, NotificationMetadata='{"a": 1}')
    world.scale(scaling, 1)
    action = world.waiting()[0]
    test, notice = world.bodies(sqs, url)
    assert test["Event"] == "autoscaling:TEST_NOTIFICATION"
    assert "LifecycleActionToken" not in test
    assert test["AutoScalingGroupARN"].endswith(":autoScalingGroupName/web")
    assert notice.pop("RequestId")
    assert notice == {
        "Origin": "EC2",
        "Destination": "AutoScalingGroup",
        "LifecycleHookName": "hold",
        "AccountId": "123456789012",
        "AutoScalingGroupName": "web",
        "Service": "AWS Auto Scaling",
        "Time": "2023-11-14T22:13:20.000Z",
        "LifecycleTransition": LAUNCHING,
        "NotificationMetadata": '{"a": 1}',
        "EC2InstanceId": action.instances[0],
        "LifecycleActionToken": action.token,
    }
    assert world.states(scaling) == ["Pending:Wait"]
    complete(scaling, LifecycleActionToken=action.token)
    assert world.states(scaling) == ["InService"]
    assert (action.result, action.by) == ("CONTINUE", "client")


def test_scale_in_waits_and_then_terminates(world: World) -> None:
    sqs, url, arn = world.queue()
    scaling = world.group()
    world.scale(scaling, 1)
    world.hook(scaling, LifecycleTransition=TERMINATING, NotificationTargetARN=arn, RoleARN=ROLE)
    assert world.states(scaling) == ["InService"]
    world.scale(scaling, 0)
    notice = world.bodies(sqs, url)[1]
    assert (notice["LifecycleTransition"], notice["Origin"], notice["Destination"]) == (TERMINATING, "AutoScalingGroup", "EC2")
    assert "NotificationMetadata" not in notice
    assert world.states(scaling) == ["Terminating:Wait"]
    complete(scaling, InstanceId=notice["EC2InstanceId"])
    assert world.states(scaling) == []
    assert world.aws.instance_state(notice["EC2InstanceId"]) == "terminated"


def test_a_rule_hands_the_whole_event_to_a_queue_and_to_a_function(world: World) -> None:
    sqs, url, arn = world.queue()
    events = world.client("events")
    events.put_rule(Name="hooks", EventPattern=json.dumps({"source": ["aws.autoscaling"]}))
    events.put_targets(Rule="hooks", Targets=[{"Id": "q", "Arn": arn}, {"Id": "f", "Arn": FUNCTION}])
    scaling = world.group()
    world.hook(scaling, NotificationMetadata="m")
    world.scale(scaling, 1)
    action = world.waiting()[0]
    event = world.bodies(sqs, url)[0]
    assert event.pop("id")
    arn_of_group = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["AutoScalingGroupARN"]
    assert event == {
        "version": "0",
        "detail-type": "EC2 Instance-launch Lifecycle Action",
        "source": "aws.autoscaling",
        "account": "123456789012",
        "time": "2023-11-14T22:13:20Z",
        "region": "us-east-1",
        "resources": [arn_of_group],
        "detail": {
            "LifecycleActionToken": action.token,
            "AutoScalingGroupName": "web",
            "LifecycleHookName": "hold",
            "EC2InstanceId": action.instances[0],
            "LifecycleTransition": LAUNCHING,
            "NotificationMetadata": "m",
            "Origin": "EC2",
            "Destination": "AutoScalingGroup",
        },
    }
    assert world.invoked == [], "a function is called asynchronously, not inside the call that caused it"
    world.clock.run_until(START)
    assert world.invoked[0][0] == FUNCTION
    assert world.invoked[0][1]["detail"] == event["detail"]


def test_a_rule_that_does_not_match_or_is_disabled_hands_on_nothing(world: World) -> None:
    sqs, url, arn = world.queue()
    events = world.client("events")
    for name, pattern in (("other", {"source": ["aws.ec2"]}), ("off", {"source": ["aws.autoscaling"]})):
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": arn}])
    events.disable_rule(Name="off")
    scaling = world.group()
    world.hook(scaling)
    world.scale(scaling, 1)
    assert world.bodies(sqs, url) == []


@pytest.mark.parametrize("raw", ["true", "false"])
def test_a_topic_feeds_a_queue_wrapped_or_raw(world: World, raw: str) -> None:
    sqs, url, queue_arn = world.queue()
    sns = world.client("sns")
    topic = sns.create_topic(Name="hooks")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": raw})
    scaling = world.group()
    world.hook(scaling, NotificationTargetARN=topic, RoleARN=ROLE)
    world.scale(scaling, 1)
    body = world.bodies(sqs, url)[1]
    if raw == "false":
        assert (body["Type"], body["Timestamp"], body["TopicArn"]) == ("Notification", "2023-11-14T22:13:20.000Z", topic)
        instance = world.waiting()[0].instances[0]
        assert body["Subject"] == f"Auto Scaling:  Lifecycle action 'LAUNCHING' for instance {instance} in progress."
        assert {"SigningCertURL", "UnsubscribeURL"} <= set(body)
        body = json.loads(body["Message"])
    assert body["LifecycleActionToken"] == world.waiting()[0].token


def test_a_topic_calls_a_function_with_an_sns_record(world: World) -> None:
    sns = world.client("sns")
    topic = sns.create_topic(Name="hooks")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=FUNCTION)
    scaling = world.group()
    world.hook(scaling, NotificationTargetARN=topic, RoleARN=ROLE)
    world.scale(scaling, 1)
    world.clock.run_until(START)
    test, notice = (payload["Records"][0] for _, payload in world.invoked)
    assert json.loads(test["Sns"]["Message"])["Event"] == "autoscaling:TEST_NOTIFICATION"
    assert (notice["EventSource"], notice["EventVersion"]) == ("aws:sns", "1.0")
    assert {"SigningCertUrl", "UnsubscribeUrl", "MessageAttributes"} <= set(notice["Sns"])
    assert json.loads(notice["Sns"]["Message"])["LifecycleActionToken"] == world.waiting()[0].token


def test_a_function_is_a_target_without_a_role(world: World) -> None:
    scaling = world.group()
    world.hook(scaling, NotificationTargetARN=FUNCTION)
    world.scale(scaling, 1)
    world.clock.run_until(START)
    (_, test), (arn, notice) = world.invoked
    assert test["Event"] == "autoscaling:TEST_NOTIFICATION"
    assert arn == FUNCTION
    assert notice["LifecycleActionToken"] == world.waiting()[0].token


def test_without_a_taker_a_functions_event_is_kept() -> None:
    virtual = VirtualClock(START)
    with AwsEmulator(virtual) as aws:
        scaling = boto3.client("scheduler")
        scaling.create_schedule(
            Name="one",
            ScheduleExpression="at(2023-11-14T22:14:00)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": FUNCTION, "RoleArn": ROLE, "Input": "{}"},
        )
        virtual.run_until(START + 60)
        assert aws.undelivered == [(FUNCTION, b"{}")]


def test_the_parser_reads_all_that_the_emulator_sends(world: World) -> None:
    events, sns = world.client("events"), world.client("sns")
    events.put_rule(Name="hooks", EventPattern=json.dumps({"source": ["aws.autoscaling"]}))
    events.put_targets(Rule="hooks", Targets=[{"Id": "f", "Arn": f"{FUNCTION}-eventbridge"}])
    topic = sns.create_topic(Name="hooks")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f"{FUNCTION}-sns")
    scaling = world.group()
    world.hook(scaling, LifecycleHookName="a", NotificationTargetARN=topic, RoleARN=ROLE, NotificationMetadata="m")
    world.hook(scaling, LifecycleHookName="b", NotificationTargetARN=f"{FUNCTION}-direct", NotificationMetadata="m")
    world.scale(scaling, 1)
    world.clock.run_until(START)
    parsers = {"eventbridge": parse.eventbridge, "sns": parse.sns, "direct": parse.direct}
    found = [(kind, one) for arn, payload in world.invoked for kind in [arn.rpartition("-")[2]] for one in parsers[kind](payload)]
    assert sorted(kind for kind, one in found if one.verdict == "test") == ["direct", "sns"]
    actions = [(kind, one.action) for kind, one in found if one.action is not None]
    tokens = {(action.hook, action.token) for action in world.waiting()}
    assert sorted(kind for kind, _ in actions) == ["direct", "eventbridge", "eventbridge", "sns"]
    assert {(action.hook, action.token) for _, action in actions} == tokens
    assert {(action.group, action.transition, action.metadata, action.notified_at) for _, action in actions} == {
        ("web", "launch", "m", START)
    }
