"""`queue_empty`: SQS, and what CloudMonitor counts of SMQ."""

import json
from typing import Any

import msgspec
import pytest

from alibaba_signing import KEY, SECRET
from check_clouds import I, ask, assert_nonsense_is_waiting, assert_trouble_is_waiting
from rearm.checks import queue_empty

KIND = "queue_empty"
JOBS = {"queue": "jobs"}
START = 1_772_323_200


@pytest.mark.parametrize("transition", ["launch", "terminate"])
def test_sqs_waits_for_messages_that_wait_and_that_are_in_flight(aws_cloud: Any, clock: Any, transition: Any) -> None:
    sqs = aws_cloud.client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    assert ask(aws_cloud, KIND, JOBS, transition).status == "passed"
    for body in ("a", "b"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    received = sqs.receive_message(QueueUrl=url, VisibilityTimeout=600)["Messages"][0]
    found = ask(aws_cloud, KIND, {"queue": url}, transition)
    assert (found.status, found.reason, found.remember) == ("waiting", "messages: 1 waiting, 1 in flight", {})
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])
    assert ask(aws_cloud, KIND, JOBS, transition).reason == "messages: 1 waiting"
    received = sqs.receive_message(QueueUrl=url, VisibilityTimeout=600)["Messages"][0]
    assert ask(aws_cloud, KIND, JOBS, transition).reason == "messages: 1 in flight"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])
    found = ask(aws_cloud, KIND, JOBS, transition)
    assert (found.status, found.reason) == ("passed", "no messages")


def test_delayed_messages_count_if_they_are_to(aws_cloud: Any, clock: Any) -> None:
    sqs = aws_cloud.client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="a", DelaySeconds=900)
    assert "delayed" not in ask(aws_cloud, KIND, JOBS).reason
    assert ask(aws_cloud, KIND, JOBS | {"delayed": True}).reason.endswith("1 delayed")


def test_a_queue_of_the_instances_own_is_looked_up_once(aws_cloud: Any) -> None:
    url = aws_cloud.client("sqs").create_queue(QueueName=f"jobs-{I}")["QueueUrl"]
    settings = {"queue": "jobs-{instance}"}
    first = ask(aws_cloud, KIND, settings)
    assert (first.status, first.remember) == ("passed", {"queue empty jobs-{instance} " + I: url})
    aws_cloud.fail_next("sqs:GetQueueUrl", "AccessDenied", 403)
    again = ask(aws_cloud, KIND, settings, known=first.remember)
    assert (again.status, again.remember) == ("passed", {})


def test_a_queue_that_is_not_there_is_waiting(aws_cloud: Any, alibaba_cloud: Any) -> None:
    found = ask(aws_cloud, KIND, JOBS, "terminate")
    assert found.status == "waiting"
    assert "sqs:GetQueueUrl failed" in found.reason
    found = ask(alibaba_cloud, KIND, JOBS, "terminate")
    assert (found.status, found.reason) == ("waiting", "CloudMonitor has no recent NumberOfMessagesVisible of the queue")


@pytest.mark.parametrize("transition", ["launch", "terminate"])
def test_smq_as_cloudmonitor_counts_it(alibaba_cloud: Any, clock: Any, transition: Any) -> None:
    from mns.account import Account
    from mns.queue import Message

    account = Account(f"http://{alibaba_cloud.endpoint}", KEY, SECRET)
    jobs, other = account.get_queue("jobs"), account.get_queue("other")
    for queue in (jobs, other):
        alibaba_cloud.emulator.mns.create_queue(queue.queue_name, {"VisibilityTimeout": "600"})
    other.send_message(Message("x"))
    assert ask(alibaba_cloud, KIND, JOBS, transition).status == "passed"
    jobs.send_message(Message("a"))
    found = ask(alibaba_cloud, KIND, JOBS, transition)
    assert (found.status, found.reason) == ("waiting", "messages: 1 waiting")
    received = jobs.receive_message()
    assert ask(alibaba_cloud, KIND, JOBS, transition).reason == "messages: 1 in flight"
    jobs.delete_message(received.receipt_handle)
    jobs.send_message(Message("b", delay_seconds=900))
    assert ask(alibaba_cloud, KIND, JOBS, transition).status == "passed"
    assert ask(alibaba_cloud, KIND, JOBS | {"delayed": True}, transition).reason == "messages: 1 delayed"


