"""The evaluator of RAM policies: what outweighs what, patterns, conditions, and what it refuses."""

from typing import Any

import pytest

from rearm_workbench.descriptions.ram import verdict

ALLOW = {"Effect": "Allow", "Action": ["ess:Describe*"], "Resource": ["acs:ess:cn-?angzhou:1:scalinggroup/asg-a*"]}


@pytest.mark.parametrize(
    ("statements", "action", "resource", "context", "wanted"),
    [
        ([ALLOW], "ess:DescribeHooks", "acs:ess:cn-hangzhou:1:scalinggroup/asg-a1", {}, "allowed"),
        ([ALLOW], "ESS:describeHooks", "acs:ess:cn-hangzhou:1:scalinggroup/asg-a1", {}, "allowed"),
        ([ALLOW], "ess:DescribeHooks", "acs:ess:cn-hangzhou:1:scalinggroup/ASG-A1", {}, "not allowed"),
        ([ALLOW], "ess:CreateHook", "acs:ess:cn-hangzhou:1:scalinggroup/asg-a1", {}, "not allowed"),
        ([ALLOW], "ess:DescribeHooks", "acs:ess:cn-hhangzhou:1:scalinggroup/asg-a1", {}, "not allowed"),
        ([], "ess:DescribeHooks", "*", {}, "not allowed"),
        (
            [ALLOW, {"Effect": "Deny", "Action": "*", "Resource": "*"}],
            "ess:DescribeHooks",
            "acs:ess:cn-hangzhou:1:scalinggroup/asg-a1",
            {},
            "denied",
        ),
        (
            [{**ALLOW, "Condition": {"StringEquals": {"acs:Service": ["fc.aliyuncs.com"]}}}],
            *("ess:DescribeHooks", "acs:ess:cn-hangzhou:1:scalinggroup/asg-a1", {}, "not allowed"),
        ),
        (
            [{**ALLOW, "Condition": {"StringLike": {"acs:Service": "fc.*"}}}],
            *("ess:DescribeHooks", "acs:ess:cn-hangzhou:1:scalinggroup/asg-a1", {"acs:Service": "fc.aliyuncs.com"}, "allowed"),
        ),
        (
            [{**ALLOW, "Condition": {"StringNotEquals": {"acs:Service": "fc.aliyuncs.com"}}}],
            *("ess:DescribeHooks", "acs:ess:cn-hangzhou:1:scalinggroup/asg-a1", {"acs:Service": "fc.aliyuncs.com"}, "not allowed"),
        ),
    ],
)
def test_the_evaluator(statements: list[dict[str, Any]], action: str, resource: str, context: dict[str, str], wanted: str) -> None:
    assert verdict(statements, action, resource, context) == wanted


@pytest.mark.parametrize("more", [{"NotAction": "a:B"}, {"Condition": {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}}, {"Effect": "allow"}])
def test_what_is_not_modelled_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not modelled"):
        verdict([{**ALLOW, **more}], "ess:DescribeHooks", "acs:ess:cn-hangzhou:1:scalinggroup/asg-a1")
