"""Which interpreter compiles: of the very version, wherever it is; otherwise one clear line."""

import sys
from pathlib import Path

import pytest

from rearm.errors import ConfigError
from rearm_workbench.packaging.interpreter import find

HERE = "{}.{}".format(*sys.version_info[:2])
NOWHERE = {"PATH": "", "HOME": "/nowhere"}


def stand_in(path: Path, version: str, code: int = 0) -> Path:
    """A program that says it is that version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho cpython {version}\nexit {code}\n")
    path.chmod(0o755)
    return path


def test_the_named_one(tmp_path: Path) -> None:
    named = stand_in(tmp_path / "anything", "3.12")
    assert find("3.12", NOWHERE | {"REARM_PYTHON_3_12": str(named)}) == named


@pytest.mark.parametrize("told", ["3.11", "pypy 3.12", ""])
def test_the_named_one_must_be_of_that_version(told: str, tmp_path: Path) -> None:
    named = stand_in(tmp_path / "anything", told)
    with pytest.raises(ConfigError, match=r"^REARM_PYTHON_3_12=.*anything: this is no CPython 3\.12 that runs here$"):
        find("3.12", NOWHERE | {"REARM_PYTHON_3_12": str(named)})


def test_on_the_path_before_pyenv_and_the_newest_of_pyenv(tmp_path: Path) -> None:
    older = stand_in(tmp_path / ".pyenv/versions/3.12.9/bin/python3.12", "3.12")
    newer = stand_in(tmp_path / ".pyenv/versions/3.12.10/bin/python3.12", "3.12")
    surroundings = {"HOME": str(tmp_path), "PATH": str(tmp_path / "bin")}
    assert find("3.12", surroundings) == newer != older
    assert find("3.12", surroundings | {"PYENV_ROOT": str(tmp_path / ".pyenv"), "HOME": "/nowhere"}) == newer
    on_path = stand_in(tmp_path / "bin/python3.12", "3.12")
    assert find("3.12", surroundings) == on_path


def test_a_version_managers_stand_in_for_a_version_that_is_not_there(tmp_path: Path) -> None:
    stand_in(tmp_path / "bin/python3.12", "", code=127)
    real = stand_in(tmp_path / ".pyenv/versions/3.12.1/bin/python3.12", "3.12")
    assert find("3.12", {"HOME": str(tmp_path), "PATH": str(tmp_path / "bin")}) == real


def test_this_one_is_what_it_says() -> None:
    assert find(HERE, NOWHERE | {f"REARM_PYTHON_{HERE.replace('.', '_')}": sys.executable}) == Path(sys.executable)


def test_none() -> None:
    with pytest.raises(ConfigError) as refused:
        find("3.12", NOWHERE)
    (line,) = refused.value.problems
    assert line == (
        "no Python 3.12 is on this machine, and only that version writes the bytecode that the functions read: "
        "install it (`pyenv install 3.12`), or say where it is with REARM_PYTHON_3_12=/path/to/python3.12"
    )
