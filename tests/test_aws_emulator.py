"""The AWS emulator as a whole: calls told and failed, seeds, instances, and no trace left behind."""

import os
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.autoscaling import models as moto_autoscaling
from moto.autoscaling import urls as moto_autoscaling_urls
from moto.ec2.models import instances as moto_instances

from aws_world import INSTANCE, START, TOKEN, World, beat, complete, refused, running, schedule
from rearm_workbench.emulators.aws import NOT_MODELLED, AwsEmulator, modelled_operations
from rearm_workbench.emulators.aws.operations import PARTLY
from rearm_workbench.virtual_clock import VirtualClock


@pytest.fixture
def world() -> Iterator[World]:
    with running() as one:
        yield one


# calls, failures, and what is not modelled


def test_every_call_is_told_with_its_name_and_text_also_when_it_fails(world: World) -> None:
    world.seed()
    with pytest.raises(ClientError):
        complete(world.client("autoscaling"), LifecycleActionToken="0" * 36)
    world.client("ec2").describe_instance_status(InstanceIds=[INSTANCE])
    schedule(world)
    world.client("sqs").create_queue(QueueName="q")
    names = [name for name, _ in world.calls]
    assert names == ["autoscaling:CompleteLifecycleAction", "ec2:DescribeInstanceStatus", "scheduler:CreateSchedule", "sqs:CreateQueue"]
    assert "LifecycleActionToken=" + "0" * 36 in world.calls[0][1]
    assert INSTANCE in world.calls[1][1]
    assert world.calls[2][1].startswith("/schedules/one\n{")


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("autoscaling", "DescribeLifecycleHooks", {"AutoScalingGroupName": "web"}),
        ("ec2", "DescribeInstanceStatus", {}),
        ("scheduler", "ListSchedules", {}),
        ("sqs", "ListQueues", {}),
    ],
)
def test_a_call_fails_on_demand_in_the_services_own_format(world: World, service: str, operation: str, arguments: dict[str, str]) -> None:
    world.seed()
    client = world.client(service)
    run = getattr(client, {"ListSchedules": "list_schedules", "ListQueues": "list_queues"}.get(operation, ""), None) or getattr(
        client, "describe_lifecycle_hooks" if service == "autoscaling" else "describe_instance_status"
    )
    world.aws.fail_next(f"{service}:{operation}", "SomeCode", status=403, message="<why> & so")
    with pytest.raises(ClientError) as error:
        run(**arguments)
    assert refused(error) == ("SomeCode", "<why> & so")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    run(**arguments)


