"""Run Command, Cloud Assistant and OSS as the emulators run them: states, idempotence, and what they refuse."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from alibaba_world import DirectWorld
from aws_world import INSTANCE, World, refused, running
from rearm_workbench.emulators.scripts import End

ECS = "2014-05-26"
RUN = {"RegionId": "cn-hangzhou", "Type": "RunShellScript", "CommandContent": "true", "InstanceId__1": "i-1"}
SEND = {"DocumentName": "AWS-RunShellScript", "InstanceIds": [INSTANCE], "Parameters": {"commands": ["true"]}}


@pytest.fixture
def aws() -> Iterator[World]:
    with running() as made:
        made.seed()
        yield made


@pytest.fixture
def ecs() -> Iterator[DirectWorld]:
    made = DirectWorld()
    made.emulator.ecs.instance("i-1")
    with made.emulator:
        yield made


def invocation(world: World, ssm: Any, command: str) -> tuple[str, str, int]:
    found = ssm.get_command_invocation(CommandId=command, InstanceId=INSTANCE)
    return found["Status"], found["StatusDetails"], found["ResponseCode"]


def test_a_command_of_ssm_goes_through_its_states(aws: World) -> None:
    ssm, end = aws.client("ssm"), list[End]()
    aws.aws.scripts.endings[INSTANCE, "true"] = lambda: end[0] if end else None
    command = ssm.send_command(**SEND)["Command"]["CommandId"]
    assert invocation(aws, ssm, command) == ("Pending", "Pending", -1)
    aws.clock.run_until(aws.clock.now() + 1)
    assert invocation(aws, ssm, command) == ("InProgress", "InProgress", -1)
    end.append(End(3, "out"))
    assert invocation(aws, ssm, command) == ("Failed", "Failed", 3)
    end[0] = End(0)
    assert invocation(aws, ssm, command) == ("Failed", "Failed", 3), "what has ended stays so"
    assert ssm.list_commands(CommandId=command)["Commands"][0]["Status"] == "Failed"


def test_ssm_cuts_off_what_takes_too_long(aws: World) -> None:
    ssm = aws.client("ssm")
    aws.aws.scripts.endings[INSTANCE, "true"] = lambda: None
    command = ssm.send_command(**SEND | {"Parameters": {"commands": ["true"], "executionTimeout": ["60"]}})["Command"]["CommandId"]
    aws.clock.run_until(aws.clock.now() + 59)
    assert invocation(aws, ssm, command)[0] == "InProgress"
    aws.clock.run_until(aws.clock.now() + 1)
    assert invocation(aws, ssm, command) == ("TimedOut", "ExecutionTimedOut", -1)


def test_ssm_lists_newest_first_by_instance_and_document_in_pages(aws: World) -> None:
    ssm = aws.client("ssm")
    sent = [ssm.send_command(**SEND, Comment=str(number))["Command"]["CommandId"] for number in range(3)]
    ssm.send_command(**SEND | {"DocumentName": "AWS-RunPowerShellScript"})
    asked = {"InstanceId": INSTANCE, "MaxResults": 2, "Filters": [{"key": "DocumentName", "value": "AWS-RunShellScript"}]}
    first = ssm.list_commands(**asked)
    second = ssm.list_commands(**asked, NextToken=first["NextToken"])
    assert [one["CommandId"] for one in [*first["Commands"], *second["Commands"]]] == sent[::-1]
    assert "NextToken" not in second


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"InstanceIds": ["i-00000000000000000"]}, "InvalidInstanceId"),
        ({"DocumentName": "AWS-UpdateSSMAgent"}, "InvalidDocument"),
        ({"Comment": "x" * 101}, "ValidationException"),
        ({"TimeoutSeconds": 29}, "ValidationException"),
        ({"InstanceIds": [], "Targets": [{"Key": "tag:a", "Values": ["b"]}]}, "InvalidDocument"),
    ],
)
def test_what_ssm_refuses(aws: World, more: dict[str, Any], code: str) -> None:
    from botocore.config import Config

    from rearm_workbench.emulators.aws.install import session

    make: Any = session().create_client
    ssm = make("ssm", region_name="us-east-1", config=Config(parameter_validation=False))
    with pytest.raises(ClientError) as error:
        ssm.send_command(**SEND | more)
    assert refused(error)[0] == code


def test_an_agent_that_is_not_online_is_not_told_of(aws: World) -> None:
    ssm, online = aws.client("ssm"), [False]
    aws.aws.scripts.agents[INSTANCE] = lambda: online[0]
    wanted = [{"Key": "InstanceIds", "Values": [INSTANCE]}]
    assert ssm.describe_instance_information(Filters=wanted)["InstanceInformationList"] == []
    with pytest.raises(ClientError) as error:
        ssm.send_command(**SEND)
    assert refused(error)[0] == "InvalidInstanceId"
    online[0] = True
    assert ssm.describe_instance_information(Filters=wanted)["InstanceInformationList"][0]["PingStatus"] == "Online"
    with pytest.raises(ClientError) as error:
        ssm.describe_instance_information()
    assert refused(error)[0] == "InvalidFilterKey"


def result(world: DirectWorld, invoke_id: str, **more: object) -> Any:
    told = world.rpc(ECS, "DescribeInvocationResults", RegionId="cn-hangzhou", InvokeId=invoke_id, **more)
    return told["Invocation"]["InvocationResults"]["InvocationResult"][0]


def test_an_invocation_of_cloud_assistant_goes_through_its_states(ecs: DirectWorld) -> None:
    end = list[End]()
    ecs.emulator.scripts.endings["i-1", "true"] = lambda: end[0] if end else None
    run = ecs.rpc(ECS, "RunCommand", **RUN)["InvokeId"]
    assert result(ecs, run)["InvocationStatus"] == "Pending"
    ecs.clock.run_until(ecs.clock.now() + 1)
    assert result(ecs, run)["InvocationStatus"] == "Running"
    end.append(End(0, "gewiß"))
    found = result(ecs, run, InstanceId="i-1")
    assert (found["InvocationStatus"], found["ExitCode"], base64.b64decode(found["Output"]).decode()) == ("Success", 0, "gewiß")
    assert result(ecs, run, ContentEncoding="PlainText")["Output"] == "gewiß"


def test_cloud_assistant_cuts_off_and_gives_up(ecs: DirectWorld) -> None:
    ecs.emulator.scripts.endings["i-1", "true"] = lambda: None
    run = ecs.rpc(ECS, "RunCommand", **RUN, Timeout=30)["InvokeId"]
    ecs.emulator.ecs.instance("i-2")
    ecs.emulator.scripts.agents["i-2"] = lambda: False
    lost = ecs.rpc(ECS, "RunCommand", **RUN | {"InstanceId__1": "i-2"})["InvokeId"]
    ecs.clock.run_until(ecs.clock.now() + 59)
    assert (result(ecs, run)["InvocationStatus"], result(ecs, lost)["InvocationStatus"]) == ("Timeout", "Pending")
    ecs.clock.run_until(ecs.clock.now() + 1)
    assert (result(ecs, lost)["InvocationStatus"], result(ecs, lost)["ErrorCode"]) == ("Aborted", "ClientNotOnline")


def test_the_same_client_token_is_the_same_invocation(ecs: DirectWorld) -> None:
    first = ecs.rpc(ECS, "RunCommand", **RUN, ClientToken="a")
    assert ecs.rpc(ECS, "RunCommand", **RUN, ClientToken="a") == first
    assert ecs.rpc(ECS, "RunCommand", **RUN, ClientToken="b") != first
    assert ecs.error(ECS, "RunCommand", **RUN | {"CommandContent": "false"}, ClientToken="a")[1] == "IdempotentParameterMismatch"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"InstanceId__1": "i-none"}, "InvalidInstance.NotFound"),
        ({"Type": "RunPython"}, "InvalidCmdType.NotFound"),
        ({"CommandContent": "é!", "ContentEncoding": "Base64"}, "InvalidParameter.CommandContent"),
        ({"CommandContent": "x" * 18_433}, "CmdContent.ExceedLimit"),
        ({"Timeout": 5}, "InvalidParameter"),
        ({"ClientToken": "x" * 65}, "InvalidParameter"),
    ],
)
def test_what_cloud_assistant_refuses(ecs: DirectWorld, more: dict[str, Any], code: str) -> None:
    assert ecs.error(ECS, "RunCommand", **RUN | more)[1] == code


@pytest.mark.parametrize(
    ("method", "path", "code"), [("GET", "/b/k", 501), ("HEAD", "/b/", 501), ("HEAD", "/none/k", 404), ("HEAD", "/b/none", 404)]
)
def test_what_oss_refuses(ecs: DirectWorld, method: str, path: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rearm_workbench.emulators.alibaba.oss.verify_oss", lambda *_: None)
    ecs.emulator.put_object("b", "k")
    status, _, headers = ecs.http(method, path, Authorization="OSS4-HMAC-SHA256 x")
    assert status == code
    assert b"<Code>" in base64.b64decode(headers["x-oss-err"])


@pytest.mark.parametrize("credential", ["STS.EmulatedAccessKeyId/20270115/cn-hangzhou/oss/aliyun_v4_request", "LTAIother/x/y/z/v"])
def test_oss_verifies_signatures(ecs: DirectWorld, credential: str) -> None:
    ecs.emulator.put_object("b", "k")
    status, _, _ = ecs.http("HEAD", "/b/k", Authorization=f"OSS4-HMAC-SHA256 Credential={credential},Signature={'0' * 64}")
    assert status == 403
