"""The Alibaba adapter's two questions for the sweep: what ESS holds, and the tasks of either Function Compute."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alibaba_world import START, AdapterWorld, adapter_world, answering
from rearm.clouds.alibaba.cloud import Alibaba
from rearm.core import grid
from rearm.core.model import Action, Held, Hook
from rearm.errors import TryAgain
from sweep_world import sweep_world

GROUPS, ACTIVITIES, ACTIONS, HOOKS = (
    f"ess:{name}" for name in ("DescribeScalingGroups", "DescribeScalingActivities", "DescribeLifecycleActions", "DescribeLifecycleHooks")
)
FC_APIS = pytest.mark.parametrize(
    ("api", "operation"), [("2016-08-15", "fc:ListStatefulAsyncInvocations"), ("2023-03-30", "fc:ListAsyncTasks")]
)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[AdapterWorld]:
    with adapter_world(monkeypatch) as made:
        yield made


def seed(world: AdapterWorld, number: int = 1, *, group: str = "asg-1", hook: str = "ash-1", **more: Any) -> Any:
    given: dict[str, Any] = {"instances": (f"i-{number}",), "transition": "launch", "timeout_s": 600, "default_result": "ABANDON"}
    return world.emulator.seed_action(group=group, hook=hook, token=f"token-{number}", **given | more)


def said(cloud: Alibaba) -> list[Any]:
    lines: list[Any] = []
    cloud.say = lines.append  # type: ignore[method-assign]  # to hear what is said
    return lines


def test_a_wait_is_found_as_its_notification_would_tell_it(world: AdapterWorld) -> None:
    """One token for all the instances of its activity; the beginning is told to the minute."""
    seed(world, instances=("i-1", "i-2"), default_result="ROLLBACK", transition="terminate")
    world.emulator.ess.groups.all["asg-1"].name = "web"
    world.emulator.ess.groups.all["asg-1"].hooks["ash-1"].metadata = "rack=7"
    world.clock.run_until(START + 100)
    [held] = world.cloud().held_waits(())
    assert held == Held(
        Action(
            "alibaba",
            "ash-1",
            "token-1",
            ("i-1", "i-2"),
            "asg-1",
            "terminate",
            metadata="rack=7",
            region="cn-hangzhou",
            group_name="web",
            hook_name="ash-1",
        ),
        Hook(600, "ROLLBACK", "terminate"),
        began_at=START,
    )
    assert START % 60 == 0


def test_only_groups_that_count_an_instance_in_a_wait_state_are_looked_into(world: AdapterWorld) -> None:
    for number in range(60):
        seed(world, number, group=f"asg-{number}", hook=f"ash-{number}")
    for number in range(60):
        if number != 57:
            world.emulator.book.end(world.emulator.book.actions[f"token-{number}"], "CONTINUE", "client")
    [held] = world.cloud().held_waits(())
    assert held.action.group == "asg-57"
    assert world.calls == [GROUPS, GROUPS, ACTIVITIES, ACTIONS, HOOKS]


def test_named_groups_are_asked_twenty_at_a_time_also_those_that_are_not_described(world: AdapterWorld) -> None:
    """An inactive group is left out of the answer, and may hold waits all the same."""
    for number in range(25):
        seed(world, number, group=f"asg-{number}", hook=f"ash-{number}")
    names = tuple(f"asg-{number}" for number in range(3, 25))
    held = world.cloud().held_waits((*names, "asg-inactive"))
    assert {one.action.group for one in held} == set(names)
    assert world.calls.count(GROUPS) == 2
    assert world.calls.count(ACTIVITIES) == 23


def test_group_names_that_cannot_be_asked_are_not_known_and_that_is_one_line(world: AdapterWorld) -> None:
    seed(world)
    world.emulator.fail_next(GROUPS, "Forbidden.RAM", 403)
    cloud = world.cloud()
    lines = said(cloud)
    [held] = cloud.held_waits(("asg-1",))
    assert held.action.group_name is None
    [line] = lines
    assert "does the function's role allow ess:DescribeScalingGroups?" in line["reason"]


def test_groups_that_cannot_be_listed_list_nothing(world: AdapterWorld) -> None:
    seed(world)
    world.emulator.fail_next(GROUPS, "Forbidden.RAM", 403)
    with pytest.raises(TryAgain, match="DescribeScalingGroups"):
        world.cloud().held_waits(())


@pytest.mark.parametrize("operation", [ACTIVITIES, HOOKS])
def test_a_group_that_cannot_be_looked_into_costs_its_own_waits(world: AdapterWorld, operation: str) -> None:
    for number in range(3):
        seed(world, number, group=f"asg-{number}", hook=f"ash-{number}")
    world.emulator.fail_next(operation, "Forbidden.RAM", 403)
    cloud = world.cloud()
    lines = said(cloud)
    assert len(cloud.held_waits(())) == 2
    assert [line["verdict"] for line in lines] == ["not listed"]
    world.emulator.fail_next(operation, "Forbidden.RAM", 403, times=3)
    with pytest.raises(TryAgain, match="Forbidden"):
        cloud.held_waits(())


def test_an_activity_whose_actions_cannot_be_described_costs_its_own_waits(world: AdapterWorld) -> None:
    for number in range(3):
        seed(world, number)
    world.emulator.fail_next(ACTIONS, "Forbidden.RAM", 403)
    cloud = world.cloud()
    lines = said(cloud)
    assert len(cloud.held_waits(())) == 2
    assert len(lines) == 1


def test_activities_that_are_over_are_not_asked_for_actions(world: AdapterWorld) -> None:
    for number in range(4):
        seed(world, number)
    for number in range(3):
        world.emulator.book.end(world.emulator.book.actions[f"token-{number}"], "CONTINUE", "client")
    [held] = world.cloud().held_waits(())
    assert held.action.token == "token-3"
    assert world.calls.count(ACTIONS) == 1


def test_actions_of_a_hook_that_is_deleted_meanwhile_are_left_out(world: AdapterWorld) -> None:
    seed(world)
    del world.emulator.ess.groups.all["asg-1"].hooks["ash-1"]
    assert world.cloud().held_waits(()) == []


def test_little_time_ends_the_listing_with_a_line_and_another_group_comes_first_each_time(
    world: AdapterWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        seed(world, number, group=f"asg-{number}", hook=f"ash-{number}")
    firsts = set()
    for _ in range(6):
        world.clock.run_until(world.clock.now() + 1)
        cloud = world.cloud()
        lines = said(cloud)
        left = iter([300.0] * 5)
        monkeypatch.setattr(cloud, "remaining_s", lambda left=left: next(left, 5.0))
        held = cloud.held_waits(())
        assert 0 < len(held) < 5
        firsts.add(held[0].action.group)
        assert "for lack of time" in lines[0]["reason"]
    assert len(firsts) > 2


@pytest.mark.parametrize(
    ("start", "began_at"), [("2020-09-10T09:54Z", 1_599_731_640.0), ("2020-09-10T09:54:30Z", 1_599_731_670.0), ("", None)]
)
def test_the_beginning_is_read_with_or_without_its_seconds(start: str, began_at: float | None) -> None:
    from rearm.clouds.alibaba.waiting import _began_at

    assert _began_at({"StartTime": start}) == began_at


def test_the_sweep_of_function_compute_2_0_adopts_and_sees_what_it_has_adopted(tmp_path: Path) -> None:
    with sweep_world("alibaba", tmp_path) as world:
        world.wait()
        lines = [json.loads(world.cloud.run("sweep", b"{}", fc="2.0")) for _ in range(2)]
        assert [(line["adopted"], line["looked_after"]) for line in lines] == [(1, 0), (0, 1)]
        assert [one.function for one in world.emulator.pending_invocations()] == ["rearm/recheck"]
        assert world.calls["fc:ListStatefulAsyncInvocations"] == 8


@FC_APIS
def test_tasks_that_wait_run_or_are_repeated_are_timers(world: AdapterWorld, api: str, operation: str) -> None:
    cloud = world.cloud(REARM_FC_API=api)
    actions = [Action("alibaba", "ash-1", f"token-{number}", ("i-1",)) for number in range(250)]
    for action in actions:
        assert cloud.recheck(grid.timer_name(action, 9), START + 60, START, b"{}")
    cloud.recheck("rearm-sweep", START + 60, START, b"{}")
    world.calls.clear()
    assert cloud.timers_due() == {grid.identity(action) for action in actions}
    assert world.calls == [operation] * 6, "3 pages of Enqueued, and a page of each other state"
    states = {"Dequeued": 1, "Running": 2, "Retrying": 3, "Failed": 4, "Succeeded": 5, "Stopped": 6, "Expired": 7}
    function = "rearm/recheck" if api == "2016-08-15" else "rearm-recheck"
    for state, number in states.items():
        world.emulator.fc.tasks.now(function, grid.timer_name(actions[number], 9), state)
    due = cloud.timers_due()
    assert due is not None
    assert {number for number in range(8) if grid.identity(actions[number]) in due} == {0, 1, 2, 3}
    world.clock.run_until(START + 61)
    assert cloud.timers_due() == {grid.identity(actions[number]) for number in ()}


@FC_APIS
@pytest.mark.parametrize(("code", "status"), [("AccessDenied", 403), ("PathNotSupported", 404), ("InvalidArgument", 400)])
def test_a_platform_that_lists_no_tasks_says_so_once(world: AdapterWorld, api: str, operation: str, code: str, status: int) -> None:
    cloud = world.cloud(REARM_FC_API=api)
    lines = said(cloud)
    world.emulator.fail_next(operation, code, status)
    assert cloud.timers_due() is None
    assert [(line["verdict"], operation in line["reason"]) for line in lines] == [("not listed", True)]


@FC_APIS
def test_a_fault_that_may_pass_is_tried_again(world: AdapterWorld, api: str, operation: str) -> None:
    cloud = world.cloud(REARM_FC_API=api)
    world.emulator.fail_next(operation, "InternalServerError", 500, times=2)
    assert cloud.timers_due() == frozenset()
    world.emulator.fail_next(operation, "InternalServerError", 500, times=9)
    with pytest.raises(TryAgain, match=operation):
        cloud.timers_due()


@pytest.mark.parametrize(
    ("api", "body"),
    [("2016-08-15", body) for body in (b"nonsense", b"[]", b'{"invocations": 5}')]
    + [("2016-08-15", b'{"invocations": [5]}')]
    + [("2023-03-30", body) for body in (b"nonsense", b"[]", b'{"tasks": 5}', b'{"tasks": [5]}')],
)
def test_an_answer_that_cannot_be_read_is_no_empty_list(world: AdapterWorld, api: str, body: bytes) -> None:
    with answering(200, body) as endpoint:
        cloud = world.cloud(REARM_FC_API=api, REARM_ENDPOINT_FC=endpoint)
        said(cloud)
        with contextlib.suppress(TryAgain):
            assert cloud.timers_due() is None
