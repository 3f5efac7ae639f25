"""What a call borrows from the process: environment variables, the import path, the root logger. All given back."""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import ClassVar

from rearm import clock
from rearm_fc_runtime.log import formatter

_current: ContextVar["Log | None"] = ContextVar("fc_log", default=None)
"""Whose call it is: calls may take turns (greenlets and threads have a context each)."""


class Environment:
    """`os.environ` with a layer of variables. Layers may end in any order: the last one's end restores what was there before."""

    _before: ClassVar[dict[str, str]] = {}
    _layers: ClassVar[list["Environment"]] = []

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = dict(variables)

    def __enter__(self) -> "Environment":
        if not self._layers:
            self._before.clear()
            self._before.update(os.environ)
        self._layers.append(self)
        self._apply()
        return self

    def __exit__(self, *_error: object) -> None:
        self._layers.remove(self)
        self._apply()

    @classmethod
    def _apply(cls) -> None:
        wanted = dict(cls._before)
        for layer in cls._layers:
            wanted |= layer.variables
        for name in [name for name in os.environ if name not in wanted]:
            del os.environ[name]
        for name, value in wanted.items():
            if os.environ.get(name) != value:
                os.environ[name] = value


@contextmanager
def code_on_path(directory: Path) -> Iterator[None]:
    """The function's own files can be imported."""
    sys.path.insert(0, str(directory))
    try:
        yield
    finally:
        sys.path.remove(str(directory))


class Log(logging.Handler):
    """The function's log: the runtime's format and level on the root logger, at the (virtual) time of `rearm.clock`."""

    _open: ClassVar[list["Log"]] = []
    _level: ClassVar[int] = logging.WARNING
    """The root logger's own level, put back when the last call ends."""

    def __init__(self, request_id: str) -> None:
        super().__init__()
        self.request_id = request_id
        self.lines: list[str] = []
        self.setFormatter(formatter())

    def __enter__(self) -> "Log":
        root = logging.getLogger()
        if not self._open:
            type(self)._level = root.level
            root.setLevel(logging.INFO)
        self._open.append(self)
        self._token = _current.set(self)
        root.addHandler(self)
        return self

    def __exit__(self, *_error: object) -> None:
        root = logging.getLogger()
        root.removeHandler(self)
        _current.reset(self._token)
        self._open.remove(self)
        if not self._open:
            root.setLevel(self._level)

    def emit(self, record: logging.LogRecord) -> None:
        if _current.get() not in (self, None):
            return
        now = clock.now()
        told = logging.makeLogRecord(vars(record) | {"created": now, "msecs": int(now % 1 * 1000), "fc_request_id": self.request_id})
        self.lines.append(self.format(told))

    def line(self, text: str) -> None:
        """A line of the runtime itself."""
        self.lines.append(text)

    def error(self, body: bytes) -> None:
        """The runtime logs an unhandled error's body."""
        logging.getLogger().error(body.decode("utf-8", "replace"))
