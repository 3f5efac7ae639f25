"""The sweep end to end: the deployed handlers of both clouds, the real SDKs, the emulators, virtual time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep_world import CLOUDS, START, TIMERS, SweepWorld, sweep_world


@pytest.fixture(params=CLOUDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SweepWorld]:
    with sweep_world(request.param, tmp_path) as made:
        yield made


def test_a_wait_whose_notification_was_lost_is_adopted_extended_and_completed(world: SweepWorld) -> None:
    """Adopted 40 s before it would lapse; ready a quarter of an hour later."""
    action = world.wait(timeout_s=600)
    world.ready_after(1, 1500)
    world.run_for(560)
    line = world.sweep()
    assert (line["held"], line["adopted"], line["looked_after"]) == (1, 1, 0)
    assert line["which_adopted"] == [f"{action.hook}: {world.instance(1)}"]
    [adopted] = world.verdicts("adopted")
    assert (adopted["instances"], adopted["waited_s"], adopted["profile"]) == ([world.instance(1)], 560, "all")
    world.run_for(30)
    assert action.heartbeats == 1, "extended at its first look"
    assert action.ended_at is None
    world.run_for(1200)
    assert (action.result, action.by) == ("CONTINUE", "client")
    assert world.timers() == 0


def test_a_wait_that_never_passes_is_ended_by_its_budget_counted_from_its_beginning(world: SweepWorld) -> None:
    world.cloud.configure("version: 1\nprofiles: [{name: all, checks: [instance_status], every: 60s, budget: 30m, on_timeout: ABANDON}]")
    action = world.wait(timeout_s=1200)
    world.run_for(900)
    world.sweep()
    world.run_for(3600)
    assert (action.result, action.by) == ("ABANDON", "client")
    assert action.ended_at is not None
    assert action.ended_at - START <= 1800 + 60


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_live_chain_looks_as_if_there_were_no_sweep(cloud: str, tmp_path: Path) -> None:
    """A sweep every 50 s through half an hour."""
    looks = []
    for sweeping in (True, False):
        with sweep_world(cloud, tmp_path) as world:
            action = world.wait(timeout_s=600)
            world.ready_after(1, 1800)
            world.notify(action)
            if sweeping:
                world.sweep_every(50)
            world.run_for(2000)
            assert world.verdicts("adopted", "not adopted", "not listed") == []
            assert (action.result, action.by) == ("CONTINUE", "client")
            looks.append(world.looks(world.instance(1)))
    assert looks[0] == looks[1]


def test_a_sweep_that_cannot_see_the_timers_costs_a_live_chain_at_most_one_look(world: SweepWorld) -> None:
    """The timers' names hold it back: it arrives at the slot that the chain has set already, or one before it, where both meet."""
    action = world.wait(timeout_s=600)
    world.ready_after(1, 1800)
    world.notify(action)
    world.run_for(400)
    world.emulator.fail_next(TIMERS[world.name], "AccessDeniedException", 403, times=1)
    before = len(world.looks(world.instance(1)))
    line = world.sweep()
    assert (line["timers_known"], len(world.verdicts("not listed"))) == (False, 1)
    world.run_for(600)
    assert len(world.looks(world.instance(1))) - before <= 600 / 60 + 1
    assert world.timers() == 1, "one chain"
    world.run_for(1000)
    assert (action.result, action.by) == ("CONTINUE", "client")


def test_a_chain_that_the_platform_lost_goes_on(world: SweepWorld) -> None:
    action = world.wait(timeout_s=600)
    world.ready_after(1, 2400)
    world.notify(action)
    world.run_for(100)
    world.losing = True
    world.run_for(100)
    world.losing = False
    assert world.timers() == 0
    world.sweep_every(300)
    world.run_for(2600)
    assert len(world.verdicts("adopted")) == 1
    assert (action.result, action.by) == ("CONTINUE", "client")


@pytest.mark.parametrize(("apart_s", "again_at_most"), [(0, 0), (7, 5)])
def test_two_sweeps_at_once_make_one_chain(world: SweepWorld, monkeypatch: pytest.MonkeyPatch, apart_s: int, again_at_most: int) -> None:
    """Both have listed before either sets a timer. In the same tick the second finds the names taken; later, the looks meet at a slot."""
    for number in range(1, 6):
        world.wait(number, timeout_s=900)
    world.run_for(60)
    first, second = world.sweeping(), world.sweeping()
    held, due = first.cloud.held_waits(()), first.cloud.timers_due()
    for one in (first, second):
        monkeypatch.setattr(one.cloud, "held_waits", lambda groups: held)
        monkeypatch.setattr(one.cloud, "timers_due", lambda: due)
    assert first.run()["adopted"] == 5
    world.run_for(apart_s)
    assert second.run()["adopted"] <= again_at_most
    world.run_for(120)
    assert world.timers() == 5
    assert all(len(world.looks(world.instance(number))) <= 4 for number in range(1, 6))


def test_a_lost_look_of_a_slow_cadence_is_made_up_for_at_once(world: SweepWorld) -> None:
    """Slots are an hour apart here: waiting for the next one would be too late."""
    world.cloud.configure("version: 1\nprofiles: [{name: all, checks: [instance_status], every: 60m}]")
    action = world.wait(timeout_s=600)
    world.ready_after(1, 1200)
    world.losing = True
    world.notify(action)
    world.run_for(540)
    assert world.timers() == 0
    world.losing = False
    assert world.sweep()["adopted"] == 1
    world.run_for(70)
    assert action.heartbeats == 1
    world.run_for(4000)
    assert (action.result, action.by) == ("CONTINUE", "client")
