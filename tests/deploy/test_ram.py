"""RAM (deploy/ros/rearm.yml): each call of a replay is allowed on its resource, what nobody needs is not, and trust is narrow."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ram_world import GROUP, HERE, RECHECK, ROOT, dev, recording, rendered, replayed, roles

from rearm import config
from rearm_workbench.deploy import environment, serverless_devs
from rearm_workbench.deploy.model import Environment
from rearm_workbench.descriptions import tagged_yaml
from rearm_workbench.descriptions.ram import LARGEST, verdict
from rearm_workbench.permissions import ros
from rearm_workbench.permissions.parts import parts
from sweep_world import sweep_world

TEMPLATE = ROOT / serverless_devs.TEMPLATE
ENVIRONMENTS = environment.known(ROOT / "environments")
TRUSTED = {"look": "fc.aliyuncs.com", "sweep": "fc.aliyuncs.com", "topic": "mns.aliyuncs.com", "oos": "oos.aliyuncs.com"}
NARROW = {
    "version": 1,
    "profiles": [
        {
            "name": "web",
            "match": {"cloud": "alibaba", "transition": "launch", "group": GROUP},
            "every": "60s",
            "budget": "50m",
            "checks": [
                "instance_status",
                {"function": {"function": "is-ready"}},
                {"parameter": {"name": "web/{instance}/ready"}},
            ],
            "steps": [{"tag": {"key": "looked-after"}}],
        }
    ],
}


def narrow() -> Environment:
    """The environment dev with a profile for one group."""
    judged = config.judge(NARROW)[0]
    assert judged is not None
    return msgspec.structs.replace(dev(), config=judged, document=NARROW)


def policies(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every policy of the template by its name, as it is written."""
    found = {}
    for resource in document["Resources"].values():
        for policy in resource["Properties"].get("Policies", []):
            found[policy["PolicyName"]["Fn::Sub"].removeprefix("${Name}-${Environment}-")] = policy["PolicyDocument"]
    return found


# what is written


@pytest.mark.parametrize("role", ["look", "sweep"])
def test_the_policies_are_what_rearm_config_permissions_prints(role: Any) -> None:
    """Of environments/base.yml: dev says nothing else of the configuration."""
    wanted = parts(dev().config, "alibaba", role)
    written = policies(tagged_yaml.load(TEMPLATE))
    for part in ("waits", "checks"):
        assert written[f"{role}-{part}"]["Statement"] == ros.filled(wanted[part])  # type: ignore[index] - the two names


def test_no_action_is_a_pattern_and_a_star_has_its_reason_beside_it() -> None:
    lines = TEMPLATE.read_text().splitlines()
    actions = [
        action for policy in policies(tagged_yaml.load(TEMPLATE)).values() for one in policy["Statement"] for action in one["Action"]
    ]
    assert len(actions) > 15
    assert [action for action in actions if not re.fullmatch(r"[a-z]+:[A-Za-z]+", action)] == []
    starred = [number for number, line in enumerate(lines) if re.search(r'"acs:[^"]*\*"', line)]
    assert len(starred) == 4
    for number in starred:
        assert lines[number - 1].strip().startswith("# "), f"line {number + 1}: say why"
    resources = [
        one for statements in roles(tagged_yaml.load(TEMPLATE)).values() for statement in statements for one in statement["Resource"]
    ]
    assert "*" not in resources


