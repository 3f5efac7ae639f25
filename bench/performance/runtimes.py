"""The two runtimes: awslambdaric behind a Runtime API of ours, and the runtime shim of Function Compute, which serves HTTP."""

import http.client
import socket
import time
from pathlib import Path

from lambda_runtime import LONGEST_S, RuntimeApi
from stopwatch import Command, Environment, Failed, Function

POLL_S = 0.001
FC_HEADERS = {
    "x-fc-access-key-id": "id",
    "x-fc-access-key-secret": "secret",
    "x-fc-security-token": "token",
    "x-fc-account-id": "1234567890123456",
    "x-fc-region": "cn-hangzhou",
    "x-fc-function-name": "measured",
    "x-fc-function-timeout": "60",
    "x-fc-function-memory": "256",
}


class LambdaFunction(Function):
    """Through Lambda's own runtime client."""

    def __init__(self, command: Command, environment: Environment, directory: Path, first: bytes) -> None:
        self._api = RuntimeApi().__enter__()
        self._api.offer(first)
        began = time.perf_counter()
        super().__init__(command, environment | {"AWS_LAMBDA_RUNTIME_API": self._api.address}, directory)
        try:
            at, self.answer = self._api.answered()
        except Failed as error:
            self._api.__exit__()
            raise self._given_up(error) from None
        self.cold_s = at - began

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._api.__exit__()

    def invoke(self, event: bytes) -> float:
        began = time.perf_counter()
        self._api.offer(event)
        at, self.answer = self._api.answered()
        return at - began


class FcFunction(Function):
    """Through the runtime shim. As the platform does, it is asked for its port until it listens, then it is invoked."""

    def __init__(self, command: Command, environment: Environment, directory: Path, first: bytes) -> None:
        port = _free_port()
        began = time.perf_counter()
        super().__init__(command, environment | {"FC_SERVER_PORT": str(port)}, directory)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST_S)
        try:
            self._connect(began + LONGEST_S)
            self.invoke(first)
        except Failed as error:
            raise self._given_up(error) from None
        self.cold_s = time.perf_counter() - began

    def _connect(self, until: float) -> None:
        while True:
            try:
                self._connection.connect()
                return
            except ConnectionRefusedError:
                if self._process.poll() is not None or time.perf_counter() > until:
                    raise Failed("it does not listen") from None
                time.sleep(POLL_S)

    def __exit__(self, *error: object) -> None:
        self._connection.close()
        super().__exit__(*error)

    def invoke(self, event: bytes) -> float:
        began = time.perf_counter()
        self._connection.request("POST", "/invoke", event, FC_HEADERS)
        reply = self._connection.getresponse()
        self.answer = reply.read()
        if reply.status != 200:
            raise Failed(self.answer.decode()[:2000])
        return time.perf_counter() - began


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
