"""The state directory: what is written before it is done, read again after whatever happened."""

import json
import os
from pathlib import Path

import pytest

from rearm_workbench.emulate.journal import FILE, Journal, StateDir, StateProblem


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


def test_a_damaged_line_in_the_middle_is_refused(state: StateDir) -> None:
    write(state, [b"one", b"two"])
    lines = (state.path / FILE).read_bytes().splitlines(keepends=True)
    (state.path / FILE).write_bytes(lines[0] + b"rubbish\n" + lines[2])
    with pytest.raises(StateProblem, match="line 2: not a record"):
        list(state.records())


def test_another_format_is_refused(state: StateDir) -> None:
    (state.path / FILE).write_text('{"what":"start","format":99}\n')
    with pytest.raises(StateProblem, match="format 99, this rearm reads 1"):
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
