"""Function Compute: invocation, APIs 2016-08-15 (FC 2.0) and 2023-03-30 (FC 3.0).

Help pages: "InvokeFunction", "Task deduplication" (a used task id is HTTP 409), "Quotas" (128 KB an asynchronous event), "Error
handling" (a failed asynchronous invocation is repeated three times, unless configured otherwise: 0 to 8).
"""

import inspect
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from rearm_workbench.emulators.alibaba.fc_tasks import OPERATIONS, Tasks, form_of
from rearm_workbench.emulators.alibaba.ids import Ids
from rearm_workbench.emulators.alibaba.loopback import Answer, Incoming
from rearm_workbench.emulators.alibaba.wire import ApiError
from rearm_workbench.emulators.lifecycle import Clock

INVOKE = "InvokeFunction"
MODELLED = ", ".join((INVOKE, *OPERATIONS))
PREFIXES = ("/2016-08-15/", "/2023-03-30/")
PAYLOAD_MAX = 131_072
DELAY_MAX_S = 3600
RETRIES_S = (1.0, 2.0, 4.0)
"""After a function error. The pages give the number; the pauses are the emulator's."""
_PATHS = (
    re.compile(r"/2016-08-15/services/(?P<service>[^/.]+)(?:\.[^/]+)?/functions/(?P<function>[^/]+)/invocations"),
    re.compile(r"/2023-03-30/functions/(?P<function>[^/]+)/invocations"),
)
_TASK_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")
_DUPLICATE = "StatefulAsyncInvocationAlreadyExists"

Invoke = Callable[..., object]
"""`invoke(function, payload, task_id)`, or with the invocation's id as a fourth argument: then `report` can tell how it ended."""
Run = Callable[[str, bytes], tuple[bytes, bool]]
"""A synchronous invocation: the function's answer, and whether it is an error."""


@dataclass(frozen=True)
class Invocation:
    """An accepted invocation. `function` is `service/function` on FC 2.0; `at` is when it runs (seconds since the epoch)."""

    function: str
    at: float
    payload: bytes
    task_id: str | None
    invocation_id: str = field(default="", compare=False)
    attempt: int = 0


class Fc:
    """Invocations that wait for their time. `invoke` is called by the clock, so outside every request."""

    def __init__(
        self, clock: Clock, lock: AbstractContextManager[object], invoke: Invoke | None, timers_late_s: float, ids: Ids, run: Run | None
    ) -> None:
        self.clock, self._lock, self.invoke, self.timers_late_s, self.ids, self.run = clock, lock, invoke, timers_late_s, ids, run
        self._with_id = invoke is not None and _takes_four(invoke)
        self.functions: dict[str, Run] = {}
        """Those that were put there one by one; `run` is for all others."""
        self.pending: list[Invocation] = []
        self.unreported: dict[str, Invocation] = {}
        self.tasks = Tasks(clock)
        self._used: set[tuple[str, str]] = set()

    def accept(self, incoming: Incoming, request_id: str) -> Answer:
        """An asynchronous invocation. Raises `ApiError`."""
        function = function_of(incoming)
        task_id = _task_id(incoming)
        delay_s = _delay_s(incoming.headers.get("x-fc-async-delay", "0"))
        if len(incoming.body) > PAYLOAD_MAX:
            raise ApiError("EntityTooLarge", f"The payload size exceeds the limit of {PAYLOAD_MAX} bytes for asynchronous invocation.")
        if task_id is not None:
            if (function, task_id) in self._used:
                raise ApiError(_DUPLICATE, f"stateful async invocation {task_id} already exists", 409)
            self._used.add((function, task_id))
        self.tasks.accept(function, task_id, request_id)
        self._schedule(Invocation(function, self.clock.now() + delay_s + self.timers_late_s, incoming.body, task_id, request_id))
        return Answer(202, {"X-Fc-Request-Id": request_id, "X-Fc-Async-Task-Id": task_id or request_id, "Content-Type": "application/json"})

    def enqueue(self, function: str, payload: bytes) -> None:
        """Invoke as a trigger does: now, asynchronously."""
        self._schedule(Invocation(function, self.clock.now(), payload, None, self.ids.uuid()))

    def check_sync(self, incoming: Incoming) -> tuple[str, Run]:
        """What a synchronous invocation runs, and with what. Raises `ApiError`."""
        function = function_of(incoming)
        if incoming.headers.get("x-fc-invocation-type", "Sync") != "Sync":
            raise ApiError("InvalidArgument", "x-fc-invocation-type is Sync or Async.")
        if function in self.functions:
            return function, self.functions[function]
        if self.run is None and self.functions:
            raise ApiError("FunctionNotFound", f"function '{function}' does not exist", 404)
        if self.run is None:
            raise ApiError("PathNotSupported", "This emulator runs no function: only x-fc-invocation-type: Async.")
        return function, self.run

    def report(self, invocation_id: str, ok: bool) -> bool:
        """How an invocation ended. A failed one is repeated up to three times. False: nothing is known of it."""
        ended = self.unreported.pop(invocation_id, None)
        if ended is None:
            return False
        retried = not ok and ended.attempt < len(RETRIES_S)
        self.tasks.now(ended.function, ended.task_id, "Retrying" if retried else "Succeeded" if ok else "Failed")
        if retried:
            at = self.clock.now() + RETRIES_S[ended.attempt]
            self._schedule(replace(ended, at=at, attempt=ended.attempt + 1))
        return True

    def _schedule(self, invocation: Invocation) -> None:
        self.pending.append(invocation)

        def run() -> None:
            with self._lock:
                self.pending.remove(invocation)
                self.tasks.now(invocation.function, invocation.task_id, "Running")
                if self._with_id:
                    self.unreported[invocation.invocation_id] = invocation
            told: tuple[Any, ...] = (invocation.function, invocation.payload, invocation.task_id)
            if self.invoke is not None and self._with_id:
                self.invoke(*told, invocation.invocation_id)
                return
            if self.invoke is not None:
                self.invoke(*told)
            with self._lock:
                self.tasks.now(invocation.function, invocation.task_id, "Succeeded")

        self.clock.call_at(invocation.at, run)


