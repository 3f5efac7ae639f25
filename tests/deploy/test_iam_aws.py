"""IAM (template.yml): each call of a replay is allowed on its resource, what nobody needs is not, and trust is narrow."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_deploy_world import (
    ACCOUNT,
    ANY,
    HERE,
    TEMPLATE,
    Call,
    env,
    function,
    narrow,
    policies,
    raw,
    recorded,
    rendered,
    statements,
    worked_out,
)

from rearm_workbench.deploy.model import Environment

# IAM's language and RAM's are the same in the part that both use.
from rearm_workbench.descriptions.ram import verdict
from rearm_workbench.permissions.cloudformation import filled
from rearm_workbench.permissions.parts import parts
from rearm_workbench.replay import events_dir, prepare
from rearm_workbench.world_aws import ReplayedOnAws
from rearm_workbench.world_file import judge
from sweep_world import sweep_world

ROLES = ("LookRole", "QueueRole", "SweepRole", "SchedulerRole", "NotifyRole")
WEB = {"aws:ResourceTag/aws:autoscaling:groupName": "web-asg"}


def replayed(event: str, one: Environment, path: Path | None, **world: object) -> list[Call]:
    """Every call of a replay of a sample event."""
    replay = prepare(events_dir() / event, None)
    running = ReplayedOnAws(
        replay.event, replay.kind, replay.actions, judge({"hook": {"heartbeat_timeout": "10m"}, **world}), one.config, path
    )
    with recorded() as calls:
        waits = running.run()
    assert all(wait.api_calls for wait in waits)
    return calls


def refused(allowed: list[dict[str, Any]], calls: list[Call], more: dict[str, str] | None = None) -> set[Call]:
    return {call for call in calls if verdict(allowed, call[0], call[1], {**dict(call[2]), **(more or {})}) != "allowed"}


# what is written


@pytest.mark.parametrize("role", ["look", "queue", "sweep", "scheduler"])
def test_the_policies_are_what_rearm_config_permissions_prints(role: Any) -> None:
    """Of environments/base.yml: dev says nothing else of the configuration."""
    wanted = parts(env().config, "aws", role)
    document = raw()["Resources"][f"{role.capitalize()}Role"]["Properties"]["Policies"]
    written = {one["PolicyName"]: one["PolicyDocument"]["Statement"] for one in document if "PolicyName" in one}
    if role == "queue":
        look = parts(env().config, "aws", "look")
        wanted = {"waits": look["waits"] + wanted["waits"], "checks": look["checks"]}
    for part, found in wanted.items():
        assert written.get(part, []) == filled(found)
    assert set(written) <= {"waits", "checks", "failures"}


def test_no_action_is_a_pattern_and_a_star_has_its_reason_beside_it() -> None:
    resources = worked_out(raw(), KmsKeyArn=f"arn:aws:kms:{HERE}:key/1")
    actions = [action for role in ROLES for statement in statements(resources, role) for action in statement["Action"]]
    assert len(actions) > 30
    assert [action for action in actions if not re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", action)] == []
    starred = [line for line in TEMPLATE.read_text().splitlines() if re.search(r"\bResource:.*\"\*\"", line)]
    on_any = [one for role in ROLES for one in statements(worked_out(raw()), role) if ANY in one["Resource"]]
    assert len(starred) == len(on_any) == 5, "a star that is written otherwise would have no reason beside it"
    for line in starred:
        assert re.search(r"# the services? ha(s|ve) no resource level", line), f"say why: {line}"


def test_a_star_stands_only_where_the_service_has_no_resource_level() -> None:
    on_any = {action for role in ROLES for one in statements(worked_out(raw()), role) if ANY in one["Resource"] for action in one["Action"]}
    assert {action for action in on_any if not re.search(r":(Describe|List)", action)} == set()


def test_each_role_is_taken_on_by_its_service_alone() -> None:
    resources = worked_out(raw())
    by = {"SchedulerRole": "scheduler", "NotifyRole": "autoscaling"}
    for role in ROLES:
        [trust] = resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": f"{by.get(role, 'lambda')}.amazonaws.com"}
        assert (trust["Effect"], trust["Action"]) == ("Allow", "sts:AssumeRole")


def test_the_scheduler_takes_its_role_for_the_own_schedule_group_only() -> None:
    [trust] = worked_out(raw())["SchedulerRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnEquals": {"aws:SourceArn": "${ScheduleGroup.Arn}"},
    }


def test_the_scheduler_may_invoke_the_recheck_and_nothing_else() -> None:
    allowed = statements(worked_out(raw()), "SchedulerRole")
    assert allowed == [{"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": [function("rearm-dev-recheck")]}]


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_a_roles_policies_are_not_too_long(name: str) -> None:
    """10,240 characters for all inline policies of a role: docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas."""
    for role in ROLES:
        assert len(json.dumps(policies(rendered(env(name)), role))) < 10_240


# what is allowed


@pytest.mark.parametrize(
    ("event", "role"),
    [
        ("aws/eventbridge-launch.json", "LookRole"),
        ("aws/eventbridge-terminate.json", "LookRole"),
        ("aws/sns-terminate.json", "LookRole"),
        ("aws/sqs-batch.json", "QueueRole"),
    ],
)
def test_every_call_of_a_look_is_allowed(event: str, role: str) -> None:
    calls = replayed(event, env(), None, ready_after="25m", duplicates=2)
    assert {"autoscaling:CompleteLifecycleAction", "scheduler:CreateSchedule", "iam:PassRole"} <= {action for action, _, _ in calls}
    assert refused(statements(rendered(env()), role), calls) == set()


def test_every_call_of_a_narrow_profile_is_allowed(tmp_path: Path) -> None:
    one, path = narrow(tmp_path)
    calls = replayed("aws/eventbridge-terminate.json", one, path, ready_after="40m", hook={"heartbeat_timeout": "20m"}, duplicates=6)
    seen = {action for action, _, _ in calls}
    assert {"ec2:CreateTags", "ssm:GetParameter", "autoscaling:RecordLifecycleActionHeartbeat"} <= seen
    assert refused(statements(rendered(one), "LookRole"), calls, WEB) == set()


def test_every_call_of_the_sweep_is_allowed(tmp_path: Path) -> None:
    with recorded() as calls, sweep_world("aws", tmp_path) as world:
        world.notify(world.wait(1))
        world.wait(2)
        calls.clear()
        assert world.sweep()["adopted"] == 1
    assert {"scheduler:ListSchedules", "scheduler:CreateSchedule", "autoscaling:DescribeAutoScalingInstances"} <= {
        call[0] for call in calls
    }
    assert refused(statements(rendered(env()), "SweepRole"), calls) == set()


def test_what_the_platform_does_with_the_roles_is_allowed() -> None:
    resources = rendered(env())
    log = f"arn:aws:logs:{HERE}:log-group:/aws/lambda/rearm-dev:log-stream:2026/01/01/1"
    for role in ("LookRole", "QueueRole", "SweepRole"):
        assert refused(statements(resources, role), [("logs:CreateLogStream", log, ()), ("logs:PutLogEvents", log, ())]) == set()
    queue = f"arn:aws:sqs:{HERE}:rearm-dev"
    receiving = [(f"sqs:{name}", queue, ()) for name in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")]
    assert refused(statements(resources, "QueueRole"), receiving) == set()
    assert refused(statements(resources, "NotifyRole"), [("sqs:SendMessage", "${Queue.Arn}", ()), ("sns:Publish", "${Topic}", ())]) == set()
    for role in ("LookRole", "SweepRole"):
        assert refused(statements(resources, role), [("sqs:SendMessage", "${DeadLetters.Arn}", ())]) == set()
