"""The small worlds: every run of them keeps every promise, and a planted bug is found."""

import itertools
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec import structs

import small_world_bugs as bugs
from rearm import look
from rearm.core import grid
from rearm_workbench.simulator.small_world import moves
from rearm_workbench.simulator.small_world.__main__ import main
from rearm_workbench.simulator.small_world.invocations import Invocations, Move
from rearm_workbench.simulator.small_world.search import Found, NoSuchChoice, Search, TooLarge, explore, replay
from rearm_workbench.simulator.small_world.state import Book, State
from rearm_workbench.simulator.small_world.worlds import WORLDS, variants

DOC = Path(__file__).resolve().parents[1] / "docs" / "testing.md"

AT_LEAST = {"aws-young": 2_500, "aws-late": 7_000, "alibaba-gone": 3_000, "alibaba-untimed": 5_000, "alibaba-brief": 5_000}
"""States that a world has at least: about half of what was counted when this was written. The others: 8,000."""


LARGE = {"alibaba-ready", "alibaba-long", "alibaba-spent-adds", "aws-ready", "alibaba-never", "aws-never", "aws-beats", "aws-short"}
"""More than a second each: `make test-slow` looks at them."""


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in LARGE)) for name in WORLDS])
def test_every_run_of_a_small_world_keeps_every_promise(name: str) -> None:
    found = explore(WORLDS[name])
    sys.stdout.write(told(found))
    assert found.violation is None, story(found)
    assert found.states >= AT_LEAST.get(name, 8_000)
    assert found.runs >= len(found.ends) > 0
    assert found.tried == frozenset(found.world.faults), "each kind of fault strikes somewhere"


def told(found: Found) -> str:
    return f"\n{found.world.name}: {found.states:,} states, {found.moves:,} moves, {found.runs:,} runs, {found.took_s:.1f} s\n"


def story(found: Found) -> str:
    assert found.violation is not None
    return "\n".join([found.violation.run, *replay(found.world, found.violation.choices)])


# The proof can fail: each of these bugs was planted in the deployed code.


@pytest.mark.parametrize(
    ("plant", "name", "faults", "what"),
    [
        (bugs.named_from_now, "aws-never", 0, "unmerged"),
        (bugs.swallowed, "aws-ready", 1, "default result fell"),
        (bugs.swallowed, "alibaba-ready", 1, "default result fell"),
        (bugs.continued, "aws-never", 1, "not justified"),
        (bugs.forgotten, "aws-late", 1, "has sent ABANDON"),
        (bugs.looked_at_once, "aws-brief", 1, "not later"),
        (bugs.not_extended, "alibaba-never", 1, "default result fell"),
        (bugs.too_short, "alibaba-never", 0, "outside the cloud's limits"),
        (bugs.doubled, "aws-ready", 0, "2 timers are due, and only 1 things came"),
        (bugs.unbelieving, "aws-young", 0, "after the wait would have lapsed"),
        (bugs.overslept, "aws-brief", 1, "sleeps beyond"),
        (bugs.raising, "alibaba-gone", 0, "raised KeyError"),
        (bugs.told_all, "aws-gone", 0, "holds a whole token"),
        (bugs.another, "alibaba-ready", 0, "names another action"),
    ],
)
def test_a_planted_bug_is_found(
    monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None], name: str, faults: int, what: str
) -> None:
    plant(monkeypatch)
    found = explore(replace(WORLDS[name], faults_max=faults))
    assert found.violation is not None
    assert what in found.violation.what
    lines = replay(found.world, found.violation.choices)
    sys.stdout.write(f"\n{plant.__doc__}\n" + "\n".join(lines) + "\n")
    assert lines[-1] == f"does not hold: {found.violation.what}"
    assert len(lines) == len(found.violation.choices) + 1
    assert all(re.match(r"\d+(\.\d+)? s: \S", line) or line.startswith("no copy comes") for line in lines[:-1])


def test_a_handler_that_is_not_deterministic_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = itertools.count()
    monkeypatch.setattr(grid, "phase_s", lambda action, every_s: next(turns) % every_s)
    found = explore(WORLDS["aws-ready"])
    assert found.violation is not None
    assert "not deterministic" in found.violation.what


def test_a_search_that_is_not_ended_is_no_proof() -> None:
    with pytest.raises(TooLarge, match="aws-ready has more than 500 states"):
        explore(WORLDS["aws-ready"], states_max=500)


