"""A function's process: `python -m rearm_workbench.emulate.worker FD`. One function, one invocation at a time, warm until it is ended.

FD is a socket to `rearm emulate`; both sides write JSON lines. It gets `spec` (once), `anchor` (the clock, whenever it jumps), `run` and
`wake`; it sends `sleep` and `done`. When the socket ends, so does the process: it never outlives the emulator.
"""

import base64
import itertools
import json
import os
import queue
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rearm import clock
from rearm_workbench.deployed import LambdaContext, load
from rearm_workbench.emulators.fc_runtime import FcRuntime

Run = Callable[[bytes, dict[str, Any]], tuple[bytes, str | None]]
"""Event and the `run` message in; the answer's body and, if it failed, the error's one line out."""


class Link:
    """The socket, and the clock that follows the emulator's cloud time."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._reader = self._socket.makefile("rb")
        self._sending = threading.Lock()
        self._sleeps: dict[int, threading.Event] = {}
        self._numbers = itertools.count(1)
        self._anchor: tuple[float, float | None, float] = (time.time(), None, 1.0)
        self.runs: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.spec: dict[str, Any] = json.loads(self._reader.readline() or b"{}").get("spec", {})

    def send(self, **message: Any) -> None:
        with self._sending:
            self._socket.sendall(json.dumps(message).encode() + b"\n")

    def listen(self) -> None:
        """Until the emulator is gone."""
        try:
            for line in self._reader:
                message = json.loads(line)
                if "anchor" in message:
                    self._anchor = tuple(message["anchor"])
                elif "wake" in message:
                    self._sleeps[message["wake"]].set()
                else:
                    self.runs.put(message)
        finally:
            os._exit(0)  # also when the socket was reset: an emulator that was killed had not read everything

    def now(self) -> float:
        # The monotonic clock of Linux and macOS is one for all processes of the machine.
        base, since, speed = self._anchor
        return base if since is None else base + (time.monotonic() - since) * speed

    def sleep(self, seconds: float) -> None:
        """In cloud time: the emulator's clock wakes it, also in the middle of a jump."""
        if seconds <= 0:
            return
        number, woken = next(self._numbers), threading.Event()
        self._sleeps[number] = woken
        self.send(sleep=number, seconds=seconds, all=threading.current_thread() is threading.main_thread())
        woken.wait()
        del self._sleeps[number]


def lambda_runtime(spec: dict[str, Any]) -> Run:
    """AWS: the event is parsed JSON, the context has the time left, the answer must be JSON."""
    path = Path(spec["path"])
    sys.path.insert(0, str(path.parent))
    kept: list[Any] = []

    def run(event: bytes, message: dict[str, Any]) -> tuple[bytes, str | None]:
        ends_at = clock.now() + spec["timeout_s"]
        context = LambdaContext(spec["function"], lambda: ends_at - clock.now(), aws_request_id=message["request_id"])
        try:
            if not kept:
                kept.append(load(path).handler)
            return json.dumps(kept[0](json.loads(event or b"null"), context)).encode(), None
        except Exception as error:  # noqa: BLE001 - the runtime answers for whatever a handler raises
            traceback.print_exc()
            told = {"errorMessage": str(error), "errorType": type(error).__name__, "requestId": message["request_id"]}
            return json.dumps(told).encode(), f"{type(error).__name__}: {error}"

    return run


def fc_runtime(spec: dict[str, Any]) -> Run:
    """Function Compute: bytes in, the contract of its runtime (`emulators/fc_runtime.py`)."""
    path = Path(spec["path"])
    runtime = FcRuntime(
        path.parent,
        f"{path.stem}.handler",
        python="3.10" if spec["service"] else "3.12",
        env=dict(os.environ),
        function_name=spec["function"],
        service=spec["service"],
        region=spec["region"],
        account_id=spec["account"],
        credentials=tuple(spec["credentials"]),
        timeout_s=spec["timeout_s"],
    )

    def run(event: bytes, message: dict[str, Any]) -> tuple[bytes, str | None]:
        answer = runtime.invoke(event, retry_count=message["retry"])
        for line in answer.log:
            print(line, file=sys.stderr)  # noqa: T201 - the function's log
        if "X-Fc-Error-Type" not in answer.headers:
            return answer.body, None
        told = json.loads(answer.body)
        return answer.body, f"{told.get('errorType')}: {told.get('errorMessage')}"

    return run


def main() -> None:
    link = Link(int(sys.argv[1]))
    threading.Thread(target=link.listen, daemon=True).start()
    clock.use(link.now, link.sleep)
    run = (lambda_runtime if link.spec["cloud"] == "aws" else fc_runtime)(link.spec)
    while True:
        message = link.runs.get()
        body, error = run(base64.b64decode(message["event"]), message)
        sys.stdout.flush()
        sys.stderr.flush()
        link.send(done=message["run"], body=base64.b64encode(body).decode(), error=error)


if __name__ == "__main__":
    main()
