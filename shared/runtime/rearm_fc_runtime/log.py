"""The lines of a function's log: the runtime's format, with time (UTC), request id and level, on standard output."""

import logging
import sys
import threading
import time
from contextvars import ContextVar

_request: ContextVar[str | None] = ContextVar("fc_request", default=None)
_writing = threading.Lock()
_last = [""]
"""The request that came last: whose lines those are that a thread of the function writes."""


def formatter() -> logging.Formatter:
    """`2026-03-02T09:15:00.123Z request-id [INFO] message`; a record without `fc_request_id` cannot be formatted."""
    made = logging.Formatter("%(asctime)s.%(msecs)03dZ %(fc_request_id)s [%(levelname)s] %(message)s", "%Y-%m-%dT%H:%M:%S")
    made.converter = time.gmtime
    return made


def of_request(request_id: str) -> None:
    """From now on this thread's lines are that request's."""
    _request.set(request_id)
    _last[0] = request_id


def line(text: str) -> None:
    """A line of the runtime itself. Whole: threads do not write into each other's lines."""
    with _writing:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


class _Output(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        record.fc_request_id = _request.get() or _last[0]
        line(self.format(record))


def install(level: str) -> None:
    """The root logger writes so, and nothing else does. An unknown level is INFO."""
    root = logging.getLogger()
    handler = _Output()
    handler.setFormatter(formatter())
    root.handlers[:] = [handler]
    known = logging.getLevelName(level.upper())
    root.setLevel(known if isinstance(known, int) else logging.INFO)


def start(kind: str, request_id: str) -> str:
    """The line before a `kind` (Invoke, Initialize, PreStop, PreFreeze) by which Function Compute finds a request's log."""
    return f"FC {kind} Start RequestId: {request_id}"


def end(kind: str, request_id: str, failed: bool) -> str:
    """The line after it."""
    return f"FC {kind} End RequestId: {request_id}" + (", Error: Unhandled function error" if failed else "")
