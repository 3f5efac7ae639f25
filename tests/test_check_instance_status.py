"""`instance_status` with the agents through which the clouds run commands; without them: test_checks."""

from typing import Any

import pytest

from check_clouds import (
    I,
    _surroundings,
    alibaba_cloud,
    ask,
    assert_nonsense_is_waiting,
    assert_trouble_is_waiting,
    aws_cloud,
    clock,
    instance,
)
from rearm.checks import instance_status
from rearm.checks.instance_status import Settings

__all__ = ["_surroundings", "alibaba_cloud", "aws_cloud", "clock"]

KIND = "instance_status"
SSM, ASSISTANT = {"ssm": True}, {"cloud_assistant": True}


def test_the_ssm_agent_has_to_be_online(aws_cloud: Any) -> None:
    instance(aws_cloud)
    state = {"ready": False, "online": False}
    aws_cloud.set_ready(I, lambda: state["ready"])
    aws_cloud.emulator.scripts.agents[I] = lambda: state["online"]
    assert ask(aws_cloud, KIND, SSM).reason == "running; instance check initializing, system check initializing"
    state["ready"] = True
    found = ask(aws_cloud, KIND, SSM)
    assert (found.status, found.reason) == ("waiting", "both status checks are ok, the SSM agent is not registered yet")
    assert ask(aws_cloud, KIND, {}).status == ask(aws_cloud, KIND, ASSISTANT).status == "passed"
    state["online"] = True
    found = ask(aws_cloud, KIND, SSM)
    assert (found.status, found.reason) == ("passed", "both status checks are ok, the SSM agent is online")
    aws_cloud.vanish(I)
    assert ask(aws_cloud, KIND, SSM).status == "gone"


def test_an_agent_that_was_online_once_may_have_lost_its_connection(aws_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    instance(aws_cloud)
    answer = {"InstanceInformationList": [{"InstanceId": I, "PingStatus": "ConnectionLost"}]}
    monkeypatch.setattr("rearm.checks.agent.aws", lambda *_, **__: answer)
    found = ask(aws_cloud, KIND, SSM)
    assert (found.status, found.reason) == ("waiting", "both status checks are ok, the SSM agent is ConnectionLost")


def test_cloud_assistant_has_to_be_online(alibaba_cloud: Any) -> None:
    instance(alibaba_cloud)
    state = {"ready": False, "online": False}
    alibaba_cloud.set_ready(I, lambda: state["ready"])
    alibaba_cloud.emulator.scripts.agents[I] = lambda: state["online"]
    assert ask(alibaba_cloud, KIND, ASSISTANT).reason == "the instance is Starting"
    state["ready"] = True
    found = ask(alibaba_cloud, KIND, ASSISTANT)
    assert (found.status, found.reason) == ("waiting", "the instance is Running, Cloud Assistant is not online yet")
    assert ask(alibaba_cloud, KIND, {}).status == ask(alibaba_cloud, KIND, SSM).status == "passed"
    state["online"] = True
    found = ask(alibaba_cloud, KIND, ASSISTANT)
    assert (found.status, found.reason) == ("passed", "the instance is Running, Cloud Assistant is online")
    alibaba_cloud.vanish(I)
    assert ask(alibaba_cloud, KIND, ASSISTANT).status == "gone"


def test_trouble_with_the_agents_is_waiting(aws_cloud: Any, alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    instance(aws_cloud)
    assert_trouble_is_waiting(aws_cloud, "ssm:DescribeInstanceInformation", KIND, SSM)
    assert_nonsense_is_waiting(monkeypatch, aws_cloud, "rearm.checks.agent.aws", KIND, SSM)
    instance(alibaba_cloud)
    assert_trouble_is_waiting(alibaba_cloud, "ecs:DescribeCloudAssistantStatus", KIND, ASSISTANT)
    assert_nonsense_is_waiting(monkeypatch, alibaba_cloud, "rearm.checks.agent.alibaba", KIND, ASSISTANT)


@pytest.mark.parametrize(
    ("settings", "clouds", "keys"),
    [
        (SSM, ("aws",), []),
        (SSM, ("aws", "alibaba"), []),
        (SSM, ("alibaba",), ["ssm"]),
        (ASSISTANT, ("aws",), ["cloud_assistant"]),
        (SSM | ASSISTANT, ("aws", "alibaba"), []),
    ],
)
def test_an_agent_of_the_other_cloud_is_refused(settings: dict[str, bool], clouds: tuple[str, ...], keys: list[str]) -> None:
    assert [key for key, _ in instance_status.problems(Settings(**settings), clouds)] == keys
