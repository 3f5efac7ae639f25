"""The table of checks, and those that ask the cloud."""

import re
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from check_world import AWS, ROOT, Ecs, I, ask, ec2, ecs_status
from rearm import checks, steps
from rearm.clouds.alibaba.calls import CallFailed
from rearm.clouds.alibaba.endpoints import BY_REGION
from rearm.core.model import CheckResult

__all__ = ["ec2"]


# instance_status


def ec2_status(state: str, own: str, system: str) -> dict[str, object]:
    found = {
        "InstanceId": I,
        "InstanceState": {"Code": 16, "Name": state},
        "InstanceStatus": {"Status": own},
        "SystemStatus": {"Status": system},
    }
    return {"InstanceStatuses": [found]}


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (ec2_status("running", "ok", "ok"), CheckResult("passed", "both status checks are ok")),
        (ec2_status("running", "initializing", "ok"), CheckResult("waiting", "running; instance check initializing, system check ok")),
        (ec2_status("running", "ok", "impaired"), CheckResult("waiting", "running; instance check ok, system check impaired")),
        (
            ec2_status("pending", "not-applicable", "insufficient-data"),
            CheckResult("waiting", "pending; instance check not-applicable, system check insufficient-data"),
        ),
        (ec2_status("shutting-down", "ok", "ok"), CheckResult("gone", "the instance is shutting-down")),
        (ec2_status("terminated", "ok", "ok"), CheckResult("gone", "the instance is terminated")),
        ({"InstanceStatuses": []}, CheckResult("waiting", "EC2 has no status of the instance yet")),
    ],
)
def test_instance_status_on_aws(ec2: Stubber, answer: dict[str, object], result: CheckResult) -> None:
    ec2.add_response("describe_instance_status", answer, {"InstanceIds": [I], "IncludeAllInstances": True})
    assert ask("instance_status", {}, AWS) == result


@pytest.mark.parametrize(
    ("status_", "verdict"),
    [
        ("Running", "passed"),
        ("Pending", "waiting"),
        ("Starting", "waiting"),
        ("Stopping", "waiting"),
        ("Stopped", "waiting"),
        (None, "gone"),
    ],
)
def test_instance_status_on_alibaba_cloud(status_: str | None, verdict: str) -> None:
    cloud = Ecs(DescribeInstanceStatus=ecs_status(status_))
    found = ask("instance_status", {}, cloud)
    assert found.status == verdict
    assert status_ is None or status_ in found.reason
    assert cloud.asked == [("DescribeInstanceStatus", {"InstanceId.1": I})]


# tag


