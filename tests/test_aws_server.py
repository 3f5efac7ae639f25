"""The AWS server with the clients as published: boto3 and the `aws` command line. And its journal, its faults and its lock."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

from aws_server_world import REGION, Served, served
from aws_world import FUNCTION, LAUNCHING, ROLE, START, TERMINATING, beat, complete, refused
from rearm_workbench.emulators.aws.server import AwsServer
from rearm_workbench.virtual_clock import VirtualClock

GONE = "No active Lifecycle Action found with"
HOOKS = [
    {"LifecycleHookName": "up", "LifecycleTransition": LAUNCHING, "HeartbeatTimeout": 600, "DefaultResult": "CONTINUE"},
    {"LifecycleHookName": "down", "LifecycleTransition": TERMINATING, "HeartbeatTimeout": 600},
]


@pytest.fixture
def world() -> Iterator[Served]:
    with served() as one:
        yield one


def scale_out_and_in(world: Served) -> None:
    """A scale-out and a scale-in with a hook each: create, fire, describe, heartbeat, complete, and the errors."""
    scaling, sqs, scheduler = world.client("autoscaling"), world.client("sqs"), world.client("scheduler")
    url = sqs.create_queue(QueueName="notices")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    target = {"NotificationTargetARN": arn, "RoleARN": ROLE, "NotificationMetadata": "m"}
    world.group(scaling, LifecycleHookSpecificationList=[HOOKS[0] | target, HOOKS[1] | target])
    shown = scaling.describe_lifecycle_hooks(AutoScalingGroupName="web", LifecycleHookNames=["down"])["LifecycleHooks"]
    assert shown == [HOOKS[1] | target | {"AutoScalingGroupName": "web", "GlobalTimeout": 60_000, "DefaultResult": "ABANDON"}]
    scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    *tests, notice = messages(sqs, url)
    assert [one["Event"] for one in tests] == ["autoscaling:TEST_NOTIFICATION"] * 2
    token, instance = notice["LifecycleActionToken"], notice["EC2InstanceId"]
    assert scaling.describe_auto_scaling_instances()["AutoScalingInstances"][0]["LifecycleState"] == "Pending:Wait"
    world.clock.run_until(world.clock.now() + 500)
    beat(scaling, LifecycleHookName="up", LifecycleActionToken=token)
    beat(scaling, LifecycleHookName="up", InstanceId=instance)
    world.clock.run_until(world.clock.now() + 500)
    schedule = {"FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {"Arn": FUNCTION, "RoleArn": ROLE, "Input": "{}"}}
    at = "at(2023-11-14T23:13:20)"
    scheduler.create_schedule(Name="look", ScheduleExpression=at, ActionAfterCompletion="DELETE", **schedule)
    with pytest.raises(scheduler.exceptions.ConflictException):
        scheduler.create_schedule(Name="look", ScheduleExpression=at, **schedule)
    complete(scaling, LifecycleHookName="up", LifecycleActionToken=token)
    with pytest.raises(ClientError) as error:
        complete(scaling, LifecycleHookName="up", LifecycleActionToken=token)
    assert refused(error) == ("ValidationError", f"{GONE} token {token}")
    with pytest.raises(ClientError) as error:
        beat(scaling, LifecycleHookName="up", InstanceId=instance)
    assert refused(error) == ("ValidationError", f"{GONE} instance ID {instance}")
    scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=0)
    assert messages(sqs, url)[0]["LifecycleTransition"] == TERMINATING
    complete(scaling, LifecycleHookName="down", InstanceId=instance)
    assert scaling.describe_auto_scaling_instances()["AutoScalingInstances"] == []
    scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)


def messages(sqs: Any, url: str) -> list[Any]:
    """The queue's messages, deleted."""
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
    for one in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return [json.loads(one["Body"]) for one in found]


def test_boto3_scales_out_and_in(world: Served) -> None:
    before = dict(os.environ)
    scale_out_and_in(world)
    assert dict(os.environ) == before, "this process's own AWS settings are left alone"
    assert world.calls.count("autoscaling:CompleteLifecycleAction") == 3
    assert world.invoked == []
    world.clock.run_until(START + 3600)
    assert world.invoked == [(FUNCTION, {})]


