"""`command` as a step: started once on the instance, and done when it has ended well."""

from pathlib import Path
from typing import Any

import pytest

from check_clouds import I
from command_world import RUN, SCRIPT, Place
from rearm import checks
from rearm.checks.question import Question
from rearm.core.model import Action
from rearm.steps import command
from rearm_workbench.emulators.scripts import End
from rearm_workbench.virtual_clock import VirtualClock
from step_clouds import assert_nonsense_is_going, assert_trouble_is_going, do, every_other_timer_fails, judged, played, said

KIND = "command"
START = {"aws": "ssm:SendCommand", "alibaba": "ecs:RunCommand"}
CALLS = {"aws": ["ssm:ListCommands", "ssm:SendCommand"], "alibaba": ["ecs:DescribeCloudAssistantStatus", "ecs:RunCommand"]}


@pytest.fixture(params=["aws_cloud", "alibaba_cloud"])
def cloud(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture
def place(cloud: Any, clock: VirtualClock) -> Place:
    return Place(cloud, clock, "terminate")


def looked(place: Place, known: dict[str, str] | None = None, number: int = 0, **settings: object) -> tuple[str, str]:
    """A look's step, a minute after the one before."""
    found = do(place.cloud, KIND, RUN | settings, place.known if known is None else known, number)
    place.clock.run_until(place.clock.now() + 60)
    return found.status, found.reason


def test_it_is_started_once_and_done_when_it_has_ended(place: Place) -> None:
    end: list[End] = []
    place.ends(lambda: end[0] if end else None)
    assert looked(place) == ("going", "started")
    assert [looked(place)[0] for _ in range(2)] == ["going", "going"]
    assert looked(place, known={}) == ("going", "started"), "a look that knows nothing finds the one that runs"
    end.append(End(0))
    assert looked(place) == ("done", "exit code 0")
    forgetful: dict[str, str] = {}
    assert [looked(place, forgetful) for _ in range(2)] == [("going", "started"), ("done", "exit code 0")], "and the one that has ended"
    assert place.started == 1


@pytest.mark.parametrize(("code", "passed_on", "status"), [(3, [0], "failed"), (3, [0, 3], "done"), (0, [3], "failed")])
def test_the_exit_code_decides(place: Place, code: int, passed_on: list[int], status: str) -> None:
    place.ends(lambda: End(code))
    looked(place, passed_on=passed_on)
    assert looked(place, passed_on=passed_on)[0] == status
    assert looked(place, passed_on=passed_on)[0] == status
    assert place.started == 1


def test_one_that_is_cut_off_has_failed(place: Place) -> None:
    place.ends(lambda: None)
    assert [looked(place, timeout="2m")[0] for _ in range(4)] == ["going", "going", "failed", "failed"]
    assert place.started == 1


def test_the_same_script_of_another_step_or_of_a_check_is_another_one(place: Place) -> None:
    place.ends(lambda: None)
    for number in (0, 1):
        looked(place, {}, number)
    port = place.cloud._port()
    checks.ask(KIND)(RUN, Question(I, Action(port.name, "hook", "t", (I,), "group", "terminate"), port, {}, 5.0))
    assert place.started == 3


@pytest.mark.parametrize("started", [False, True])
def test_of_an_instance_that_is_gone_nothing_is_wanted(place: Place, started: bool) -> None:
    place.ends(lambda: None)
    if started:
        looked(place)
    place.known = {key: text for key, text in place.known.items() if not key.startswith("exists:")}
    place.cloud.vanish(I)
    assert looked(place)[0] == "done"
    assert place.started == started


def test_trouble_is_going(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    name = place.cloud._port().name
    for call in CALLS[name]:
        assert_trouble_is_going(place.cloud, call, KIND, RUN)
    assert_nonsense_is_going(monkeypatch, place.cloud, f"rearm.checks.{name}.command.{name}", KIND, RUN)
    assert place.started == 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"run": SCRIPT}, ""),
        ({"run": 31337}, ".run: must be a script of at most 12000 characters"),
        ({"run": "x", "timeout": "2d"}, ".timeout: `2d`: must be a duration from 10s to 1d"),
        ({"run": "x", "passed_on": []}, ".passed_on: an empty list"),
        ({"run": "x", "waiting_on": [3]}, ".waiting_on: unknown key"),
    ],
)
def test_settings(settings: dict[str, object], says: str) -> None:
    problems = judged({KIND: settings})
    assert len(problems) == bool(says)
    assert says in "".join(problems)
    assert "31337" not in "".join(problems), "a script is never quoted"


def test_its_label_names_the_program_only() -> None:
    assert command.label(command.Settings(run="/opt/drain.sh --token s3cret")).startswith("command /opt/drain.sh (")


@pytest.mark.parametrize("name", START)
def test_a_wait_runs_it_once_and_goes_on_at_its_end(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    happened = every_other_timer_fails(monkeypatch)
    wait = played(name, tmp_path, {KIND: {"run": "/opt/drain.sh"}})
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert 600 <= wait.waited_s <= 661, "the script ends when the instance is ready"
    instances = len(wait.action.instances)
    assert wait.api_calls[START[name]] == (instances if name == "aws" else 2 * instances), "RunCommand, repeated, is the first one"
    assert [line.endswith("exit code 0") for line in said(wait) if line.startswith("step done")] == [True] * instances
    assert "failed" in happened
    monkeypatch.undo()
    hopeless = played(name, tmp_path, {KIND: {"run": "/opt/drain.sh"}}, ready_after="never")
    assert (hopeless.outcome, hopeless.ended_by) == ("ABANDON", "rearm")
    assert min(entry.at_s for entry in hopeless.timeline if entry.what == "look 1") == 0
    assert min(entry.at_s for entry in hopeless.timeline if entry.what.startswith("step")) > 0, "the first look starts none"
