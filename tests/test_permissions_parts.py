"""The two parts of a role's policy: what never changes, and what the configuration decides."""

from typing import Any

import pytest

from rearm import config
from rearm.core.model import CloudName
from rearm_workbench.permissions.cloudformation import PLACES, filled
from rearm_workbench.permissions.needs import needs
from rearm_workbench.permissions.parts import parts
from rearm_workbench.permissions.policy import document
from rearm_workbench.permissions.port import ROLES, FcApi, Role

EVERY_ROLE: list[tuple[CloudName, Role, FcApi]] = [
    *(("aws", role, "3.0") for role in ROLES["aws"]),
    *(("alibaba", role, fc) for role in ROLES["alibaba"] for fc in ("2.0", "3.0")),
]
NARROW = {
    "name": "web",
    "match": {"group": "web-*"},
    "checks": ["instance_status", {"function": {"function": "is-ready"}}],
    "steps": [{"tag": {"key": "a"}}],
}


def judged(*profiles: dict[str, Any]) -> config.Config:
    found, problems = config.judge({"version": 1, "profiles": list(profiles)})
    assert found is not None, problems
    return found


def granted(statements: Any) -> set[tuple[str, str, str]]:
    """Action, resource and condition, each for itself."""
    return {
        (action, resource, str(statement.get("Condition", "")))
        for statement in statements
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


@pytest.mark.parametrize(("cloud", "role", "fc"), EVERY_ROLE)
@pytest.mark.parametrize("profile", [{"name": "any", "checks": ["instance_status"]}, NARROW], ids=["any", "narrow"])
def test_both_parts_together_are_the_whole_policy(cloud: CloudName, role: Role, fc: FcApi, profile: dict[str, Any]) -> None:
    settings = judged(profile)
    whole = document(cloud, needs(settings, cloud, role, fc))["Statement"]
    found = parts(settings, cloud, role, fc)
    assert granted(found["waits"]) | granted(found["checks"]) == granted(whole)


@pytest.mark.parametrize(("cloud", "role", "fc"), EVERY_ROLE)
def test_the_first_part_never_changes(cloud: CloudName, role: Role, fc: FcApi) -> None:
    nothing = judged({"name": "elsewhere", "match": {"cloud": "alibaba" if cloud == "aws" else "aws"}, "checks": []})
    assert parts(judged(NARROW), cloud, role, fc)["waits"] == parts(nothing, cloud, role, fc)["waits"] != []


@pytest.mark.parametrize("cloud", ["aws", "alibaba"])
def test_without_a_profile_for_a_cloud_its_looks_have_no_second_part(cloud: CloudName) -> None:
    nothing = judged({"name": "elsewhere", "match": {"cloud": "alibaba" if cloud == "aws" else "aws"}, "checks": []})
    assert parts(nothing, cloud, "look")["checks"] == []


def test_which_groups_and_which_steps_are_the_configurations() -> None:
    found = parts(judged(NARROW), "aws", "look")["checks"]
    actions = {action for statement in found for action in statement["Action"]}  # type: ignore[attr-defined]  # lists
    assert {"autoscaling:CompleteLifecycleAction", "scheduler:UpdateSchedule", "ec2:CreateTags", "lambda:InvokeFunction"} <= actions


def test_places_become_what_cloudformation_knows() -> None:
    [one] = filled(parts(judged(NARROW), "aws", "queue")["waits"])
    assert one["Resource"] == [{"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Queue.QueueName}"}]
    everything = [one for role in ROLES["aws"] for found in parts(judged(NARROW), "aws", role).values() for one in filled(found)]
    assert not [place for place in PLACES if f"'{place}" in str(everything) or f":{place}" in str(everything)]
    assert {"Resource": ["*"]} not in everything
