"""What the sweep makes of what it finds: against a cloud of its own that does what each test says."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from rearm import clock, look, sweep
from rearm.core import beginning, grid
from rearm.core import decide as core
from rearm.core.limits import ALIBABA, AWS, LIMITS
from rearm.core.model import Action, Heartbeat, Held, Hook, Wait
from rearm.core.profile import Check, Config, Match, One, Profile
from rearm.errors import ConfigError, TryAgain

NOW = 1_800_000_000.0


class Holding:
    """A cloud that holds `held` and has timers for `due`. `trouble(instance)` may raise when its timer is to be set."""

    def __init__(self, held: list[Held], due: frozenset[str] | None = frozenset(), cloud: str = "aws") -> None:
        self.name, self.limits = cloud, LIMITS[cloud]
        self.held, self.due = held, due
        self.timers: dict[str, Wait] = {}
        self.at: dict[str, float] = {}
        self.lines: list[dict[str, Any]] = []
        self.left_s = 60.0
        self.trouble: Callable[[str], object] = lambda instance: None
        self.asked: list[tuple[str, ...]] = []

    def held_waits(self, groups: tuple[str, ...]) -> list[Held]:
        self.asked.append(groups)
        return self.held

    def timers_due(self) -> frozenset[str] | None:
        self.asked.append(("timers",))
        return self.due

    def recheck(self, name: str, at: float, now: float, payload: bytes) -> bool:
        wait = msgspec.json.decode(payload, type=look.Message).rearm
        self.trouble(wait.action.instances[0])
        if name in self.timers:
            return False
        self.timers[name], self.at[name] = wait, at
        return True

    def remaining_s(self) -> float:
        return self.left_s

    def say(self, line: dict[str, Any]) -> None:
        self.lines.append(line)

    def run(self, *profiles: Profile) -> dict[str, Any]:
        settings = Config(profiles or (Profile(name="p", checks=(Check("c", {}),), condition=One(0)),))
        return sweep.Sweep(self, settings).run()  # type: ignore[arg-type]  # the calls of a look are not asked of it


@pytest.fixture(autouse=True)
def _standing_clock() -> Iterator[None]:
    clock.use(lambda: NOW, lambda seconds: None)
    look.armed = look.Armed()
    yield
    clock.use_real()


def held(number: int = 1, *, cloud: str = "aws", timeout_s: int = 600, age_s: float | None = 60, **more: Any) -> Held:
    fields: dict[str, Any] = {"hook": "hook", "token": "" if cloud == "aws" else f"token-{number}", "group": "web", "transition": "launch"}
    action = Action(**{"cloud": cloud, "instances": (f"i-{number}",)} | fields | more)
    return Held(action, Hook(timeout_s, "ABANDON", "launch"), None if age_s is None else NOW - age_s)


def test_the_waits_are_asked_for_first_and_the_timers_only_if_there_are_any(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain between two timers while the waits are listed has set its next timer by the time the timers are."""
    monkeypatch.setenv("REARM_SWEEP_GROUPS", " web , api,,web ")
    one, none = Holding([held()]), Holding([])
    line = one.run()
    assert one.asked == [("web", "api"), ("timers",)]
    assert line["groups"] == ["web", "api"]
    assert none.run()["held"] == 0
    assert none.asked == [("web", "api")]
    monkeypatch.delenv("REARM_SWEEP_GROUPS")
    assert sweep.groups() == ()


def test_each_wait_without_a_timer_is_adopted_and_the_others_are_not() -> None:
    waits = [held(number) for number in range(1, 5)]
    cloud = Holding(waits, due=frozenset(grid.identity(waits[number].action) for number in (0, 2)))
    line = cloud.run()
    assert (line["held"], line["looked_after"], line["adopted"], line["timers_known"]) == (4, 2, 2, True)
    assert [one["instances"] for one in cloud.lines if one["verdict"] == "adopted"] == [["i-2"], ["i-4"]]
    assert {wait.action.instances[0] for wait in cloud.timers.values()} == {"i-2", "i-4"}
    assert all(NOW + AWS.timer_lead_s <= at <= NOW + AWS.timer_lead_s + grid.TICK_S for at in cloud.at.values())
    assert line == cloud.lines[-1]


