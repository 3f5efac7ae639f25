"""Builds `build/package/<cloud>/`: fetch, lay out, compile, pack. Either the whole folder is new, or it is as it was."""

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from rearm.errors import ConfigError
from rearm_workbench.packaging import botocore_data, bytecode, interpreter, layout, manifest, operations, wheels
from rearm_workbench.packaging.archive import Packed, pack
from rearm_workbench.packaging.target import CODE_ROOT, LAYER_ROOT, Target

LOCK = ".packaging.lock"
UNFINISHED = ".making-"
REPLACED = ".replaced-"


def build(target: Target, root: Path, say: Callable[[str], None], out: Path | None = None) -> dict[str, Packed]:
    """Write the archives of the repository `root` for that target into `out` (`build/package`). Returns them by their names.

    Raises ConfigError, one line for what is wrong; then nothing has changed. Two runs at once take turns.
    """
    python = interpreter.find(target.python)
    out = out or root / "build" / "package"
    cache = root / "build" / "wheels"
    try:
        out.mkdir(parents=True, exist_ok=True)
        cache.mkdir(parents=True, exist_ok=True)
        with _alone(cache / LOCK, say):
            _forget_unfinished(out, cache)
            with tempfile.TemporaryDirectory(dir=out, prefix=UNFINISHED) as scratch:
                made, packed = _make(target, root, python, wheels.fetched(target, python, cache, say), Path(scratch))
                _replace(made, out / target.cloud)
    except OSError as error:
        raise ConfigError([f"{error.filename or out}: {error.strerror or error}: the archives could not be built"]) from None
    return packed


def _make(target: Target, root: Path, python: Path, packages: list[Path], scratch: Path) -> tuple[Path, dict[str, Packed]]:
    layer, code, made = scratch / "layer", scratch / "code", scratch / target.cloud
    made.mkdir()
    layout.lay_packages(packages, layer / layout.PYTHON, target)
    layout.lay_rearm(root, layer / layout.PYTHON)
    if target.cloud == "aws":
        wanted = operations.of_rearm() | operations.of_own_checks(target.config_json)
        botocore_data.cut(layer / layout.PYTHON / "botocore" / "data", wanted)
    layout.lay_functions(root, code, target)
    folders = {"layer.zip": (layer, LAYER_ROOT), "functions.zip": (code, CODE_ROOT[target.cloud])}
    if target.cloud == "alibaba":
        folders["funcraft.zip"] = (made / "funcraft", CODE_ROOT[target.cloud])
        layout.lay_funcraft(root, layer, code, made / "funcraft")
    packed = {}
    for name, (folder, unpacks_to) in folders.items():
        bytecode.compile_all(python, folder, unpacks_to)
        packed[name] = pack(folder, made / name, layout.PROGRAMS)
    manifest.write(made, target, packed, root)
    return made, packed


@contextlib.contextmanager
def _alone(lock: Path, say: Callable[[str], None]) -> Iterator[None]:
    """One run at a time for one cache of packages. The lock goes with the process, so a killed run leaves none."""
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another run is building: waiting for it")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _forget_unfinished(out: Path, cache: Path) -> None:
    """What a killed run left: nobody is at work on it, since this run holds the lock."""
    for path in (*out.glob(f"{UNFINISHED}*"), *out.glob(f"{REPLACED}*"), *cache.glob(f"{wheels.UNFINISHED}*")):
        shutil.rmtree(path, ignore_errors=True)


def _replace(made: Path, place: Path) -> None:
    """By renaming only, so that no reader finds half of old and half of new."""
    if place.exists():
        place.rename(place.with_name(f"{REPLACED}{place.name}"))
    made.rename(place)
    shutil.rmtree(place.with_name(f"{REPLACED}{place.name}"), ignore_errors=True)
