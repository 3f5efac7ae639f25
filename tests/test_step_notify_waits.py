"""notify in whole waits: once, however often its notification comes; once more in a stage; and a copy after a kill."""

import json
from pathlib import Path
from typing import Any

import pytest

from rearm import config as configs
from rearm import look
from rearm.checks.question import Question
from rearm.core.model import StepResult
from rearm.errors import TryAgain
from rearm.steps.notices import message, webhook
from rearm_workbench.replay import Replay
from test_replay import ONE_OF_EACH, replayed

WEBHOOK = {"notify": {"webhook": "https://hooks.example:8443/in"}}
TARGETS: dict[str, list[Any]] = {
    "aws": [{"notify": {"topic": "arn:aws:sns:eu-west-1:111122223333:drains"}}, {"notify": {"bus": "ops"}}],
    "alibaba": [{"notify": {"smq_topic": "drains"}}],
}
CALLS = {"aws": ("sns:Publish", "events:PutEvents"), "alibaba": ("mns:PublishMessage",)}
of_each_type = pytest.mark.parametrize("event", ONE_OF_EACH.values(), ids=ONE_OF_EACH)


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every message that was made, in order."""
    made, real = list[dict[str, Any]](), message.message_of

    def spy(question: Question, text: str) -> message.Message:
        found = real(question, text)
        made.append(json.loads(found.body))
        return found

    monkeypatch.setattr(message, "message_of", spy)
    return made


def play(event: str, tmp_path: Path, profile: dict[str, Any], **world: Any) -> Replay:
    cloud = event.partition("/")[0]
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
    transition = "terminate" if "terminate" in event else "launch"  # OOS does not tell it
    whole = {"name": "p", "match": {"cloud": cloud, "transition": transition}, "checks": ["instance_status"], "budget": "50m"} | profile
    path.write_text(json.dumps({"version": 1, "profiles": [whole]}))
    return replayed(event, configs.load(str(path)), path, **world)


@of_each_type
def test_it_is_sent_once_and_once_more_in_a_stage_however_often_the_notification_comes(
    event: str, tmp_path: Path, messages: list[dict[str, Any]]
) -> None:
    cloud = event.partition("/")[0]
    steps = [*TARGETS[cloud], WEBHOOK]
    late = {"name": "late", "after": "20m", "steps": steps}
    replay = play(event, tmp_path, {"steps": steps, "stages": [late]}, ready_after="35m", duplicates=4)
    for wait in replay.waits:
        assert wait.ended_by == "rearm"
        assert sum(entry.what == "notification" for entry in wait.timeline) == 4
        assert [wait.api_calls[call] for call in CALLS[cloud]] == [2] * len(CALLS[cloud])
        done = [entry for entry in wait.timeline if entry.what.startswith("step")]
        assert [entry.what for entry in done] == ["step done"] * (2 * len(steps))
        assert [entry.why for entry in done if "hooks.example" in entry.why] == [
            "notify hooks.example:8443: sent: 200",
            "late notify hooks.example:8443: sent: 200",
        ]
        mine = [one for one in messages if one["instances"] == list(wait.action.instances)]
        assert len(mine) == len({one["id"] for one in mine}) == 2 * len(steps)
        assert {one["profile"] for one in mine} == {"p"}
        assert [one["stage"] for one in mine] == [""] * len(steps) + ["late"] * len(steps)


@of_each_type
def test_an_instance_that_is_ready_at_the_first_look_waits_only_for_a_message_that_is_required(event: str, tmp_path: Path) -> None:
    for required, sent in ((False, []), (True, ["step done"])):
        step = {"notify": WEBHOOK["notify"] | {"required": required}}
        for wait in play(event, tmp_path, {"steps": [step], "checks": []}).waits:
            assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
            assert [entry.what for entry in wait.timeline if entry.what.startswith("step")] == sent


@pytest.mark.parametrize("event", [ONE_OF_EACH["aws eventbridge"], ONE_OF_EACH["alibaba eventbridge"]])
def test_what_becomes_of_a_wait_whose_message_cannot_be_sent(event: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(required: bool) -> tuple[Any, ...]:
        step = {"notify": WEBHOOK["notify"] | {"required": required}}
        profile = {"steps": [step], "on_failure": "CONTINUE", "on_timeout": "ABANDON"}
        wait = play(event, tmp_path, profile, ready_after="10m").waits[0]
        return wait.outcome, wait.ended_by, round(wait.waited_s / 60), wait.timeline[-1].why

    def trouble(*_: object) -> StepResult:
        raise TryAgain("the moon is down")

    monkeypatch.setattr(webhook, "post", trouble)
    outcome, by, minutes, why = ended(required=True)
    assert (outcome, by, minutes, "notify hooks.example:8443: the moon is down" in why) == ("ABANDON", "rearm", 50, True)
    assert ended(required=False)[:2] == ("CONTINUE", "rearm")
    assert ended(required=False)[2] in (10, 11)
    monkeypatch.setattr(webhook, "post", lambda *_: StepResult("failed", "refused it: 404"))
    outcome, by, minutes, why = ended(required=True)
    assert (outcome, by, minutes <= 2, "refused it: 404" in why) == ("CONTINUE", "rearm", True, True)
    assert ended(required=False)[2] in (10, 11)


EVENT = {
    "version": "0",
    "id": "1f0c6a52-8b7d-4c55-9a4e-2f6f6a0d0c01",
    "detail-type": "EC2 Instance-terminate Lifecycle Action",
    "source": "aws.autoscaling",
    "account": "123456789012",
    "time": "2026-03-02T09:15:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {
        "LifecycleActionToken": "71514b9d-6a40-4b26-8523-05e7ee35fa40",
        "AutoScalingGroupName": "web",
        "LifecycleHookName": "drain",
        "EC2InstanceId": "i-0123456789abcdef0",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
    },
}
TOPIC = "arn:aws:sns:us-east-1:123456789012:drains"
RULES = f"""
version: 1
profiles:
  - name: web
    match: {{cloud: aws}}
    steps:
      - notify: {{topic: "{TOPIC}"}}
    checks:
      - tag: {{key: drained}}
"""


class Killed(BaseException):
    """The process is gone."""


def test_a_kill_between_the_message_and_the_next_timer_makes_a_copy_with_the_same_id(
    aws_cloud: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sns, sqs = aws_cloud.client("sns"), aws_cloud.client("sqs")
    sns.create_topic(Name="drains")
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:heard"
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    aws_cloud.configure(RULES)
    action = aws_cloud.waiting(EVENT, timeout_s=600)
    aws_cloud.run("eventbridge", EVENT)

    came = list[Any]()

    def killed(*_: object) -> bool:
        raise Killed

    def killed_once(event: Any, context: Any) -> Any:
        came.append(event)
        if len(came) == 1:
            with monkeypatch.context() as patch:
                patch.setattr(look, "arm", killed)
                with pytest.raises(Killed):
                    aws_cloud.run("recheck", event)
        return aws_cloud.run("recheck", event)  # for the killed one: Lambda delivers it again

    aws_cloud.functions["rearm-recheck"] = killed_once
    clock.run_until(clock.now() + 5 * 60)
    aws_cloud.put_tag("i-0123456789abcdef0", "drained", "yes")
    clock.run_until(clock.now() + 2 * 60)
    assert (action.result, action.by) == ("CONTINUE", "client")
    heard = [one["Body"] for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    assert len(heard) == 2
    assert heard[0] == heard[1]
