"""`command`: how a script ends decides, and what goes wrong does not."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from check_clouds import I, ask, assert_nonsense_is_waiting, assert_trouble_is_waiting, instance
from command_world import RUN, SCRIPT, Place, told
from rearm import config
from rearm.checks import command
from rearm.checks.asking.existence import EVERY_S
from rearm.clouds.aws.faults import translate
from rearm_workbench.emulators.scripts import End
from rearm_workbench.virtual_clock import VirtualClock


@pytest.fixture(params=["aws_cloud", "alibaba_cloud"])
def cloud(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture
def place(cloud: Any, clock: VirtualClock) -> Place:
    return Place(cloud, clock)


@pytest.mark.parametrize(
    ("end", "settings", "status", "reason"),
    [
        (End(0), {}, "passed", "exit code 0"),
        (End(2), {}, "failed", "exit code 2, wants 0"),
        (End(2), {"passed_on": [0, 2]}, "passed", "exit code 2"),
        (End(0, "s3cret\nready\n"), {"output": "ready"}, "passed", "exit code 0, the output matches"),
        (End(0, "s3cret\nnot"), {"output": "^ready$"}, "waiting", "exit code 0, the output does not match; to be started anew"),
        (End(4, "ready"), {"output": "ready"}, "failed", "exit code 4, wants 0"),
    ],
)
def test_exit_code_and_output_decide_and_the_output_is_not_told(
    place: Place, end: End, settings: dict[str, object], status: str, reason: str
) -> None:
    place.ends(lambda: end)
    place.look(RUN | settings)
    assert told(place.look(RUN | settings)) == (status, reason)


def test_a_script_that_takes_too_long_has_failed(place: Place) -> None:
    place.ends(lambda: None)
    found = [place.look(RUN | {"timeout": "2m"}) for _ in range(3)][-1]
    assert found.status == "failed"
    assert found.reason.startswith("cut off after 2m, its timeout (")


def test_lines_and_a_long_script_arrive_whole(place: Place) -> None:
    lines = ["set -e", "# " + "x" * 9_000, "exit 3"]
    place.ends(lambda: End(3), "\n".join(lines))
    settings, heard = {"run": lines, "passed_on": [3]}, list[str]()
    if not place.on_aws:
        place.cloud.emulator._on_call = lambda _name, text: heard.append(text)
    place.look(settings)
    assert all(len(text.split("\n")[0]) < 2_000 for text in heard), "a script is sent in the body: no URL may be so long"
    assert place.look(settings).status == "passed"


def test_without_an_agent_it_waits(place: Place) -> None:
    online = [False]
    place.cloud.emulator.scripts.agents[I] = lambda: online[0]
    assert told(place.look()) == ("waiting", ("the SSM agent" if place.on_aws else "Cloud Assistant") + " is not online yet")
    online[0] = True
    assert told(place.look()) == ("waiting", "started")
    assert place.look().status == "passed"


@pytest.mark.parametrize("started", [False, True])
def test_an_instance_that_is_gone_is_gone(place: Place, started: bool) -> None:
    place.ends(lambda: None)
    if started:
        place.look()
    place.cloud.vanish(I)
    place.cloud.emulator.fail_next("ec2:DescribeInstanceStatus" if place.on_aws else "ecs:DescribeInstanceStatus", "AccessDenied", 403)
    assert place.look().status == "waiting", "nobody says whether it is gone"
    assert place.look().status == "gone"


@pytest.mark.parametrize("call", ["ssm:ListCommands", "ssm:SendCommand", "ssm:GetCommandInvocation"])
def test_an_error_about_an_instance_that_is_gone_is_gone(aws_cloud: Any, clock: VirtualClock, call: str) -> None:
    place = Place(aws_cloud, clock)
    place.ends(lambda: None)
    if call == "ssm:GetCommandInvocation":
        place.look()
    aws_cloud.emulator.fail_next(call, "InvalidInstanceId")
    assert place.look().status == "waiting"
    aws_cloud.vanish(I)
    clock.run_until(clock.now() + EVERY_S)
    aws_cloud.emulator.fail_next(call, "InvalidInstanceId")
    assert place.look().status == "gone"


STATES: list[tuple[str, str, Any]] = [
    ("Failed", "Undeliverable", "waiting"),
    ("TimedOut", "Delivery Timed Out", "waiting"),
    ("TimedOut", "Execution Timed Out", "failed"),
    ("Cancelled", "Cancelled", "waiting"),
    ("Failed", "InvalidPlatform", "failed"),
    ("Delayed", "Delayed", "waiting"),
]


@pytest.mark.parametrize(("status", "details", "verdict"), STATES)
def test_the_other_ends_on_aws(
    aws_cloud: Any, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, status: str, details: str, verdict: str
) -> None:
    """The emulator does not come to these by itself."""
    place = Place(aws_cloud, clock)
    answer = {"Status": status, "StatusDetails": details, "ResponseCode": -1, "StandardOutputContent": ""}
    place.look()
    monkeypatch.setattr("rearm.checks.aws.command.aws", lambda *_, **__: answer)
    assert place.look().status == verdict


def test_what_never_reached_the_agent_is_started_anew(alibaba_cloud: Any, clock: VirtualClock) -> None:
    place = Place(alibaba_cloud, clock)
    moments = iter([True, False])
    alibaba_cloud.emulator.scripts.agents[I] = lambda: next(moments, True)
    place.look()
    assert told(place.look()) == ("waiting", "it did not run to its end (Aborted: ClientNotOnline); to be started anew")
    place.look()
    assert place.look().status == "passed"
    assert place.started == 2


CALLS = {"aws": ["ssm:ListCommands", "ssm:SendCommand"], "alibaba": ["ecs:DescribeCloudAssistantStatus", "ecs:RunCommand"]}


def test_trouble_is_waiting(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    instance(cloud)
    name = cloud._port().name
    for call in CALLS[name]:
        assert_trouble_is_waiting(cloud, call, "command", RUN)
        cloud.emulator._running.faults.clear() if name == "aws" else cloud.emulator._faults.forget(call)
    assert_nonsense_is_waiting(monkeypatch, cloud, f"rearm.checks.{name}.command.{name}", "command", RUN)


def test_what_aws_says_of_a_script_that_it_refuses_is_not_told(aws_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs.aws.amazon.com: `1 validation error detected: Value '…' at '…' failed to satisfy constraint`."""
    error = ClientError({"Error": {"Code": "ValidationException", "Message": "Value 's3cret' at 'parameters' failed"}}, "SendCommand")

    def refused(*_: Any, **__: Any) -> Any:
        raise translate(error, "ssm:SendCommand") from error

    instance(aws_cloud)
    monkeypatch.setattr("rearm.checks.aws.command.aws_once", refused)
    found = ask(aws_cloud, "command", RUN)
    assert (found.status, found.error, "ValidationException" in found.reason) == ("waiting", True, True)
    assert "s3cret" not in found.reason


