"""`rearm_fc_runtime` as a process of its own, as Function Compute's custom runtime starts it, on each Python that is here."""

import http.client
import json
import os
import queue
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rearm.errors import ConfigError
from rearm_workbench.packaging import interpreter

ROOT = Path(__file__).resolve().parents[1]
SHIM = ROOT / "shared" / "runtime"
PATIENCE_S = 20
CREDENTIALS = ("id", "secret", "token")

FUNCTION = """
import json, logging, os, sys, threading, time

barrier = threading.Barrier(2)

def handler(event, context):
    if event == b"log":
        logging.getLogger().info("of the handler")
        told = threading.Thread(target=logging.getLogger("a.b").warning, args=("of a thread",))
        told.start()
        told.join()
        logging.debug("never")
        return ""
    if event == b"leave a thread":
        threading.Thread(target=threading.Event().wait, daemon=False).start()
    if event == b"wait":
        print("waiting", flush=True)
        threading.Event().wait()
    if event == b"exit":
        sys.exit(7)
    if event == b"meet":
        barrier.wait(10)
    if event.startswith(b"gate"):
        print("at the gate", flush=True)
        while not os.path.exists(event.split()[1]):
            time.sleep(0.01)
    if event == b"raise":
        raise ValueError("no luck")
    return json.dumps({"event": event.decode(), "env": dict(os.environ)})

def begin(context):
    logging.info("beginning")
    return "begun"

def fail(context):
    raise OSError("no disk")

def stop(context):
    logging.info("stopping")
"""
"""main.py of the tests of the server: what a function can do, by its event."""


def interpreters() -> dict[str, Path]:
    """The Pythons of the contract, and one newer, as far as they are installed."""
    found = {}
    for version in ("3.10", "3.12", "3.13"):
        try:
            found[version] = interpreter.find(version)
        except ConfigError:
            continue
    return found


INTERPRETERS = interpreters()


class Reply(NamedTuple):
    """The server's answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def failed(self) -> bool:
        return self.headers["x-fc-status"] != "200"

    def json(self) -> Any:
        return json.loads(self.body)


class Served:
    """A running server. `lines` is its standard output so far, `errors` its standard error once it has ended."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process, self.port = process, port
        self.lines: list[str] = []
        self._new: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            self._new.put(self.lines[-1])
        self._new.put(None)

    def until(self, text: str) -> str:
        """The next line that holds that text."""
        while (line := self._new.get(timeout=PATIENCE_S)) is not None:
            if text in line:
                return line
        raise AssertionError(f"it ended with {self.process.wait()} without `{text}`: {self.lines}")

    def ask(self, method: str, path: str, body: bytes = b"", **told: str) -> Reply:
        """One request. `told`: the x-fc-* headers, with underscores."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, {f"x-fc-{name.replace('_', '-')}": value for name, value in told.items()})
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def invoke(self, event: bytes = b"", **told: str) -> Reply:
        return self.ask("POST", "/invoke", event, **told)

    def terminate(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code after that signal."""
        self.process.send_signal(how)
        return self.ended()

    def ended(self) -> int:
        code = self.process.wait(timeout=PATIENCE_S)
        self._reader.join(timeout=PATIENCE_S)
        return code


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(
    python: Path, code: Path, *arguments: str, port: int, env: Mapping[str, str] | None = None, path: str = ""
) -> "subprocess.Popen[str]":
    """`-S`: no site-packages, so only the standard library and what `path` names. Nothing of this process's own variables."""
    clean = {"PYTHONPATH": path or str(SHIM), "FC_FUNC_CODE_PATH": f"{code}/", "FC_SERVER_PORT": str(port), "PATH": os.defpath}
    return subprocess.Popen(
        [python, "-S", "-m", "rearm_fc_runtime", *arguments],
        env=clean | dict(env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def served(python: Path, code: Path, *arguments: str, env: Mapping[str, str] | None = None, path: str = "") -> Iterator[Served]:
    """A server that is ready; ended at the end of the block."""
    port = free_port()
    process = start(python, code, *arguments, port=port, env=env, path=path)
    try:
        server = Served(process, port)
        server.until("runtime inited")
        yield server
    finally:
        process.kill()
        process.communicate()


def asked(server: Served, event: bytes, **told: str) -> tuple[threading.Thread, list[object]]:
    """A request in a thread of its own: its reply, or the error."""
    found: list[object] = []

    def ask() -> None:
        try:
            found.append(server.invoke(event, **told))
        except (http.client.HTTPException, OSError) as error:
            found.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return thread, found


VERSIONS = [version for version in ("3.10", "3.12") if version in INTERPRETERS]


@pytest.fixture(params=VERSIONS)
def python(request: pytest.FixtureRequest) -> Path:
    return INTERPRETERS[request.param]


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(FUNCTION)
    return tmp_path


@pytest.fixture
def server(python: Path, code: Path) -> Iterator[Served]:
    with served(python, code, "main.handler", "--initializer", "main.begin", "--pre-stop", "main.stop") as running:
        yield running
