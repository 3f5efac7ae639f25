"""What is in a policy, on which resources, and why."""

import re
from typing import Any

import pytest

from rearm import checks, config, steps
from rearm.core.model import CloudName
from rearm_workbench.permissions import facts_alibaba, facts_aws
from rearm_workbench.permissions.needs import needs
from rearm_workbench.permissions.page import every_need
from rearm_workbench.permissions.policy import GROUP_TAG, UNKNOWN, document, fact, rows
from rearm_workbench.permissions.port import ROLES, FcApi, Role

CLOUDS: tuple[CloudName, ...] = ("aws", "alibaba")
HERE = "arn:${Partition}:%s:${Region}:${AccountId}:"
EVERY_ROLE = [(cloud, role) for cloud in CLOUDS for role in ROLES[cloud]]


def statements(cloud: CloudName, *profiles: dict[str, Any], role: Role = "look", fc: FcApi = "3.0") -> list[dict[str, Any]]:
    """Of the policy for these profiles, each with a name and `checks` if it has none."""
    named = [{"name": str(number), "checks": [], **profile} for number, profile in enumerate(profiles)]
    settings, problems = config.judge({"version": 1, "profiles": named})
    assert settings is not None, problems
    found = document(cloud, needs(settings, cloud, role, fc))["Statement"]
    assert isinstance(found, list)
    return found


def resources(found: list[dict[str, Any]], action: str) -> list[str]:
    """On what an action is allowed."""
    return [resource for statement in found if action in statement["Action"] for resource in statement["Resource"]]


