"""Function Compute's Python runtime without its container: `rearm_fc_runtime`, in this process and in virtual time.

The contract is the deployed bootstrap's own code. Here is what one process of many functions needs besides: modules of the same name
kept apart, variables and a log for the length of a call, and what the platform makes of an error: HTTP 200 with `X-Fc-Error-Type`.
"""

import itertools
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from rearm_fc_runtime import context, environment, log
from rearm_fc_runtime.context import PythonVersion
from rearm_fc_runtime.function import Answer, Function
from rearm_fc_runtime.request import Credentials, Request
from rearm_workbench.emulators.fc_process import Environment, Log, code_on_path

__all__ = ["Credentials", "FcRuntime", "Response"]

MEMORY_MB = 512

_modules = itertools.count(1)


class Response(NamedTuple):
    """What the caller gets. `log` is what the function logged, line by line, which the caller does not get."""

    status: int
    headers: dict[str, str]
    body: bytes
    log: tuple[str, ...] = ()


class FcRuntime:
    """One function. `code` is its directory, or a file in it, or the handler itself; `handler` is `module.function`, loaded at the
    first call, once.

    `service` is FC 2.0's; None means FC 3.0. `env` are the function's own variables. Nothing is left in `os.environ`, in
    `sys.path` or on the root logger after a call.
    """

    def __init__(
        self,
        code: Path | str | Callable[[bytes, Any], Any],
        handler: str = "eventbridge.handler",
        *,
        python: PythonVersion = "3.10",
        env: Mapping[str, str] | None = None,
        function_name: str = "rearm",
        service: str | None = None,
        region: str = "cn-hangzhou",
        account_id: str = "1234567890123456",
        credentials: Credentials | tuple[str, str, str] = ("", "", ""),
        timeout_s: int = 60,
    ) -> None:
        path = Path.cwd() if callable(code) else Path(code).resolve()
        self.directory = path.parent if path.is_file() else path
        self.handler, self.python, self.timeout_s = handler, python, timeout_s
        self.function_name, self.service, self.region, self.account_id = function_name, service, region, account_id
        self.credentials = credentials if isinstance(credentials, Credentials) else Credentials(*credentials)
        self.environment = self._environment(env or {})
        self._function = _Given(code) if callable(code) else Function(self.directory, handler, f"_fc_function_{next(_modules)}")

    def invoke(self, event: bytes, *, retry_count: int = 0) -> Response:
        """Call the handler with `event` (bytes, as in the built-in runtimes). `retry_count` counts asynchronous attempts."""
        request_id = str(uuid.uuid4())
        lines = Log(request_id)
        with ExitStack() as stack:
            stack.enter_context(Environment(self.environment))
            stack.enter_context(code_on_path(self.directory))
            stack.enter_context(lines)
            lines.line(log.start("Invoke", request_id))
            answer = self._function.call(event, context.make(self._request(request_id, retry_count), self.python))
            if answer.failed:
                lines.error(answer.body)
            lines.line(log.end("Invoke", request_id, answer.failed))
        return _response(answer, request_id, lines)

    def _request(self, request_id: str, retry_count: int = 0) -> Request:
        return Request(
            request_id,
            self.credentials,
            self.function_name,
            self.handler,
            MEMORY_MB,
            str(self.timeout_s),
            region=self.region,
            account_id=self.account_id,
            service=self.service,
            qualifier="LATEST",
            version_id="LATEST",
            retry_count=retry_count,
        )

    def _environment(self, own: Mapping[str, str]) -> dict[str, str]:
        """The function's variables and the runtime's. `FC_*` is reserved: what is not the runtime's own is deleted."""
        kept = {name: value for name, value in own.items() if not environment.reserved(name)}
        request = self._request("")
        runtime = environment.credentials(request) | environment.told(request, self.handler, self.python)
        place = {environment.CODE_PATH: f"{self.directory}/", "FC_INSTANCE_ID": "c-emulated"}
        return kept | {name: value for name, value in runtime.items() if value} | place


class _Given(Function):
    """A handler that is there already."""

    def __init__(self, handler: Callable[[bytes, Any], Any]) -> None:
        super().__init__(Path.cwd(), "given.handler")
        self._handler = handler

    def load(self) -> Callable[..., Any]:
        return self._handler


def _response(answer: Answer, request_id: str, lines: Log) -> Response:
    headers = {"Content-Type": "application/octet-stream", "X-Fc-Request-Id": request_id}
    if answer.failed:
        headers["X-Fc-Error-Type"] = "UnhandledInvocationError"
    return Response(200, headers, answer.body, tuple(lines.lines))
