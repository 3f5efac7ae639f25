"""Whether the instance still exists is asked beside a check that found nothing of it, and seldom."""

from collections.abc import Callable
from typing import Any

import pytest

from check_clouds import I, instance
from rearm import checks
from rearm.checks.asking.existence import EVERY_S
from rearm.checks.question import Question
from rearm.core.model import Action, CheckResult
from rearm_workbench.virtual_clock import VirtualClock

Look = Callable[[], CheckResult]
STATUS = {"aws_cloud": "ec2:DescribeInstanceStatus", "alibaba_cloud": "ecs:DescribeInstanceStatus"}


def looks(cloud: Any) -> Look:
    """Looks of one wait, which remembers."""
    known: dict[str, str] = {}

    def look() -> CheckResult:
        port = cloud._port()
        action = Action(port.name, "hook", "", (I,), "group", "terminate")
        found = checks.ask("tag")({"key": "drained"}, Question(I, action, port, known, 5.0))
        known.update(found.remember)
        return found

    return look


@pytest.mark.parametrize("name", STATUS)
def test_it_is_asked_at_the_first_look_and_then_each_five_minutes(name: str, clock: VirtualClock, request: pytest.FixtureRequest) -> None:
    cloud = request.getfixturevalue(name)
    instance(cloud, transition="terminate")
    look = looks(cloud)
    assert look().status == "waiting"
    cloud.vanish(I)
    for _ in range(EVERY_S // 60 - 1):
        clock.run_until(clock.now() + 60)
        assert look().status == "waiting"
    clock.run_until(clock.now() + 60)
    assert look().status == "gone"


@pytest.mark.parametrize("name", STATUS)
def test_when_nobody_tells_it_is_asked_again_at_the_next_look(name: str, request: pytest.FixtureRequest) -> None:
    cloud = request.getfixturevalue(name)
    instance(cloud, transition="terminate")
    cloud.vanish(I)
    look = looks(cloud)
    cloud.emulator.fail_next(STATUS[name], "AccessDenied", 403)
    found = look()
    assert (found.status, found.reason) == ("waiting", "no tag drained yet")
    assert look().status == "gone"
