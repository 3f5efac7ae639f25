"""The emulated Alibaba Cloud for tests: under the adapter (`AdapterWorld`), and spoken to directly (`DirectWorld`)."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

from rearm import clock
from rearm.clouds.alibaba.cloud import Alibaba, forget_clients
from rearm.core.model import Action, Transition
from rearm_workbench.emulators.alibaba import AlibabaEmulator
from rearm_workbench.emulators.lifecycle import LifecycleAction
from rearm_workbench.virtual_clock import VirtualClock

START = 1_800_000_000.0
TOKEN = "9C2E9DA7-F794-449A-ACF6-CEE24444F7BB"
ACTION = Action(
    cloud="alibaba", hook="ash-1", token=TOKEN, instances=("i-1", "i-2"), group="asg-1", transition="launch", region="cn-hangzhou"
)
HEARTBEAT = "ess:RecordLifecycleActionHeartbeat"
COMPLETE = "ess:CompleteLifecycleAction"


class AdapterWorld:
    """The emulator, a clock, and what was called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = VirtualClock(START)
        self.calls: list[str] = []
        self.invoked: list[tuple[float, str, bytes, str | None]] = []
        self.sleeps: list[float] = []
        self.monkeypatch = monkeypatch
        self.emulator = AlibabaEmulator(self.clock, on_call=lambda name, text: self.calls.append(name), invoke=self._invoke)

    def _invoke(self, function: str, payload: bytes, task_id: str | None) -> None:
        self.invoked.append((self.clock.now() - START, function, payload, task_id))

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.clock.run_until(self.clock.now() + seconds)

    def cloud(self, **env: str) -> Alibaba:
        for name, value in (self.emulator.environment() | {"FC_REGION": "cn-hangzhou"} | env).items():
            self.monkeypatch.setenv(name, value)
        return Alibaba(SimpleNamespace())

    def begin(self, timeout_s: int = 600) -> Any:
        return self.emulator.seed_action(
            hook="ash-1",
            group="asg-1",
            token=TOKEN,
            instances=("i-1", "i-2"),
            transition="launch",
            timeout_s=timeout_s,
            default_result="ABANDON",
        )


@contextmanager
def adapter_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[AdapterWorld]:
    """The emulator is served and the clock is virtual until the end of the block."""
    for name in ("FC_SERVICE_NAME", "FC_ACCOUNT_ID", "REARM_FC_API", "REARM_FC_SERVICE", "REARM_RECHECK_FUNCTION"):
        monkeypatch.delenv(name, raising=False)
    forget_clients()
    made = AdapterWorld(monkeypatch)
    clock.use(made.clock.now, made.sleep)
    with made.emulator:
        yield made
    clock.use_real()
    forget_clients()


@contextmanager
def answering(status: int, body: bytes, connections: list[int] | None = None) -> Iterator[str]:
    """A server that answers every request alike, and notes the connection of each."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            if connections is not None:
                connections.append(self.client_address[1])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


class DirectWorld:
    """The emulator and its clock, called as any client would."""

    def __init__(self, **options: Any) -> None:
        self.clock = VirtualClock(START)
        self.calls: list[tuple[str, str]] = []
        self.invoked: list[tuple[float, str, bytes, str | None]] = []
        self.emulator = AlibabaEmulator(
            self.clock,
            on_call=lambda name, text: self.calls.append((name, text)),
            invoke=lambda function, payload, task: self.invoked.append((self.clock.now() - START, function, payload, task)),
            **options,
        )
        self.client = AcsClient(region_id="cn-hangzhou", credential=StsTokenCredential(*self.emulator.credentials))

    def rpc(self, version: str, action: str, **params: object) -> dict[str, Any]:
        """A call as aliyun-python-sdk-core sends it; `__` in a name is a dot."""
        request = CommonRequest(domain=self.emulator.endpoint, version=version, action_name=action)
        request.set_method("POST")
        for name, value in params.items():
            request.add_query_param(name.replace("__", "."), str(value))
        answer: dict[str, Any] = json.loads(self.client.do_action_with_exception(request))
        assert answer.pop("RequestId")
        return answer

    def error(self, version: str, action: str, **params: object) -> tuple[int, str, str]:
        with pytest.raises(ServerException) as error:
            self.rpc(version, action, **params)
        return error.value.get_http_status(), error.value.get_error_code(), error.value.get_error_msg()

    def http(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str, dict[str, str]]:
        connection = HTTPConnection(self.emulator.endpoint, timeout=5)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, text, {name.lower(): value for name, value in response.getheaders()}

    def begin(self, token: str = "t-1", transition: Transition = "launch", timeout_s: int = 600, **more: Any) -> LifecycleAction:
        given = {"hook": "ash-1", "group": "asg-1", "instances": ("i-1", "i-2"), "default_result": "ABANDON"} | more
        return self.emulator.seed_action(token=token, transition=transition, timeout_s=timeout_s, **given)


BEAT = {"lifecycleHookId": "ash-1", "lifecycleActionToken": "t-1"}
