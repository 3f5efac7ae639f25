"""A handler: how the runtime loads it, calls it, and what it makes of its answer and its errors.

A function error's body is `{"errorMessage", "errorType", "stackTrace"}` (help.aliyun.com, Function Compute, Python, "Error handling").
"""

import datetime
import decimal
import importlib.util
import json
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What the function answered, or its error's body."""

    body: bytes
    failed: bool = False


class _LoadError(Exception):
    """The handler cannot be loaded. `kind` is the runtime's `errorType`."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


class Function:
    """`handler` is `module.function`, below `directory`; the module's part may have folders (`deep/er/main` or `deep.er.main`).

    It is loaded at the first call, once; what cannot be loaded is tried again. `alias` names the module in `sys.modules`, where its
    own name will not do.
    """

    def __init__(self, directory: Path, handler: str, alias: str = "") -> None:
        self.directory, self.handler, self.alias = directory, handler, alias
        self._loaded: Callable[..., Any] | None = None
        self._loading = threading.Lock()

    def call(self, *arguments: Any) -> Answer:
        """Call it with `(event, context)`, a hook of the instance's lifecycle with `(context)`. Only what ends a process is raised."""
        try:
            with self._loading:
                if self._loaded is None:
                    self._loaded = self.load()
        except _LoadError as error:
            cause = error.__cause__
            trace = [line.strip() for line in traceback.format_exception_only(cause)] if cause is not None else []
            return Answer(error_body(error.kind, str(error), trace), failed=True)
        try:
            result = self._loaded(*arguments)
        except Exception as error:  # noqa: BLE001 - the runtime answers for whatever a handler raises
            return _raised(error)
        if isinstance(result, bytes):
            return Answer(result)
        try:
            return Answer((result if isinstance(result, str) else _to_json(result)).encode())
        except (TypeError, ValueError) as error:
            return _raised(error)

    def load(self) -> Callable[..., Any]:
        """The handler itself, from its module."""
        module_name, dot, function = self.handler.rpartition(".")
        if not dot:
            raise _LoadError("InvalidHandleName", f"Invalid handler '{self.handler}'")
        folder, _, dotted = module_name.rpartition("/")
        file = (self.directory / folder / dotted.replace(".", "/")).with_suffix(".py")
        spec = importlib.util.spec_from_file_location(self.alias or dotted, file) if file.is_file() else None
        if spec is None or spec.loader is None:
            raise _LoadError("ImportModuleError", f"Unable to import module '{module_name}'")
        module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except ImportError as error:
            raise _LoadError("ImportModuleError", f"Unable to import module '{module_name}'") from error
        except SyntaxError as error:
            raise _LoadError("UserCodeSyntaxError", f"Syntax error in module '{module_name}'") from error
        except Exception as error:
            raise _LoadError("UserCodeError", f"Module initialization error: '{error}'") from error
        loaded: Callable[..., Any] | None = getattr(module, function, None)
        if loaded is None:
            raise _LoadError("HandlerNotFound", f"Handler '{function}' is missing on module '{module_name}'")
        return loaded


def error_body(kind: str, message: str, trace: list[Any] | None = None) -> bytes:
    """The body of a function error."""
    return _to_json({"errorMessage": message, "errorType": kind, **({"stackTrace": trace} if trace else {})}).encode()


def _raised(error: Exception) -> Answer:
    return Answer(error_body(type(error).__name__, str(error), _frames(error.__traceback__)), failed=True)


def _frames(trace: TracebackType | None) -> list[list[str]]:
    """`[file, line, function, text]` for each frame of the function: the runtime leaves its own first one out."""
    entries = traceback.extract_tb(trace)[1:]
    return [[f'File "{one.filename}"', f"line {one.lineno}", f"in {one.name}", one.line or ""] for one in entries]


def _to_json(value: object) -> str:
    return json.dumps(value, default=_plain, indent=4, sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if hasattr(value, "to_json"):
        return value.to_json()
    raise TypeError(f"{value!r} is not JSON serializable")
