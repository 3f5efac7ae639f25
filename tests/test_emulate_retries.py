"""Asynchronous invocations: repeated as their platform does, over restarts too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from functions_world import START, World
from rearm_workbench.emulate.journal import Ends


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("functions"))
    yield made
    made.functions.stop()
    made.clock.stop()


def test_lambda_repeats_a_failed_asynchronous_invocation_twice(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.ended.clear()
    world.functions.on_aws("arn:aws:lambda:us-east-1:123456789012:function:rearm-my_one", b'{"do":"fail"}')
    world.functions.settle()
    assert [what for what, _ in world.ended] == ["failed"]
    world.clock.advance(600, world.functions.settle)
    assert [what for what, _ in world.ended] == ["failed", "failed", "done"]
    said = capfd.readouterr().err
    assert [line for line in said.splitlines() if "failed" in line] == [
        "rearm-my_one | failed, again in 60 s: ValueError: no luck",
        "rearm-my_one | failed, again in 120 s: ValueError: no luck",
        "rearm-my_one | failed, given up after 3 times: ValueError: no luck",
    ]


def test_function_compute_is_told_how_an_invocation_ended(world: World) -> None:
    world.reported.clear()
    world.ended.clear()
    for text, known_as in ((b"well", "id-1"), (b"fail", "id-2")):
        world.functions.on_alibaba("rearm-my_one", text, "task", known_as)
        world.functions.settle()
    assert world.reported == [("id-1", True), ("id-2", False)]
    assert [what for what, _ in world.ended] == ["done", "done"]


def test_a_function_that_is_not_there_is_told_and_over(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.ended.clear()
    world.functions.on_aws("arn:aws:lambda:us-east-1:123456789012:function:rearm-nobody", b"{}")
    assert [what for what, _ in world.ended] == ["done"]
    assert "rearm-nobody | there is no function of that name" in capfd.readouterr().err
    assert "no function" in str(world.functions.call("aws", "rearm-nobody", b"{}").error)


@pytest.fixture
def rebuilt(tmp_path: Path) -> Iterator[World]:
    """As after the rebuilding: nothing is run yet, and the clock stands."""
    made = World(tmp_path, runs=False)
    made.functions.muted = []
    yield made
    made.functions.stop()
    made.clock.stop()


def test_muted_invocations_are_run_afterwards_unless_they_have_an_end(rebuilt: World) -> None:
    for text in (b"one", b"two", b"three"):
        rebuilt.functions.on_alibaba("rearm-my_one", text, None)
    rebuilt.functions.resume(Ends(done={2}))
    rebuilt.functions.settle()
    assert sorted(rebuilt.ended) == [("done", 1), ("done", 3)]


def test_a_restart_gives_no_more_tries_and_shortens_no_pause(rebuilt: World, capfd: pytest.CaptureFixture[str]) -> None:
    """The first of two failed 20 s ago: its second pause of 120 s began then. The other was cut off, which does not count."""
    for _ in range(2):
        rebuilt.functions.on_aws("rearm-my_one", b'{"do":"fail"}')
    rebuilt.functions.resume(Ends(failed={1: [START - 200, START - 20]}))
    rebuilt.functions.settle()
    assert rebuilt.ended == [("failed", 2)]
    rebuilt.clock.advance(99, rebuilt.functions.settle)
    assert rebuilt.ended == [("failed", 2), ("failed", 2)]
    rebuilt.clock.advance(2, rebuilt.functions.settle)
    assert rebuilt.ended == [("failed", 2), ("failed", 2), ("done", 1)]
    assert "failed, given up after 3 times" in capfd.readouterr().err