def test_trouble_with_the_result_is_waiting(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    call = "ssm:GetCommandInvocation" if place.on_aws else "ecs:DescribeInvocationResults"
    place.look()
    place.cloud.emulator.fail_next(call, "AccessDenied", 403)
    assert call in place.look().reason
    name = place.cloud._port().name
    for answer in ({}, None, {"Status": "Success"}, {"Invocation": {"InvocationResults": {"InvocationResult": [{"InstanceId": I}]}}}):
        monkeypatch.setattr(f"rearm.checks.{name}.command.{name}", lambda *_, _answer=answer, **__: _answer)
        assert place.look().status == "waiting"


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"waiting_on": (0,)}, ["waiting_on"]),
    ({"timeout": "5s"}, ["timeout"]),
    ({"timeout": "2d"}, ["timeout"]),
    ({"output": "("}, ["output"]),
    ({"run": " \n"}, ["run"]),
    ({"run": ("é" * 7000,)}, ["run"]),
    ({"timeout": "1h", "output": "ok|ready"}, []),
]


@pytest.mark.parametrize(("settings", "keys"), WRONG)
def test_settings_that_do_not_fit(settings: dict[str, Any], keys: list[str]) -> None:
    assert [key for key, _ in command.problems(command.Settings(**(RUN | settings)), ("aws",))] == keys


def test_a_script_is_never_quoted() -> None:
    raw = {"version": 1, "profiles": [{"name": "p", "checks": [{"command": {"run": 31337}}]}]}
    _, problems = config.judge(raw)
    assert len(problems) == 1
    assert "31337" not in problems[0]


@pytest.mark.parametrize(
    ("run", "begins"), [(SCRIPT, "command /opt/ready.sh ("), ("TOKEN=s3cret ./x", "command ("), (["systemctl", "x"], "command systemctl (")]
)
def test_labels_name_the_program_only(run: Any, begins: str) -> None:
    name: Callable[[Any], str] = command.label
    assert name(command.Settings(run=run)).startswith(begins)
    assert name(command.Settings(run=run)) != name(command.Settings(run=run, timeout=60))
