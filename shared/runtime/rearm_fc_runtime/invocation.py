"""One request, from its first line in the log to its answer."""

import itertools
import logging
import os
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rearm_fc_runtime import context, environment, log
from rearm_fc_runtime.function import Answer, Function, error_body
from rearm_fc_runtime.request import Request, whole

HANDLER_TIMEOUT_S = 60
"""Where the platform says none: its own default (help.aliyun.com, Function Compute 2.0, "Manage functions")."""
INITIALIZE, PRE_STOP, PRE_FREEZE = "Initialize", "PreStop", "PreFreeze"


class Ended(Exception):
    """The function ended its process (`sys.exit`), or was still running when its time was used up. `answer`: what is still said."""

    def __init__(self, code: int, answer: Answer | None = None) -> None:
        self.code, self.answer = code, answer
        super().__init__(f"exit code {code}")


class Runtime:
    """A function and its process. `hooks`: the handlers of Initialize, PreStop and PreFreeze, for those that it has.

    `at_once` requests run at a time (the function's instance concurrency; 1, unless it was raised); others wait for their turn.
    """

    def __init__(self, directory: Path, handler: str, hooks: Mapping[str, str], at_once: int = 1) -> None:
        self.python = environment.running()
        self.handler = handler
        self._function = Function(directory, handler)
        self._hooks = {kind: Function(directory, name) for kind, name in hooks.items()}
        self._at_once = at_once
        self._turns = threading.BoundedSemaphore(at_once)
        self._numbers = itertools.count(1)
        self.running: dict[int, str] = {}
        """The ids of the requests that run just now, by number; one that ended the process stays."""

    def invoke(self, request: Request, event: bytes) -> Answer:
        """Call the handler. Raises `Ended`."""
        with self._turns:
            return self._run("Invoke", self._function, request, (event,), whole(request.timeout) or HANDLER_TIMEOUT_S)

    def hook(self, kind: str, request: Request) -> Answer:
        """Call a hook of the instance's lifecycle, PreStop only once; an empty answer if there is none. Raises `Ended`."""
        function = self._hooks.pop(kind, None) if kind == PRE_STOP else self._hooks.get(kind)
        if function is None:
            return Answer(b"")
        limit_s = whole(request.initialization_timeout) if kind == INITIALIZE else 0
        return self._run(kind, function, request, (), limit_s or HANDLER_TIMEOUT_S)

    def _run(self, kind: str, function: Function, request: Request, arguments: tuple[Any, ...], limit_s: int) -> Answer:
        number = next(self._numbers)
        self.running[number] = request.request_id
        log.line(log.start(kind, request.request_id))
        os.environ.update(environment.credentials(request))
        for name, value in environment.told(request, self.handler, self.python).items():
            os.environ.setdefault(name, value)
        request = replace(request, handler=request.handler or self.handler)
        given = (*arguments, context.make(request, self.python, shared=self._at_once > 1))
        try:
            answer = _within(lambda: _logged(function, request.request_id, given), limit_s)
        except Ended:
            log.line(log.end(kind, request.request_id, failed=True))
            raise
        log.line(log.end(kind, request.request_id, answer.failed))
        del self.running[number]
        return answer


def _logged(function: Function, request_id: str, arguments: tuple[Any, ...]) -> Answer:
    """The call; an error's body is in the log too, as the runtime writes it."""
    log.of_request(request_id)
    answer = function.call(*arguments)
    if answer.failed:
        logging.getLogger().error(answer.body.decode())
    return answer


def _within(run: Callable[[], Answer], limit_s: int) -> Answer:
    """Run it in a thread of its own, which is left behind when its time is used up: then the process has to end."""
    answers: queue.SimpleQueue[Answer | BaseException] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(run())
        except BaseException as error:  # noqa: BLE001 - what ends a process has to end it from any thread
            answers.put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        answer = answers.get(timeout=limit_s)
    except queue.Empty:
        raise Ended(143, Answer(_timed_out(limit_s), failed=True)) from None
    if isinstance(answer, BaseException):
        raise Ended(_exit_code(answer)) from answer
    return answer


def _timed_out(limit_s: int) -> bytes:
    """In the words of the platform, which ends the function itself ("What do I do if a function execution times out", help.aliyun.com)."""
    return error_body("FunctionTimeoutError", f"Function timed out after {limit_s} seconds")


def _exit_code(error: BaseException) -> int:
    """As the interpreter would end with it."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return 1
