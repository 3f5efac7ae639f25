"""An emulated AWS account for tests: its clock, what it was asked, and what its functions were invoked with."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rearm import clock
from rearm_workbench.emulators.aws import AwsEmulator
from rearm_workbench.virtual_clock import VirtualClock

START = 1_700_000_000.0
ROLE = "arn:aws:iam::123456789012:role/hook"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:doorway"
TOKEN = "87654321-4321-4321-4321-210987654321"
INSTANCE = "i-1234567890abcdef0"
LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"


class World:
    """One emulator, its clock, and what its functions were invoked with."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START)
        self.calls: list[tuple[str, str]] = []
        self.invoked: list[tuple[str, dict[str, Any]]] = []
        self.aws = AwsEmulator(
            self.clock,
            on_call=lambda name, text: self.calls.append((name, text)),
            invoke=lambda arn, payload: self.invoked.append((arn, json.loads(payload))),
        )

    def client(self, service: str) -> Any:
        return self.aws.client(service)

    def group(self, name: str = "web", **more: Any) -> Any:
        """A group of nothing yet, with the Auto Scaling client."""
        scaling = self.client("autoscaling")
        scaling.create_launch_configuration(LaunchConfigurationName=name, ImageId="ami-12c6146b", InstanceType="t3.micro")
        scaling.create_auto_scaling_group(
            AutoScalingGroupName=name, LaunchConfigurationName=name, MinSize=0, MaxSize=9, AvailabilityZones=["us-east-1a"], **more
        )
        return scaling

    def hook(self, scaling: Any, **more: Any) -> None:
        asked = {"AutoScalingGroupName": "web", "LifecycleHookName": "hold", "LifecycleTransition": LAUNCHING, "HeartbeatTimeout": 600}
        scaling.put_lifecycle_hook(**(asked | more))

    def scale(self, scaling: Any, size: int) -> None:
        scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=size)

    def states(self, scaling: Any) -> list[str]:
        return [one["LifecycleState"] for one in scaling.describe_auto_scaling_instances()["AutoScalingInstances"]]

    def waiting(self) -> list[Any]:
        return [action for action in self.aws.book.actions.values() if action.ended_at is None]

    def queue(self, name: str = "notices") -> tuple[Any, str, str]:
        """An SQS client, a queue's URL and its ARN."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        return sqs, url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def bodies(self, sqs: Any, url: str) -> list[Any]:
        return [json.loads(one["Body"]) for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])]

    def seed(self, **more: Any) -> Any:
        asked: dict[str, Any] = {
            "group": "web",
            "hook": "hold",
            "token": TOKEN,
            "instance_id": INSTANCE,
            "transition": "launch",
            "timeout_s": 600,
            "default_result": "ABANDON",
        }
        return self.aws.seed_action(**(asked | more))


@contextmanager
def running() -> Iterator[World]:
    """A world in virtual time: whoever sleeps, moves it."""
    one = World()
    clock.use(one.clock.now, lambda seconds: one.clock.run_until(one.clock.now() + seconds))
    try:
        with one.aws:
            yield one
    finally:
        clock.use_real()


def complete(scaling: Any, result: str = "CONTINUE", **more: Any) -> None:
    scaling.complete_lifecycle_action(
        **({"AutoScalingGroupName": "web", "LifecycleHookName": "hold", "LifecycleActionResult": result} | more)
    )


def beat(scaling: Any, **more: Any) -> None:
    scaling.record_lifecycle_action_heartbeat(**({"AutoScalingGroupName": "web", "LifecycleHookName": "hold"} | more))


def refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    told = error.value.response["Error"]
    return told["Code"], told["Message"]


def schedule(world: World, **more: Any) -> Any:
    asked = {
        "Name": "one",
        "ScheduleExpression": "at(2023-11-14T22:15:00)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {"Arn": FUNCTION, "RoleArn": ROLE, "Input": '{"slot": 7}'},
    }
    return world.client("scheduler").create_schedule(**(asked | more))
