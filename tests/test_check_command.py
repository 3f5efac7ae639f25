"""`command`: a script is started once on the instance, through SSM Run Command or Cloud Assistant."""

from typing import Any

import pytest

from command_world import RUN, Place, told
from rearm_workbench.emulators.scripts import End
from rearm_workbench.virtual_clock import VirtualClock


@pytest.fixture(params=["aws_cloud", "alibaba_cloud"])
def cloud(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture
def place(cloud: Any, clock: VirtualClock) -> Place:
    return Place(cloud, clock)


@pytest.mark.parametrize("transition", ["launch", "terminate"])
def test_it_is_started_once_and_its_end_is_waited_for(cloud: Any, clock: VirtualClock, transition: str) -> None:
    place, end = Place(cloud, clock, transition), list[End]()
    place.ends(lambda: end[0] if end else None)
    assert told(place.look()) == ("waiting", "started")
    word = "InProgress" if place.on_aws else "Running"
    assert [told(place.look()) for _ in range(3)] == [("waiting", f"running ({word})")] * 3
    end.append(End(0))
    assert told(place.look()) == ("passed", "exit code 0")
    assert place.started == 1


def test_looks_that_know_nothing_find_what_was_started(place: Place) -> None:
    """A duplicate of the notification; a look whose timer was set before it ended."""
    place.ends(lambda: None)
    ids = [place.look(known={}).remember for _ in range(3)]
    assert place.started == 1
    assert ids[0] == ids[1] == ids[2]


def test_an_answer_that_got_lost_starts_nothing_anew(alibaba_cloud: Any, clock: VirtualClock) -> None:
    place = Place(alibaba_cloud, clock)
    place.ends(lambda: None)
    alibaba_cloud.emulator.fail_next("ecs:RunCommand", "InternalError", 500, times=4, after_effect=True)
    assert place.look().status == "waiting"
    assert told(place.look()) == ("waiting", "started")
    assert place.started == 1


def test_a_call_that_starts_something_is_not_repeated_by_the_sdk(aws_cloud: Any, clock: VirtualClock) -> None:
    place = Place(aws_cloud, clock)
    aws_cloud.emulator.fail_next("ssm:SendCommand", "InternalServerError", 500)
    assert "ssm:SendCommand failed" in place.look().reason
    assert place.started == 0


def test_another_wait_another_check_and_another_instance_start_their_own(place: Place) -> None:
    """In a warm pool the same instance waits in the same hook again; the token tells the waits apart."""
    place.look(token="one", known={})
    place.look(token="two", known={})
    place.look(RUN | {"passed_on": [0, 1]}, token="two", known={})
    assert place.started == 3


def test_exit_codes_that_mean_ask_again_start_it_anew_at_the_next_look(place: Place) -> None:
    code = [75]
    place.ends(lambda: End(code[0]))
    settings = RUN | {"waiting_on": [75, 76], "passed_on": [3]}
    assert told(place.look(settings)) == ("waiting", "started")
    before = dict(place.known)
    assert told(place.look(settings)) == ("waiting", "exit code 75, wants 3; to be started anew")
    assert place.started == 1
    code[0] = 3
    assert told(place.look(settings)) == ("waiting", "started")
    assert place.look(settings, known=before).status == "waiting", "a duplicate's look, of the first attempt"
    assert place.started == 2
    assert told(place.look(settings)) == ("passed", "exit code 3")
