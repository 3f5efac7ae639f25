"""Runs the core's tests against each mutant, each in a process of its own that finds the mutant in the place of the real module."""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import mutants
import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = "shared/python/rearm/core"
COPIED = ("shared", "workbench", "tests", "pyproject.toml")
TESTS = ("tests/test_core_*.py", "tests/test_heartbeats.py", "tests/test_decide.py")
"""The core's own tests: examples first, then whole waits. They need no SDK and no emulated cloud, and take seconds."""
CPU_ROOM = 5
"""A mutant may use so many times the processor time of the real code: after that it runs for ever, and has been noticed."""
MEMORY_BYTES = 2 << 30
"""And so much memory: a wait without end fills any."""


class Outcome(NamedTuple):
    """What became of a mutant: `killed` by a test, at `import`, by running for `ever`; or `survived`."""

    mutant: mutants.Mutant
    end: str


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the mutant's code under its module's name."""

    def __init__(self, name: str, code: str, path: str) -> None:
        self.name, self.code, self.path = name, code, path

    def find_spec(self, fullname: str, _path: Any, _target: Any = None) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self, origin=self.path) if fullname == self.name else None

    def exec_module(self, module: Any) -> None:
        exec(compile(self.code, self.path, "exec"), module.__dict__)


@contextmanager
def copy_of_the_tree() -> Iterator[Path]:
    """A copy of what the campaign reads: whoever edits a file meanwhile changes nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, Path(scratch, name))
        os.chdir(scratch)
        sys.path[:0] = [f"{scratch}/shared/python", f"{scratch}/workbench"]
        yield Path(scratch)
        os.chdir(ROOT)


def collect(pattern: str) -> list[mutants.Mutant]:
    """The mutants of every module of the core whose name contains `pattern`."""
    found: list[mutants.Mutant] = []
    for path in sorted(Path(CORE).glob("*.py")):
        if pattern in path.stem:
            found += mutants.mutants_of(path, path.stem)
    return found


def real_code_s() -> float:
    """Processor time of the tests on the code as it is. Exits if they fail: then nothing can be said of mutants."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if _end(_start(None, 3600, sys.stderr.fileno())) != "survived":
        sys.exit("the core's tests fail on the code as it is: mend that first")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run(todo: Sequence[mutants.Mutant], cpu_s: float, tell: Callable[[int, Outcome], None]) -> list[Outcome]:
    """Every mutant's outcome, in the order given; as many at once as there are processors."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    running: dict[int, int] = {}
    ends: dict[int, Outcome] = {}
    waiting = list(range(len(todo)))[::-1]
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            place = waiting.pop()
            running[_start(todo[place], CPU_ROOM * cpu_s, quiet)] = place
        pid, status = os.wait()
        place = running.pop(pid)
        ends[place] = Outcome(todo[place], _named(status))
        tell(len(ends), ends[place])
    return [ends[place] for place in range(len(todo))]


def _start(mutant: mutants.Mutant | None, cpu_s: float, output: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s) + 1, int(cpu_s) + 2))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        os._exit(_test(mutant))
    finally:
        os._exit(99)


def _test(mutant: mutants.Mutant | None) -> int:
    if mutant is not None:
        name = f"rearm.core.{mutant.module}".removesuffix(".__init__")
        sys.meta_path.insert(0, _Finder(name, mutant.code, f"{CORE}/{mutant.module}.py"))
    # The same examples every time; what fails need not be made small.
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutation", derandomize=True, database=None, deadline=None, phases=phases)
    hypothesis.settings.load_profile("mutation")
    files = [str(path) for pattern in TESTS for path in sorted(Path().glob(pattern))]
    return int(pytest.main(["-x", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "-p", "no:xdist", *files]))


def _end(pid: int) -> str:
    return _named(os.waitpid(pid, 0)[1])


def _named(status: int) -> str:
    if os.WIFSIGNALED(status):
        return "ever"
    return {0: "survived", 1: "killed", 2: "import", 3: "import", 4: "import"}.get(os.WEXITSTATUS(status), "import")
