"""IAM (template.yml): what nobody needs is not allowed, by any role."""

from collections.abc import Callable
from pathlib import Path

import pytest
from aws_deploy_world import ACCOUNT, ANY, HERE, REGION, SCHEDULER_ROLE, Call, env, function, group, narrow, rendered, schedule, statements

# IAM's language and RAM's are the same in the part that both use.
from rearm_workbench.descriptions.ram import verdict

LOOK_MAY_NOT: dict[str, Call] = {
    "complete another group's action": ("autoscaling:CompleteLifecycleAction", group("db-asg"), ()),
    "extend another group's action": ("autoscaling:RecordLifecycleActionHeartbeat", group("db-asg"), ()),
    "complete in another region": (
        "autoscaling:CompleteLifecycleAction",
        group("web-asg").replace(REGION, "eu-west-1"),
        (),
    ),
    "terminate an instance through its group": ("autoscaling:TerminateInstanceInAutoScalingGroup", group("web-asg"), ()),
    "terminate an instance": ("ec2:TerminateInstances", f"arn:aws:ec2:{HERE}:instance/i-0123456789abcdef0", ()),
    "resize a group": ("autoscaling:SetDesiredCapacity", group("web-asg"), ()),
    "change a hook": ("autoscaling:PutLifecycleHook", group("web-asg"), ()),
    "pass another role": ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", (("iam:PassedToService", "scheduler.amazonaws.com"),)),
    "pass the scheduler's role to another service": (
        "iam:PassRole",
        f"arn:aws:iam::{ACCOUNT}:role/{SCHEDULER_ROLE}",
        (("iam:PassedToService", "ec2.amazonaws.com"),),
    ),
    "create schedules in another group": ("scheduler:CreateSchedule", schedule("default", "rearm-1"), ()),
    "create schedules of another name": ("scheduler:CreateSchedule", schedule("rearm", "payroll"), ()),
    "delete schedules": ("scheduler:DeleteSchedule", schedule("rearm", "rearm-1"), ()),
    "invoke a function": ("lambda:InvokeFunction", function("rearm-dev-recheck"), ()),
    "read another parameter": ("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/db/password", ()),
    "tag another group's instance": (
        "ec2:CreateTags",
        f"arn:aws:ec2:{HERE}:instance/i-0123456789abcdef0",
        (("aws:ResourceTag/aws:autoscaling:groupName", "db-asg"),),
    ),
    "write another log": ("logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/payroll:log-stream:1", ()),
    "read the queue": ("sqs:ReceiveMessage", f"arn:aws:sqs:{HERE}:rearm-dev", ()),
    "read the dead letters": ("sqs:ReceiveMessage", "${DeadLetters.Arn}", ()),
}
ALLOWED_BESIDE: dict[str, Callable[[Call], Call]] = {
    "complete another group's action": lambda call: (call[0], group("web-asg"), ()),
    "pass another role": lambda call: (call[0], f"arn:aws:iam::{ACCOUNT}:role/{SCHEDULER_ROLE}", call[2]),
    "create schedules in another group": lambda call: (call[0], schedule("rearm", "rearm-1"), ()),
    "tag another group's instance": lambda call: (call[0], call[1], ((call[2][0][0], "web-asg"),)),
}


@pytest.mark.parametrize("what", LOOK_MAY_NOT)
def test_a_look_may_not(what: str, tmp_path: Path) -> None:
    one, _ = narrow(tmp_path)
    resources, call = rendered(one), LOOK_MAY_NOT[what]
    assert verdict(statements(resources, "LookRole"), call[0], call[1], dict(call[2])) == "not allowed"
    if what in ALLOWED_BESIDE:
        near = ALLOWED_BESIDE[what](call)
        assert verdict(statements(resources, "LookRole"), near[0], near[1], dict(near[2])) == "allowed", "the test would prove nothing"


OTHERS_MAY_NOT = [
    ("QueueRole", "sqs:PurgeQueue", f"arn:aws:sqs:{HERE}:rearm-dev"),
    ("QueueRole", "sqs:ReceiveMessage", f"arn:aws:sqs:{HERE}:payroll"),
    ("SweepRole", "autoscaling:CompleteLifecycleAction", group("web-asg")),
    ("SweepRole", "ec2:DescribeTags", ANY),
    ("SchedulerRole", "lambda:InvokeFunction", function("rearm-dev-eventbridge")),
    ("SchedulerRole", "lambda:InvokeFunction", function("rearm-dev-recheck-2")),
    ("SchedulerRole", "lambda:InvokeFunction", function("rearm-prod-recheck")),
    ("NotifyRole", "sns:Publish", f"arn:aws:sns:{HERE}:alarms"),
    ("NotifyRole", "sqs:ReceiveMessage", "${Queue.Arn}"),
]


@pytest.mark.parametrize(("role", "action", "resource"), OTHERS_MAY_NOT)
def test_the_others_may_not(role: str, action: str, resource: str) -> None:
    assert verdict(statements(rendered(env()), role), action, resource) == "not allowed"