def is_async(incoming: Incoming) -> bool:
    return incoming.headers.get("x-fc-invocation-type") == "Async"


def ran(request_id: str, body: bytes, error: bool) -> Answer:
    """A synchronous invocation's answer: a function error is HTTP 200 too."""
    headers = {"Content-Type": "application/octet-stream", "X-Fc-Request-Id": request_id}
    return Answer(200, headers | ({"X-Fc-Error-Type": "UnhandledInvocationError"} if error else {}), body)


def failure(incoming: Incoming, error: ApiError, request_id: str) -> Answer:
    """An error as each API writes it: `ErrorCode` (FC 2.0, read by fc2) or `Code` (FC 3.0, read by its SDK)."""
    if incoming.path.startswith(PREFIXES[0]):
        body = {"ErrorCode": error.code, "ErrorMessage": error.message}
    else:
        body = {"Code": error.code, "Message": error.message, "RequestId": request_id}
    headers = {"Content-Type": "application/json", "X-Fc-Request-Id": request_id}
    return Answer(error.status, headers, json.dumps(body).encode())


def name_of(incoming: Incoming) -> str:
    """A request as `on_call` hears of it."""
    form = form_of(incoming)
    if form:
        return f"fc:{form.operation}"
    return f"fc:{INVOKE}" if incoming.path.endswith("/invocations") else f"fc:{incoming.method} {incoming.path}"


def function_of(incoming: Incoming) -> str:
    """The invoked function. Raises `ApiError` for any other path: only invocation is modelled."""
    for path in _PATHS:
        found = path.fullmatch(incoming.path)
        if found and incoming.method == "POST":
            named = {key: unquote(value) for key, value in found.groupdict().items()}
            return f"{named['service']}/{named['function']}" if "service" in named else named["function"]
    raise ApiError(
        "PathNotSupported",
        f"{incoming.method} {incoming.path} of Function Compute is not modelled by the emulator; modelled: {MODELLED}",
        404,
    )


def _takes_four(invoke: Invoke) -> bool:
    """Whether the callable takes the invocation's id too: by a parameter of its own, `*args` alone asks for nothing."""
    kinds = [one.kind for one in inspect.signature(invoke).parameters.values()]
    return sum(kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD) for kind in kinds) > 3


def _task_id(incoming: Incoming) -> str | None:
    old = incoming.path.startswith(PREFIXES[0])
    task_id = incoming.headers.get("x-fc-stateful-async-invocation-id" if old else "x-fc-async-task-id")
    if task_id is not None and not _TASK_ID.fullmatch(task_id):
        raise ApiError("InvalidArgument", f"invocation id {task_id!r} is invalid: [A-Za-z_][A-Za-z0-9_-]*, at most 128 characters")
    return task_id


def _delay_s(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > DELAY_MAX_S:
        raise ApiError("InvalidArgument", f"x-fc-async-delay {text!r} is invalid: 0 to {DELAY_MAX_S} seconds")
    return int(text)
