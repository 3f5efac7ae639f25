"""The AWS adapter's two questions for the sweep, through boto3, against the emulator."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from aws_world import FUNCTION, LAUNCHING, ROLE, START, TERMINATING, World, running
from rearm.clouds.aws.cloud import Aws
from rearm.core import grid
from rearm.core.model import Action, Held, Hook
from rearm.errors import TryAgain

INSTANCES, HOOKS, ACTIVITIES, TIMERS = (
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLifecycleHooks",
    "autoscaling:DescribeScalingActivities",
    "scheduler:ListSchedules",
)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("REARM_SCHEDULE_GROUP", "rearm")
    monkeypatch.setenv("REARM_RECHECK_ARN", FUNCTION)
    monkeypatch.setenv("REARM_SCHEDULER_ROLE_ARN", ROLE)
    with running() as one:
        one.aws.add_schedule_group("rearm")
        yield one


class Said(Aws):
    """The adapter, whose log lines are kept."""

    def __init__(self, left_s: float = 300) -> None:
        super().__init__(None)
        self.left_s = left_s
        self.lines: list[dict[str, Any]] = []

    def remaining_s(self) -> float:
        return self.left_s

    def say(self, line: dict[str, object]) -> None:
        self.lines.append(line)


def by_hook(held: list[Held]) -> list[tuple[str, str | None, str | None, str | None]]:
    return sorted((one.action.hook, one.action.transition, one.action.origin, one.action.destination) for one in held)


def test_a_wait_is_found_with_its_hook_and_its_beginning_but_without_its_token(world: World) -> None:
    scaling = world.group()
    world.hook(scaling, NotificationMetadata="rack=7", DefaultResult="CONTINUE")
    world.clock.run_until(START + 100)
    world.scale(scaling, 1)
    world.clock.run_until(START + 160)
    [waiting] = world.waiting()
    [held] = Aws().held_waits(())
    assert held == Held(
        Action("aws", "hold", "", waiting.instances, "web", "launch", metadata="rack=7", origin="EC2", destination="AutoScalingGroup"),
        Hook(600, "CONTINUE", "launch"),
        began_at=START + 100,
    )
    assert grid.identity(held.action) == grid.identity(Action("aws", "hold", waiting.token, waiting.instances, "web", "launch"))


def test_instances_that_wait_for_nothing_are_not_found(world: World) -> None:
    scaling = world.group()
    world.scale(scaling, 2)
    assert world.states(scaling) == ["InService", "InService"]
    world.calls.clear()
    assert Aws().held_waits(()) == []
    assert [name for name, _ in world.calls] == [INSTANCES]


def test_only_the_groups_that_are_asked_for(world: World) -> None:
    for number, group in enumerate(("web", "api", "batch")):
        world.seed(group=group, token=f"{number}" * 36, instance_id=f"i-{number}")
    assert [one.action.group for one in Aws().held_waits(("api", "web", "nowhere"))] == ["web", "api"]
    assert [name for name, _ in world.calls] == [INSTANCES] + [HOOKS, ACTIVITIES] * 2


def test_every_hook_of_the_transition_counts_as_waiting(world: World) -> None:
    """No operation tells which of them still wait: the look at one that does not finds its action gone."""
    scaling = world.group()
    for hook, transition in (("first", LAUNCHING), ("second", LAUNCHING), ("bye", TERMINATING)):
        world.hook(scaling, LifecycleHookName=hook, LifecycleTransition=transition)
    world.scale(scaling, 1)
    assert [one.action.hook for one in Aws().held_waits(())] == ["first", "second"]


@pytest.mark.parametrize(
    ("origin", "destination", "transition", "found"),
    [
        ("EC2", "AutoScalingGroup", "launch", [("in", "launch", "EC2", "AutoScalingGroup")]),
        ("WarmPool", "AutoScalingGroup", "launch", [("in", "launch", "WarmPool", "AutoScalingGroup")]),
        ("EC2", "WarmPool", "launch", [("in", "launch", "EC2", "WarmPool")]),
        ("AutoScalingGroup", "EC2", "terminate", [("out", "terminate", "AutoScalingGroup", "EC2")]),
        ("WarmPool", "EC2", "terminate", [("out", "terminate", "WarmPool", "EC2")]),
        (
            "AutoScalingGroup",
            "WarmPool",
            "terminate",
            [("in", "launch", "EC2", "WarmPool"), ("out", "terminate", "AutoScalingGroup", "WarmPool")],
        ),
    ],
)
def test_the_state_tells_the_way(world: World, origin: str, destination: str, transition: str, found: list[Any]) -> None:
    """As the notification would. A return to the warm pool has the state of a launch into it, so both hooks may be the one."""
    scaling = world.group()
    world.seed(hook="in" if transition == "launch" else "out", transition=transition, origin=origin, destination=destination)
    for hook, kind in (("in", LAUNCHING), ("out", TERMINATING)):
        world.hook(scaling, LifecycleHookName=hook, LifecycleTransition=kind)
    assert by_hook(Aws().held_waits(())) == found


def test_a_root_volume_that_is_replaced(world: World) -> None:
    instance = world.seed(transition="terminate", hook="out").instances[0]
    backend = world.aws._auto_scaling
    [state] = backend.describe_auto_scaling_instances([instance])
    state.lifecycle_state = "ReplacingRootVolume:Wait"
    [held] = Aws().held_waits(())
    assert (held.action.cause, held.action.transition) == ("ReplaceRootVolume", "terminate")


def test_a_denied_first_page_lists_nothing(world: World) -> None:
    world.seed()
    world.aws.fail_next(INSTANCES, "AccessDenied", 403)
    with pytest.raises(TryAgain, match=f"{INSTANCES} is denied"):
        Aws().held_waits(())


def test_a_bad_later_page_costs_its_waits_and_one_line(world: World) -> None:
    for number in range(120):
        world.seed(token=f"{number:036}", instance_id=f"i-{number:017x}")
    fails = iter([None, "InternalFailure"])
    aws = Said()
    real = world.aws._running.take_fault

    def at_the_second(name: str) -> Any:
        if name == INSTANCES and next(fails, None):
            world.aws.fail_next(INSTANCES, "AccessDenied", 403)
        return real(name)

    world.aws._running.take_fault = at_the_second
    assert len(aws.held_waits(())) == 50
    [line] = aws.lines
    assert line["verdict"] == "not listed"
    assert INSTANCES in str(line["reason"])


def test_a_group_whose_hooks_cannot_be_described_costs_its_own_waits(world: World) -> None:
    for number, group in enumerate(("web", "api")):
        world.seed(group=group, token=f"{number}" * 36, instance_id=f"i-{number}")
    aws = Said()
    world.aws.fail_next(HOOKS, "AccessDenied", 403)
    assert [one.action.group for one in aws.held_waits(())] == ["api"]
    assert [line["reason"] for line in aws.lines] == [
        f"{HOOKS} is denied (AccessDenied): allow it in the policy of the function's role: made to fail"
    ]


def test_hooks_that_can_nowhere_be_described_list_nothing(world: World) -> None:
    for number, group in enumerate(("web", "api")):
        world.seed(group=group, token=f"{number}" * 36, instance_id=f"i-{number}")
    world.aws.fail_next(HOOKS, "AccessDenied", 403, times=9)
    with pytest.raises(TryAgain, match="is denied"):
        Said().held_waits(())


def test_a_group_that_is_deleted_meanwhile_holds_nothing(world: World) -> None:
    world.seed()
    aws = Said()
    world.aws.fail_next(HOOKS, "ValidationError", 400, message="AutoScalingGroup name not found - null")
    assert aws.held_waits(()) == []
    assert aws.lines == []


def test_without_activities_nothing_is_known_of_the_beginning(world: World) -> None:
    world.seed()
    aws = Said()
    world.aws.fail_next(ACTIVITIES, "AccessDenied", 403)
    [held] = aws.held_waits(())
    assert (held.began_at, held.action.origin) == (None, None)
    assert len(aws.lines) == 1


def test_activities_that_have_ended_end_the_search(world: World) -> None:
    """Those in progress come first: 250 old ones are not read through for a wait whose activity is not there."""
    scaling = world.group()
    world.scale(scaling, 9)
    for _ in range(30):
        world.scale(scaling, 0)
        world.scale(scaling, 9)
    world.hook(scaling)
    world.scale(scaling, 8)
    world.scale(scaling, 9)
    [waiting] = world.waiting()
    world.aws._auto_scaling.activities._open.pop(waiting.instances[0]).description = "nothing that names an instance"
    world.calls.clear()
    [held] = Aws().held_waits(())
    assert held.began_at is None
    assert Counter(name for name, _ in world.calls)[ACTIVITIES] == 1


def test_activities_are_read_until_every_wait_has_its_own(world: World) -> None:
    scaling = world.group()
    world.scale(scaling, 9)
    activities = world.aws._auto_scaling.activities
    for _ in range(25):
        world.scale(scaling, 0)
        world.scale(scaling, 9)
    for one in activities._all:
        one.end_time = None
    world.seed(token="b" * 36, instance_id="i-2")
    world.calls.clear()
    [held] = Aws().held_waits(())
    assert held.began_at == START
    assert Counter(name for name, _ in world.calls)[ACTIVITIES] == 1


def test_little_time_ends_the_listing_with_a_line(world: World) -> None:
    for number in range(60):
        world.seed(token=f"{number:036}", instance_id=f"i-{number:017x}")
    aws = Said(left_s=15)
    assert len(aws.held_waits(())) == 50
    assert "for lack of time" in str(aws.lines[0]["reason"])


def test_schedules_that_are_not_rearms_are_no_timers(world: World) -> None:
    action = Action("aws", "hold", "", ("i-1",), "web")
    for name in (grid.timer_name(action, 5), "rearm-sweep", "other"):
        Aws().recheck(name, START + 100, START, b"{}")
    assert Aws().timers_due() == {grid.identity(action)}
    assert "NamePrefix=rearm-" in world.calls[-1][1], "others are not even listed"
    world.clock.run_until(START + 101)
    assert Aws().timers_due() == frozenset()


def test_timers_that_cannot_be_listed_are_tried_again(world: World) -> None:
    world.aws.fail_next(TIMERS, "AccessDeniedException", 403)
    with pytest.raises(TryAgain, match=f"{TIMERS} is denied"):
        Aws().timers_due()
