"""Function Compute's Python runtime without its container: the handler contract.

After the runtime's own bootstrap (python3 and python3.9): the handler's loading, the context, the environment, what becomes
of its return value, and the errors. A function error is HTTP 200 with the header `X-Fc-Error-Type`.
"""

import datetime
import decimal
import importlib.util
import itertools
import json
import logging
import sys
import traceback
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from rearm_workbench.emulators.fc_context import (
    FCContext,
    FCContext312,
    FcCredentials,
    FunctionMeta,
    FunctionMeta312,
    PythonVersion,
    ServiceMeta,
)
from rearm_workbench.emulators.fc_process import Environment, Log, code_on_path

__all__ = ["FcCredentials", "FcRuntime", "Response"]

MEMORY_MB = 512
SAFE_NAMES = frozenset(
    {
        "FC_ACCOUNT_ID",
        "FC_CUSTOM_LISTEN_PORT",
        "FC_FUNCTION_HANDLER",
        "FC_FUNCTION_MEMORY_SIZE",
        "FC_FUNCTION_NAME",
        "FC_FUNCTION_VERSION",
        "FC_FUNC_CODE_PATH",
        "FC_INSTANCE_ID",
        "FC_QUALIFIER",
        "FC_REGION",
        "FC_RUNTIME_VERSION",
        "FC_SERVICE_NAME",
        "FC_SNAPSHOT_FLAG",
        "FC_VER_ID",
    }
)
"""The `FC_*` variables that the runtime keeps; it deletes every other one."""

_modules = itertools.count(1)


class Response(NamedTuple):
    """What the caller gets. `log` is what the function logged, line by line, which the caller does not get."""

    status: int
    headers: dict[str, str]
    body: bytes
    log: tuple[str, ...] = ()