def test_what_no_profile_matches_is_left_alone_and_counted() -> None:
    cloud = Holding([held(1, group="other"), held(2)])
    line = cloud.run(Profile(name="web only", match=Match(group=("web",))))
    assert (line["left_alone"], line["adopted"]) == (1, 1)


def test_one_wait_in_trouble_does_not_cost_the_others() -> None:
    def trouble(instance: str) -> None:
        if instance == "i-2":
            raise TryAgain("scheduler:CreateSchedule is throttled")

    cloud = Holding([held(number) for number in range(1, 4)])
    cloud.trouble = trouble
    line = cloud.run()
    assert (line["adopted"], line["failed"], line["which_failed"]) == (2, 1, ["hook: i-2"])
    [told] = [one for one in cloud.lines if one["verdict"] == "not adopted"]
    assert (told["instances"], told["reason"]) == (["i-2"], "scheduler:CreateSchedule is throttled")


def test_what_the_time_does_not_reach_is_counted_and_left_to_the_next_sweep() -> None:
    def use_up(instance: str) -> None:
        cloud.left_s -= 20

    cloud = Holding([held(number) for number in range(1, 41)])
    cloud.trouble = use_up
    line = cloud.run()
    assert (line["adopted"], line["not_reached"]) == (3, 37)
    assert line["which_not_reached"][:2] == ["hook: i-4", "hook: i-5"]
    assert line["which_not_reached"][20:] == ["and 17 more"]


def test_a_sweep_that_could_list_nothing_is_tried_again_by_the_platform() -> None:
    def refuse(groups: tuple[str, ...]) -> list[Held]:
        raise TryAgain("autoscaling:DescribeAutoScalingInstances is denied")

    cloud = Holding([])
    cloud.held_waits = refuse  # type: ignore[method-assign]  # a port that refuses
    with pytest.raises(TryAgain, match="denied"):
        cloud.run()


def test_wrong_surroundings_end_the_sweep_at_the_first_wait() -> None:
    def refuse(instance: str) -> None:
        raise ConfigError(["the environment variable REARM_RECHECK_ARN is not set"])

    cloud = Holding([held(1), held(2)])
    cloud.trouble = refuse
    with pytest.raises(ConfigError, match="REARM_RECHECK_ARN"):
        cloud.run()


@pytest.mark.parametrize("how", ["says so", "throttled"])
def test_where_timers_cannot_be_seen_every_wait_is_armed_at_its_next_slot(how: str) -> None:
    """The name of that timer is the one that a live chain has set: it is taken."""
    waits = [held(number, cloud="alibaba") for number in range(1, 21)]
    cloud = Holding(waits, due=None, cloud="alibaba")
    if how == "throttled":

        def throttled() -> frozenset[str]:
            raise TryAgain("fc:ListAsyncTasks is throttled")

        cloud.timers_due = throttled  # type: ignore[method-assign]  # a port that refuses
    live = waits[4].action
    slot = grid.slot_after(live, 60, NOW + 1)
    cloud.timers[grid.timer_name(live, slot)] = beginning.adopted_wait(waits[4], ALIBABA, NOW)
    line = cloud.run()
    assert (line["timers_known"], line["adopted"], line["looked_after"]) == (False, 19, 1)
    assert all(
        at == grid.slot_after(wait.action, 60, at) for wait, at in zip(list(cloud.timers.values())[1:], cloud.at.values(), strict=True)
    )
    assert [one["reason"] for one in cloud.lines if one["verdict"] == "not listed"] == (
        ["fc:ListAsyncTasks is throttled"] if how == "throttled" else []
    )


def test_where_timers_cannot_be_seen_another_wait_comes_first_each_time() -> None:
    """Every wait costs a call then, so the invocation may end before the list does."""
    firsts = set()
    for time in range(40):
        clock.use(lambda time=time: NOW + 300 * time, lambda seconds: None)
        cloud = Holding([held(number) for number in range(1, 101)], due=None)
        cloud.run()
        firsts.add(next(iter(cloud.timers.values())).action.instances[0])
    assert len(firsts) > 20


