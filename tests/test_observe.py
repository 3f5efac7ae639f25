"""The checks of one look, side by side, in real time: each costs its own limit at most."""

import threading
import time

from check_world import I
from rearm.checks.question import Question
from rearm.core.model import Action, CheckResult, StepResult, Wait
from rearm.core.profile import Check, Profile, Step
from rearm.observe import observe, work

WAIT = Wait(Action("aws", "hook", "", (I,), "group", "launch", notified_at=0.0), began_at=0.0, lapses_at=9e9, looks=1)
for_ever = threading.Event()


class Invocation:
    """What `observe` needs of a cloud."""

    def __init__(self, remaining_s: float) -> None:
        self._left_s = remaining_s

    def remaining_s(self) -> float:
        return self._left_s


def slow(question: Question, seconds: float) -> CheckResult:
    for_ever.wait(seconds)
    return CheckResult("passed", f"after {seconds} s")


def slow_step(question: Question, seconds: float) -> StepResult:
    for_ever.wait(seconds)
    return StepResult("done", "at last")


def own(name: str, seconds: float) -> dict[str, object]:
    return {"function": f"test_observe:{name}", "with": {"seconds": seconds}}


def observed(*limits_s: tuple[float, float], remaining_s: float = 60) -> tuple[list[CheckResult], float]:
    """The answers of checks that take so long, with such limits; and how long all took."""
    checks = tuple(Check("python", own("slow", takes_s), limit_s) for takes_s, limit_s in limits_s)
    began = time.monotonic()
    results = observe(WAIT, Profile("p", checks=checks), Invocation(remaining_s))  # type: ignore[arg-type]  # all that is asked of it
    return [results[index, I] for index in range(len(checks))], time.monotonic() - began


def test_twenty_checks_of_a_second_take_less_than_three() -> None:
    answers, took_s = observed(*[(1, 5)] * 20)
    assert [answer.status for answer in answers] == ["passed"] * 20
    assert 1 <= took_s < 3


def test_one_that_hangs_costs_its_own_limit_and_no_more() -> None:
    answers, took_s = observed((600, 0.3), (0, 5), (0.05, 5))
    assert [(answer.status, answer.error) for answer in answers] == [("waiting", True), ("passed", False), ("passed", False)]
    assert answers[0].reason == "no answer within 0.3 s"
    assert took_s < 1.5


def test_no_limit_is_longer_than_the_invocation_has_left() -> None:
    answers, took_s = observed((600, 30), (0, 5), remaining_s=11)
    assert [answer.reason for answer in answers] == ["no answer within 1 s", "after 0 s"]
    assert took_s < 2.5


def test_a_step_that_hangs_is_tried_again_at_the_next_look() -> None:
    steps = (Step("python", own("slow_step", 600), 0.2, label="drain"), Step("python", own("slow_step", 0), 5, label="stop"))
    wait, done = work(WAIT, Profile("p", steps=steps), Invocation(60))  # type: ignore[arg-type]  # all that is asked of it
    assert done == {(0, I): StepResult("going", "no answer within 0.2 s")}
    assert wait.known == {f"step:0:{I}": "going no answer within 0.2 s"}


def test_steps_follow_each_other_in_one_look() -> None:
    steps = tuple(Step("python", own("slow_step", 0), label=name) for name in ("cordon", "drain", "stop"))
    wait, done = work(WAIT, Profile("p", steps=steps), Invocation(60))  # type: ignore[arg-type]  # all that is asked of it
    assert [key[0] for key in done] == [0, 1, 2]
    assert wait.known == {f"step:{index}:{I}": "done" for index in range(3)}
