"""Rules of ours that no linter knows: what template.yml must have to be rearm's."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aws_deploy_world import ACCOUNT, ROOT, env, function, statements, worked_out

from rearm_workbench.permissions.cloudformation import filled
from rearm_workbench.permissions.parts import Part, parts
from rearm_workbench.permissions.port import Role

DEAD = "${DeadLetters.Arn}"
LOOKS = ("eventbridge", "sns", "sqs", "direct", "recheck")
ROLES: dict[Role, str] = {"look": "LookRole", "queue": "QueueRole", "sweep": "SweepRole", "scheduler": "SchedulerRole"}


def problems(document: Mapping[str, Any]) -> list[str]:
    """One line for each rule that a template breaks."""
    resources = worked_out(document)
    return [*_functions(resources), *_ways_in(resources), *_policies(document), *_actions(resources), *_trust(resources)]


def _of(resources: Mapping[str, Any], type_: str) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, one["Properties"]) for name, one in resources.items() if one["Type"] == type_)


def _functions(resources: Mapping[str, Any]) -> Iterator[str]:
    found = dict(_of(resources, "AWS::Serverless::Function"))
    handlers = {f"{path.stem}.handler" for path in (ROOT / "functions" / "aws").glob("*.py")}
    if (ours := {one["Handler"] for one in found.values()}) != handlers:
        yield f"handlers {sorted(ours ^ handlers)} are only in one of functions/aws and the template"
    for name, one in found.items():
        type_ = one["Handler"].partition(".")[0]
        if one["FunctionName"] != f"rearm-dev-{type_}":
            yield f"{name} is called {one['FunctionName']}"
        if one["Timeout"] != (900 if type_ in LOOKS else 300):
            yield f"{name} may run {one['Timeout']} s"
        invoked = {
            "MaximumRetryAttempts": 2,
            "MaximumEventAgeInSeconds": 21_600,
            "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": DEAD}},
        }
        if type_ != "sqs" and one.get("EventInvokeConfig") != invoked:
            yield f"{name}: an asynchronous call that fails is lost, or tried otherwise than said"


def _ways_in(resources: Mapping[str, Any]) -> Iterator[str]:
    for name, one in _of(resources, "AWS::Events::Rule"):
        if any(target.get("DeadLetterConfig") != {"Arn": DEAD} or "RetryPolicy" not in target for target in one["Targets"]):
            yield f"{name}: an event that cannot be delivered is lost"
    for name, one in _of(resources, "AWS::SNS::Subscription"):
        if one.get("RedrivePolicy") != {"deadLetterTargetArn": DEAD}:
            yield f"{name}: a message that cannot be delivered is lost"
    queue, mapping = resources["Queue"]["Properties"], resources["QueueMapping"]["Properties"]
    if queue.get("RedrivePolicy") != {"deadLetterTargetArn": DEAD, "maxReceiveCount": 5}:
        yield "Queue: a message that fails for good is lost, or never ends"
    if queue["VisibilityTimeout"] != 5400:
        yield "Queue: six times the function's timeout is 5400 s"
    if (mapping.get("BatchSize"), mapping.get("FunctionResponseTypes")) != (1, ["ReportBatchItemFailures"]):
        yield "QueueMapping: batches of 1, with the answer that names what failed"
    if resources["DeadLetters"]["Properties"].get("MessageRetentionPeriod") != 14 * 86_400:
        yield "DeadLetters keeps its messages 14 days"


def _policies(document: Mapping[str, Any]) -> Iterator[str]:
    """Equal to what `rearm config permissions` prints."""
    for role, name in ROLES.items():
        wanted = parts(env().config, "aws", role)
        if role == "queue":
            look = parts(env().config, "aws", "look")
            wanted = {"waits": look["waits"] + wanted["waits"], "checks": look["checks"]}
        written = {
            one["PolicyName"]: one["PolicyDocument"]["Statement"]
            for one in document["Resources"][name]["Properties"]["Policies"]
            if "PolicyName" in one
        }
        names: tuple[Part, ...] = ("waits", "checks")
        for part in names:
            if written.get(part, []) != filled(wanted[part]):
                yield f"{name}: the policy `{part}` is not docs/permissions.md's"


def _actions(resources: Mapping[str, Any]) -> Iterator[str]:
    for role, _ in _of(resources, "AWS::IAM::Role"):
        for statement in statements(resources, role):
            for action in statement["Action"]:
                if not re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", action):
                    yield f"{role} may {action}"
                if "*" in statement["Resource"] and not re.search(r":(Describe|List)", action):
                    yield f"{role} may {action} on everything"


def _trust(resources: Mapping[str, Any]) -> Iterator[str]:
    [trust] = resources["SchedulerRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    if trust.get("Condition") != {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnEquals": {"aws:SourceArn": "${ScheduleGroup.Arn}"},
    }:
        yield "SchedulerRole can be taken on for schedules of others"
    if [one["Resource"] for one in statements(resources, "SchedulerRole")] != [[function("rearm-dev-recheck")]]:
        yield "SchedulerRole may invoke more than the recheck"
    direct = resources["DirectPermission"]["Properties"]["Principal"]
    if not direct.endswith("role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"):
        yield f"DirectPermission lets {direct} invoke the function"
    for name, one in _of(resources, "AWS::Lambda::Permission"):
        if "amazonaws.com" in str(one["Principal"]) and not one["Principal"].startswith("arn:") and "SourceArn" not in one:
            yield f"{name}: anybody's {one['Principal']} may invoke the function"
