"""Environment files: `environments/<env>.yml`, merged over `base.yml`. START HERE: `load`.

Mappings are merged key by key, at every depth; anything else (a list, too) is replaced.
"""

import re
from pathlib import Path

from rearm import config, config_text
from rearm.config_problems import Problems, near
from rearm.errors import ConfigError
from rearm_workbench.deploy.judge import judge
from rearm_workbench.deploy.model import Environment

FOLDER = Path("environments")
BASE = "base"
NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")

_EMPTY = "the file is empty"


def known(folder: Path = FOLDER) -> list[str]:
    """The environments that there are files for, in the order of their names."""
    return sorted(path.stem for path in folder.glob("*.yml") if path.stem != BASE)


def load(name: str, folder: Path = FOLDER) -> Environment:
    """The environment `name`. Raises ConfigError: one line if there is none such, else every problem, each with its file and path."""
    _refuse_unknown(name, folder)
    base, over = folder / f"{BASE}.yml", folder / f"{name}.yml"
    raws: list[dict[str, object]] = []
    lines: list[str] = []
    for path in (base, over):
        try:
            raws.append(_read(path))
        except ConfigError as error:
            lines += [line if line.startswith(f"{path}: ") else f"{path}: {line}" for line in error.problems]
    if lines:
        raise ConfigError(lines)
    problems = Problems()
    found = judge(name, merged(*raws), problems)
    if problems.lines or found is None:
        in_base = [_is_from(raws[0], line) and not _is_from(raws[1], line) for line in problems.lines]
        raise ConfigError([f"{base if there else over}: {line}" for there, line in zip(in_base, problems.lines, strict=True)])
    return found


def merged(base: dict[str, object], over: dict[str, object]) -> dict[str, object]:
    """`over` laid on `base`: mappings deep, anything else replaced."""
    both = dict(base)
    for key, value in over.items():
        before = both.get(key)
        both[key] = merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return both


def _refuse_unknown(name: str, folder: Path) -> None:
    names = known(folder)
    there = f"there is {', '.join(names)}" if names else f"{folder} has no environment file"
    if not name:
        raise ConfigError([f"no environment given; {there}: say ENV=… (or --env …)"])
    if name not in names:
        raise ConfigError([f"environment `{name[:40]}`: there is none such; {there}{near(name, names)}"])
    if not NAME.fullmatch(name):
        raise ConfigError([f"{folder / name}.yml: an environment's name is 1 to 20 of a-z, 0-9 and `-`, a letter first: rename the file"])


def _read(path: Path) -> dict[str, object]:
    """A file's mapping; an empty file changes nothing. Raises ConfigError."""
    try:
        raw = config_text.parse(config.content_of(str(path)), yaml=True)
    except ConfigError as error:
        if all(line.startswith(_EMPTY) for line in error.problems):
            return {}
        raise
    if not isinstance(raw, dict):
        raise ConfigError(["must be a mapping with keys like `config`, `aws` and `alibaba`"])
    return raw


def _is_from(raw: object, line: str) -> bool:
    """True if the value that a problem is about was given in that file."""
    path = line.partition(": ")[0]
    while path and isinstance(raw, dict):
        key = next((key for key in sorted(map(str, raw), key=len, reverse=True) if re.match(rf"{re.escape(key)}([.\[]|$)", path)), None)
        if key is None:
            return False
        path, raw = path[len(key) :].lstrip("."), raw.get(key)
    return True
