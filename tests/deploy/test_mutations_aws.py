"""Wrong templates are caught: each by cfn-lint's rule, or by a rule of ours (aws_rules.py)."""

import copy
import json
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from aws_deploy_world import ROOT, env, raw
from aws_rules import problems

from rearm_workbench.deploy import aws_hooks
from rearm_workbench.deploy.model import Hook

pytestmark = pytest.mark.deploy

LINT = ROOT / "build/tools/cfn-lint/bin/python"
Document = dict[str, Any]
Change = Callable[[Document], object]


def of(document: Document, name: str) -> Document:
    found: Document = document["Resources"][name]["Properties"]
    return found


def policy(document: Document, role: str, name: str) -> list[Document]:
    [found] = [one for one in of(document, role)["Policies"] if one.get("PolicyName") == name]
    statements: list[Document] = found["PolicyDocument"]["Statement"]
    return statements


def with_hook(document: Document, **changed: object) -> None:
    [(name, hook)] = aws_hooks.resources([Hook(group="web-asg", name="ready", transition="launch", type="sns")]).items()
    hook["Properties"].update(changed)  # type: ignore[attr-defined]  # a mapping
    document["Resources"][name] = hook


# What is changed, and what says so: a rule of cfn-lint, or words of ours.
MUTATIONS: dict[str, tuple[Change, str]] = {
    "wrong property": (lambda d: of(d, "Queue").update(VisibilityTimeOut=5400), "E3002"),
    "wrong property of a function": (lambda d: of(d, "SnsLambdaFunction").update(Timeouts=900), "E3002"),
    "missing required": (lambda d: of(d, "SchedulerRole").pop("AssumeRolePolicyDocument"), "E3003"),
    "bad enum": (lambda d: of(d, "LateLooksAlarm").update(ComparisonOperator="GreaterThan"), "E3030"),
    "bad enum of a hook": (lambda d: with_hook(d, LifecycleTransition="autoscaling:LAUNCHING"), "E3030"),
    "dangling Ref": (lambda d: of(d, "TopicSubscription").update(TopicArn={"Ref": "Topics"}), "E1020"),
    "attribute that there is not": (
        lambda d: of(d, "LifecycleRulePermission").update(SourceArn={"Fn::GetAtt": ["LifecycleRule", "Name"]}),
        "E1010",
    ),
    "wrong handler": (lambda d: of(d, "RecheckLambdaFunction").update(Handler="re_check.handler"), "handlers"),
    "bad rate": (lambda d: of(d, "SweepRule").update(ScheduleExpression="rate(1 minutes)"), "E3027"),
    "bad cron": (lambda d: of(d, "SweepRule").update(ScheduleExpression="cron(*/5 * * * *)"), "E3027"),
    "wrong runtime": (lambda d: d["Parameters"]["PythonRuntime"].update(Default="python3.1"), "E2015"),
    "retention that there is not": (lambda d: d["Parameters"]["LogRetentionDays"].update(Default=31), "E2015"),
    "queue shows a message again too soon": (lambda d: of(d, "Queue").update(VisibilityTimeout=300), "Queue: six times"),
    "queue's dead letters dropped": (lambda d: of(d, "Queue").pop("RedrivePolicy"), "Queue: a message that fails for good is lost"),
    "rule's dead letters dropped": (lambda d: of(d, "LifecycleRule")["Targets"][0].pop("DeadLetterConfig"), "LifecycleRule: an event"),
    "recheck's destination dropped": (
        lambda d: of(d, "RecheckLambdaFunction").pop("EventInvokeConfig"),
        "RecheckLambdaFunction: an asynchronous",
    ),
    "subscription's dead letters dropped": (lambda d: of(d, "TopicSubscription").pop("RedrivePolicy"), "TopicSubscription: a message"),
    "dead letters gone too soon": (lambda d: of(d, "DeadLetters").pop("MessageRetentionPeriod"), "DeadLetters keeps"),
    "a look cut short": (lambda d: of(d, "DirectLambdaFunction").update(Timeout=60), "DirectLambdaFunction may run 60 s"),
    "a function of another name": (
        lambda d: of(d, "SweepLambdaFunction").update(FunctionName={"Fn::Sub": "${Name}-sweep"}),
        "SweepLambdaFunction is called rearm-sweep",
    ),
    "direct call by anybody": (lambda d: of(d, "DirectPermission").update(Principal="autoscaling.amazonaws.com"), "DirectPermission lets"),
    "partial answers dropped": (lambda d: of(d, "QueueMapping").pop("FunctionResponseTypes"), "QueueMapping: batches of 1"),
    "wrong IAM action": (lambda d: policy(d, "LookRole", "checks")[0].update(Action=["autoscaling:FinishLifecycleAction"]), "W3037"),
    "action that is a pattern": (
        lambda d: policy(d, "LookRole", "checks")[0].update(Action=["autoscaling:*"]),
        "LookRole may autoscaling:*",
    ),
    "action on everything": (lambda d: policy(d, "LookRole", "waits")[3].update(Resource=["*"]), "LookRole may iam:PassRole on everything"),
    "permission missing": (lambda d: policy(d, "SweepRole", "waits").pop(1), "SweepRole: the policy `waits` is not"),
    "scheduler may invoke any function": (
        lambda d: policy(d, "SchedulerRole", "waits")[0].update(
            Resource=[{"Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:*"}]
        ),
        "SchedulerRole may invoke more",
    ),
    "scheduler's trust of anybody": (
        lambda d: of(d, "SchedulerRole")["AssumeRolePolicyDocument"]["Statement"][0].pop("Condition"),
        "SchedulerRole can be taken on",
    ),
    "topic of anybody": (lambda d: of(d, "TopicPermission").pop("SourceArn"), "TopicPermission: anybody's"),
    "circle": (lambda d: of(d, "ScheduleGroup").update(Name={"Fn::Sub": "${SchedulerRole}"}), "E3004"),
}


