"""The same seed gives the same timeline in both tiers: what the fast tier's account answers is what the emulators and the adapters do."""

from typing import Any

import pytest

from rearm.clouds.alibaba.settings import FC2, FC3
from rearm.core.model import CloudName
from rearm_workbench.simulator.account import Account
from rearm_workbench.simulator.full_alibaba import OnAlibaba
from rearm_workbench.simulator.scenario import DOORWAYS, FAULTS, Scenario, draw
from rearm_workbench.simulator.simulation import Simulation
from simulator_world import CLOUDS, instance, plan, played, scenario

NUMBERS = (
    *(
        0,
        1,
        2,
        3,
        6,
        7,
        13,
        16,
        18,
        23,
        24,
        26,
        27,
        30,
        31,
        34,
        39,
        40,
        41,
        42,
        49,
        51,
        52,
        55,
        59,
        60,
        61,
        69,
        70,
        74,
        75,
        79,
        81,
        94,
        104,
    ),
    *(112, 123, 134, 143, 158, 159, 167, 172, 182, 196, 222, 230, 741),
)
SEEDS = [f"t:{number}" for number in NUMBERS]
"""Small runs that differ."""


LONG = {"t:230", "t:741", "t:13"}


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=[pytest.mark.slow] * (seed in LONG)) for seed in SEEDS])
def test_both_tiers_tell_the_same_timeline(seed: str) -> None:
    """Also a second time: nothing of a run is left in the process."""
    expected = played(seed, in_full=False)
    assert expected[0]
    assert played(seed, in_full=True) == expected
    assert played(seed, in_full=False) == expected


def test_the_seeds_cover_what_can_be_drawn() -> None:
    scenarios = [draw(seed) for seed in SEEDS]
    regimes = {(one.cloud, one.regime) for one in scenarios}
    assert regimes == {(cloud, regime) for cloud in CLOUDS for regime in ("calm", "gentle", "lossy", "storm")}
    assert {fault for one in scenarios for fault in one.faults} == set(FAULTS)
    assert {(one.cloud, one.doorway) for one in scenarios} == {(cloud, name) for cloud in CLOUDS for name in DOORWAYS[cloud]}
    assert {OnAlibaba(Simulation(one)).fc_api for one in scenarios if one.cloud == "alibaba"} == {FC2, FC3}


# each rule that the account repeats, in a scenario of its own


def two_hooks(cloud: CloudName, **changed: Any) -> Scenario:
    """One instance that two hooks hold; something happens to the first."""
    one = instance(ready_s=400.0)
    transition = changed.pop("transition", "launch")
    first = plan(one, transition=transition, **changed)
    return scenario(cloud, first, plan(one, transition=transition, hook=1))


def swept(cloud: CloudName) -> Scenario:
    """Nobody is told; the sweep finds four instances in three groups. Of two hooks that hold one of them, the first has ended."""
    lost = {"timeout_s": 1800, "notified_s": ()}
    both = instance(2, ready_s=600.0)
    plans = [
        plan(instance(0, ready_s=500.0), begins_s=10.7, pace=6, **lost),
        plan(instance(1, ready_s=600.0), begins_s=75.3, pace=4, **lost),
        plan(both, begins_s=130.2, elsewhere=(20.0, "CONTINUE"), **lost),
        plan(both, begins_s=130.2, hook=1, **lost),
        plan(instance(3, ready_s=700.0), begins_s=95.9, pace=4, transition="terminate", **lost),
    ]
    return scenario(cloud, *plans, regime="lossy", sweep_s=300)


