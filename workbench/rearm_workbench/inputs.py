"""What the commands read, and how they refuse it: one clear line on standard error for each problem, exit code 2."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from rearm import config as configs
from rearm.core.profile import Config
from rearm.errors import ConfigError, InvalidNotification
from rearm_workbench import config_cli

REFUSALS = (ConfigError, InvalidNotification)


def complain(problems: Iterable[str]) -> None:
    """One line each, on standard error."""
    for problem in problems:
        print(f"rearm: {problem}", file=sys.stderr)  # noqa: T201 - the command line's voice


def lines(error: Exception) -> list[str]:
    """An error of the operator's input as lines."""
    return error.problems if isinstance(error, ConfigError) else [str(error)]


@contextmanager
def refused() -> Iterator[None]:
    """Turns refused input into its lines and exit code 2."""
    try:
        yield
    except REFUSALS as error:
        complain(lines(error))
        raise typer.Exit(2) from None


def configuration(path: Path | None) -> Config:
    """The configuration of a file, or the one shipped. Raises ConfigError with every problem."""
    return configs.load(str(path)) if path is not None else configs.load(str(configs.DEFAULT))


def compiled(path: Path | None, scratch: Path) -> Path | None:
    """The file compiled as for a deployment, for the deployed code to read; None for the default."""
    if path is None:
        return None
    target = scratch / "rearm.json"
    target.write_bytes(config_cli.compiled(path))
    return target
