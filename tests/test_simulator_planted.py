"""Bugs planted in the deployed code, one at a time: the simulator finds each within 2,000 worlds.

Each is one that hand-written handlers have, or a rule of ours taken away. A simulator that finds none of them would prove nothing.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from rearm import doorway, look, observe, sweep
from rearm import errors as tree
from rearm.core import decide as core
from rearm.core import grid, heartbeats
from rearm.core.model import CheckResult, Complete, Recheck
from rearm_workbench.simulator import deployed_code, fast
from rearm_workbench.simulator.invariants import Broken
from rearm_workbench.simulator.scenario import DOORWAYS, draw
from rearm_workbench.simulator.simulation import Simulation

WORLDS = 2000

Plant = Callable[[pytest.MonkeyPatch], None]
PLANTS: dict[str, Plant] = {}


def plant(bug: Plant) -> Plant:
    PLANTS[bug.__name__] = bug
    return bug


@plant
def wrong_margin(patch: pytest.MonkeyPatch) -> None:
    """Heartbeats a moment before the lapse: a timer that comes late comes too late."""
    patch.setattr(heartbeats, "guard_s", lambda wait, profile, limits: 5)


@plant
def no_jitter(patch: pytest.MonkeyPatch) -> None:
    """Every instance of a burst is looked at in the same second."""
    patch.setattr(grid, "phase_s", lambda action, every_s: 0)


@plant
def name_from_now(patch: pytest.MonkeyPatch) -> None:
    """Timers named by the moment in which they are set: a duplicate starts a chain of its own, for ever."""
    patch.setattr(grid, "timer_name", lambda action, due_at, hop=0: f"rearm-{grid.identity(action)}-{int(look.clock.now() * 1000)}")
    patch.setattr(grid, "first_name", lambda action: f"rearm-{grid.identity(action)}-{int(look.clock.now() * 1000)}")


@plant
def checks_that_never_answer(patch: pytest.MonkeyPatch) -> None:
    """Every check breaks: each wait runs to its budget's end."""
    patch.setattr(look, "observe", lambda wait, profile, cloud: {})


@plant
def swallowed_error(patch: pytest.MonkeyPatch) -> None:
    """A timer that could not be set is taken as set."""

    def arm(wait: Any, recheck: Any, cloud: Any, now: float, real: Any = look.arm) -> bool:
        try:
            return real(wait, recheck, cloud, now)
        except tree.TryAgain:
            return True

    patch.setattr(look, "arm", arm)


@plant
def heartbeat_without_record(patch: pytest.MonkeyPatch) -> None:
    """What a heartbeat gave is not written into the wait: the next look does not know, and asks again."""
    patch.setattr(heartbeats, "after_heartbeat", lambda wait, seconds, limits, now: wait)


@plant
def acknowledged_first(patch: pytest.MonkeyPatch) -> None:
    """The doorway answers "done" whatever happened: nothing is delivered again."""

    def serve(notifications: Any, cloud: Any, real: Any = doorway.serve) -> Any:
        try:
            return real(notifications, cloud)
        except tree.RearmError:
            return []

    for cloud, names in DOORWAYS.items():
        for name in names:
            module = deployed_code.doorway(cloud, name)
            if hasattr(module, "serve"):
                patch.setattr(module, "serve", serve)


@plant
def error_completes_continue(patch: pytest.MonkeyPatch) -> None:
    """An error of a check counts as passed."""

    def asked(*told: Any, real: Any = observe.observe) -> Any:
        results = real(*told)
        return {key: CheckResult("passed", one.reason) if "could not be asked" in one.reason else one for key, one in results.items()}

    patch.setattr(look, "observe", asked)


@plant
def one_instance_for_all(patch: pytest.MonkeyPatch) -> None:
    """Of several instances to one token only the first is asked."""

    def look_at(wait: Any, profile: Any, cloud: Any, real: Any = observe.observe) -> Any:
        first = msgspec.structs.replace(wait.action, instances=wait.action.instances[:1])
        answers = real(msgspec.structs.replace(wait, action=first), profile, cloud)
        return {(index, name): answers[index, first.instances[0]] for index, _ in answers for name in wait.action.instances}

    patch.setattr(look, "observe", look_at)


@plant
def another_result_after_a_failure(patch: pytest.MonkeyPatch) -> None:
    """A result that was sent and not confirmed is forgotten, and decided anew."""
    patch.setattr(core, "after_unsure_completion", lambda wait, result: msgspec.structs.replace(wait, troubles=wait.troubles + 1))

    def decide(wait: Any, results: Any, profile: Any, limits: Any, now: float, real: Any = core.decide) -> Any:
        decision = real(wait, results, profile, limits, now)
        if wait.troubles and isinstance(decision[0], Complete):
            return (Complete("ABANDON", "gave up"),)
        return decision

    patch.setattr(core, "decide", decide)


@plant
def doubling_delays(patch: pytest.MonkeyPatch) -> None:
    """The pause doubles with each look, past every deadline."""

    def stay(wait: Any, profile: Any, limits: Any, now: float, reason: str, real: Any = core.stay) -> Any:
        *beats, recheck = real(wait, profile, limits, now, reason)
        return (*beats, Recheck(int(now + min(3600, profile.every_s * 2**wait.looks)), recheck.reason))

    patch.setattr(core, "stay", stay)


@plant
def whole_token_in_the_log(patch: pytest.MonkeyPatch) -> None:
    """The log line holds the token."""
    patch.setattr(look, "about", lambda action: {"hook": action.hook, "instances": list(action.instances), "token": action.token})


@plant
def sweep_blind_on_one_eye(patch: pytest.MonkeyPatch) -> None:
    """The sweep takes every launching instance as looked after."""
    real = sweep.is_held_by_somebody
    patch.setattr(sweep, "is_held_by_somebody", lambda held, limits, now: held.action.transition == "launch" or real(held, limits, now))


@plant
def believes_the_first_refusal(patch: pytest.MonkeyPatch) -> None:
    """A completion refused right after the wait became visible ends the looks."""
    patch.setattr(look, "BELIEVE_ENDED_AFTER_S", 0)


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_bug_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with fast.surroundings():
        PLANTS[name](monkeypatch)
        for number in range(WORLDS):
            simulation = Simulation(draw(f"planted:{number}"))
            try:
                simulation.run(fast.Fast(simulation))
            except Broken:
                return
    pytest.fail(f"{WORLDS} worlds, and nothing found")


def test_without_a_planted_bug_the_same_worlds_hold() -> None:
    with fast.surroundings():
        for number in range(60):
            simulation = Simulation(draw(f"planted:{number}"))
            simulation.run(fast.Fast(simulation))
