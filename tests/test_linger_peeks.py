"""What is asked between two looks, in which order, and when it ends: at the port, without a cloud."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from core_world import action, profile
from rearm import clock, look
from rearm.core import decide as core
from rearm.core import grid
from rearm.core.beginning import first_wait
from rearm.core.limits import ALIBABA, AWS
from rearm.core.model import CheckResult, Hook, Recheck, Wait
from rearm.core.profile import Profile, Step
from rearm.errors import ActionGone, TryAgain
from rearm.linger import RESERVE_S, linger
from rearm.look import Look
from rearm_workbench.explain import plan
from rearm_workbench.profile_text import line as profile_line

START = float(grid.slot_after(action(), 600, 1000.0))
"""A slot: the next one is 600 s away."""


class Cloud:
    """At the port: what was asked of it, in order, at which second. `answer(now)`: of the one check."""

    name = "aws"
    limits = AWS

    def __init__(self, patch: pytest.MonkeyPatch, answer: Callable[[float], str], time_s: float = 900) -> None:
        self.now, self.ends_at = START, START + time_s
        self.asked: list[tuple[str, float]] = []
        self.said: list[dict[str, Any]] = []
        self.refusals: list[Exception] = []
        patch.setattr(clock, "now", lambda: self.now)
        patch.setattr(clock, "sleep", self.sleep)
        patch.setattr(look, "observe", lambda *_: self.observe(answer))

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def observe(self, answer: Callable[[float], str]) -> dict[tuple[int, str], CheckResult]:
        self.asked.append(("check", self.now - START))
        return {(0, "i-1"): CheckResult(answer(self.now - START), "as told")}

    def complete(self, _: object, result: str) -> None:
        self.asked.append((f"complete {result}", self.now - START))
        if self.refusals:
            raise self.refusals.pop(0)

    def heartbeat(self, *_: object) -> None:
        self.asked.append(("heartbeat", self.now - START))

    def recheck(self, *_: object) -> bool:
        self.asked.append(("recheck", self.now - START))
        return True

    def remaining_s(self) -> float:
        return self.ends_at - self.now

    def say(self, line: dict[str, Any]) -> None:
        self.said.append(line)


def waiting(timeout_s: int = 3600) -> Wait:
    first = first_wait(action(notified_at=START), Hook(timeout_s), AWS, START)
    return core.next_wait(first, Recheck(round(START), ""))


def looked(cloud: Cloud, the_profile: Profile, wait: Wait | None = None) -> dict[str, Any] | None:
    once = Look(wait or waiting(), the_profile, cloud)
    once.run()
    cloud.next_at = (once.next_at or 0) - START
    return linger(once)


LINGERING = profile(every_s=600, linger_s=10)


def test_the_next_timer_is_set_before_the_first_peek_and_nothing_else_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud(monkeypatch, lambda at: "waiting")
    line = looked(cloud, LINGERING)
    assert [what for what, _ in cloud.asked[:2]] == ["check", "recheck"]
    assert {what for what, _ in cloud.asked[2:]} == {"check"}
    assert [at for _, at in cloud.asked[2:]] == [10.0 * n for n in range(1, len(cloud.asked) - 1)]
    assert cloud.next_at + 49 < cloud.asked[-1][1] <= cloud.next_at + AWS.timer_late_s
    assert line is not None
    assert [said["verdict"] for said in cloud.said] == ["look", "lingered"]


@pytest.mark.parametrize(("says", "result"), [("passed", "CONTINUE"), ("failed", "ABANDON"), ("gone", "ABANDON")])
def test_what_ends_a_wait_in_a_look_ends_it_in_a_peek_and_says_so(monkeypatch: pytest.MonkeyPatch, says: str, result: str) -> None:
    cloud = Cloud(monkeypatch, lambda at: says if at >= 125 else "waiting")
    line = looked(cloud, LINGERING)
    assert line is not None
    assert cloud.asked[-1] == (f"complete {result}", 130.0)
    assert (line["verdict"], line["peeks"], line["did"][0]["what"]) == ("peek", 13, f"complete {result}")
    assert "late_s" not in line, "no timer brought it: it must not alarm anybody"
    assert line["left_when_acted_s"] == 3600 - 130


def test_a_completion_that_is_refused_as_gone_ends_it_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud(monkeypatch, lambda at: "passed" if at >= 125 else "waiting")
    cloud.refusals = [ActionGone("no such action")]
    line = looked(cloud, LINGERING)
    assert line is not None
    assert [did["what"] for did in line["did"]] == ["gone"]


def test_an_unconfirmed_result_is_sent_until_shortly_before_the_next_look_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud(monkeypatch, lambda at: "waiting" if at < 125 else "passed" if at < 135 else "failed")
    cloud.refusals = [TryAgain("no answer")] * 200
    line = looked(cloud, LINGERING)
    sent = [(what, at) for what, at in cloud.asked if what.startswith("complete")]
    assert {what for what, _ in sent} == {"complete CONTINUE"}
    assert len(sent) > 20
    assert cloud.next_at - 20 <= sent[-1][1] <= cloud.next_at - 10
    assert line is not None
    assert line["did"][-1]["what"] == "left to the next look"
    assert [what for what, _ in cloud.asked].count("recheck") == 2, "its own, and the next look was told once"


@pytest.mark.parametrize(
    ("token", "ready_at"), [("", 125), ("0f0e6e0c-0000-4000-8000-000000000001", 603)], ids=["no token", "next look is due"]
)
def test_it_is_sent_once_where_the_next_look_must_ask_anew(monkeypatch: pytest.MonkeyPatch, token: str, ready_at: int) -> None:
    """Without a token the instance may be in a later action by then; and of a look that has come already nothing can be told."""
    cloud, first = Cloud(monkeypatch, lambda at: "passed" if at >= ready_at else "waiting"), waiting()
    cloud.refusals = [TryAgain("no answer")] * 9
    wait = msgspec.structs.replace(first, action=msgspec.structs.replace(first.action, token=token))
    line = looked(cloud, LINGERING, wait)
    assert line is not None
    assert line["did"][-1]["what"] == "left to the next look"
    assert [what for what, _ in cloud.asked].count("complete CONTINUE") == 1
    assert [what for what, _ in cloud.asked].count("recheck") == 1


def test_nobody_is_asked_after_the_lapse(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud(monkeypatch, lambda at: "waiting")
    once = Look(waiting(), LINGERING, cloud)
    once.run()
    once.wait = msgspec.structs.replace(once.wait, lapses_at=START + 95)
    linger(once)
    assert cloud.asked[-1] == ("check", 90.0)


def test_it_ends_with_the_invocations_time_and_never_gives_the_time_out_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    short = Cloud(monkeypatch, lambda at: "waiting", time_s=200)
    looked(short, LINGERING)
    assert 190 - RESERVE_S <= short.asked[-1][1] <= 200 - RESERVE_S
    ending = Cloud(monkeypatch, lambda at: "waiting")
    looked(ending, profile(every_s=600, linger_s=10, budget_s=300))
    assert ending.asked[-1] == ("check", 300.0)


@pytest.mark.parametrize("why", ["no linger", "a step goes on", "somebody else's timer", "not confirmed before"])
def test_where_there_is_nothing_to_linger_for_it_ends_with_the_look(monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    cloud, wait, the_profile = Cloud(monkeypatch, lambda at: "waiting"), waiting(), LINGERING
    if why == "no linger":
        the_profile = profile(every_s=600)
    elif why == "a step goes on":
        the_profile = profile(every_s=600, linger_s=10, steps=(Step("tag", {"key": "a"}),))
        monkeypatch.setattr(look, "work", lambda wait, *_, **__: (wait, {}))
    elif why == "somebody else's timer":
        cloud.recheck = lambda *_: False
    else:
        wait = core.after_unsure_completion(wait, "CONTINUE")
        cloud.refusals = [TryAgain("no answer")] * 9
    assert looked(cloud, the_profile, wait) is None
    assert len([what for what, _ in cloud.asked if what == "check"]) <= 1


def test_what_a_peek_learns_is_known_to_the_next_peek(monkeypatch: pytest.MonkeyPatch) -> None:
    """`for`: so many looks in a row, or so long."""
    once = LINGERING.checks[0]
    for more, at in (({"for_looks": 3}, 50.0), ({"for_s": 45}, 80.0)):
        cloud = Cloud(monkeypatch, lambda at: "passed" if at > 25 else "waiting")
        looked(cloud, msgspec.structs.replace(LINGERING, checks=(msgspec.structs.replace(once, **more),)))
        assert cloud.asked[-1] == ("complete CONTINUE", at)


def test_only_a_look_of_a_profile_that_lingers_has_the_next_one_come_at_once() -> None:
    for limits in (AWS, ALIBABA):
        first = first_wait(action(limits.cloud), Hook(3600), limits, 1000.0)
        soon, later = (core.stay(first, one, limits, 1000.0, "")[-1].at - 1000 for one in (LINGERING, profile(every_s=600)))
        assert soon <= limits.timer_lead_s + 5
        assert later > 20
        second = core.next_wait(first, Recheck(1010, ""))
        assert core.stay(second, LINGERING, limits, 1012.0, "") == core.stay(second, profile(every_s=600), limits, 1012.0, "")


def test_the_plan_and_the_profiles_line_tell_of_it() -> None:
    assert "every 10m, lingering 10s," in profile_line(LINGERING)
    assert "ask the checks again every 10s between looks; `recheck` has to be allowed 11m29s for that" in plan(action(), LINGERING)
    assert not [one for one in plan(action(), profile()) if "between looks" in one]