@pytest.mark.parametrize(("cloud", "role"), EVERY_ROLE)
def test_no_action_is_a_pattern_and_every_star_has_its_reason(cloud: CloudName, role: Role) -> None:
    default = config.load(str(config.DEFAULT))
    wanted = needs(default, cloud, role)
    for statement in document(cloud, wanted)["Statement"]:  # type: ignore[attr-defined] - a list of mappings
        assert statement["Effect"] == "Allow"
        assert all(re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", action) for action in statement["Action"])
    for row in rows(cloud, wanted):
        assert row.by
        assert "*" not in row.resources or row.why, f"{row.permission}: say why its resource is `*`"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_everything_that_checks_and_steps_call_is_known(cloud: CloudName) -> None:
    """A check or step that calls something new fails here."""
    page_of = facts_aws if cloud == "aws" else facts_alibaba
    for need in every_need(cloud):
        where = f"{need.operation}, {need.by}: add it to FACTS in {page_of.__name__.replace('.', '/')}.py, with the resources that it takes"
        assert fact(cloud, need) is not UNKNOWN, where
        assert page_of.source(need.operation), f"{need.operation}: add the page of its product to SOURCES"


def test_no_fact_is_left_over() -> None:
    for cloud, facts in (("aws", facts_aws.FACTS), ("alibaba", facts_alibaba.FACTS | facts_alibaba.FC2_FACTS)):
        assert set(facts) - {need.operation for need in every_need(cloud)} == set()


def test_templates_name_settings_that_there_are() -> None:
    """`{cluster}` is a setting of every check or step that calls the operation, and not one that it had once."""
    for cloud, facts in (("aws", facts_aws.FACTS), ("alibaba", facts_alibaba.FACTS)):
        for table in (checks, steps):
            for kind in table.TABLE:
                module = table.module(kind)
                for operation in module.CALLS.get(cloud, ()):
                    known = facts[operation]
                    slots = set(re.findall(r"(?<!\$)\{(\w+)\}", " ".join((*known.resources, *known.tagged)))) - {"group"}
                    assert slots <= set(module.Settings.__struct_fields__), f"{operation} in {kind}"


def test_the_default_configuration_on_aws() -> None:
    default = config.load(str(config.DEFAULT))
    found = document("aws", needs(default, "aws", "look"))
    assert found["Version"] == "2012-10-17"
    allowed = {action for statement in found["Statement"] for action in statement["Action"]}  # type: ignore[attr-defined] - mappings
    assert allowed == {
        "autoscaling:DescribeLifecycleHooks",
        "autoscaling:RecordLifecycleActionHeartbeat",
        "autoscaling:CompleteLifecycleAction",
        "scheduler:CreateSchedule",
        "scheduler:GetSchedule",
        "iam:PassRole",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "ec2:DescribeInstanceStatus",
        "ec2:DescribeTags",
    }
    [passing] = [statement for statement in found["Statement"] if "iam:PassRole" in statement["Action"]]  # type: ignore[attr-defined]  # parsed JSON
    assert passing["Resource"] == ["arn:${Partition}:iam::${AccountId}:role/${SchedulerRole}"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": ["scheduler.amazonaws.com"]}}


def test_the_scheduler_may_invoke_the_recheck_and_nothing_else() -> None:
    [only] = statements("aws", {}, role="scheduler")
    assert only == {
        "Effect": "Allow",
        "Action": ["lambda:InvokeFunction"],
        "Resource": [HERE % "lambda" + "function:${RecheckFunction}"],
    }


def test_settings_make_the_policy_smaller() -> None:
    def looked_up(**settings: Any) -> list[str]:
        return resources(statements("aws", {"checks": [{"http": {"port": 80, **settings}}]}), "ec2:DescribeInstances")

    assert looked_up() == ["*"]
    assert looked_up(host="10.0.0.1") == []
    elsewhere = {"kubernetes_node": {"endpoint": "https://10.0.0.1:6443", "token_env": "TOKEN"}}
    assert not resources(statements("aws", {"checks": [elsewhere]}), "eks:DescribeCluster")
    agent = "ssm:DescribeInstanceInformation"
    assert not resources(statements("aws", {"checks": ["instance_status"]}), agent)
    assert resources(statements("aws", {"checks": [{"instance_status": {"ssm": True}}]}), agent)
    assert not resources(statements("alibaba", {"checks": [{"instance_status": {"ssm": True}}]}), "ecs:DescribeCloudAssistantStatus")
    stores = {"parameter": "oos:GetParameter", "kms": "kms:GetSecretValue"}
    for store in stores:
        profile = {"match": {"cloud": "alibaba"}, "checks": [{"parameter": {"name": "ready", "store": store}}]}
        granted = {name for name, action in stores.items() if resources(statements("alibaba", profile), action)}
        assert granted == {store}


def test_groups_narrow_what_can_be_narrowed_by_groups() -> None:
    complete, group = "autoscaling:CompleteLifecycleAction", HERE % "autoscaling" + "autoScalingGroup:*:autoScalingGroupName/"
    web, shop = {"match": {"group": ["web-*", "shop-[ab]"]}}, {"match": {"cloud": "aws", "group": "shop-a"}}
    assert resources(statements("aws", web), complete) == [group + "web-*", group + "shop-?"]
    assert resources(statements("aws", shop, web), complete) == [group + "web-*", group + "shop-?"], "shop-? covers shop-a"
    assert resources(statements("aws", shop, {}), complete) == [group + "*"]
    ess = "acs:ess:${Region}:${AccountId}:scalinggroup/"
    assert resources(statements("alibaba", {"match": {"group": "asg-bp1abc"}}), "ess:CompleteLifecycleAction") == [ess + "asg-bp1abc"]
    assert resources(statements("alibaba", web), "ess:CompleteLifecycleAction") == [ess + "*"], "a name is no part of a RAM resource"


def test_instances_that_are_commanded_or_tagged_are_those_of_the_groups() -> None:
    profile = {"match": {"group": "web"}, "checks": [{"command": {"run": "/ready"}}], "steps": [{"tag": {"key": "a"}}]}
    found = statements("aws", profile)
    instances = HERE % "ec2" + "instance/*"
    [held] = [statement for statement in found if instances in statement["Resource"]]
    assert set(held["Action"]) == {"ssm:SendCommand", "ec2:CreateTags"}
    assert held["Condition"] == {"StringLike": {GROUP_TAG: ["web"]}}
    assert "arn:${Partition}:ssm:${Region}::document/AWS-RunShellScript" in resources(found, "ssm:SendCommand")
    free = [one for one in statements("aws", profile | {"match": {}}) if instances in one["Resource"]]
    assert {action for one in free for action in one["Action"]} == {"ssm:SendCommand", "ec2:CreateTags"}
    assert not any("Condition" in one for one in free)


def test_one_profiles_checks_do_not_widen_anothers_groups() -> None:
    found = statements(
        "aws", {"match": {"group": "web"}, "steps": [{"suspend_processes": {"processes": ["HealthCheck"]}}]}, {"match": {"group": "db"}}
    )
    group = HERE % "autoscaling" + "autoScalingGroup:*:autoScalingGroupName/"
    assert resources(found, "autoscaling:SuspendProcesses") == [group + "web"]
    assert resources(found, "autoscaling:CompleteLifecycleAction") == [group + "web", group + "db"]


@pytest.mark.parametrize(
    ("check", "action", "on"),
    [
        ({"ecs_tasks": {"cluster": "shop"}}, "ecs:ListContainerInstances", HERE % "ecs" + "cluster/shop"),
        (
            {"ecs_tasks": {"cluster": "arn:aws-cn:ecs:cn-north-1:111122223333:cluster/shop"}},
            "ecs:DescribeContainerInstances",
            "arn:aws-cn:ecs:cn-north-1:111122223333:container-instance/shop/*",
        ),
        ({"queue_empty": {"queue": "jobs-{instance}"}}, "sqs:GetQueueUrl", HERE % "sqs" + "jobs-*"),
        (
            {"queue_empty": {"queue": "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs"}},
            "sqs:GetQueueAttributes",
            "arn:${Partition}:sqs:eu-west-1:111122223333:jobs",
        ),
        ({"parameter": {"name": "/web/{instance}/ready"}}, "ssm:GetParameter", HERE % "ssm" + "parameter/web/*/ready"),
        ({"object": {"bucket": "flags", "key": "web/{instance}"}}, "s3:GetObject", "arn:${Partition}:s3:::flags/web/*"),
        ({"object": {"bucket": "flags", "key": "ready"}}, "s3:ListBucket", "arn:${Partition}:s3:::flags"),
        ({"function": {"function": "is-ready"}}, "lambda:InvokeFunction", HERE % "lambda" + "function:is-ready"),
        (
            {"function": {"function": "arn:aws:lambda:eu-west-1:111122223333:function:is-ready:live"}},
            "lambda:InvokeFunction",
            "arn:aws:lambda:eu-west-1:111122223333:function:is-ready:live",
        ),
        ({"kubernetes_node": {"cluster": "web"}}, "eks:DescribeCluster", HERE % "eks" + "cluster/web"),
    ],
    ids=lambda part: str(part)[:60],
)
def test_settings_name_the_resource_on_aws(check: dict[str, Any], action: str, on: str) -> None:
    assert resources(statements("aws", {"match": {"cloud": "aws"}, "checks": [check]}), action) == [on]


GROUP_ARN = "arn:aws-cn:elasticloadbalancing:cn-north-1:111122223333:targetgroup/web/0a1b2c3d4e5f6a7b"


@pytest.mark.parametrize(
    ("settings", "action", "on"),
    [
        ({"target_group": "web"}, "DeregisterTargets", HERE % "elasticloadbalancing" + "targetgroup/web/*"),
        ({"target_group": GROUP_ARN}, "DeregisterTargets", GROUP_ARN),
        ({"load_balancer": "old"}, "DeregisterInstancesFromLoadBalancer", HERE % "elasticloadbalancing" + "loadbalancer/old"),
    ],
)
def test_a_step_may_take_targets_out_of_its_own_load_balancer_only(settings: dict[str, Any], action: str, on: str) -> None:
    profile = {"match": {"cloud": "aws", "transition": "terminate"}, "steps": [{"deregister_targets": settings}]}
    assert resources(statements("aws", profile), f"elasticloadbalancing:{action}") == [on]


def test_settings_name_the_resource_on_alibaba_cloud() -> None:
    here = "${Region}:${AccountId}"
    match = {"cloud": "alibaba", "transition": "terminate"}
    given = [
        {"target_health": {"load_balancer": "lb-1"}},
        {"parameter": {"name": "acs/ready", "store": "kms"}},
        {"object": {"bucket": "flags", "key": "web/{instance}"}},
        {"function": {"function": "is-ready"}},
        {"function": {"function": "ops/is-ready"}},
    ]
    found = statements("alibaba", {"match": match, "checks": given})
    assert resources(found, "slb:DescribeHealthStatus") == [f"acs:slb:{here}:loadbalancer/lb-1"]
    assert resources(found, "kms:GetSecretValue") == [f"acs:kms:{here}:secret/acs/ready"]
    assert resources(found, "oss:GetObject") == ["acs:oss:*:${AccountId}:flags/web/*"]
    old = [f"acs:fc:{here}:services/ops{qualifier}/functions/is-ready" for qualifier in ("", ".LATEST")]
    new = [f"acs:fc:{here}:functions/{name}" for name in ("${RecheckFunction}", "is-ready")]
    assert set(resources(found, "fc:InvokeFunction")) == {*new, *old}
    on_fc2 = resources(statements("alibaba", {"match": match, "checks": given[3:]}, fc="2.0"), "fc:InvokeFunction")
    assert f"acs:fc:{here}:services/${{RecheckService}}/functions/${{RecheckFunction}}" in on_fc2
    assert f"acs:fc:{here}:services/${{RecheckService}}/functions/is-ready" in on_fc2
    assert not [resource for resource in on_fc2 if ":functions/" in resource]


def test_permissions_of_the_operators_own_checks_are_granted() -> None:
    """On `*` where rearm does not know them, and never on what the function is called."""
    own = {"function": "mine.cache:ready", "permissions": ["elasticache:DescribeCacheClusters", "lambda:InvokeFunction"]}
    found = statements("aws", {"checks": [{"python": own}], "steps": [{"python": {**own, "permissions": ["dynamodb:PutItem"]}}]})
    assert resources(found, "elasticache:DescribeCacheClusters") == resources(found, "dynamodb:PutItem") == ["*"]
    assert resources(found, "lambda:InvokeFunction") == [HERE % "lambda" + "function:*"]


def test_schedules_are_updated_only_for_steps_and_where_looks_linger() -> None:
    assert not resources(statements("aws", {"checks": ["instance_status"]}), "scheduler:UpdateSchedule")
    assert resources(statements("aws", {"steps": [{"tag": {"key": "a"}}]}), "scheduler:UpdateSchedule")
    assert resources(statements("aws", {"checks": ["instance_status"], "linger": "10s"}), "scheduler:UpdateSchedule")
    staged = {"stages": [{"name": "force", "after": "10m", "steps": [{"tag": {"key": "a"}}]}]}
    assert resources(statements("aws", staged), "scheduler:UpdateSchedule")