@pytest.mark.parametrize(
    ("timeout_s", "age_s", "adopted"),
    [(60, 59, 1), (60, 61, 0), (60, None, 0), (179, 178, 1), (179, 180, 0), (180, 181, 1), (180, None, 1), (600, 5000, 1)],
)
def test_on_a_hook_too_short_for_timers_only_a_young_wait_is_adopted(timeout_s: int, age_s: float | None, adopted: int) -> None:
    """An older one has been extended by an invocation that holds it, which no timer shows: a second one each sweep would be too many."""
    assert Holding([held(timeout_s=timeout_s, age_s=age_s)]).run()["adopted"] == adopted


def test_function_compute_has_no_hook_too_short() -> None:
    assert Holding([held(cloud="alibaba", timeout_s=30, age_s=500)], cloud="alibaba").run()["adopted"] == 1


@pytest.mark.parametrize(
    ("age_s", "lapses_in_s", "spent", "granted_s"),
    [(None, 0, 0, 600), (0, 600, 0, 600), (590, 10, 0, 600), (600, 0, 0, 600), (660, 0, 1, 660), (20_000, 0, 17, 20_000)],
)
def test_an_adopted_wait_lapses_when_nobody_had_extended_it_and_now_if_it_is_older(
    age_s: float | None, lapses_in_s: float, spent: int, granted_s: float
) -> None:
    """The smaller readings of what is not known. As many heartbeats count as spent as the plan spends in its time."""
    wait = beginning.adopted_wait(held(cloud="alibaba", age_s=age_s), ALIBABA, NOW)
    assert (wait.lapses_at, wait.heartbeats, wait.granted_s) == (NOW + lapses_in_s, spent, granted_s)
    assert wait.began_at == NOW - (age_s or 0)
    assert beginning.adopted_wait(held(age_s=age_s), AWS, NOW).heartbeats == 0


def test_a_clock_that_runs_behind_the_clouds_adopts_no_wait_of_the_future() -> None:
    assert beginning.adopted_wait(held(age_s=-30), AWS, NOW).began_at == NOW


@pytest.mark.parametrize("name", ["aws", "alibaba"])
@pytest.mark.parametrize("age_s", [590, 5000, None])
def test_the_first_look_at_a_wait_that_is_about_to_lapse_extends_it(name: str, age_s: float | None) -> None:
    cloud = Holding([held(cloud=name, age_s=age_s)], cloud=name)
    cloud.run()
    [wait] = cloud.timers.values()
    first, *_ = core.decide(wait, {}, Profile(name="p", checks=(Check("c", {}),), condition=One(0)), cloud.limits, wait.due_at)
    assert isinstance(first, Heartbeat)
    assert first.seconds >= 600


def test_names_are_cut_to_a_sane_length() -> None:
    names = [str(number) for number in range(21)]
    assert sweep.cut(names[:20]) == names[:20]
    assert sweep.cut(names)[19:] == ["19", "and 1 more"]


def test_a_log_line_of_an_adopted_wait_on_aws_says_that_its_token_is_not_known() -> None:
    cloud = Holding([held()])
    cloud.run()
    assert [line["token"] for line in cloud.lines if line["verdict"] == "adopted"] == ["not known"]
    assert look.about(held(cloud="alibaba", token="9C2E9DA7-F794").action)["token"] == "9C2E9DA7…"


def test_the_identity_is_read_back_from_a_timers_name() -> None:
    action = held(cloud="alibaba").action
    for name in (
        grid.timer_name(action, 5),
        grid.timer_name(action, 5, 2),
        grid.first_name(action),
        grid.timer_name(action, 5) + "-a1b2c3",
    ):
        assert grid.identity_of(name) == grid.identity(action)
    for name in ("rearm-", "rearm-abc-5", "other-" + grid.identity(action) + "-5", ""):
        assert grid.identity_of(name) is None
    assert re.fullmatch("[0-9a-f]{24}", grid.identity(action))