LATER = plan(instance(1, ready_s=900.0), begins_s=200.0)
SCENES: dict[str, tuple[Scenario, str]] = {
    "AWS: a deleted hook lets what leaves go": (
        scenario("aws", plan(transition="terminate", hook_deleted_s=50.0)),
        "wait 0 ended: CONTINUE by hook deleted",
    ),
    "Alibaba Cloud: a deleted hook gives its default result": (
        scenario("alibaba", plan(transition="terminate", hook_deleted_s=50.0)),
        "wait 0 ended: ABANDON by hook deleted",
    ),
    "AWS: the first ABANDON ends the other hook": (two_hooks("aws", elsewhere=(100.0, "ABANDON")), "wait 1 ended: ABANDON by gone"),
    "AWS: so does a deleted hook of a launch": (two_hooks("aws", hook_deleted_s=100.0), "wait 1 ended: ABANDON by gone"),
    "AWS: a CONTINUE does not": (two_hooks("aws", elsewhere=(100.0, "CONTINUE")), "wait 1 ended: CONTINUE by client"),
    "Alibaba Cloud: of a launch, the last hook decides": (
        two_hooks("alibaba", elsewhere=(100.0, "ABANDON")),
        "wait 1 ended: CONTINUE by client",
    ),
    "Alibaba Cloud: of what leaves, the first ABANDON": (
        two_hooks("alibaba", elsewhere=(100.0, "ABANDON"), transition="terminate"),
        "wait 1 ended: ABANDON by another hook",
    ),
    "AWS: gone is abandoned": (
        scenario("aws", plan(instance(gone_s=200.0), transition="terminate", default_result="CONTINUE")),
        "wait 0 ended: ABANDON by gone",
    ),
    "Alibaba Cloud: gone gives the default result, when the last is gone": (
        scenario("alibaba", plan(instance(gone_s=200.0), instance(1, gone_s=350.0), transition="terminate", default_result="CONTINUE")),
        "wait 0 ended: CONTINUE by gone",
    ),
    "AWS: what leaves and is drained, then gone": (
        scenario("aws", plan(instance(ready_s=10.0, gone_s=30.0), transition="terminate", notified_s=(40.0,))),
        "wait 0 ended: ABANDON by gone",
    ),
    "AWS: not yet accepted": (scenario("aws", plan(instance(ready_s=0.0), accepts_s=9.0)), "#1 complete CONTINUE wait 0: ActionGone"),
    "Alibaba Cloud: not yet accepted": (
        scenario("alibaba", plan(instance(ready_s=0.0), accepts_s=9.0)),
        "#1 complete CONTINUE wait 0: ActionGone",
    ),
    "AWS: a hook changed, then made again by who comes later": (
        scenario("aws", plan(instance(ready_s=900.0), hook_changed=(100.0, 180)), LATER),
        "hook-launch-0 gets 180 s",
    ),
    "AWS: a hook deleted, then made again": (
        scenario("aws", plan(instance(ready_s=900.0), hook_deleted_s=100.0), LATER),
        "wait 1 ended: CONTINUE by client",
    ),
    "Alibaba Cloud: no time is left where heartbeats add": (
        scenario("alibaba", plan(instance(ready_s=2000.0), timeout_s=21_600), doorway="mns_topic", heartbeat_adds=True),
        "heartbeat wait 0: LimitSpent LifecycleAction.TimeExceeded",
    ),
    "AWS: swept": (swept("aws"), "wait 4 ended: CONTINUE by client"),
    "Alibaba Cloud: swept": (swept("alibaba"), "wait 4 ended: CONTINUE by client"),
    "AWS: an abandoned launch is gone": (
        scenario("aws", plan(instance(), timeout_s=300, notified_s=(310.0,)), regime="storm"),
        "wait 0 ended: ABANDON by default result",
    ),
    "Alibaba Cloud: an abandoned launch is gone": (
        scenario("alibaba", plan(instance(), timeout_s=300, notified_s=(310.0,)), regime="storm"),
        "wait 0 ended: ABANDON by default result",
    ),
}


@pytest.mark.parametrize("name", SCENES)
def test_each_rule_of_the_account_is_the_emulators(name: str) -> None:
    made, told = SCENES[name]
    expected = played(made, in_full=False)
    lines = [text for _, text in expected[0]]
    assert any(text.endswith(told) for text in lines), lines
    assert expected[1] == ""
    assert played(made, in_full=True) == expected


def test_a_model_that_is_wrong_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The account forgets that a second hook's action ends with the first: the full tier does not."""
    made, _ = SCENES["AWS: the first ABANDON ends the other hook"]
    monkeypatch.setattr(Account, "_ended", lambda *_: None)
    assert played(made, in_full=False)[0] != played(made, in_full=True)[0]