ROW = {"timestamp": START * 1000, "queueName": "jobs", "Value": 0}


@pytest.mark.parametrize(
    ("rows", "passed"),
    [
        ([ROW], True),
        ([ROW | {"Maximum": 1}], False),
        ([ROW, ROW | {"region": "elsewhere", "Value": 2}], False),
        ([ROW | {"Value": None}], False),
        ([ROW | {"Value": "0"}], False),
        ([ROW | {"Value": float("nan")}], False),
        ([ROW | {"Maximum": float("nan")}], False),
        ([ROW | {"Average": -1}], False),
        ([ROW | {"timestamp": (START - 481) * 1000}], False),
        ([ROW | {"queueName": "jobs-2"}], False),
        ([], False),
    ],
)
def test_rows_of_cloudmonitor(alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch, rows: list[Any], passed: bool) -> None:
    monkeypatch.setattr("rearm.checks.alibaba.cloudmonitor.alibaba", lambda *_: {"Code": "200", "Datapoints": json.dumps(rows)})
    assert (ask(alibaba_cloud, KIND, JOBS).status == "passed") is passed


def test_trouble_is_waiting(aws_cloud: Any, alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    aws_cloud.client("sqs").create_queue(QueueName="jobs")
    alibaba_cloud.emulator.mns.create_queue("jobs", {})
    for call in ("sqs:GetQueueUrl", "sqs:GetQueueAttributes"):
        assert_trouble_is_waiting(aws_cloud, call, KIND, JOBS)
    assert_trouble_is_waiting(alibaba_cloud, "cms:DescribeMetricLast", KIND, JOBS)
    assert ask(aws_cloud, KIND, JOBS).status == ask(alibaba_cloud, KIND, JOBS).status == "passed"
    assert_nonsense_is_waiting(monkeypatch, aws_cloud, "rearm.checks.queue_empty.aws", KIND, {"queue": "https://sqs/123456789012/jobs"})
    assert_nonsense_is_waiting(monkeypatch, alibaba_cloud, "rearm.checks.alibaba.cloudmonitor.alibaba", KIND, JOBS)


@pytest.mark.parametrize("counts", [{}, {"ApproximateNumberOfMessages": "0"}, {"ApproximateNumberOfMessages": "none"}, None])
def test_counts_that_are_not_told_are_not_zero(aws_cloud: Any, monkeypatch: pytest.MonkeyPatch, counts: Any) -> None:
    monkeypatch.setattr("rearm.checks.queue_empty.aws", lambda *_, **__: {"QueueUrl": "https://q", "Attributes": counts})
    found = ask(aws_cloud, KIND, JOBS)
    assert (found.status, found.reason) == ("waiting", "sqs:GetQueueAttributes: the answer cannot be read")


@pytest.mark.parametrize(
    ("queue", "clouds", "wrong"),
    [
        ("jobs", ("aws", "alibaba"), False),
        ("jobs.fifo", ("aws",), False),
        ("jobs-{instance}", ("alibaba",), False),
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/jobs", ("aws",), False),
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/jobs", ("aws", "alibaba"), True),
    ],
)
def test_settings_that_do_not_fit(queue: str, clouds: tuple[str, ...], wrong: bool) -> None:
    assert bool(queue_empty.problems(queue_empty.Settings(queue), clouds)) is wrong
    msgspec.convert({"queue": queue}, queue_empty.Settings)


@pytest.mark.parametrize("queue", ["jobs-{group}", "jobs{", "", "a b", "http://q/123456789012/jobs", "https://q/1/jobs", "x" * 257])
def test_names_that_no_queue_has(queue: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"queue": queue}, queue_empty.Settings)


def test_the_permissions_that_these_settings_need() -> None:
    url = queue_empty.Settings("https://sqs.eu-west-1.amazonaws.com/123456789012/jobs")
    assert queue_empty.calls(url, "aws") == ("sqs:GetQueueAttributes",)
    assert queue_empty.calls(queue_empty.Settings("jobs"), "aws") == queue_empty.CALLS["aws"]
    assert queue_empty.calls(queue_empty.Settings("jobs"), "alibaba") == ("cms:DescribeMetricLast",)