@pytest.mark.parametrize(
    ("value", "wanted", "result"),
    [
        ("yes", "yes", CheckResult("passed", "the tag is `yes`")),
        ("no", "yes", CheckResult("waiting", "the tag is `no`, wants `yes`")),
        ("no", None, CheckResult("passed", "the tag is `no`")),
        ("", None, CheckResult("passed", "the tag is ``")),
        (None, None, CheckResult("waiting", "no tag ready yet")),
        ("x" * 100, "y", CheckResult("waiting", f"the tag is `{'x' * 60}…`, wants `y`")),
    ],
)
def test_tag_on_both_clouds(ec2: Stubber, value: str | None, wanted: str | None, result: CheckResult) -> None:
    settings = {"key": "ready"} | ({"value": wanted} if wanted is not None else {})
    tags = [] if value is None else [{"ResourceId": I, "ResourceType": "instance", "Key": "ready", "Value": value}]
    filters = [{"Name": "resource-id", "Values": [I]}, {"Name": "key", "Values": ["ready"]}]
    ec2.add_response("describe_tags", {"Tags": tags}, {"Filters": filters})
    if value is None:
        ec2.add_response("describe_instance_status", ec2_status("running", "ok", "ok"))
    assert ask("tag", settings, AWS) == result
    listed = [{"ResourceId": tag["ResourceId"], "TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags]
    cloud = Ecs(ListTagResources={"TagResources": {"TagResource": listed}, "NextToken": ""}, DescribeInstanceStatus=ecs_status("Running"))
    assert ask("tag", settings, cloud) == result
    assert cloud.asked[0] == ("ListTagResources", {"ResourceType": "instance", "ResourceId.1": I, "Tag.1.Key": "ready"})
    assert len(cloud.asked) == (2 if value is None else 1), "whether the instance exists is asked only when there is no tag"


def test_an_instance_without_the_tag_that_is_gone_is_gone(ec2: Stubber) -> None:
    ec2.add_response("describe_tags", {"Tags": []})
    ec2.add_client_error("describe_instance_status", "InvalidInstanceID.NotFound")
    assert ask("tag", {"key": "drained"}, AWS).status == "gone"
    no_tags = {"TagResources": {"TagResource": []}}
    assert ask("tag", {"key": "drained"}, Ecs(ListTagResources=no_tags, DescribeInstanceStatus=ecs_status(None))).status == "gone"


def test_without_an_answer_to_the_second_question_a_missing_tag_is_waiting(ec2: Stubber) -> None:
    ec2.add_response("describe_tags", {"Tags": []})
    ec2.add_client_error("describe_instance_status", "UnauthorizedOperation")
    waiting = CheckResult("waiting", "no tag drained yet")
    assert ask("tag", {"key": "drained"}, AWS) == waiting
    for answer in (CallFailed("ecs:X", "Forbidden.RAM", 403), {}, []):
        cloud = Ecs(ListTagResources={"TagResources": {"TagResource": []}}, DescribeInstanceStatus=answer)
        assert ask("tag", {"key": "drained"}, cloud) == waiting


def test_a_tag_key_with_a_star_is_no_pattern(ec2: Stubber) -> None:
    ec2.add_response("describe_tags", {"Tags": [{"ResourceId": I, "Key": "ready-not", "Value": "x"}]})
    ec2.add_response("describe_instance_status", ec2_status("running", "ok", "ok"))
    assert ask("tag", {"key": "ready*"}, AWS) == CheckResult("waiting", "no tag ready* yet")


# errors: never passed, never failed

CLOUD_CHECKS = [
    ("instance_status", {}, "describe_instance_status"),
    ("tag", {"key": "x"}, "describe_tags"),
    ("tcp", {"port": 1}, "describe_instances"),
]


@pytest.mark.parametrize(("kind", "settings", "method"), CLOUD_CHECKS)
@pytest.mark.parametrize(
    "code", ["UnauthorizedOperation", "AccessDenied", "RequestLimitExceeded", "InternalError", "InvalidInstanceID.Malformed"]
)
def test_an_error_on_aws_is_waiting_and_names_the_call(
    ec2: Stubber, kind: str, settings: dict[str, object], method: str, code: str
) -> None:
    ec2.add_client_error(method, code, "Because.", 400)
    found = ask(kind, settings, AWS)
    assert found.status == "waiting"
    operation = "".join(map(str.capitalize, method.split("_")))
    assert f"ec2:{operation}" in found.reason
    assert code in found.reason


ECS_CHECKS = [
    ("instance_status", {}, "DescribeInstanceStatus"),
    ("tag", {"key": "x"}, "ListTagResources"),
    ("tcp", {"port": 1}, "DescribeInstances"),
]


@pytest.mark.parametrize(("kind", "settings", "action"), ECS_CHECKS)
@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"Instances": None, "TagResources": None, "InstanceStatuses": None},
        {"Instances": {"Instance": ["?"]}, "TagResources": ["?"], "InstanceStatuses": {"InstanceStatus": [None]}},
        [],
        None,
        CallFailed("ecs:X", "Throttling", 400),
        CallFailed("ecs:X", "Forbidden.RAM", 403),
        RuntimeError("secret"),
    ],
    ids=repr,
)
def test_an_error_or_nonsense_on_alibaba_cloud_is_waiting(kind: str, settings: dict[str, object], action: str, answer: Any) -> None:
    found = ask(kind, settings, Ecs(**{action: answer}))
    assert found.status == "waiting"
    assert found.reason
    assert "secret" not in found.reason


