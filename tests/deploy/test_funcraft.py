"""Funcraft's description: the copies for environments, its roles, and `bootstrap`."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from rearm.errors import ConfigError
from rearm_workbench.deploy import environment as environments
from rearm_workbench.deploy import funcraft
from rearm_workbench.deploy.model import Environment
from rearm_workbench.permissions.parts import parts
from rearm_workbench.permissions.port import ROLES

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "1234567890123456"


def load(env: str = "dev", **alibaba: Any) -> Environment:
    found = environments.load(env, ROOT / "environments")
    return msgspec.structs.replace(found, alibaba=msgspec.structs.replace(found.alibaba, **alibaba))


def described(environment: Environment, account: str = ACCOUNT) -> dict[str, Any]:
    found: dict[str, Any] = funcraft.description(environment, ROOT, Path("../../../.."), account)["Resources"]
    return found


def functions(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    services = [one for one in resources.values() if one["Type"] == "Aliyun::Serverless::Service"]
    return {name: one for service in services for name, one in service.items() if name not in {"Type", "Properties"}}


def checked_in() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / funcraft.TEMPLATE).read_text())
    return found


def test_the_checked_in_description_is_that_of_dev() -> None:
    """But for where it lies, and the settings of dev itself."""
    base = load("dev", memory_mb=256)
    copy = funcraft.description(base, ROOT, Path(".."), funcraft.ACCOUNT)
    assert copy == checked_in()


@pytest.mark.parametrize("name", ["mns-topic", "mns-queue", "eventbridge", "oos", "recheck", "sweep"])
def test_each_function_runs_its_handler_in_the_custom_runtime(name: str) -> None:
    one = functions(checked_in()["Resources"])[name]["Properties"]
    assert one["Handler"] == one["EnvironmentVariables"]["REARM_HANDLER"] == f"{name.replace('-', '_')}.handler"
    assert (ROOT / "functions" / "alibaba" / f"{name.replace('-', '_')}.py").is_file()
    assert (one["Runtime"], one["Timeout"], one["MemorySize"]) == ("custom", 300 if name == "sweep" else 600, 256)
    assert one["Layers"] == ["acs:fc:cn-hangzhou:official:layers/Python310/versions/2"]
    told = one["AsyncConfiguration"]
    assert told["Destination"]["OnFailure"] == "acs:mns:::/queues/rearm-dev-dead-letters/messages"
    assert told.get("StatefulInvocation", False) is (name in {"recheck", "oos"})
    assert (told["MaxAsyncRetryAttempts"], told["MaxAsyncEventAgeInSeconds"]) == ((1, 600) if name == "sweep" else (8, 21600))


def test_a_copy_for_another_environment() -> None:
    resources = described(load("prod", region="eu-central-1"))
    assert set(resources) == {"rearm-prod-1234567890123456", "rearm-prod-hooks", "rearm-prod", "rearm-prod-sweep"}
    text = yaml.dump(resources)
    assert not re.search(r"rearm-dev|cn-hangzhou|0{16}", text)
    look = resources["rearm-prod"]
    assert look["Properties"]["Role"] == f"acs:ram::{ACCOUNT}:role/rearm-prod-look"
    recheck = look["recheck"]["Properties"]
    assert recheck["CodeUri"] == "../../../../build/package/alibaba/funcraft.zip"
    assert recheck["EnvironmentVariables"]["REARM_FC_SERVICE"] == "rearm-prod"
    assert recheck["Layers"] == ["acs:fc:eu-central-1:official:layers/Python310/versions/2"]
    assert resources["rearm-prod-sweep"]["Properties"]["Role"] == f"acs:ram::{ACCOUNT}:role/rearm-prod-sweep"


def test_what_an_environment_says() -> None:
    own = msgspec.structs.replace(
        load(
            notifications=("eventbridge",),
            sweep_groups=("asg-1", "asg-2"),
            memory_mb=1024,
            log_project="ours",
            vpc_id="vpc-1",
            vswitches=("vsw-1",),
            security_group="sg-1",
        ),
        name="waits",
        variables={"PROXY": "http://rearm-dev.cn-hangzhou.example"},
        cadence=environments.load("dev", ROOT / "environments").cadence.__class__(sweep_s=600),
    )
    resources = described(own)
    assert set(resources) == {"waits-dev", "waits-dev-sweep"}
    assert set(functions(resources)) == {"eventbridge", "recheck", "sweep"}
    for service in resources.values():
        assert service["Properties"]["LogConfig"] | {"Project": "ours", "Logstore": "rearm"} == service["Properties"]["LogConfig"]
        assert service["Properties"]["VpcConfig"] == {"VpcId": "vpc-1", "VSwitchIds": ["vsw-1"], "SecurityGroupId": "sg-1"}
    for one in functions(resources).values():
        assert one["Properties"]["MemorySize"] == 1024
        assert one["Properties"]["EnvironmentVariables"]["PROXY"] == "http://rearm-dev.cn-hangzhou.example"
        assert one["Properties"]["EnvironmentVariables"]["POWERTOOLS_SERVICE_NAME"] == "waits"
    sweep = functions(resources)["sweep"]
    assert sweep["Properties"]["EnvironmentVariables"]["REARM_SWEEP_GROUPS"] == "asg-1,asg-2"
    assert sweep["Events"]["every"]["Properties"]["CronExpression"] == "@every 10m"
    assert funcraft.parameters(own) == {
        "Name": "waits",
        "Environment": "dev",
        "LogProject": "ours",
        "LogStore": "rearm",
        "InVpc": "true",
        "MnsTopic": "false",
        "MnsQueue": "false",
    }


def test_another_python_is_refused() -> None:
    with pytest.raises(ConfigError) as refused:
        described(load(python="3.12"))
    assert str(refused.value).count("\n") == 0
    assert "alibaba.python `3.12`: with Funcraft it must be 3.10" in str(refused.value)


def test_files_are_written(tmp_path: Path) -> None:
    paths = funcraft.write(load("staging"), ROOT, ROOT / "build" / "deploy" / "test-funcraft", ACCOUNT)
    assert [path.name for path in paths] == ["template.yml", "ros.yml", "ros-parameters.json"]
    written = yaml.safe_load(paths[0].read_text())["Resources"]["rearm-staging"]["recheck"]["Properties"]["CodeUri"]
    assert (paths[0].parent / written).resolve() == ROOT / funcraft.ARCHIVE
    for path in paths:
        path.unlink()
    paths[0].parent.rmdir()


def statements(role: str, part: str) -> list[Any]:
    properties = yaml.safe_load((ROOT / funcraft.ROS).read_text())["Resources"][f"{role.capitalize()}Role"]["Properties"]
    [found] = [one for one in properties["Policies"] if one["PolicyName"]["Fn::Sub"] == f"${{Name}}-${{Environment}}-{role}-{part}"]
    listed: list[Any] = found["PolicyDocument"]["Statement"]
    return listed


@pytest.mark.parametrize("role", ROLES["alibaba"])
def test_the_roles_may_do_what_rearm_calls_and_nothing_else(role: Any) -> None:
    """The policies of `rearm config permissions --cloud alibaba --fc 2.0`; beside them only sending to the dead letters."""
    wanted = parts(load().config, "alibaba", role, "2.0")
    dead_letters = {
        "Effect": "Allow",
        "Action": ["mns:SendMessage"],
        "Resource": [{"Fn::Sub": "acs:mns:${ALIYUN::Region}:${ALIYUN::TenantId}:/queues/${Name}-${Environment}-dead-letters/messages"}],
    }
    assert statements(role, "waits") == [*funcraft.policy(wanted["waits"]), dead_letters]
    assert statements(role, "checks") == funcraft.policy(wanted["checks"])


def test_the_topic_may_call_its_function_only() -> None:
    [one] = yaml.safe_load((ROOT / funcraft.ROS).read_text())["Resources"]["TopicRole"]["Properties"]["Policies"]
    [statement] = one["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["fc:InvokeFunction"]
    assert all(resource["Fn::Sub"].endswith("/functions/mns-topic") for resource in statement["Resource"])


def test_the_copy_has_the_environments_own_checks() -> None:
    config = environments.load("dev", ROOT / "environments")
    fewer = msgspec.structs.replace(config, config=msgspec.structs.replace(config.config, profiles=config.config.profiles[:1]))
    resources = funcraft.template(msgspec.structs.replace(fewer, tags={"team": "sre"}), ROOT)["Resources"]
    [checks] = [one for one in resources["LookRole"]["Properties"]["Policies"] if one["PolicyName"]["Fn::Sub"].endswith("-checks")]
    actions = {action for one in checks["PolicyDocument"]["Statement"] for action in one["Action"]}
    assert "ecs:DescribeInstanceStatus" in actions
    assert "ecs:ListTagResources" not in actions
    assert all(one["Properties"]["Tags"] == [{"Key": "team", "Value": "sre"}] for one in resources.values())
