"""The small worlds: every run of them keeps every promise, and a planted bug is found."""

import itertools
import math
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec import structs

from rearm import doorway, look
from rearm.core import decide, grid
from rearm.core.model import CheckResult, Complete, Recheck, Wait
from rearm.errors import TryAgain
from rearm_workbench.simulator.small_world.__main__ import main
from rearm_workbench.simulator.small_world.invocations import Move
from rearm_workbench.simulator.small_world.search import Found, NoSuchChoice, Search, TooLarge, explore, replay
from rearm_workbench.simulator.small_world.state import Book, State
from rearm_workbench.simulator.small_world.worlds import WORLDS

DOC = Path(__file__).resolve().parents[1] / "docs" / "testing.md"

AT_LEAST = {"aws-young": 2_500, "aws-late": 7_000, "alibaba-gone": 3_000, "alibaba-untimed": 5_000, "alibaba-brief": 5_000}
"""States that a world has at least: about half of what was counted when this was written. The others: 8,000."""


@pytest.mark.parametrize("name", WORLDS)
def test_every_run_of_a_small_world_keeps_every_promise(name: str) -> None:
    found = explore(WORLDS[name])
    sys.stdout.write(told(found))
    assert found.violation is None, story(found)
    assert found.states >= AT_LEAST.get(name, 8_000)
    assert found.runs >= found.ends > 0
    assert found.tried == frozenset(found.world.faults), "each kind of fault strikes somewhere"


def told(found: Found) -> str:
    return (
        f"\n{found.world.name}: {found.states:,} states, {found.moves:,} moves, {found.runs:,} runs, no violation, {found.took_s:.1f} s\n"
    )


def story(found: Found) -> str:
    assert found.violation is not None
    return "\n".join([found.violation.run, *replay(found.world, found.violation.choices)])


# The proof can fail: each of these bugs was planted in the deployed code.


def named_from_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks come an interval after the one before, and not on the grid."""
    monkeypatch.setattr(grid, "slot_after", lambda action, every_s, at: math.ceil(at) + max(0, every_s - 15))


def swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer that could not be set is taken for set."""
    arm = look.arm

    def armed(*arguments: object) -> bool:
        try:
            return arm(*arguments)  # type: ignore[arg-type]  # handed on as they came
        except TryAgain:
            return True

    monkeypatch.setattr(look, "arm", armed)


def continued(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that cannot be asked counts as passed."""
    observe = look.observe

    def observed(*arguments: object) -> dict[tuple[int, str], CheckResult]:
        results = observe(*arguments)  # type: ignore[arg-type]  # handed on as they came
        return {key: CheckResult("passed", "") if "cannot" in result.reason else result for key, result in results.items()}

    monkeypatch.setattr(look, "observe", observed)


def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A result that was sent and not confirmed is forgotten: the next look may send another."""
    monkeypatch.setattr(decide, "after_unsure_completion", lambda wait, result: decide.after_unsure_heartbeat(wait))


def looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer that comes early brings its look at once, and the look the same slot once more."""
    monkeypatch.setattr(doorway, "EARLY_S", math.inf)
    monkeypatch.setattr(decide, "soonest_look", lambda wait, limits, now: grid.tick_after(wait.action, now + limits.timer_lead_s))


def not_extended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heartbeats are due only when it is too late for a timer that is late."""
    monkeypatch.setattr(decide, "guard_s", lambda wait, profile, limits: limits.margin_s)


def too_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A heartbeat is shorter than the cloud allows."""
    monkeypatch.setattr(decide, "heartbeat_seconds", lambda wait, profile, limits, now: 10)


def doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look sets two timers."""
    arm = look.arm

    def armed(wait: Wait, recheck: Recheck, *rest: object) -> bool:
        arm(wait, Recheck(recheck.at + 5, recheck.reason), *rest)  # type: ignore[arg-type]  # handed on as they came
        return arm(wait, recheck, *rest)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(look, "arm", armed)


def unbelieving(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait that is over is taken for one that the cloud does not know yet, for ever."""
    monkeypatch.setattr(look, "BELIEVE_ENDED_AFTER_S", math.inf)
    monkeypatch.setattr(decide, "cloud_end", lambda wait, limits: math.inf)


def overslept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that came early sleeps until its hour, however long its function may run."""
    monkeypatch.setattr(doorway, "RESERVE_S", -math.inf)


def raising(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler raises what its platform cannot act on."""
    monkeypatch.setattr(look, "remembered", lambda known, results: known["nothing"])


def told_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log line holds the whole token."""
    monkeypatch.setattr(look, "about", lambda action: {"token": action.token})


def another(monkeypatch: pytest.MonkeyPatch) -> None:
    """A completion names no instance."""
    complete = look.Look._complete

    def completed(self: look.Look, effect: Complete) -> None:
        self.wait = structs.replace(self.wait, action=structs.replace(self.wait.action, instances=()))
        complete(self, effect)

    monkeypatch.setattr(look.Look, "_complete", completed)


@pytest.mark.parametrize(
    ("plant", "name", "what"),
    [
        (named_from_now, "aws-never", "unmerged"),
        (named_from_now, "alibaba-never", "unmerged"),
        (swallowed, "aws-ready", "default result fell"),
        (swallowed, "alibaba-ready", "default result fell"),
        (continued, "aws-never", "not justified"),
        (forgotten, "aws-late", "has sent ABANDON"),
        (looked_at_once, "aws-brief", "not later"),
        (not_extended, "alibaba-never", "default result fell"),
        (too_short, "alibaba-never", "outside the cloud's limits"),
        (doubled, "aws-ready", "2 timers are due, and only 1 things came"),
        (unbelieving, "aws-young", "after the wait would have lapsed"),
        (overslept, "aws-brief", "sleeps beyond"),
        (raising, "alibaba-gone", "raised KeyError"),
        (told_all, "aws-gone", "holds a whole token"),
        (another, "alibaba-ready", "names another action"),
    ],
)
def test_a_planted_bug_is_found(monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None], name: str, what: str) -> None:
    plant(monkeypatch)
    found = explore(WORLDS[name])
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


def test_more_faults_make_a_larger_world() -> None:
    counts = [explore(replace(WORLDS["aws-ready"], faults_max=faults)).states for faults in (0, 1)]
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
    swallowed(monkeypatch)
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
