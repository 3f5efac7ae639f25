"""`instance_status` with the agents through which the clouds run commands; without them: test_checks."""

from typing import Any

import pytest

from check_clouds import I, ask, assert_nonsense_is_waiting, assert_trouble_is_waiting, instance
from rearm.checks import instance_status
from rearm.checks.instance_status import Settings

KIND = "instance_status"
SSM, ASSISTANT = {"ssm": True}, {"cloud_assistant": True}


@pytest.mark.parametrize(
    ("cloud", "settings", "others", "starting", "ready", "offline", "online"),
    [
        (
            "aws_cloud",
            SSM,
            ASSISTANT,
            "running; instance check initializing, system check initializing",
            "both status checks are ok",
            "the SSM agent is not registered yet",
            "the SSM agent is online",
        ),
        (
            "alibaba_cloud",
            ASSISTANT,
            SSM,
            "the instance is Starting",
            "the instance is Running",
            "Cloud Assistant is not online yet",
            "Cloud Assistant is online",
        ),
    ],
    ids=["ssm", "cloud_assistant"],
)
def test_the_agent_has_to_be_online(
    cloud: str, settings: Any, others: Any, starting: str, ready: str, offline: str, online: str, request: pytest.FixtureRequest
) -> None:
    where = request.getfixturevalue(cloud)
    instance(where)
    state = {"ready": False, "online": False}
    where.set_ready(I, lambda: state["ready"])
    where.emulator.scripts.agents[I] = lambda: state["online"]
    assert ask(where, KIND, settings).reason == starting
    state["ready"] = True
    found = ask(where, KIND, settings)
    assert (found.status, found.reason) == ("waiting", f"{ready}, {offline}")
    assert ask(where, KIND, {}).status == ask(where, KIND, others).status == "passed"
    state["online"] = True
    found = ask(where, KIND, settings)
    assert (found.status, found.reason) == ("passed", f"{ready}, {online}")
    where.vanish(I)
    assert ask(where, KIND, settings).status == "gone"


def test_an_agent_that_was_online_once_may_have_lost_its_connection(aws_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    instance(aws_cloud)
    answer = {"InstanceInformationList": [{"InstanceId": I, "PingStatus": "ConnectionLost"}]}
    monkeypatch.setattr("rearm.checks.asking.agent.aws", lambda *_, **__: answer)
    found = ask(aws_cloud, KIND, SSM)
    assert (found.status, found.reason) == ("waiting", "both status checks are ok, the SSM agent is ConnectionLost")


def test_trouble_with_the_agents_is_waiting(aws_cloud: Any, alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    instance(aws_cloud)
    assert_trouble_is_waiting(aws_cloud, "ssm:DescribeInstanceInformation", KIND, SSM)
    assert_nonsense_is_waiting(monkeypatch, aws_cloud, "rearm.checks.asking.agent.aws", KIND, SSM)
    instance(alibaba_cloud)
    assert_trouble_is_waiting(alibaba_cloud, "ecs:DescribeCloudAssistantStatus", KIND, ASSISTANT)
    assert_nonsense_is_waiting(monkeypatch, alibaba_cloud, "rearm.checks.asking.agent.alibaba", KIND, ASSISTANT)


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