def mutated(change: Change) -> Document:
    document = copy.deepcopy(raw())
    change(document)
    assert document != raw()
    return document


def roles_only(document: Document) -> Document:
    """Without the functions: of a template with SAM's transform, cfn-lint does not look at the permissions' names."""
    whole = {key: value for key, value in document.items() if key not in ("Transform", "Globals", "Rules", "Outputs")}
    types = ("AWS::IAM::Role", "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::Logs::LogGroup", "AWS::Scheduler::ScheduleGroup")
    return {**whole, "Resources": {name: one for name, one in document["Resources"].items() if one["Type"] in types}}


def is_of_cfn_lint(by: str) -> bool:
    return re.fullmatch(r"[EW]\d{4}", by) is not None


def linted(documents: dict[str, Document]) -> dict[str, list[list[str]]]:
    """What cfn-lint says of each: rule, message, path."""
    ran = subprocess.run(
        [str(LINT), "tests/deploy/lint_driver.py"],
        cwd=ROOT,
        input=json.dumps(documents),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    found: dict[str, list[list[str]]] = json.loads(ran.stdout)
    return found


@pytest.fixture(scope="module")
def found() -> dict[str, list[list[str]]]:
    wrong = {name: mutated(change) for name, (change, by) in MUTATIONS.items() if is_of_cfn_lint(by)}
    wrong["wrong IAM action"] = roles_only(wrong["wrong IAM action"])
    return linted({"as it is": raw(), "roles": roles_only(raw())} | wrong)


def test_the_template_as_it_is_breaks_no_rule(found: dict[str, list[list[str]]]) -> None:
    assert found["as it is"] == []
    # Parameters and conditions of what was left out.
    assert {rule for rule, _, _ in found["roles"]} <= {"W2001", "W8001"}
    assert problems(raw()) == []
    assert env().stack == "rearm-dev", "the rules' names are of the template's defaults"


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_wrong_template_is_caught(name: str, found: dict[str, list[list[str]]]) -> None:
    change, by = MUTATIONS[name]
    if is_of_cfn_lint(by):
        assert by in {rule for rule, _, _ in found[name]}, found[name]
    else:
        assert [line for line in problems(mutated(change)) if line.startswith(by)]
