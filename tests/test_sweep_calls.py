"""What a sweep costs in calls, counted as the emulators receive them; docs/sweep.md says the same."""

import copy
from pathlib import Path

import pytest

from rearm.core.model import Action
from rearm_workbench.emulators.aws.routes import LAUNCH
from sweep_world import SweepWorld, sweep_world

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "sweep.md").read_text()
INSTANCES, HOOKS, ACTIVITIES, TIMERS = (
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLifecycleHooks",
    "autoscaling:DescribeScalingActivities",
    "scheduler:ListSchedules",
)
ESS_GROUPS, ESS_ACTIVITIES, ESS_ACTIONS, ESS_HOOKS = (
    f"ess:{name}" for name in ("DescribeScalingGroups", "DescribeScalingActivities", "DescribeLifecycleActions", "DescribeLifecycleHooks")
)


def crowd(world: SweepWorld, last: int) -> None:
    """Waits 2 to `last` beside wait 1, as copies of its instance: moto takes 20 ms to make one."""
    backend = world.emulator._auto_scaling
    group, hook = backend.group("web"), backend.hooks["web", "hold"]
    first = group.instance_states[0]
    for number in range(2, last + 1):
        twin = copy.copy(first)
        twin.instance_id = world.instance(number)
        group.instance_states.append(twin)
        backend.activities.begin(group, twin.instance_id, LAUNCH, held=True)
        backend.begin(group, twin, hook, f"{number:036}", LAUNCH)


@pytest.mark.slow
def test_a_thousand_waits_that_are_looked_after_cost_41_calls(tmp_path: Path) -> None:
    """20 pages of instances, the group's hooks, 10 pages of activities, 10 pages of schedules; and one log line."""
    with sweep_world("aws", tmp_path) as world:
        world.wait(1)
        crowd(world, 1000)
        for number in range(1, 1001):
            world.timer_for(Action("aws", "hold", "", (world.instance(number),), "web"))
        world.calls.clear()
        line = world.sweep()
        assert (line["held"], line["looked_after"], line["adopted"]) == (1000, 1000, 0)
        assert world.calls == {INSTANCES: 20, HOOKS: 1, ACTIVITIES: 10, TIMERS: 10}
        assert [one["verdict"] for one in world.lines] == ["sweep"]
        assert f"| {world.calls.total()} |" in PAGE


def test_each_lost_wait_costs_a_call_more_and_each_group_two(tmp_path: Path) -> None:
    with sweep_world("aws", tmp_path) as world:
        for number in range(1, 201):
            world.wait(number, group=f"web-{number % 5}")
        world.calls.clear()
        line = world.sweep()
        assert (line["held"], line["adopted"], len(line["which_adopted"])) == (200, 200, 21)
        assert world.calls == {INSTANCES: 4, HOOKS: 5, ACTIVITIES: 5, TIMERS: 1, "scheduler:CreateSchedule": 200}
        assert len(world.verdicts("adopted")) == 200
        assert [world.sweep()[what] for what in ("looked_after", "adopted")] == [200, 0]


@pytest.mark.slow
def test_a_thousand_waits_in_twenty_groups_cost_1054_calls(tmp_path: Path) -> None:
    """One instance to each activity, the dearest case: its actions are one call. And groups 1, activities 20, hooks 20, tasks 13."""
    with sweep_world("alibaba", tmp_path) as world:
        for number in range(1, 1001):
            action = world.wait(number, group=f"asg-{number % 20}", hook=f"ash-{number % 20}")
            world.timer_for(Action("alibaba", action.hook, action.token, action.instances))
        world.calls.clear()
        line = world.sweep()
        assert (line["held"], line["looked_after"], line["adopted"]) == (1000, 1000, 0)
        assert world.calls == {ESS_GROUPS: 1, ESS_ACTIVITIES: 20, ESS_ACTIONS: 1000, ESS_HOOKS: 20, "fc:ListAsyncTasks": 13}
        assert [one["verdict"] for one in world.lines] == ["sweep"]
        assert f"| {world.calls.total():,} |" in PAGE


def test_a_thousand_instances_in_twenty_activities_cost_65_calls(tmp_path: Path) -> None:
    with sweep_world("alibaba", tmp_path) as world:
        for number in range(20):
            instances = tuple(f"i-{number}-{one}" for one in range(50))
            world.emulator.seed_action(
                group=f"asg-{number}",
                hook=f"ash-{number}",
                token=f"token-{number}",
                instances=instances,
                transition="launch",
                timeout_s=600,
                default_result="ABANDON",
            )
            world.timer_for(Action("alibaba", f"ash-{number}", f"token-{number}", instances))
        world.calls.clear()
        line = world.sweep()
        assert (line["held"], line["looked_after"]) == (20, 20)
        assert world.calls == {ESS_GROUPS: 1, ESS_ACTIVITIES: 20, ESS_ACTIONS: 20, ESS_HOOKS: 20, "fc:ListAsyncTasks": 4}
        assert f"| {world.calls.total()} |" in PAGE
