"""The state directory: what is written before it is done, read again after whatever happened."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rearm_workbench.emulate.journal import Ends, Journal, compacted, ends_of
from rearm_workbench.emulate.state_dir import FILE, NEW, StateDir, StateProblem


@pytest.fixture
def state(tmp_path: Path):
    made = StateDir(tmp_path / "state")
    yield made
    made.close()


def write(state: StateDir, bodies: list[bytes]) -> None:
    journal = Journal(state, lambda: 5.25)
    journal.start({"seed": 7, "heartbeat_adds": False})
    for body in bodies:
        journal.record("aws", "POST", "/?x=1", {"Host": "h"}, body)


def test_a_request_is_in_the_file_when_record_returns(state: StateDir) -> None:
    write(state, [b"\x00binary\xff"])
    line = json.loads((state.path / FILE).read_text().splitlines()[1])
    assert line.pop("wall") > 1e9
    body = "AGJpbmFyef8="
    assert line == {
        "what": "request",
        "at": 5.25,
        "cloud": "aws",
        "method": "POST",
        "path": "/?x=1",
        "headers": {"Host": "h"},
        "body": body,
    }


def test_all_kinds_come_back_in_order(state: StateDir) -> None:
    write(state, [b"one"])
    journal = Journal(state, lambda: 6.0)
    journal.done(3)
    journal.time()
    assert [(record["what"], record["at"]) for record in state.records()] == [
        ("start", 5.25),
        ("request", 5.25),
        ("done", 6.0),
        ("time", 6.0),
    ]


@pytest.mark.parametrize("torn", [b'{"what":"requ', b"\x00\x00\x00\n", b'{"what":"request"}', b'"text"\n'])
def test_a_torn_last_line_is_cut_off_with_a_note(state: StateDir, capsys: pytest.CaptureFixture[str], torn: bytes) -> None:
    write(state, [b"one"])
    whole = (state.path / FILE).read_bytes()
    with open(state.path / FILE, "ab") as file:
        file.write(torn)
    assert len(list(state.records())) == 2
    assert (state.path / FILE).read_bytes() == whole
    assert f"({len(torn)} bytes); it is cut off" in capsys.readouterr().err
    Journal(state, lambda: 7.0).time()
    assert [record["what"] for record in state.records()] == ["start", "request", "time"]


@pytest.fixture
def long(state: StateDir) -> StateDir:
    """Two requests, and three invocations: one ended, one failed twice and ended, one failed twice and is to be tried again."""
    journal = Journal(state, iter(range(100)).__next__)
    journal.start({"seed": 7, "heartbeat_adds": False})
    journal.record("aws", "POST", "/", {}, b"one")
    for failed in (2, 3, 2, 3):
        journal.time()
        journal.failed(failed)
    journal.record("aws", "POST", "/", {}, b"two")
    journal.done(1)
    journal.done(2)
    journal.time()
    return state


def test_compacted_it_says_the_same_with_fewer_lines(long: StateDir) -> None:
    records = list(long.records())
    fewer = compacted(records)
    assert [one["what"] for one in fewer] == ["start", "request", "failed", "failed", "request", "done", "time"]
    assert ends_of(fewer) == ends_of(records) == Ends({1, 2}, {3: [5, 9]})
    assert [one for one in fewer if one["what"] == "request"] == [one for one in records if one["what"] == "request"]
    assert (fewer[-1]["at"], fewer[-1]["wall"]) == (records[-1]["at"], records[-1]["wall"])
    assert compacted(fewer) == fewer
    assert [one["at"] for one in fewer] == sorted(one["at"] for one in fewer)


def test_a_journal_that_was_replaced_is_written_on(long: StateDir) -> None:
    fewer = compacted(list(long.records()))
    long.replace(fewer)
    Journal(long, lambda: 200.0).done(3)
    assert list(long.records())[:-1] == fewer
    assert ends_of(long.records()) == Ends({1, 2, 3})
    assert not (long.path / NEW).exists()


def test_a_journal_that_cannot_be_replaced_is_one_line_and_the_old_one_stays(long: StateDir, monkeypatch: pytest.MonkeyPatch) -> None:
    records = list(long.records())

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateProblem, match=r"journal.jsonl: cannot be written anew \(No space left on device\)$"):
        long.replace(records[:1])
    assert list(long.records()) == records


DIES = """
import os, signal, sys
from pathlib import Path
from rearm_workbench.emulate.state_dir import StateDir
module, name, count = sys.argv[2].split(".")[0], sys.argv[2].split(".")[1], int(sys.argv[3])
real, calls = getattr(sys.modules[module], name), []
def dies(*arguments, **named):
    calls.append(name)
    if len(calls) == count:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **named)
state = StateDir(Path(sys.argv[1]))
records = list(state.records())
setattr(sys.modules[module], name, dies)
state.replace(records[:1] * 3)
"""


@pytest.mark.parametrize(
    ("where", "count", "new"),
    [("os.open", 1, False), ("os.fsync", 1, False), ("os.replace", 1, False), ("os.open", 2, True), ("os.fsync", 2, True)],
)
def test_a_process_killed_while_it_replaces_the_journal_leaves_the_old_or_the_new(
    long: StateDir, where: str, count: int, new: bool
) -> None:
    records = list(long.records())
    long.close()
    done = subprocess.run([sys.executable, "-c", DIES, str(long.path), where, str(count)], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    again = StateDir(long.path)
    assert list(again.records()) == (records[:1] * 3 if new else records)
    assert not (again.path / NEW).exists()
    again.close()


def test_a_damaged_line_in_the_middle_is_refused(state: StateDir) -> None:
    write(state, [b"one", b"two"])
    lines = (state.path / FILE).read_bytes().splitlines(keepends=True)
    (state.path / FILE).write_bytes(lines[0] + b"rubbish\n" + lines[2])
    with pytest.raises(StateProblem, match="line 2: not a record"):
        list(state.records())


def test_another_format_is_refused(state: StateDir) -> None:
    (state.path / FILE).write_text('{"what":"start","format":99}\n')
    with pytest.raises(StateProblem, match="format 99, this rearm reads 2"):
        list(state.records())


def test_a_second_holder_is_refused_and_told_who_holds_it(state: StateDir) -> None:
    with pytest.raises(StateProblem, match=rf"another `rearm emulate` \(process {os.getpid()}\) uses it"):
        StateDir(state.path)


def test_a_directory_given_back_can_be_taken_again(tmp_path: Path) -> None:
    StateDir(tmp_path).close()
    StateDir(tmp_path).close()


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateProblem, match=r"^--state-dir .*file/state: cannot be used \(Not a directory\)$"):
        StateDir(tmp_path / "file" / "state")


def test_without_a_directory_nothing_is_kept() -> None:
    journal = Journal(None, lambda: 0.0)
    journal.record("aws", "POST", "/", {}, b"")
    journal.done(1)
