"""Asynchronous tasks of Function Compute: the state of every invocation that was given an id, and the operations that list them.

Help pages "ListAsyncTasks" (2023-03-30) and "ListStatefulAsyncInvocations" (2016-08-15): states, parameters, and how long a task is kept.
A delayed invocation counts as `Enqueued` until its time: no page says so.
"""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from rearm_workbench.emulators.alibaba.loopback import Answer, Incoming
from rearm_workbench.emulators.alibaba.wire import ApiError
from rearm_workbench.emulators.lifecycle import Clock

KEPT_S = 7 * 86_400
LIMIT_MAX = 100
STATES = frozenset(["Enqueued", "Dequeued", "Running", "Succeeded", "Failed", "Stopped", "Stopping", "Expired", "Invalid", "Retrying"])
ENDED = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True)
class Form:
    """One API's way to ask for tasks and to show them."""

    operation: str
    path: re.Pattern[str]
    prefix: str
    element: str
    id: str
    limit: int


FORMS = (
    Form(
        "ListStatefulAsyncInvocations",
        re.compile(r"/2016-08-15/services/(?P<service>[^/.]+)(?:\.[^/]+)?/functions/(?P<function>[^/]+)/stateful-async-invocations"),
        "invocationIdPrefix",
        "invocations",
        "invocationId",
        50,
    ),
    Form("ListAsyncTasks", re.compile(r"/2023-03-30/functions/(?P<function>[^/]+)/async-tasks"), "prefix", "tasks", "taskId", 20),
)
OPERATIONS = tuple(form.operation for form in FORMS)


@dataclass
class Task:
    """An invocation with an id. `function` is `service/function` on FC 2.0. Times are seconds since the epoch."""

    function: str
    task_id: str
    request_id: str
    started_at: float
    status: str = "Enqueued"
    retried: int = 0
    ended_at: float | None = None


class Tasks:
    """Every task of the account, in the order in which they were accepted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: dict[tuple[str, str], Task] = {}

    def accept(self, function: str, task_id: str | None, request_id: str) -> None:
        if task_id is not None:
            self._all[function, task_id] = Task(function, task_id, request_id, self._clock.now())

    def now(self, function: str, task_id: str | None, status: str) -> None:
        """What has become of a task."""
        task = self._all.get((function, task_id or ""))
        if task is not None:
            task.status, task.retried = status, task.retried + (status == "Retrying")
            task.ended_at = self._clock.now() if status in ENDED else None

    def listed(self, incoming: Incoming, form: Form, request_id: str) -> Answer:
        """A page, newest first unless told. Raises `ApiError`."""
        asked = dict(parse_qsl(incoming.query))
        limit, token, status = asked.get("limit", str(form.limit)), asked.get("nextToken", "0"), asked.get("status", "")
        if not limit.isdigit() or not 1 <= int(limit) <= LIMIT_MAX:
            raise ApiError("InvalidArgument", f"limit {limit!r} is invalid: 1 to {LIMIT_MAX}")
        if not token.isdigit() or (status and status not in STATES):
            raise ApiError("InvalidArgument", "nextToken must be one that was given, and status one of the documented")
        function, forgotten = _function(incoming, form), self._clock.now() - KEPT_S
        found = [
            task
            for task in self._all.values()
            if task.function == function
            and task.task_id.startswith(asked.get(form.prefix, ""))
            and status in ("", task.status)
            and (task.ended_at is None or task.ended_at > forgotten)
        ]
        if asked.get("sortOrderByTime") != "asc":
            found.reverse()
        end = int(token) + int(limit)
        shown = [_shown(task, form) for task in found[int(token) : end]]
        body = {form.element: shown} | ({"nextToken": str(end)} if end < len(found) else {})
        return Answer(200, {"Content-Type": "application/json", "X-Fc-Request-Id": request_id}, json.dumps(body).encode())


def form_of(incoming: Incoming) -> Form | None:
    """The listing that a request asks for; None if it asks for something else."""
    return next((form for form in FORMS if incoming.method == "GET" and form.path.fullmatch(incoming.path)), None)


def _function(incoming: Incoming, form: Form) -> str:
    found = form.path.fullmatch(incoming.path)
    return "/".join(unquote(name) for name in found.groups()) if found else ""


def _shown(task: Task, form: Form) -> dict[str, Any]:
    service, slash, function = task.function.rpartition("/")
    names = {"serviceName": service, "functionName": function} if slash else {}
    ended = {} if task.ended_at is None else {"endTime": int(task.ended_at * 1000)}
    return {
        form.id: task.task_id,
        **names,
        "status": task.status,
        "requestId": task.request_id,
        "startedTime": int(task.started_at * 1000),
        "alreadyRetriedTimes": task.retried,
        **ended,
    }
