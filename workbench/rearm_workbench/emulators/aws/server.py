"""`AwsServer`: the same emulated account behind a port on the loopback, for any client that takes an endpoint URL.

Besides the services there are `POST /_clock`, answered by `control`, and `POST /_faults`, which makes calls fail:
`{"name": "autoscaling:CompleteLifecycleAction", "code": "Throttling", "status": 400, "times": 2, "message": "Rate exceeded"}`.
"""

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.moto_api._internal import mock_random
from moto.sqs import sqs_backends

from rearm.core.limits import AWS
from rearm_workbench.emulators.alibaba.loopback import Answer, Incoming, LoopbackServer
from rearm_workbench.emulators.aws.account import Account
from rearm_workbench.emulators.aws.dispatch import Dispatcher
from rearm_workbench.emulators.aws.functions import CallNow, result
from rearm_workbench.emulators.aws.install import MOTO_CONFIG, install_classes
from rearm_workbench.emulators.aws.reads import drawn_aside, make_backends, read_of
from rearm_workbench.emulators.aws.running import ACCOUNT, Running, begin, end
from rearm_workbench.emulators.aws.sqs import long_poll
from rearm_workbench.emulators.lifecycle import Clock, LifecycleBook, LockedClock

ACCESS_KEY_ID = "EMULATEDACCESSKEYID1"
ACCESS_KEY_SECRET = "EmulatedSecretAccessKey"
POLL_S = 0.05
CLOCK_PATH, FAULTS_PATH = "/_clock", "/_faults"


class Journal(Protocol):
    """Where requests are kept, so that they can be replayed."""

    def record(self, cloud: str, method: str, path: str, headers: dict[str, str], body: bytes) -> None: ...


class AwsServer(Account):
    """One emulated AWS account on a port; a context manager, one at a time in a process. This process's own boto3 is left alone.

    Every request is served, and every timer run, with `lock` held; `invoke(arn, payload)` is called by the clock's next timer,
    without it. `journal` is told of every request before it is served, `path` with its query string. The same requests at the same
    times, with the same `seed`, make the same ids and the same state, whatever is read in between (`reads.py`). `on_call` as with
    `AwsEmulator`.

    `control(path, body)` answers `POST /_clock`. `call(arn, payload)` runs a function for a caller that waits (Lambda's Invoke), and
    answers its result and the error's one line; it is called without the lock.
    The signature is not verified, but the access key id must be that of `credentials`.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        region: str = "us-east-1",
        on_call: Callable[[str, str], None] | None = None,
        invoke: Callable[[str, bytes], None] | None = None,
        journal: Journal | None = None,
        seed: int = 0,
        lock: AbstractContextManager[object] | None = None,
        timers_late_s: float = 0,
        access_key_id: str = ACCESS_KEY_ID,
    ) -> None:
        lock = lock or threading.RLock()
        locked = LockedClock(clock, lock)
        running = Running(locked, region, LifecycleBook(locked, AWS), on_call, invoke, timers_late_s)
        running.access_key_id, running.outside = access_key_id, clock
        self._access_key_id = access_key_id
        super().__init__(running, lock)
        self.control: Callable[[str, bytes], bytes | None] | None = None
        self.call: Callable[[str, bytes], tuple[bytes, str | None]] | None = None
        self._host, self._port, self._seed, self._journal = host, port, seed, journal
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> "AwsServer":
        begin(self._running)
        with contextlib.ExitStack() as undo:
            undo.callback(end)
            before = dict(default_user_config)
            undo.callback(default_user_config.update, before)
            default_user_config.update(MOTO_CONFIG)
            for one in install_classes():
                undo.callback(one)
            BackendDict.reset()
            undo.callback(BackendDict.reset)
            mock_random.seed(self._seed)
            self._reads = itertools.count()
            make_backends(self._running.region)
            self._dispatcher = Dispatcher()
            self._server = LoopbackServer(self._serve, self._host, self._port)
            self._server.start()
            undo.callback(self._server.stop)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._undo.close()

    @property
    def endpoint(self) -> str:
        """`127.0.0.1:PORT`, inside the `with`."""
        return self._server.endpoint

    @property
    def credentials(self) -> tuple[str, str]:
        """Access key id and secret of the one account."""
        return (self._access_key_id, ACCESS_KEY_SECRET)

    def environment(self) -> dict[str, str]:
        """What a client or a function needs in its environment to speak to this server."""
        return {
            "AWS_ENDPOINT_URL": f"http://{self.endpoint}",
            "AWS_ACCESS_KEY_ID": self._access_key_id,
            "AWS_SECRET_ACCESS_KEY": ACCESS_KEY_SECRET,
            "AWS_REGION": self._running.region,
            "AWS_DEFAULT_REGION": self._running.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def replay_request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """Serve a recorded request again: nothing is journalled, told to `on_call` or answered, and no key is looked at twice."""
        route, _, query = path.partition("?")
        on_call, self._running.on_call = self._running.on_call, None
        try:
            with self._lock, contextlib.suppress(ConnectionError, CallNow):
                self._answer(Incoming(method, route, query, {name.lower(): value for name, value in headers.items()}, body))
        finally:
            self._running.on_call = on_call

    def _serve(self, incoming: Incoming) -> Answer:
        if incoming.path == CLOCK_PATH:
            told = self.control(incoming.path, incoming.body) if self.control else None
            return _json(404, {"error": "this server's clock cannot be moved"}) if told is None else _told(200, told)
        self._wait_for_message(incoming)
        path = incoming.path + (f"?{incoming.query}" if incoming.query else "")
        try:
            with self._lock:
                if self._journal is not None:
                    self._journal.record("aws", incoming.method, path, dict(incoming.headers), incoming.body)
                return self._answer(incoming)
        except CallNow as asked:
            if self.call is None:
                return _json(501, {"message": "no functions run here: only Event invocations are taken", "__type": "NotModelled"})
            return result(*self.call(asked.arn, asked.payload))

    def _answer(self, incoming: Incoming) -> Answer:
        if incoming.path == FAULTS_PATH:
            return self._add_fault(incoming.body)
        read = read_of(incoming.method, f"{incoming.path}?{incoming.query}", incoming.headers, incoming.body, self._running.region)
        with drawn_aside(next(self._reads)) if read else contextlib.nullcontext():
            return self._dispatcher.answer(incoming, self._server.endpoint)

    def _add_fault(self, body: bytes) -> Answer:
        try:
            asked: dict[str, Any] = json.loads(body)
            name, code = str(asked["name"]), str(asked["code"])
            status, times = int(asked.get("status", 400)), int(asked.get("times", 1))
        except (ValueError, KeyError, TypeError):
            return _json(400, {"error": '/_faults wants {"name": "autoscaling:CompleteLifecycleAction", "code": "Throttling"}'})
        self.fail_next(name, code, status, times, str(asked.get("message", "made to fail")))
        return _json(200, {"name": name, "code": code, "status": status, "times": times})

    def _wait_for_message(self, incoming: Incoming) -> None:
        name, wait_s = long_poll(incoming.headers.get("x-amz-target", ""), incoming.body)
        until = time.monotonic() + wait_s
        while wait_s and time.monotonic() < until:
            with self._lock:
                if any(one.has_message(name) for one in sqs_backends[ACCOUNT].values() if name in one.queues):
                    return
            time.sleep(POLL_S)


def _json(status: int, value: object) -> Answer:
    return _told(status, json.dumps(value).encode())


def _told(status: int, body: bytes) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, body)
