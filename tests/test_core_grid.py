"""When looks fall and what their timers are called: `core/grid.py`. The names are a lock, so what they depend on is what matters."""

import itertools
import re
import uuid

import pytest

from core_world import START, action
from rearm.core import grid
from rearm.core.model import Action

AWS, ALIBABA = action("aws"), action("alibaba")
NAME = re.compile(r"rearm-[0-9a-f]{24}-\d+(-\d+)?")


def burst(cloud: str, many: int) -> list[Action]:
    """Instances of one group that come at once."""
    return [action(cloud, group="web", token=str(uuid.UUID(int=n)), instances=(f"i-{n:017x}",)) for n in range(many)]


@pytest.mark.parametrize("cloud", ["aws", "alibaba"])
@pytest.mark.parametrize("changed", ["metadata", "notified_at", "group_name", "hook_name", "region", "transition", "origin"])
def test_what_only_some_notifications_tell_is_no_part_of_the_identity(cloud: str, changed: str) -> None:
    assert grid.identity(action(cloud, **{changed: "other"})) == grid.identity(action(cloud))


def test_on_aws_the_identity_is_what_the_sweep_can_know_too() -> None:
    """No API tells the token: group, hook and instance have to do."""
    assert grid.identity(action(token="")) != grid.identity(action())  # `action` puts the token into the group's name
    known = {"group": "web", "hook": "ready", "instances": ("i-1",)}
    assert grid.identity(action(token="", **known)) == grid.identity(action(token="x", **known))
    for other in ({"group": "db"}, {"hook": "other"}, {"instances": ("i-2",)}):
        assert grid.identity(action(**(known | other))) != grid.identity(action(**known))


def test_on_alibaba_cloud_the_identity_is_hook_and_token_for_one_token_may_cover_many() -> None:
    known = {"hook": "ash-1", "token": "t", "group": "asg-1"}
    assert grid.identity(action("alibaba", **(known | {"group": "", "instances": ("i-9",)}))) == grid.identity(action("alibaba", **known))
    for other in ({"hook": "ash-2"}, {"token": "u"}):
        assert grid.identity(action("alibaba", **(known | other))) != grid.identity(action("alibaba", **known))


def test_the_same_names_on_the_other_cloud_are_another_wait() -> None:
    same = {"hook": "h", "token": "t", "group": "h", "instances": ("t",)}
    assert grid.identity(Action(cloud="aws", **same)) != grid.identity(Action(cloud="alibaba", **same))


def test_parts_cannot_be_shifted_into_each_other() -> None:
    shifted = [Action(cloud="alibaba", hook=hook, token=token, instances=()) for hook, token in (("a", "bc"), ("ab", "c"), ("abc", ""))]
    assert len({grid.identity(one) for one in shifted}) == 3


def test_a_name_that_no_encoding_takes_has_an_identity_too() -> None:
    assert len(grid.identity(action(hook="\ud800"))) == 24


@pytest.mark.parametrize("one", [AWS, ALIBABA], ids=["aws", "alibaba"])
def test_a_timer_is_named_by_wait_second_and_hop(one: Action) -> None:
    """At most 64 of the characters that EventBridge Scheduler and Function Compute both take, a letter first."""
    for due_at in (0, 1_800_000_000, 7_258_118_400):
        for hop in (0, 1, 99):
            name = grid.timer_name(one, due_at, hop)
            assert NAME.fullmatch(name)
            assert len(name) <= 64
            assert grid.identity_of(name) == grid.identity(one)
    assert grid.timer_name(one, 7) == f"rearm-{grid.identity(one)}-7"
    assert grid.timer_name(one, 7, 2) == f"rearm-{grid.identity(one)}-7-2"


def test_the_first_timers_name_is_the_same_at_any_time() -> None:
    assert grid.first_name(ALIBABA) == f"rearm-{grid.identity(ALIBABA)}-first"
    assert grid.identity_of(grid.first_name(ALIBABA)) == grid.identity(ALIBABA)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "rearm-",
        "rearm-sweep",
        "backup-0123456789abcdef01234567-7",
        "0123456789abcdef01234567-7",
        "rearm-0123456789abcdef0123456-7",
        "rearm-0123456789abcdef012345678-7",
    ],
)
def test_other_peoples_timers_have_no_identity(name: str) -> None:
    assert grid.identity_of(name) is None


@pytest.mark.parametrize("cloud", ["aws", "alibaba"])
def test_a_burst_spreads_over_the_interval_over_the_ticks_and_over_the_share(cloud: str) -> None:
    many = burst(cloud, 600)
    assert {grid.phase_s(one, 60) for one in many} == set(range(60))
    assert {grid.tick_after(one, START) for one in many} == {START + n for n in range(5)}
    shares = sorted(grid.share(one) for one in many)
    assert 0 <= shares[0] < 0.02
    assert 0.98 < shares[-1] <= 1
    assert max(after - before for before, after in itertools.pairwise(shares)) < 0.02


def test_a_new_version_of_the_code_meets_the_timers_that_the_old_one_has_set() -> None:
    """During an upgrade both look after the same waits: names, slots and shares must not move."""
    one = Action(cloud="aws", hook="ready", token="t", instances=("i-0123456789abcdef0",), group="web")
    assert grid.timer_name(one, 1_800_000_000) == "rearm-8425fe75404399ddc792d2bd-1800000000"
    assert [grid.phase_s(one, every_s) for every_s in (60, 3600, 86_400)] == [11, 1811, 12_611]
    assert grid.share(one) == 0x92D2BD / 0xFFFFFF


def test_phase_and_share_are_drawn_from_different_digits() -> None:
    """Else instances that look together would be extended together too."""
    together = [one for one in burst("aws", 6000) if grid.phase_s(one, 60) == 7]
    assert max(grid.share(one) for one in together) > 0.9
    assert min(grid.share(one) for one in together) < 0.1


@pytest.mark.parametrize("one", burst("aws", 5))
@pytest.mark.parametrize("every_s", [1, 5, 60, 61, 3600])
def test_the_first_slot_that_is_not_before(one: Action, every_s: int) -> None:
    slot = grid.slot_after(one, every_s, START)
    assert START <= slot < START + every_s
    assert grid.slot_after(one, every_s, slot) == slot
    assert grid.slot_after(one, every_s, slot + 0.001) == slot + every_s
    assert grid.slot_after(one, every_s, slot - 0.001) == slot
    assert slot % every_s == grid.phase_s(one, every_s)
    assert isinstance(slot, int)


def test_a_tick_is_five_seconds() -> None:
    tick = grid.tick_after(AWS, START)
    assert [grid.tick_after(AWS, tick + after) - tick for after in (-4.9, 0, 0.1, 5, 5.1)] == [0, 0, 5, 5, 10]
