"""The full tier by itself: how it refuses calls, keeps time, hears logs, and what breaks it. Its timelines: test_simulator_tiers.py."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection, RemoteDisconnected
from typing import Any

import pytest

from rearm.clouds.alibaba.cloud import Alibaba
from rearm.clouds.aws.cloud import Aws
from rearm.core.model import CloudName
from rearm.errors import ActionGone, ConfigError, TryAgain
from rearm_workbench.emulators.alibaba.server import SECURITY_TOKEN
from rearm_workbench.emulators.aws.install import CREDENTIALS
from rearm_workbench.simulator import campaign, full
from rearm_workbench.simulator.account import Account
from rearm_workbench.simulator.campaign import Asked
from rearm_workbench.simulator.full_alibaba import on_alibaba
from rearm_workbench.simulator.full_aws import on_aws
from rearm_workbench.simulator.invariants import Broken, Invariants
from rearm_workbench.simulator.invocation import Invocation, Job
from rearm_workbench.simulator.simulation import START, Simulation
from rearm_workbench.simulator.timers import Timers
from simulator_world import CLOUDS, TOKEN, plan, played, scenario

TIMER = "rearm-0123456789abcdef01234567-1"


@contextmanager
def wired(cloud: CloudName, **changed: Any) -> Iterator[tuple[Simulation, full.Wire, Any]]:
    """A run that stands at its beginning, its emulated cloud with one wait in it, and an adapter."""
    simulation = Simulation(scenario(cloud, plan(**changed)))
    context = Invocation(1, Job("recheck", {}, (), []), START + 900, simulation.clock.now, 0.0, 900)
    opened = on_aws if cloud == "aws" else on_alibaba
    with full.surroundings(), opened(simulation) as wire, simulation.platform.in_charge():
        simulation.platform.frozen = True
        record = simulation.records[0]
        record.real = full.Full(simulation, wire).begin(record.plan, record)
        yield simulation, wire, wire.adapter(context)


# what is refused

CALLS: dict[str, Callable[..., object]] = {
    "describe_hook": lambda adapter, action: adapter.describe_hook(action),
    "heartbeat": lambda adapter, action: adapter.heartbeat(action, 300),
    "complete": lambda adapter, action: adapter.complete(action, "CONTINUE"),
    "recheck": lambda adapter, _: adapter.recheck(TIMER, START + 60, START, b"{}"),
    "held_waits": lambda adapter, _: adapter.held_waits(()),
    "timers_due": lambda adapter, _: adapter.timers_due(),
}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_call_fails_in_every_way_and_works_again(cloud: CloudName) -> None:
    """Nothing that was refused was done, and no time has passed."""
    with wired(cloud) as (simulation, wire, adapter):
        tier, record = full.Full(simulation, wire), simulation.records[0]
        for operation, call in CALLS.items():
            for _ in wire.failures:
                with pytest.raises(TryAgain):
                    tier.refuse(operation, partial(call, adapter, record.action))
            call(adapter, record.action)
        assert simulation.clock.now() == START
        assert record.real is not None
        assert (record.real.heartbeats, record.real.result) == (1, "CONTINUE")


def test_ways_to_fail_come_by_turn() -> None:
    with wired("alibaba") as (simulation, wire, adapter):
        tier, action = full.Full(simulation, wire), simulation.records[0].action
        told = []
        for _ in range(4):
            with pytest.raises(TryAgain) as caught:
                tier.refuse("heartbeat", partial(adapter.heartbeat, action, 300))
            told.append(str(caught.value))
    assert ["Throttling.User" in told[0], "HTTP 500" in told[1], "NoAnswer" in told[2], "Throttling" in told[3]] == [True] * 4


def test_a_broken_connection_brings_no_answer_at_all() -> None:
    with wired("alibaba") as (_, wire, _), wire.failing("describe_hook", "", 0):
        connection = HTTPConnection(wire.endpoint)  # type: ignore[attr-defined]  # Alibaba Cloud's has one
        connection.request("POST", "/?Action=DescribeLifecycleHooks&Version=2022-02-22")
        with pytest.raises(RemoteDisconnected):
            connection.getresponse()


def fails_with(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (lambda: None, "complete CONTINUE, refused with HTTP 400 RateExceeded, was taken as done"),
        (partial(fails_with, ConfigError(["no role"])), "complete CONTINUE, refused with HTTP 400 RateExceeded, raised ConfigError"),
        (partial(fails_with, ActionGone("gone")), "raised ActionGone and not TryAgain: gone"),
    ],
)
def test_an_adapter_that_takes_a_refusal_for_something_else_breaks_the_run(run: Callable[[], object], told: str) -> None:
    with wired("aws") as (simulation, wire, _), pytest.raises(Broken, match=told):
        full.Full(simulation, wire).refuse("complete CONTINUE", run)


# time


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_wait_accepts_nothing_before_its_time(cloud: CloudName) -> None:
    with wired(cloud, accepts_s=5.0) as (simulation, _, adapter):
        action = simulation.records[0].action
        simulation.clock.run_until(START + 4.9)
        for refused in (partial(adapter.heartbeat, action, 300), partial(adapter.complete, action, "CONTINUE")):
            with pytest.raises(ActionGone):
                refused()
        assert [held.action.instances for held in adapter.held_waits(())] == [action.instances]
        simulation.clock.run_until(START + 5.0)
        adapter.heartbeat(action, 300)
        adapter.complete(action, "CONTINUE")


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("late_s", [-7.5, 0.0, 42.5])
def test_a_timer_comes_as_late_as_the_weather_says(cloud: CloudName, late_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[tuple[float, bytes]] = []
    monkeypatch.setattr(Timers, "came", lambda self, payload: came.append((self._run.clock.now() - START, payload)))
    with wired(cloud) as (simulation, wire, adapter):
        wire.set_timer_offset(late_s)
        assert adapter.recheck(TIMER, START + 60, START, b'{"a": 1}')
        wire.set_timer_offset(0.0)
        simulation.clock.run_until(START + 300)
    assert came == [(60 + late_s, b'{"a": 1}')]


def test_a_timer_in_the_past() -> None:
    """A call that was throttled for long, and a clock that lags: the scheduler refuses it, Function Compute invokes at once."""
    for cloud in CLOUDS:
        with wired(cloud) as (simulation, _, adapter):
            account = Account(cloud, simulation.clock, heartbeat_adds=False, fired=lambda *_: None)
            for asked in (adapter, account):
                if cloud == "alibaba":
                    assert asked.recheck(TIMER, START - 60, START - 70, b"{}")
                    continue
                with pytest.raises(TryAgain, match="past"):
                    asked.recheck(TIMER, START - 60, START - 70, b"{}")


# what breaks, and where it is heard


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_breaks_at_the_end_of_a_wait_breaks_the_run(cloud: CloudName, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Alibaba Cloud it breaks in the emulator's thread, below an SDK and an adapter that would try again."""

    def on_end(*_: object) -> None:
        raise Broken("planted")

    monkeypatch.setattr(Invariants, "on_end", on_end)
    assert played(scenario(cloud), in_full=True)[1] == "planted"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_is_logged_is_heard_and_not_seen(cloud: CloudName, capfd: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    with full.surroundings():
        simulation = Simulation(scenario(cloud))
        simulation.invariants.on_text = heard.append  # type: ignore[method-assign]  # to listen
        full.play(simulation)
    logged = [text for text in heard if '"verdict"' in text]
    # Each line is heard twice: as the port's, and as the real logger writes it.
    assert simulation.looks > 1
    assert len(logged) == 2 * simulation.looks
    assert sum("rearm-simulated" in text for text in logged) == (simulation.looks if cloud == "aws" else 0)
    assert capfd.readouterr() == ("", "")


AWS_SECRET = CREDENTIALS["AWS_SECRET_ACCESS_KEY"]


@pytest.mark.parametrize(
    ("cloud", "adapter", "leak", "told"),
    [
        ("aws", Aws, TOKEN, "holds a whole token"),
        ("aws", Aws, AWS_SECRET, "holds a credential"),
        ("alibaba", Alibaba, TOKEN, "holds a whole token"),
        ("alibaba", Alibaba, SECURITY_TOKEN, "holds a credential"),
    ],
)
def test_what_the_logger_leaks_breaks_the_run(
    cloud: CloudName, adapter: Any, leak: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is clean as the port has it: it is the adapter that adds to it. The first text like a token in it is none."""
    say = adapter.say
    harmless = "00000000-0000-4000-8000-000000000000"
    monkeypatch.setattr(adapter, "say", lambda self, line: say(self, {"request": harmless} | line | {"leak": leak}))
    assert told in played(scenario(cloud), in_full=True)[1]


def test_what_is_printed_is_heard_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Aws, "say", lambda *_: sys.stderr.write(f"token {TOKEN}\n"))
    assert "holds a whole token" in played(scenario("aws"), in_full=True)[1]


# the campaign


def test_a_campaign_in_the_full_tier() -> None:
    found = campaign.simulate(Asked("t", 2, full=True))
    assert (found.runs, found.failures) == (2, [])
    assert found.looks == campaign.simulate(Asked("t", 2)).looks > 0
