"""samconfig.toml, the values of serverless.yml and the lifecycle hooks: what an environment becomes."""

import json

import msgspec
import pytest
import tomllib
from aws_deploy_world import ROOT, env, raw, rendered

from rearm_workbench.deploy import aws_hooks, environment, samconfig
from rearm_workbench.deploy.model import Aws, Cadence, Environment, Hook
from rearm_workbench.deploy.serverless_values import values
from rearm_workbench.descriptions import tagged_yaml

NAMES = environment.known(ROOT / "environments")


def changed(**aws: object) -> Environment:
    return msgspec.structs.replace(env(), aws=Aws(**aws))  # type: ignore[arg-type]  # the fields that a test gives


def test_the_file_is_that_of_the_environments() -> None:
    wanted = samconfig.text([env(name) for name in NAMES])
    assert (ROOT / samconfig.FILE).read_text() == wanted, "run `make samconfig`"


@pytest.mark.parametrize("name", NAMES)
def test_a_section_is_what_sam_reads(name: str) -> None:
    found = tomllib.loads((ROOT / samconfig.FILE).read_text())
    deploy = found[name]["deploy"]["parameters"]
    assert (deploy["stack_name"], deploy["region"], deploy["capabilities"]) == (f"rearm-{name}", env(name).aws.region, "CAPABILITY_IAM")
    given = dict(pair.split("=", 1) for pair in deploy["parameter_overrides"])
    assert {key: json.loads(value) for key, value in given.items()} == samconfig.parameters(env(name))
    assert deploy["tags"] == [f'{key}="{value}"' for key, value in env(name).tags.items()]


def test_every_parameter_of_the_template_is_given() -> None:
    """What is not said, a stack keeps from its last deployment."""
    assert set(samconfig.parameters(env())) | {"ServiceLinkedRole"} == set(raw()["Parameters"])


@pytest.mark.parametrize("name", NAMES)
def test_values_are_among_those_that_are_allowed(name: str) -> None:
    declared = raw()["Parameters"]
    for parameter, one in values(env(name))["parameters"].items():  # type: ignore[attr-defined]  # a mapping
        allowed = declared[parameter].get("AllowedValues")
        assert allowed is None or one["Default"] in allowed, parameter


def test_a_value_with_a_quotation_mark_stays_one_value() -> None:
    one = msgspec.structs.replace(env(), tags={"team": 'the "a" team \\ b'})
    found = tomllib.loads(samconfig.text([one]))
    [tag] = found["dev"]["deploy"]["parameters"]["tags"]
    assert json.loads(tag.removeprefix("team=")) == 'the "a" team \\ b'


@pytest.mark.parametrize(
    ("seconds", "rate"), [(60, "rate(1 minute)"), (300, "rate(5 minutes)"), (90, "rate(1 minute)"), (3600, "rate(60 minutes)")]
)
def test_the_sweep_never_comes_less_often_than_said(seconds: int, rate: str) -> None:
    assert samconfig.rate(seconds) == rate
    one = msgspec.structs.replace(env(), cadence=Cadence(sweep_s=seconds))
    assert samconfig.parameters(one)["SweepEvery"] == rate


def test_only_the_enabled_types_are_created() -> None:
    found = rendered(changed(notifications=("sns",)))
    functions = {one["Properties"]["Handler"] for one in found.values() if one["Type"] == "AWS::Serverless::Function"}
    assert functions == {"sns.handler", "recheck.handler", "sweep.handler"}
    assert not {"Queue", "QueueRole", "QueueMapping", "LifecycleRule", "DirectPermission"} & set(found)
    assert {"Topic", "TopicSubscription", "NotifyRole"} <= set(found)


def test_what_is_off_by_default_can_be_turned_on() -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    one = changed(kms_key_arn=key, reserved_concurrency=10, subnets=("subnet-1", "subnet-2"), security_groups=("sg-1",))
    found = rendered(one)
    common = tagged_yaml.load(ROOT / "template.yml")["Globals"]["Function"]
    assert {"KmsKeyArn", "ReservedConcurrentExecutions", "VpcConfig"} <= set(common)
    for name in ("Queue", "DeadLetters", "Topic"):
        assert found[name]["Properties"]["KmsMasterKeyId"] == key
    assert found["Logs"]["Properties"]["KmsKeyId"] == key
    assert "SqsManagedSseEnabled" not in found["Queue"]["Properties"]
    assert found["LookRole"]["Properties"]["ManagedPolicyArns"][0].endswith("AWSLambdaVPCAccessExecutionRole")
    assert "ManagedPolicyArns" not in rendered(env())["LookRole"]["Properties"]


HOOKS = tuple(
    Hook(group="web-asg", name=f"ready-{type_}", transition="launch", type=type_, timeout_s=600)  # type: ignore[arg-type]  # each of the types
    for type_ in ("eventbridge", "sns", "sqs", "direct")
)


def test_a_hook_has_the_target_of_its_type() -> None:
    found = {name: one["Properties"] for name, one in aws_hooks.resources(HOOKS).items()}
    assert list(found) == ["Hook1", "Hook2", "Hook3", "Hook4"]
    assert all(one["HeartbeatTimeout"] == 600 and one["DefaultResult"] == "ABANDON" for one in found.values())  # type: ignore[index]  # mappings
    told = {name: ("NotificationTargetARN" in one, "RoleARN" in one) for name, one in found.items()}  # type: ignore[operator]  # mappings
    assert told == {"Hook1": (False, False), "Hook2": (True, True), "Hook3": (True, True), "Hook4": (True, False)}


def test_a_hook_refers_to_what_the_template_has_and_waits_for_it() -> None:
    known = set(raw()["Resources"])
    for one in aws_hooks.resources(HOOKS).values():
        assert set(one["DependsOn"]) <= known  # type: ignore[call-overload]  # a list
        named = {found.get("Ref") or found["Fn::GetAtt"][0] for found in one["Properties"].values() if isinstance(found, dict)}  # type: ignore[attr-defined]  # a mapping
        assert named <= known


def test_the_values_hold_what_serverless_yml_says_that_they_do() -> None:
    head = (ROOT / "serverless.yml").read_text().split("service:")[0]
    for key in values(changed(lifecycle_hooks=HOOKS)):
        assert f"#   {key} " in head or f" {key} " in head, f"serverless.yml does not tell of `{key}`"
    assert set(values(changed(lifecycle_hooks=HOOKS))["hooks"]) == {"Hook1", "Hook2", "Hook3", "Hook4"}  # type: ignore[call-overload]  # a mapping