class _LoadError(Exception):
    """The handler cannot be loaded. `kind` is the runtime's `errorType`."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


class FcRuntime:
    """One function. `code` is its directory, or a file in it; `handler` is `module.function`, loaded at the first call, once.

    `service` is FC 2.0's; None means FC 3.0. `env` are the function's own variables. Nothing is left in `os.environ`, in
    `sys.path` or on the root logger after a call.
    """

    def __init__(
        self,
        code: Path | str,
        handler: str = "eventbridge.handler",
        *,
        python: PythonVersion = "3.10",
        env: Mapping[str, str] | None = None,
        function_name: str = "rearm",
        service: str | None = None,
        region: str = "cn-hangzhou",
        account_id: str = "1234567890123456",
        credentials: FcCredentials | tuple[str, str, str] = ("", "", ""),
        timeout_s: int = 60,
    ) -> None:
        path = Path(code).resolve()
        self.directory = path.parent if path.is_file() else path
        self.handler, self.python, self.timeout_s = handler, python, timeout_s
        self.function_name, self.service, self.region, self.account_id = function_name, service, region, account_id
        self.credentials = credentials if isinstance(credentials, FcCredentials) else FcCredentials(*credentials)
        self.environment = self._environment(env or {})
        self._loaded: Callable[[bytes, Any], Any] | None = None

    def invoke(self, event: bytes, *, retry_count: int = 0) -> Response:
        """Call the handler with `event` (bytes, as in the built-in runtimes). `retry_count` counts asynchronous attempts."""
        request_id = str(uuid.uuid4())
        log = Log(request_id)
        with ExitStack() as stack:
            stack.enter_context(Environment(self.environment))
            stack.enter_context(code_on_path(self.directory))
            stack.enter_context(log)
            log.line(f"FC Invoke Start RequestId: {request_id}")
            error, body = self._run(event, self._context(request_id, retry_count))
            if error:
                log.error(body)
            log.line(f"FC Invoke End RequestId: {request_id}" + (", Error: Unhandled function error" if error else ""))
        headers = {"Content-Type": "application/octet-stream", "X-Fc-Request-Id": request_id}
        if error:
            headers["X-Fc-Error-Type"] = "UnhandledInvocationError"
        return Response(200, headers, body, tuple(log.lines))

    def _run(self, event: bytes, context: Any) -> tuple[bool, bytes]:
        """Whether it is an error, and the body."""
        try:
            if self._loaded is None:
                self._loaded = self._load()
        except _LoadError as error:
            cause = error.__cause__
            trace = [line.strip() for line in traceback.format_exception_only(cause)] if cause is not None else []
            return True, _error_body(error.kind, str(error), trace)
        try:
            result = self._loaded(event, context)
        except Exception as error:  # noqa: BLE001 - the runtime answers for whatever a handler raises
            return True, _error_body(type(error).__name__, str(error), _frames(error.__traceback__))
        if isinstance(result, bytes):
            return False, result
        try:
            return False, (result if isinstance(result, str) else _to_json(result)).encode()
        except TypeError as error:
            return True, _error_body("TypeError", str(error), _frames(error.__traceback__))

    def _load(self) -> Callable[[bytes, Any], Any]:
        """Import the module anew, under a name of its own: functions of both clouds have files of the same name."""
        module_name, dot, function = self.handler.rpartition(".")
        if not dot:
            raise _LoadError("InvalidHandleName", f"Invalid handler '{self.handler}'")
        folder, _, dotted = module_name.rpartition("/")
        file = (self.directory / folder / dotted.replace(".", "/")).with_suffix(".py")
        if not file.is_file():
            raise _LoadError("ImportModuleError", f"Unable to import module '{module_name}'")
        name = f"_fc_function_{next(_modules)}_{file.stem}"
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise _LoadError("ImportModuleError", f"Unable to import module '{module_name}'")
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except ImportError as error:
            raise _LoadError("ImportModuleError", f"Unable to import module '{module_name}'") from error
        except SyntaxError as error:
            raise _LoadError("UserCodeSyntaxError", f"Syntax error in module '{module_name}'") from error
        except Exception as error:
            raise _LoadError("UserCodeError", f"Module initialization error: '{error}'") from error
        loaded: Callable[[bytes, Any], Any] | None = getattr(module, function, None)
        if loaded is None:
            raise _LoadError("HandlerNotFound", f"Handler '{function}' is missing on module '{module_name}'")
        return loaded

    def _context(self, request_id: str, retry_count: int) -> FCContext | FCContext312:
        if self.python == "3.12":
            meta = FunctionMeta312(self.function_name, self.handler, MEMORY_MB, self.timeout_s)
            return FCContext312(request_id, self.account_id, self.region, meta, logging.getLogger())
        function = FunctionMeta(self.function_name, self.handler, MEMORY_MB, str(self.timeout_s))
        service = ServiceMeta(self.service)
        return FCContext(self.account_id, request_id, self.credentials, function, service, self.region, retry_count=retry_count)

    def _environment(self, own: Mapping[str, str]) -> dict[str, str]:
        """The function's variables and the runtime's. `FC_*` is reserved: what is not the runtime's own is deleted."""
        kept = {name: value for name, value in own.items() if name in SAFE_NAMES or not name.startswith(("FC_", "_FC_"))}
        credentials = self.credentials
        runtime = {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": credentials.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": credentials.access_key_secret,
            "ALIBABA_CLOUD_SECURITY_TOKEN": credentials.security_token,
            "FC_ACCOUNT_ID": self.account_id,
            "FC_FUNC_CODE_PATH": f"{self.directory}/",
            "FC_FUNCTION_HANDLER": self.handler,
            "FC_FUNCTION_MEMORY_SIZE": str(MEMORY_MB),
            "FC_FUNCTION_NAME": self.function_name,
            "FC_INSTANCE_ID": "c-emulated",
            "FC_REGION": self.region,
            "FC_VER_ID" if self.python == "3.10" else "FC_FUNCTION_VERSION": "LATEST",
        }
        if self.service:
            runtime["FC_SERVICE_NAME"] = self.service
        return kept | {name: value for name, value in runtime.items() if value}


def _frames(trace: TracebackType | None) -> list[list[str]]:
    """`[file, line, function, text]` for each frame of the function, as the runtime cuts them."""
    entries = traceback.extract_tb(trace)[1:]
    return [[f'File "{one.filename}"', f"line {one.lineno}", f"in {one.name}", one.line or ""] for one in entries]


def _error_body(kind: str, message: str, trace: list[Any]) -> bytes:
    error: dict[str, Any] = {"errorMessage": message, "errorType": kind}
    if trace:
        error["stackTrace"] = trace
    return _to_json(error).encode()


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
