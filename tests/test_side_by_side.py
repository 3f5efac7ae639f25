"""Questions side by side, by threads that are kept: who asks, what is dropped, and that nothing waits for one that hangs."""

import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable

import pytest

from rearm import side_by_side

A_WHILE_S = 20.0
"""Nothing here takes so long, unless it is broken."""

Ask = Callable[[], str]


def late(limit_s: float) -> str:
    return f"late: {limit_s:g} s"


def answers(*questions: Ask, limit_s: float = A_WHILE_S) -> list[str]:
    found = side_by_side.answers([(number, limit_s, ask) for number, ask in enumerate(questions)], late)
    return [found[number] for number in range(len(questions))]


def who() -> str:
    return str(threading.get_ident())


@pytest.fixture(autouse=True)
def _none_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ran before in this process."""
    monkeypatch.setattr(side_by_side, "_idle", deque())


def settled(count: int) -> None:
    """Wait until so many are idle."""
    until = time.monotonic() + A_WHILE_S
    while len(side_by_side._idle) != count:
        assert time.monotonic() < until, side_by_side._idle
        time.sleep(0.001)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other thread joins those that begin."""
    monkeypatch.setattr(side_by_side, "TURN_S", A_WHILE_S)


@pytest.fixture
def one(monkeypatch: pytest.MonkeyPatch, few: None) -> None:
    monkeypatch.setattr(side_by_side, "AT_ONCE", 1)


def test_fast_ones_share_a_few_threads_which_are_kept_for_the_next_look(few: None) -> None:
    barrier = threading.Barrier(side_by_side.AT_ONCE)
    first = set(answers(*[lambda: who() if barrier.wait(A_WHILE_S) >= 0 else ""] * side_by_side.AT_ONCE))
    assert len(first) == side_by_side.AT_ONCE
    for _ in range(5):
        settled(side_by_side.AT_ONCE)
        assert set(answers(*[who] * 80)) <= first


def test_slow_ones_are_all_asked_at_the_same_time() -> None:
    """Nobody passes the barrier before the last one has come to it."""
    barrier = threading.Barrier(60)
    assert answers(*[lambda: str(barrier.wait(A_WHILE_S) >= 0)] * 60) == ["True"] * 60


def test_of_many_threads_only_some_are_kept() -> None:
    count = side_by_side.IDLE_MAX + 10
    barrier, threads = threading.Barrier(count), list[threading.Thread]()

    def ask() -> str:
        threads.append(threading.current_thread())
        barrier.wait(A_WHILE_S)
        return ""

    answers(*[ask] * count)
    settled(side_by_side.IDLE_MAX)
    until = time.monotonic() + A_WHILE_S
    while sum(thread.is_alive() for thread in threads) > side_by_side.IDLE_MAX:
        assert time.monotonic() < until
        time.sleep(0.001)


def test_one_that_hangs_is_late_and_what_it_says_in_the_end_reaches_no_other_look(one: None) -> None:
    let_go, said = threading.Event(), threading.Event()

    def hang() -> str:
        let_go.wait(A_WHILE_S)
        said.set()
        return "of the look before"

    first = answers(hang, limit_s=0.05)
    assert first == ["late: 0.05 s"]

    def ask() -> str:
        let_go.set()
        said.wait(A_WHILE_S)
        return "of this look"

    assert answers(ask) == ["of this look"]
    assert first == ["late: 0.05 s"]


def test_what_has_not_begun_at_its_limit_never_begins(one: None) -> None:
    let_go, asked = threading.Event(), list[str]()

    def hang() -> str:
        let_go.wait(A_WHILE_S)
        return ""

    assert answers(hang, lambda: asked.append("second") or "", limit_s=0.05) == ["late: 0.05 s"] * 2
    let_go.set()
    settled(1)
    assert asked == []


@pytest.mark.parametrize("turned", [False, True])
def test_each_is_late_at_its_own_limit_whatever_the_order(turned: bool) -> None:
    short = threading.Event()

    def slow() -> str:
        short.wait(A_WHILE_S)
        return "after its limit"

    def slower() -> str:
        time.sleep(0.2)
        short.set()
        time.sleep(0.05)
        return "in time"

    todo = [("short", 0.1, slow), ("long", A_WHILE_S, slower)]
    assert side_by_side.answers(todo[::-1] if turned else todo, late) == {"short": "late: 0.1 s", "long": "in time"}


def test_whoever_ends_its_thread_takes_nobody_with_it(one: None) -> None:
    began = time.monotonic()
    assert answers(sys.exit, lambda: "here", sys.exit) == ["late: 20 s", "here", "late: 20 s"]
    assert answers(lambda: "here") == ["here"]
    assert time.monotonic() - began < A_WHILE_S / 2


def test_two_questions_of_one_name_are_one_answer() -> None:
    def ask() -> str:
        time.sleep(0.05)
        return "1"

    began = time.monotonic()
    assert side_by_side.answers([("a", A_WHILE_S, ask), ("a", A_WHILE_S, ask)], late) == {"a": "1"}
    assert time.monotonic() - began < A_WHILE_S / 2


ENDS = """
import os, threading
from rearm import side_by_side
def ask(count, limit_s, question):
    return side_by_side.answers([(number, limit_s, question) for number in range(count)], lambda limit_s: "late")
barrier = threading.Barrier(8)
print(*ask(8, 20, lambda: barrier.wait(20) >= 0).values())
print(*ask(1, 0.05, threading.Event().wait).values())
child = os.fork()
if not child:
    os._exit(0 if ask(2, 20, lambda: "here") == {0: "here", 1: "here"} else 1)
print(os.waitpid(child, 0)[1])
"""


def test_a_process_ends_whoever_is_kept_or_hangs_and_a_forked_one_has_threads_of_its_own() -> None:
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", ENDS]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split("\n") == [" ".join(["True"] * 8), "late", "0", ""]