def test_settings_that_nobody_judged_are_waiting() -> None:
    assert ask("tcp", {"port": "x"}, AWS).status == "waiting"


# the table


AWS_CLIENTS = {"elasticloadbalancing": ("elb", "elbv2")}
"""Where permissions are not called as the client is."""
NO_OPERATIONS = ("s3:ListBucket", "lambda:InvokeFunction")
"""Permissions that are not called as any operation is."""


@cache
def operations(client: str) -> frozenset[str]:
    return frozenset(botocore.session.get_session().get_service_model(client).operation_names)


@pytest.mark.parametrize("kind", checks.TABLE)
def test_each_check_has_what_the_table_promises(kind: str) -> None:
    module = checks.module(kind)
    assert module.__doc__
    assert module.__doc__.startswith(f"`{kind}`: ")
    assert module.Settings.__struct_config__.frozen
    assert module.Settings.__struct_config__.forbid_unknown_fields
    assert "limit" not in module.Settings.__struct_fields__, "every check has it"
    assert callable(module.ask)
    assert callable(module.label)
    assert {"aws"} <= set(module.CALLS) <= {"aws", "alibaba"}
    for call in module.CALLS["aws"]:
        service, _, name = call.partition(":")
        assert call in NO_OPERATIONS or name in {name for client in AWS_CLIENTS.get(service, (service,)) for name in operations(client)}
    for call in module.CALLS.get("alibaba", ()):
        assert re.fullmatch(rf"({'|'.join([*BY_REGION, 'fc'])}):[A-Z][A-Za-z]+", call)
    assert f"\n### {kind}\n" in (ROOT / "docs" / "configuration.md").read_text()


@pytest.mark.parametrize(("room", "others"), [("checks", {"__init__", "question"}), ("steps", {"__init__"})])
def test_every_file_of_a_check_or_step_is_in_the_table(room: str, others: set[str]) -> None:
    """What several share, and the parts of one, are in folders."""
    files = {path.stem for path in (ROOT / "shared/python/rearm" / room).glob("*.py")}
    table = {"checks": checks.TABLE, "steps": steps.TABLE}[room]
    assert files - others == set(table)
    assert all(place == f"rearm.{room}.{kind}" for kind, place in table.items())


@pytest.mark.parametrize(
    ("kind", "settings", "label"),
    [
        ("http", {"port": 8080, "path": "/healthz"}, "http :8080/healthz"),
        ("http", {"host": "::1", "scheme": "https"}, "https [::1]:443/"),
        ("http", {"path": "/ready?token=s3cret"}, "http :80/ready?…"),
        ("tcp", {"port": 22, "host": "db"}, "tcp db:22"),
        ("instance_status", {}, "instance status"),
        ("instance_status", {"ssm": True, "cloud_assistant": True}, "instance status and SSM agent and Cloud Assistant"),
        ("tag", {"key": "a"}, "tag a"),
        ("tag", {"key": "a", "value": ""}, "tag a="),
        ("target_health", {"target_group": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/0a1b"}, "target health web"),
        ("target_health", {"load_balancer": "lb-1", "port": 80}, "target health lb-1:80"),
        ("metric", {"namespace": "AWS/EC2", "name": "CPUUtilization", "below": 5}, "metric AWS/EC2 CPUUtilization"),
        ("queue_empty", {"queue": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"}, "queue empty jobs"),
        ("ecs_tasks", {"cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/shop"}, "ecs tasks shop"),
    ],
)
def test_labels(kind: str, settings: dict[str, object], label: str) -> None:
    module = checks.module(kind)
    assert module.label(module.Settings(**settings)) == label