@pytest.mark.parametrize("name", ["aws-young", "alibaba-gone"])
def test_what_the_search_leaves_out_makes_no_difference(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Calls that only read, answered in every order, and states that keep what nobody asks for any more: the same ends."""
    short = explore(WORLDS[name])
    monkeypatch.setattr(moves, "READS", ())
    monkeypatch.setattr(Invocations, "tidy", untidy)
    whole = explore(WORLDS[name])
    assert whole.violation is None
    assert whole.states > 1.5 * short.states
    assert last(whole) == last(short)


def untidy(self: Invocations, state: State) -> State:
    chains = len(state.timers) + len(state.again) + len(state.live)
    return structs.replace(state, chains=chains, merged_by=0.0) if chains <= 1 else state


def last(found: Found) -> set[tuple[float, Book, int, bool]]:
    return {(end.now, end.book, end.faults, end.hopeless) for end in found.ends}


def test_a_run_that_goes_round_in_a_circle_is_found() -> None:
    states = [State(at, Book(9.0, result="CONTINUE", by="client")) for at in (1.0, 2.0, 3.0)]
    after = {states[0]: [states[1]], states[1]: [states[2]], states[2]: [states[1]]}
    rules = SimpleNamespace(
        world=WORLDS["aws-ready"],
        invocations=SimpleNamespace(tried=()),
        first=lambda: states[0],
        moves=lambda state: [Move("on", lambda to=to: to) for to in after[state]],
    )
    found = Search(rules).run(10)  # type: ignore[arg-type]  # what a search uses of the rules
    assert found.violation is not None
    assert found.violation.what == "a run can go round in a circle: it need not end"


def test_an_invocation_that_never_ends_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat = look.Look._heartbeat
    monkeypatch.setattr(look.Look, "_heartbeat", lambda self, effect: [heartbeat(self, effect) for _ in itertools.count()])
    found = explore(replace(WORLDS["alibaba-never"], faults_max=0, copies=0))
    assert found.violation is not None
    assert found.violation.what == "an invocation goes on after 60 calls and pauses"


def test_the_variants_are_worlds_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    names = [world.name for world in variants()]
    assert len(set(names)) == len(names) > 150
    assert not set(names) & set(WORLDS)
    assert main(["aws-never/600/120/300"]) == 0
    assert "aws-never/600/120/300" in capsys.readouterr().out


def test_more_faults_make_a_larger_world() -> None:
    counts = [explore(replace(WORLDS["aws-young"], faults_max=faults)).states for faults in (0, 1)]
    assert 10 * counts[0] < counts[1]


def test_a_choice_that_does_not_fit_is_named() -> None:
    with pytest.raises(NoSuchChoice, match="choice 2 is 99, but only"):
        replay(WORLDS["aws-ready"], [0, 99])


# The command


def test_the_command_prints_the_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["aws-young"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["world", "faults", "states", "moves", "ends", "runs", "lapsed", "seconds"]
    found = explore(WORLDS["aws-young"])
    assert row.split()[:4] == ["aws-young", "1", f"{found.states:,}", f"{found.moves:,}"]


def test_the_command_tells_what_does_not_hold_and_replays_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    bugs.swallowed(monkeypatch)
    assert main(["aws-ready"]) == 1
    printed = capsys.readouterr().out
    command = printed.splitlines()[-1].removeprefix("replay: python -m rearm_workbench.simulator.small_world ")
    assert main(command.split()) == 0
    assert "does not hold: the default result fell" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nowhere"], "world: there is no `nowhere`"),
        (["aws-ready", "1.x"], "choices: `1.x` is not a list of numbers"),
        (["aws-ready", "99"], "choice 1 is 99, but only"),
        (["--faults", "many"], "--faults: `many` is not a number"),
        (["--seed", "1"], "unrecognized arguments: --seed"),
    ],
)
def test_bad_input_gets_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], line: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(line)
    assert said.count("\n") == 1


def test_the_page_names_the_worlds_and_its_commands_run() -> None:
    section = DOC.read_text().partition("## The small world")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(.+)` \| (.+) \|$", section, re.MULTILINE) == [(world.name, world.about) for world in WORLDS.values()]
    command = re.search(r"^python -m (rearm_workbench\.simulator\.small_world) (.+)$", section, re.MULTILINE)
    assert command is not None
    run = subprocess.run([sys.executable, "-m", command[1], *command[2].split()], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.count("\n") == command[2].count(".") + 1
