"""Bugs that other handlers of lifecycle hooks had, around the messages they get: each is tried on the deployed handlers.

Each test's docstring says who had the bug. They are named so that nobody brings one back.
"""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

import messages_alibaba as alibaba
import messages_aws as aws
from known_bugs_world import (
    ADAPTER,
    COMPLETE,
    LAUNCH,
    SCALE_IN,
    SCALE_OUT,
    TIMER,
    breaking_first,
    failing,
    looks_at,
    on_both_clouds,
    play,
    ready_at,
    whats,
)

ONE_TWO_THREE = [(f"i-{n}", str(uuid.UUID(int=n << 100))) for n in (1, 2, 3)]
THREE_ON_AWS = [aws.flat(EC2InstanceId=instance, LifecycleActionToken=token) for instance, token in ONE_TWO_THREE]
THREE_ON_ALIBABA = [alibaba.message(alibaba.content(instanceIds=[one], lifecycleActionToken=token)) for one, token in ONE_TWO_THREE]
THREE_IN_ONE_SQS_BATCH = {"Records": [aws.record(one, f"m-{one['EC2InstanceId']}") for one in THREE_ON_AWS]}
BATCHES = {
    "sns": aws.sns_event(*THREE_ON_AWS),
    "sqs": THREE_IN_ONE_SQS_BATCH,
    "mns queue": [alibaba.queued(alibaba.b64(one)) for one in THREE_ON_ALIBABA],
}
of_each_batch = pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)


@pytest.mark.parametrize("event", [LAUNCH, SCALE_OUT, "aws/sqs-raw-delivery.json", "alibaba/mns-topic-stream.txt"])
@pytest.mark.parametrize("ready_after", ["1s", "7m"])
def test_no_message_is_acknowledged_before_its_wait_is_ended_or_looked_after(event: str, ready_after: str) -> None:
    """buildkite/lifecycled#55 (autoscaling.go): the message is deleted first and handled then, so what fails in between is lost.
    keikoproj/lifecycle-manager#282: an event of a node that is not yet known is rejected, and deleted with that."""
    troubles = [failing(TIMER, "InternalError", 500, times=2), failing(COMPLETE, "InternalError", 500, times=2)]
    played = play(event, *troubles, ready_after=ready_after, hook={"heartbeat_timeout": "10m", "default_result": "ABANDON"})
    assert (played.wait.outcome, played.wait.ended_by) == ("CONTINUE", "rearm")
    assert not played.invocations[0].acknowledged, "the timer could not be set"
    assert all(one.safe for one in played.invocations if one.acknowledged), "acknowledged, and nobody looks after it"


@of_each_batch
def test_every_record_of_a_batch_is_handled(batch: object) -> None:
    """meltwater/terraform-aws-asg-dns-handler (lambda/multihost/multihost.py): after the loop over the records, only the record that its
    variable still holds, the last, is completed. davidh83110/AutoScalingGroup-SQS-LifecycleHooks-Lambda (main.py) reads `Records[0]`."""
    waits = play(batch, ready_after="5m", hook={"heartbeat_timeout": "10m", "default_result": "ABANDON"}).waits
    assert [(wait.outcome, wait.ended_by) for wait in waits] == [("CONTINUE", "rearm")] * 3
    assert [wait.api_calls[COMPLETE[wait.cloud]] for wait in waits] == [1, 1, 1]


OPTIONAL_AWS = ("NotificationMetadata", "Origin", "Destination", "AccountId", "RequestId", "Service", "Time")
OPTIONAL_ALIBABA = ("notificationMetadata", "lifecycleHookName", "scalingGroupName", "defaultResult", "requestId", "scalingActivityId")
WITHOUT_AWS = aws.flat(**dict.fromkeys(OPTIONAL_AWS, ...))
WITHOUT_ALIBABA = alibaba.content(**dict.fromkeys(OPTIONAL_ALIBABA, ...))
BARE_ALIBABA = {"content": WITHOUT_ALIBABA, "regionId": "cn-hangzhou"}
WITHOUT_OPTIONAL_FIELDS = {
    "aws direct": WITHOUT_AWS,
    "aws sns": {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(WITHOUT_AWS)}}]},
    "aws sqs": {"Records": [{"messageId": "m-1", "eventSource": "aws:sqs", "body": json.dumps(WITHOUT_AWS)}]},
    "aws eventbridge": {"source": "aws.autoscaling", "detail-type": "EC2 Instance-launch Lifecycle Action", "detail": WITHOUT_AWS},
    "alibaba mns_topic": BARE_ALIBABA,
    "alibaba mns_queue": alibaba.queued(json.dumps(BARE_ALIBABA), subject=..., time=..., aliyunaccountid=...),
    "alibaba eventbridge": alibaba.cloud_event("ess:LifecycleHook:ScaleOut", WITHOUT_ALIBABA, subject=..., time=..., aliyunaccountid=...),
}


