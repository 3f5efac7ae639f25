"""The deployed code's log, read as an operator's log query would read it: the structured lines, and nothing else."""

import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

Said = Callable[[dict[str, Any]], None]

LOGGERS = ("root", "rearm")
"""AWS: Powertools' Logger is "rearm", and mutes its records in the root's handlers. Alibaba Cloud: the root logger."""


class LogReader(logging.Handler):
    """Takes the lines of one logger, and no one else's, to `said`."""

    def __init__(self, logger: str, said: Said) -> None:
        super().__init__(logging.INFO)
        self._logger, self._said = logger, said

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != self._logger:
            return
        line = record.msg
        if isinstance(line, str) and line.startswith("{"):
            with contextlib.suppress(ValueError):
                line = json.loads(line)
        if isinstance(line, dict) and "verdict" in line:
            self._said(line)


@contextlib.contextmanager
def log_lines(said: Said) -> Iterator[None]:
    """Meanwhile `said` is called with every line; afterwards the loggers are as they were."""
    readers = [(logging.getLogger(name), LogReader(name, said)) for name in LOGGERS]
    levels = [logger.level for logger, _ in readers]
    for logger, reader in readers:
        logger.addHandler(reader)
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for (logger, reader), level in zip(readers, levels, strict=True):
            logger.removeHandler(reader)
            logger.setLevel(level)