def test_botocores_own_retries_pause_in_virtual_time(world: World) -> None:
    world.seed()
    world.aws.fail_next("autoscaling:DescribeLifecycleHooks", "ResourceContention", status=500, times=2)
    world.client("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName="web")
    assert len(world.calls) == 3
    assert START < world.clock.now() < START + 60


def test_what_is_not_modelled_says_so(world: World) -> None:
    with pytest.raises(ClientError) as error:
        world.client("autoscaling").describe_account_limits()
    assert refused(error)[0] == "NotModelled"
    found = modelled_operations()
    assert found["autoscaling:CompleteLifecycleAction"] == "modelled"
    assert found["ec2:DescribeInstances"] == "moto"
    assert found["autoscaling:DescribeAccountLimits"] == "not modelled"
    assert found["scheduler:CreateSchedule"].startswith("partly: no flexible windows")
    assert set(PARTLY) <= set(found), "every entry is the name of an operation"
    assert {how.partition(":")[0] for how in found.values()} == {"modelled", "partly", "moto", "not modelled"}
    assert all(len(line) > 20 for line in NOT_MODELLED)


# seeds, instances, and leaving no trace


def test_a_seeded_action_waits_with_exactly_its_ids_and_sends_nothing(world: World) -> None:
    action = world.seed(group="Grüße / a b", hook="h/1", metadata="m")
    assert (world.calls, world.invoked) == ([], [])
    scaling = world.client("autoscaling")
    assert world.states(scaling) == ["Pending:Wait"]
    assert scaling.describe_lifecycle_hooks(AutoScalingGroupName="Grüße / a b")["LifecycleHooks"][0]["HeartbeatTimeout"] == 600
    assert action.lapses_at == START + 600
    world.clock.run_until(START + 600)
    assert (action.result, action.by) == ("ABANDON", "default result")
    assert world.waiting() == [], "a seeded group launches nothing by itself"


@pytest.mark.parametrize(
    ("transition", "origin", "destination", "before", "after"),
    [
        ("launch", "EC2", "AutoScalingGroup", "Pending:Wait", "InService"),
        ("launch", "EC2", "WarmPool", "Warmed:Pending:Wait", "Warmed:Stopped"),
        ("terminate", "AutoScalingGroup", "EC2", "Terminating:Wait", "terminated"),
        ("terminate", "AutoScalingGroup", "WarmPool", "Warmed:Pending:Wait", "Warmed:Stopped"),
        ("terminate", "AutoScalingGroup", "AutoScalingGroup", "ReplacingRootVolume:Wait", "InService"),
        ("terminate", None, None, "Terminating:Wait", "terminated"),
    ],
)
def test_origin_and_destination_decide_the_states(
    world: World, transition: str, origin: str | None, destination: str | None, before: str, after: str
) -> None:
    world.seed(transition=transition, origin=origin, destination=destination)
    assert world.aws.instance_state(INSTANCE) == before
    complete(world.client("autoscaling"), LifecycleActionToken=TOKEN)
    assert world.aws.instance_state(INSTANCE) == after


def test_several_seeds_share_a_group_and_wrong_ones_are_refused(world: World) -> None:
    world.seed()
    world.seed(token="b" * 36, instance_id="i-0000000000000000b")
    assert len(world.waiting()) == 2
    with pytest.raises(ValueError, match="used twice"):
        world.seed()
    with pytest.raises(ValueError, match="between 30 and 7200"):
        world.seed(token="c" * 36, timeout_s=5)


def test_status_checks_follow_the_world_and_tags_can_be_put(world: World) -> None:
    world.seed()
    ec2 = world.client("ec2")
    world.aws.set_ready(INSTANCE, lambda: world.clock.now() >= START + 60)

    def status() -> tuple[str, str]:
        one = ec2.describe_instance_status(InstanceIds=[INSTANCE])["InstanceStatuses"][0]
        return one["InstanceStatus"]["Status"], one["SystemStatus"]["Status"]

    assert status() == ("initializing", "initializing")
    world.clock.run_until(START + 60)
    assert status() == ("ok", "ok")
    world.aws.put_tag(INSTANCE, "ready", "yes")
    instance = ec2.describe_instances(InstanceIds=[INSTANCE])["Reservations"][0]["Instances"][0]
    assert {"Key": "ready", "Value": "yes"} in instance["Tags"]
    assert instance["PrivateIpAddress"] == world.aws.private_ip(INSTANCE)
    assert instance["LaunchTime"].timestamp() == START


def test_an_instance_that_vanishes_takes_its_action_along(world: World) -> None:
    action = world.seed()
    world.aws.set_ready(INSTANCE, lambda: False)
    world.aws.vanish(INSTANCE)
    assert action.by == "gone"
    ec2 = world.client("ec2")
    assert ec2.describe_instance_status(InstanceIds=[INSTANCE])["InstanceStatuses"] == []
    shown = ec2.describe_instance_status(InstanceIds=[INSTANCE], IncludeAllInstances=True)["InstanceStatuses"][0]
    assert (shown["InstanceState"]["Name"], shown["InstanceStatus"]["Status"]) == ("terminated", "not-applicable")
    with pytest.raises(ClientError, match="No active Lifecycle Action found"):
        beat(world.client("autoscaling"), LifecycleActionToken=TOKEN)


def test_a_group_replaces_a_waiting_instance_that_vanishes(world: World) -> None:
    scaling = world.group()
    world.hook(scaling)
    world.scale(scaling, 1)
    first = world.waiting()[0]
    world.client("ec2").terminate_instances(InstanceIds=[first.instances[0]])
    assert first.by == "gone"
    assert [one.instances != first.instances for one in world.waiting()] == [True]


def test_two_emulators_in_a_row_share_nothing_and_leave_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    before = dict(os.environ)
    classes = (moto_autoscaling.FakeAutoScalingGroup, moto_instances.Instance, dict(moto_autoscaling_urls.url_paths))
    for region in ("us-east-1", "eu-west-1"):
        with AwsEmulator(VirtualClock(START), region=region) as aws:
            assert boto3.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
            action = aws.seed_action(
                group="g", hook="h", token=TOKEN, instance_id=INSTANCE, transition="launch", timeout_s=60, default_result="ABANDON"
            )
            shown = boto3.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]["AutoScalingGroupARN"]
            assert f":{region}:" in shown
            assert action.ended_at is None
            with pytest.raises(RuntimeError, match="another AwsEmulator"), AwsEmulator(VirtualClock(START)):
                pass
        assert dict(os.environ) == before
        assert (moto_autoscaling.FakeAutoScalingGroup, moto_instances.Instance, dict(moto_autoscaling_urls.url_paths)) == classes
