"""Funcraft itself, away from every cloud: run on copies of the description, and against a loopback stand-in for Function Compute's API."""

import base64
import json
import os
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FUN = ROOT / "build" / "tools" / "fun" / "node_modules" / ".bin" / "fun"
ACCOUNT = "1234567890123456"
PATIENCE_S = 120
MISSING = {3: "ServiceNotFound", 5: "FunctionNotFound", 7: "TriggerNotFound"}
"""What the API says of a thing that is not there, by the length of its path."""


def fun(home: Path, *arguments: str, endpoint: str = "") -> "subprocess.CompletedProcess[str]":
    """Run it, with credentials of nobody, and `home` for what it writes. The two of it that look something up find nothing."""
    assert FUN.is_file(), "Funcraft is not installed: make tools-fun"
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "ACCOUNT_ID": ACCOUNT,
        "REGION": "cn-hangzhou",
        "ACCESS_KEY_ID": "id",
        "ACCESS_KEY_SECRET": "secret",
        "FC_ENDPOINT": endpoint,
        "CI": "true",
    }
    return subprocess.run(
        [FUN, *arguments], env=env, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def archive(path: Path) -> bytes:
    """A little archive in the place of the real one, with what Funcraft looks for in it."""
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as into:
        into.write(ROOT / "funcraft" / "bootstrap", "bootstrap")
    return path.read_bytes()


class Call(NamedTuple):
    """A request to the API: `POST services/rearm-dev/functions` and its body."""

    what: str
    body: Any

    @property
    def code(self) -> bytes:
        """The function's archive."""
        return base64.b64decode(self.body["code"]["zipFile"])


class FunctionCompute(ThreadingHTTPServer):
    """Function Compute's API 2016-08-15 for somebody who deploys for the first time: nothing is there, everything can be made."""

    daemon_threads = True

    def __init__(self) -> None:
        self.made: list[Call] = []
        super().__init__(("127.0.0.1", 0), _Request)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def of(self, what: str) -> list[Call]:
        return [call for call in self.made if call.what == what]


class _Request(BaseHTTPRequestHandler):
    server: FunctionCompute
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = self.path.partition("?")[0].strip("/").split("/")
        if parts[-1] == "triggers":
            return self._answer(200, {"triggers": []})
        code = "AsyncConfigNotExists" if parts[-1] == "async-invoke-config" else MISSING.get(len(parts), "NotFound")
        return self._answer(404, {"ErrorCode": code, "ErrorMessage": "there is none"})

    def do_POST(self) -> None:
        path = self.path.partition("?")[0].removeprefix("/2016-08-15/")
        body = self.rfile.read(int(self.headers["Content-Length"])) if "Content-Length" in self.headers else self._chunks()
        self.server.made.append(Call(f"{self.command} {path}", json.loads(body or b"{}")))
        self._answer(200, {})

    do_PUT = do_POST

    def _chunks(self) -> bytes:
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _answer(self, status: int, found: object) -> None:
        body = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


@contextmanager
def function_compute() -> Iterator[FunctionCompute]:
    """The stand-in, until the end of the block."""
    with FunctionCompute() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