def test_each_role_is_taken_on_by_its_service_alone() -> None:
    resources = tagged_yaml.load(TEMPLATE)["Resources"]
    found = {name.removesuffix("Role").lower(): one["Properties"] for name, one in resources.items() if one["Type"] == "ALIYUN::RAM::Role"}
    assert set(found) == set(TRUSTED)
    for name, properties in found.items():
        [trust] = properties["AssumeRolePolicyDocument"]["Statement"]
        assert trust == {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": [TRUSTED[name]]}}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_policies_are_not_too_long_and_roles_not_named_too_long(name: str) -> None:
    env = environment.load(name, ROOT / "environments")
    for statements in rendered(env).values():
        assert len(json.dumps({"Version": "1", "Statement": statements})) < LARGEST
    longest = msgspec.structs.replace(env, name="a" * 20, env="b" * 20)
    assert len(f"{longest.stack}-sweep-failures") <= 64


def test_a_role_that_checks_nothing_has_no_empty_policy() -> None:
    """RAM refuses one without a statement."""
    elsewhere = config.judge({"version": 1, "profiles": [{"name": "a", "match": {"cloud": "aws"}, "checks": []}]})[0]
    assert elsewhere is not None
    document = serverless_devs.template(msgspec.structs.replace(dev(), config=elsewhere), ROOT)
    assert "look-checks" not in policies(document)
    assert "look-waits" in policies(document)


# what is allowed


@pytest.mark.parametrize(
    "event", ["alibaba/eventbridge-scale-out.json", "alibaba/eventbridge-scale-in.json", "alibaba/mns-topic-json.json"]
)
def test_every_call_of_a_look_is_allowed(event: str, tmp_path: Path) -> None:
    allowed = rendered(dev())["look"]
    calls = replayed(event, dev(), tmp_path, ready_after="25m", duplicates=2)
    assert {"ess:CompleteLifecycleAction", "ess:RecordLifecycleActionHeartbeat", "fc:InvokeFunction"} <= {action for action, _ in calls}
    assert [call for call in calls if verdict(allowed, *call) != "allowed"] == []


def test_every_call_of_a_narrow_profile_is_allowed(tmp_path: Path) -> None:
    env = narrow()
    calls = replayed("alibaba/eventbridge-scale-out.json", env, tmp_path, ready_after="4m")
    assert {"ecs:TagResources", "oos:GetParameter"} <= {action for action, _ in calls}
    assert ("fc:InvokeFunction", f"acs:fc:{HERE}:functions/is-ready") in calls
    assert [call for call in calls if verdict(rendered(env)["look"], *call) != "allowed"] == []


def test_every_call_of_a_sweep_is_allowed(tmp_path: Path) -> None:
    with sweep_world("alibaba", tmp_path, REARM_RECHECK_FUNCTION=RECHECK) as world:
        calls = recording(world.emulator, {})
        world.wait(1)
        assert world.sweep()["adopted"] == 1
    assert {"ess:DescribeScalingGroups", "fc:ListAsyncTasks", "fc:InvokeFunction"} <= {action for action, _ in calls}
    assert [call for call in calls if verdict(rendered(dev())["sweep"], *call) != "allowed"] == []


def test_no_grant_is_left_over(tmp_path: Path) -> None:
    """What the environment's configuration lets a look do, one of its looks does."""
    events = ("alibaba/eventbridge-scale-out.json", "alibaba/eventbridge-scale-in.json")
    called = {action for event in events for action, _ in replayed(event, dev(), tmp_path, ready_after="25m")}
    granted = {action for statement in rendered(dev())["look"] for action in statement["Action"]}
    assert granted - called == {"log:PostLogStoreLogs", "mns:SendMessage"}


@pytest.mark.parametrize("role", ["look", "sweep"])
def test_what_the_platform_does_is_allowed(role: str) -> None:
    """Function Compute writes the log, and sends what failed for good, with the function's role."""
    allowed, project = rendered(dev())[role], f"rearm-dev-{HERE.partition(':')[2]}"
    assert verdict(allowed, "log:PostLogStoreLogs", f"acs:log:{HERE}:project/{project}/logstore/rearm") == "allowed"
    assert verdict(allowed, "mns:SendMessage", f"acs:mns:{HERE}:/queues/rearm-dev-dead-letters/messages") == "allowed"


def test_a_log_project_that_is_given_is_the_one_that_is_written_to() -> None:
    settings = msgspec.structs.replace(dev().alibaba, log_project="ops-logs", log_store="functions")
    allowed = rendered(msgspec.structs.replace(dev(), alibaba=settings))["look"]
    assert verdict(allowed, "log:PostLogStoreLogs", f"acs:log:{HERE}:project/ops-logs/logstore/functions") == "allowed"
    assert verdict(allowed, "log:PostLogStoreLogs", f"acs:log:{HERE}:project/ops-logs/logstore/others") == "not allowed"


FORBIDDEN = [
    ("look", "ess:CompleteLifecycleAction", f"acs:ess:{HERE}:scalinggroup/asg-another"),
    ("look", "ess:RecordLifecycleActionHeartbeat", f"acs:ess:cn-beijing:{HERE.partition(':')[2]}:scalinggroup/{GROUP}"),
    ("look", "ess:CompleteLifecycleAction", f"acs:ess:cn-hangzhou:9999999999999999:scalinggroup/{GROUP}"),
    ("look", "ess:RemoveInstances", f"acs:ess:{HERE}:scalinggroup/{GROUP}"),
    ("look", "ess:DeleteLifecycleHook", f"acs:ess:{HERE}:scalinggroup/{GROUP}"),
    ("look", "ecs:DeleteInstance", f"acs:ecs:{HERE}:instance/i-bp11m3fzlqrgk5vh0a10"),
    ("look", "ecs:RunCommand", f"acs:ecs:{HERE}:instance/i-bp11m3fzlqrgk5vh0a10"),
    ("look", "fc:InvokeFunction", f"acs:fc:{HERE}:functions/rearm-prod-recheck"),
    ("look", "fc:UpdateFunction", f"acs:fc:{HERE}:functions/{RECHECK}"),
    ("look", "oos:GetParameter", f"acs:oos:{HERE}:parameter/db/password"),
    ("look", "mns:ReceiveMessage", f"acs:mns:{HERE}:/queues/rearm-dev-dead-letters/messages"),
    ("look", "mns:SendMessage", f"acs:mns:{HERE}:/queues/rearm-dev-hooks/messages"),
    ("look", "ram:PassRole", f"acs:ram::{HERE.partition(':')[2]}:role/rearm-dev-sweep"),
    ("look", "log:GetLogStoreLogs", f"acs:log:{HERE}:project/rearm-dev-{HERE.partition(':')[2]}/logstore/rearm"),
    ("sweep", "ess:CompleteLifecycleAction", f"acs:ess:{HERE}:scalinggroup/{GROUP}"),
    ("sweep", "fc:InvokeFunction", f"acs:fc:{HERE}:functions/is-ready"),
    ("topic", "fc:InvokeFunction", f"acs:fc:{HERE}:functions/{RECHECK}"),
    ("topic", "fc:InvokeFunction", f"acs:fc:{HERE}:functions/rearm-dev-mns-topic-2"),
    ("oos", "fc:InvokeFunction", f"acs:fc:{HERE}:functions/{RECHECK}"),
    ("oos", "ess:CompleteLifecycleAction", f"acs:ess:{HERE}:scalinggroup/{GROUP}"),
]


@pytest.mark.parametrize(("role", "action", "resource"), FORBIDDEN, ids=lambda part: part[-40:])
def test_what_nobody_needs_is_not_allowed(role: str, action: str, resource: str) -> None:
    assert verdict(rendered(narrow())[role], action, resource) == "not allowed"


def test_who_starts_the_functions_may_start_them() -> None:
    found = rendered(dev())
    assert verdict(found["topic"], "fc:InvokeFunction", f"acs:fc:{HERE}:functions/rearm-dev-mns-topic") == "allowed"
    for action in ("fc:InvokeFunction", "fc:GetAsyncTask"):
        assert verdict(found["oos"], action, f"acs:fc:{HERE}:functions/rearm-dev-oos") == "allowed"


def test_types_that_are_not_enabled_have_no_role() -> None:
    settings = msgspec.structs.replace(dev().alibaba, notifications=("eventbridge",))
    assert set(rendered(msgspec.structs.replace(dev(), alibaba=settings))) == {"look", "sweep"}