@pytest.mark.slow
def test_the_command_line_scales_out_and_in(world: Served) -> None:
    def told(process: subprocess.Popen[str]) -> str:
        out, error = process.communicate(timeout=60)
        assert process.returncode == 0, error
        return out

    def run(*arguments: str) -> str:
        return told(world.command("autoscaling", *arguments))

    hook = ["--auto-scaling-group-name", "web", "--lifecycle-hook-name"]
    world.group(world.client("autoscaling"))
    up = world.command("autoscaling", "put-lifecycle-hook", *hook, "up", "--lifecycle-transition", LAUNCHING, "--heartbeat-timeout", "60")
    down = world.command("autoscaling", "put-lifecycle-hook", *hook, "down", "--lifecycle-transition", TERMINATING)
    told(up), told(down)
    run("set-desired-capacity", "--auto-scaling-group-name", "web", "--desired-capacity", "1")
    shown = json.loads(run("describe-auto-scaling-instances"))["AutoScalingInstances"][0]
    assert (shown["LifecycleState"], shown["AutoScalingGroupName"]) == ("Pending:Wait", "web")
    instance = ["--instance-id", shown["InstanceId"]]
    world.clock.run_until(START + 59)
    run("record-lifecycle-action-heartbeat", *hook, "up", *instance)
    world.clock.run_until(START + 118)
    run("complete-lifecycle-action", *hook, "up", *instance, "--lifecycle-action-result", "CONTINUE")
    assert world.aws.instance_state(shown["InstanceId"]) == "InService"
    again = world.command("autoscaling", "complete-lifecycle-action", *hook, "up", *instance, "--lifecycle-action-result", "CONTINUE")
    error = again.communicate(timeout=60)[1]
    assert again.returncode != 0
    assert f"(ValidationError) when calling the CompleteLifecycleAction operation: {GONE} instance ID {shown['InstanceId']}" in error
    run("set-desired-capacity", "--auto-scaling-group-name", "web", "--desired-capacity", "0")
    assert world.aws.instance_state(shown["InstanceId"]) == "Terminating:Wait"
    run("complete-lifecycle-action", *hook, "down", *instance, "--lifecycle-action-result", "CONTINUE")
    assert world.aws.instance_state(shown["InstanceId"]) == "terminated"


# state


def test_the_same_requests_make_the_same_state_and_a_journal_rebuilds_it(world: Served) -> None:
    scale_out_and_in(world)
    records, state = world.journal.records, world.state()
    assert len(records) == len(world.calls)
    assert len(state[0]) == 4
    world.aws.__exit__()
    with served() as second:
        scale_out_and_in(second)
        assert second.state() == state
    with served() as rebuilt:
        for at, *request in records:
            rebuilt.clock.run_until(at)
            rebuilt.aws.replay_request(*request)
        assert rebuilt.state() == state
        assert (rebuilt.calls, rebuilt.journal.records) == ([], [])
        token = state[0][-1][1]
        complete(rebuilt.client("autoscaling"), LifecycleHookName="up", LifecycleActionToken=token)
    with served(seed=1) as other:
        scale_out_and_in(other)
        assert other.state() != state


def test_what_was_to_time_out_while_nothing_ran_has_its_default_result(world: Served) -> None:
    scaling = world.client("autoscaling")
    world.group(scaling, LifecycleHookSpecificationList=[HOOKS[0]], DesiredCapacity=1)
    records = world.journal.records
    world.aws.__exit__()
    with served() as rebuilt:
        for _, *request in records:
            rebuilt.aws.replay_request(*request)
        rebuilt.clock.run_until(START + 10_000)
        actions, states, _ = rebuilt.state()
        assert states == ["InService"]
        assert actions[0][-3:] == (START + 600, "CONTINUE", "default result")


# errors


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("autoscaling", "describe_auto_scaling_groups", "InvalidClientTokenId", 403),
        ("scheduler", "list_schedules", "UnrecognizedClientException", 403),
        ("sqs", "list_queues", "InvalidClientTokenId", 403),
        ("ec2", "describe_instances", "AuthFailure", 401),
    ],
)
def test_another_access_key_is_refused(world: Served, service: str, operation: str, code: str, status: int) -> None:
    with pytest.raises(ClientError) as error:
        getattr(world.client(service, key="AKIASOMEBODYELSE"), operation)()
    assert refused(error)[0] == code
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    getattr(world.client(service), operation)()


@pytest.mark.parametrize(("service", "operation"), [("autoscaling", "describe_auto_scaling_groups"), ("sqs", "list_queues")])
def test_an_unsigned_request_is_refused(world: Served, service: str, operation: str) -> None:
    make: Any = boto3.client
    client = make(service, endpoint_url=f"http://{world.aws.endpoint}", region_name=REGION, config=Config(signature_version=UNSIGNED))
    with pytest.raises(ClientError) as error:
        getattr(client, operation)()
    assert refused(error) == ("MissingAuthenticationToken", "Request is missing Authentication Token")


