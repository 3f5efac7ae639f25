"""deploy/ros/rearm.yml: names, properties and ranges, for every environment; a wrong template is caught."""

from pathlib import Path

import msgspec
import pytest

from rearm_workbench.deploy import environment, serverless_devs
from rearm_workbench.descriptions import ros_rules, tagged_yaml
from rearm_workbench.descriptions.intrinsics import Template

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / serverless_devs.TEMPLATE
ENVIRONMENTS = environment.known(ROOT / "environments")


def checked(text: str, scratch: Path, **parameters: str) -> list[str]:
    path = scratch / "ros.yml"
    path.write_text(text)
    return ros_rules.judge(tagged_yaml.load(path), parameters)


@pytest.mark.parametrize(
    "parameters",
    [{}, {"InVpc": "true", "LogProject": "ops"}, {"MnsTopic": "false", "MnsQueue": "false", "Oos": "false"}],
    ids=["as it is", "in a VPC, with a log project", "EventBridge only"],
)
def test_the_template_is_sound(parameters: dict[str, str], tmp_path: Path) -> None:
    assert checked(TEMPLATE.read_text(), tmp_path, **parameters) == []


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_environments_is_sound(name: str) -> None:
    env = environment.load(name, ROOT / "environments")
    assert ros_rules.judge(serverless_devs.template(env, ROOT), serverless_devs.parameters(env)) == []
    assert set(serverless_devs.parameters(env)) <= set(tagged_yaml.load(TEMPLATE)["Parameters"])


def test_what_is_not_enabled_is_not_created() -> None:
    env = environment.load("dev", ROOT / "environments")
    less = msgspec.structs.replace(
        env, alibaba=msgspec.structs.replace(env.alibaba, notifications=("eventbridge",), log_project="ops", log_store="rearm")
    )
    found = Template(serverless_devs.template(less, ROOT), serverless_devs.parameters(less)).resources()
    assert set(found) == {"LookRole", "SweepRole", "DeadLetters"}
    assert set(serverless_devs.description(less, ROOT, Path())["resources"]) == {"eventbridge", "recheck", "sweep"}


def test_in_a_vpc_both_roles_may_have_network_interfaces() -> None:
    template = Template(tagged_yaml.load(TEMPLATE), {"InVpc": "true"}).resources()
    for role in ("LookRole", "SweepRole"):
        assert template[role]["Properties"]["PolicyAttachments"] == {"System": ["AliyunECSNetworkInterfaceManagementAccess"]}
    assert "PolicyAttachments" not in Template(tagged_yaml.load(TEMPLATE), {}).resources()["LookRole"]["Properties"]


def test_tags_are_on_what_can_carry_them() -> None:
    env = environment.load("prod", ROOT / "environments")
    for resource in serverless_devs.template(env, ROOT)["Resources"].values():
        tags = resource["Properties"].get("Tags")
        if resource["Type"] == "ALIYUN::OOS::Template":
            assert tags == {"environment": "prod"}
        else:
            assert tags == ([{"Key": "environment", "Value": "prod"}] if resource["Type"] in serverless_devs.TAGGED_AS_LIST else None)


MUTATIONS = {  # what is written, what instead of it, and what has to be said
    "unknown property": ("VisibilityTimeout:", "VisibilityTimeoutSeconds:", "HookQueue.Properties.VisibilityTimeoutSeconds: unknown key"),
    "kept too long": ("MessageRetentionPeriod: 604800", "MessageRetentionPeriod: 1209600", "must be a whole number from 60 to 604800"),
    "type": ("ALIYUN::MNS::Topic", "ALIYUN::SMQ::Topic", "Resources.HookTopic.Type: `ALIYUN::SMQ::Topic`"),
    "dangling Ref": ("{Ref: LogDays}", "{Ref: LogDay}", "there is no `LogDay`; did you mean `LogDays`?"),
    "dangling name in a text": ("${Name}-${Environment}-hooks", "${Name}-${Env}-hooks", "there is no `Env`"),
    "dangling attribute": ("[DeadLetters, QueueName]", "[DeadLetters, Name]", "there is no `DeadLetters.Name`"),
    "dangling condition": ("Condition: WithOos", "Condition: WithOOS", "there is no condition `WithOOS`"),
    "action `*`": ('["log:PostLogStoreLogs"]', '["log:*"]', "must be a permission, product:Operation, without `*`"),
    "wildcard in an action": ('"ess:DescribeLifecycleHooks", "ess:Record', '"ess:Describe*", "ess:Record', "without `*`"),
    "AWS's resource": ('"acs:ecs:', '"arn:ecs:', "must be a resource, acs:…, or `*`"),
    "AWS's version": ('Version: "1"', 'Version: "2012-10-17"', "`2012-10-17`: must be 1"),
    "trust in two": ("[oos.aliyuncs.com]", "[oos.aliyuncs.com, ecs.aliyuncs.com]", "2 entries: at most 1"),
    "trust in an account": ("{Service: [mns.aliyuncs.com]}", '{RAM: ["acs:ram::1:root"]}', "Principal.RAM: unknown key"),
    "role's name": ('${Name}-${Environment}-look"}\n      Desc', '${Name}_${Environment}_look"}\n      Desc', "must be 1 to 64 of letters"),
    "section": ("Outputs:", "Output:", "Output: unknown section; did you mean `Outputs`?"),
    "text for a number": ("MaxReceiveCount: 5", 'MaxReceiveCount: "5"', "must be a whole number from 1 to 1000"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_wrong_template_is_caught(name: str, tmp_path: Path) -> None:
    text, other, said = MUTATIONS[name]
    whole = TEMPLATE.read_text()
    assert text in whole
    found = checked(whole.replace(text, other), tmp_path)
    assert any(said in line for line in found), found