@pytest.mark.parametrize("event", WITHOUT_OPTIONAL_FIELDS.values(), ids=WITHOUT_OPTIONAL_FIELDS)
def test_a_missing_optional_field_is_no_error(event: object) -> None:
    """chiradeep/netscaler-aws-automation (vpx_lifecycle/handler.py) reads `event['detail']['NotificationMetadata']`, which a hook without
    metadata does not send. aws/aws-node-termination-handler#619: a message without the expected fields makes it panic again and again."""
    played = play(event, ready_after="5m", hook={"heartbeat_timeout": "10m", "default_result": "ABANDON"})
    assert (played.wait.outcome, played.wait.ended_by) == ("CONTINUE", "rearm")
    assert not [one.error for one in played.invocations if one.error]


@of_each_batch
@pytest.mark.parametrize("trouble", ["no timer can be set", "the handler breaks"])
def test_a_second_action_at_the_same_time_is_not_held_up_by_the_first(batch: object, trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """aws/aws-node-termination-handler#317: while it is busy with one node whose pods do not go, the events of the others wait too long."""
    plants = []
    if trouble == "no timer can be set":
        plants = [failing(TIMER, "InternalError", 500)]
    else:
        adapter = ADAPTER["alibaba" if isinstance(batch, list) else "aws"]
        monkeypatch.setattr(adapter, "describe_hook", breaking_first(1, adapter.describe_hook))
    played = play(batch, *plants, ready_after="15m", hook={"heartbeat_timeout": "10m", "default_result": "ABANDON"})
    assert [(wait.outcome, wait.ended_by) for wait in played.waits] == [("CONTINUE", "rearm")] * 3
    assert not played.invocations[0].acknowledged
    assert [looks_at(wait)[0] <= round(played.invocations[0].ended_s) for wait in played.waits[1:]] == [True, True]


@pytest.mark.parametrize("timeout", ["60s", "10m"])
def test_actions_in_invocations_side_by_side_do_not_take_each_other_for_duplicates(timeout: str) -> None:
    """The same bug: a handler that remembers "busy" for its hook and not for the wait. On a hook of a minute, looks are held in the
    invocation (docs/decisions/0004: one record a batch), so all three are under way at once."""

    def one_by_one(world: Any) -> None:
        world.deliver = lambda batch: [world._receive({"Records": [record]}, 5) for record in batch["Records"]]

    played = play(THREE_IN_ONE_SQS_BATCH, one_by_one, ready_after="5m", hook={"heartbeat_timeout": timeout, "default_result": "ABANDON"})
    assert [(wait.outcome, wait.ended_by) for wait in played.waits] == [("CONTINUE", "rearm")] * 3


@on_both_clouds
@pytest.mark.parametrize("why", ["its default result fell", "the instance vanished"])
def test_a_late_event_of_an_instance_already_gone_ends_quietly(event: str, why: str) -> None:
    """aws/aws-node-termination-handler#367: "No instance found with instance-id" for each message of the queue, until it panics.
    spacelift-io/terraform-aws-spacelift-workerpool-on-ec2#197: "No active Lifecycle Action found" is raised, so the message comes again
    for ever. keikoproj/lifecycle-manager#5: messages of a deleted hook stay in the queue for good."""

    def late(world: Any) -> None:
        world.world = Late(world.world)
        if why == "the instance vanished":
            world.clock.call_at(world.start + 60, lambda: world.instances.vanish(world.waits[0].action.instances[0]))

    played = play(event, late, ready_after="never", hook={"heartbeat_timeout": "5m", "default_result": "ABANDON"})
    assert played.wait.ended_by in ("default result", "gone")
    assert played.invocations
    assert not [one.error for one in played.invocations if one.error]
    assert "gone" in whats(played.wait)
    assert looks_at(played.wait)[-1] - looks_at(played.wait)[0] <= 180


class Late:
    """A world whose notification is delivered after half an hour."""

    def __init__(self, world: Any) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)

    def deliveries_s(self) -> list[int]:
        return [1800]


TWO_AT_ONCE = {"scale out": alibaba.cloud_event("ess:LifecycleHook:ScaleOut", alibaba.content()), "scale in": SCALE_IN}


@pytest.mark.parametrize("event", TWO_AT_ONCE.values(), ids=TWO_AT_ONCE)
@pytest.mark.parametrize("slow", ["the first", "the second"])
def test_one_instance_of_several_does_not_complete_the_action_for_all(event: object, slow: str, tmp_path: Path) -> None:
    """On Alibaba Cloud one token covers several instances. aliyun/oos-templates (PublicTemplates/YAML/ACS-ESS-LifeCycleRunCommand.yml) runs
    its command on each and then sends one CONTINUE: with `rateControl.MaxErrors` above 0, also when it failed on some of them."""
    after_s = {"first": 1500, "second": 120} if slow == "the first" else {"first": 120, "second": 1500}
    rules = {"checks": [{"instance_status": {}}], "budget": "50m", "on_timeout": "ABANDON"}
    hook = {"heartbeat_timeout": "10m", "default_result": "CONTINUE"}
    wait = play(event, ready_at(**after_s), rules=rules, scratch=tmp_path, hook=hook).wait
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert wait.waited_s >= 1500
    after_s = {name: None if seconds == 1500 else seconds for name, seconds in after_s.items()}
    wait = play(event, ready_at(**after_s), rules=rules, scratch=tmp_path, hook=hook).wait
    assert (wait.outcome, wait.ended_by) == ("ABANDON", "rearm")
    assert wait.waited_s >= 49 * 60