@pytest.mark.parametrize(("service", "operation"), [("autoscaling", "describe_account_limits"), ("chime", "list_accounts")])
def test_what_is_not_modelled_says_so(world: Served, service: str, operation: str) -> None:
    with pytest.raises(ClientError) as error:
        getattr(world.client(service), operation)()
    assert refused(error)[0] == "NotModelled"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_calls_fail_on_demand(world: Served) -> None:
    scaling = world.client("autoscaling")
    world.group(scaling, LifecycleHookSpecificationList=[HOOKS[0]], DesiredCapacity=1)
    token = world.state()[0][0][1]
    name = "autoscaling:CompleteLifecycleAction"
    throttled = {"name": name, "code": "Throttling", "message": "Rate exceeded", "times": 2}
    assert world.post("/_faults", throttled) == (200, {"name": name, "code": "Throttling", "status": 400, "times": 2})
    assert world.post("/_faults", {"name": name, "code": "ResourceContention", "status": 500})[0] == 200
    assert world.post("/_faults", {"name": name, "code": "gone", "status": 0})[0] == 200
    for code, status in (("Throttling", 400), ("Throttling", 400), ("ResourceContention", 500)):
        with pytest.raises(ClientError) as error:
            complete(scaling, LifecycleHookName="up", LifecycleActionToken=token)
        assert (refused(error)[0], error.value.response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    with pytest.raises((HTTPClientError, EndpointConnectionError)):
        complete(scaling, LifecycleHookName="up", LifecycleActionToken=token)
    complete(scaling, LifecycleHookName="up", LifecycleActionToken=token)
    assert world.post("/_faults", ["wrong"])[0] == 400


def test_the_clock_is_moved_by_whoever_controls_it(world: Served) -> None:
    assert world.post("/_clock", {"advance_s": 5})[0] == 404
    asked: list[tuple[str, bytes]] = []

    def control(path: str, body: bytes) -> bytes:
        asked.append((path, body))
        return b'{"now": 1}'

    world.aws.control = control
    assert world.post("/_clock", {"advance_s": 5}) == (200, {"now": 1})
    assert asked == [("/_clock", b'{"advance_s": 5}')]
    assert world.journal.records == []


# functions


def test_a_function_is_invoked_by_its_name(world: Served) -> None:
    functions = world.client("lambda")
    arn = f"arn:aws:lambda:{REGION}:123456789012:function:rearm-sweep"
    assert functions.invoke(FunctionName="rearm-sweep", InvocationType="Event", Payload=b'{"a": 1}')["StatusCode"] == 202
    assert functions.invoke(FunctionName=arn, InvocationType="DryRun")["StatusCode"] == 204
    assert world.invoked == []
    world.clock.run_until(START)
    assert world.invoked == [(arn, {"a": 1})]
    with pytest.raises(ClientError) as error:
        functions.invoke(FunctionName="rearm-sweep")
    assert refused(error)[0] == "NotModelled"
    world.aws.call = lambda arn, payload: (b"", "it broke") if b"bad" in payload else (json.dumps([arn, 2]).encode(), None)
    answer = functions.invoke(FunctionName="rearm-sweep", Payload=b'{"a": 1}')
    assert (answer["StatusCode"], json.load(answer["Payload"]), "FunctionError" in answer) == (200, [arn, 2], False)
    answer = functions.invoke(FunctionName="rearm-sweep", Payload=b'"bad"')
    assert (answer["FunctionError"], json.load(answer["Payload"])) == ("Unhandled", {"errorMessage": "it broke"})
    with pytest.raises(functions.exceptions.InvalidRequestContentException):
        functions.invoke(FunctionName="rearm-sweep", Payload=b"{")


# the lock


def test_functions_are_invoked_without_the_lock_and_requests_wait_for_it() -> None:
    clock, lock = VirtualClock(START), threading.RLock()
    free: list[bool] = []

    def is_free() -> bool:
        taken = lock.acquire(blocking=False)
        if taken:
            lock.release()
        return taken

    def invoke(_arn: str, _payload: bytes) -> None:
        thread = threading.Thread(target=lambda: free.append(is_free()))
        thread.start()
        thread.join()

    with AwsServer(clock, lock=lock, invoke=invoke) as aws:
        make: Any = boto3.client
        key, secret = aws.credentials
        client = make(
            "scheduler",
            endpoint_url=f"http://{aws.endpoint}",
            region_name=REGION,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
        )
        target = {"Arn": FUNCTION, "RoleArn": ROLE, "Input": "{}"}
        client.create_schedule(Name="one", ScheduleExpression="at(2023-11-14T22:15:00)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target)
        clock.run_until(START + 100)
        assert free == [True]
        done = threading.Event()
        with lock:
            thread = threading.Thread(target=lambda: client.list_schedules() and done.set())
            thread.start()
            assert not done.wait(0.1)
        assert done.wait(10)
        thread.join()


def test_a_long_poll_holds_nobody_up_and_ends_with_the_message(world: Served) -> None:
    sqs = world.client("sqs")
    url = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    assert url == f"http://{world.aws.endpoint}/123456789012/q"
    found: list[Any] = []
    poll = threading.Thread(target=lambda: found.extend(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]))
    poll.start()
    sqs.send_message(QueueUrl=url, MessageBody="now")
    poll.join(10)
    assert [one["Body"] for one in found] == ["now"]
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=60)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    world.clock.run_until(START + 60)
    bodies = [one["Body"] for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    assert sorted(bodies) == ["later", "now"], "visible again, and no longer delayed: the virtual clock says so"
