"""Lambda's Runtime API for one process of the real runtime client (awslambdaric).

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import queue
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from stopwatch import Failed

LONGEST_S = 60


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *who: Any) -> None:
        """A client that was killed while it waited for its next event is how each turn ends."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(*who)


class RuntimeApi:
    """A context manager. `invoke` hands out one event and waits for its answer."""

    def __enter__(self) -> "RuntimeApi":
        self._events: queue.Queue[bytes] = queue.Queue()
        self._answers: queue.Queue[tuple[float, str, bytes]] = queue.Queue()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                event = api._events.get()
                self.send_response(200)
                for name, value in (
                    ("Lambda-Runtime-Aws-Request-Id", str(uuid.uuid4())),
                    ("Lambda-Runtime-Deadline-Ms", str(int((time.time() + LONGEST_S) * 1000))),
                    ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:measured"),
                    ("Content-Type", "application/json"),
                    ("Content-Length", str(len(event))),
                ):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(event)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                api._answers.put((time.perf_counter(), self.path.rpartition("/")[2], body))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def offer(self, event: bytes) -> None:
        self._events.put(event)

    def answered(self) -> tuple[float, bytes]:
        """When the answer came, by `time.perf_counter`, and the answer. Raises `Failed`."""
        try:
            at, way, body = self._answers.get(timeout=LONGEST_S)
        except queue.Empty:
            raise Failed(f"no answer in {LONGEST_S} s") from None
        if way != "response":
            raise Failed(body.decode()[:2000])
        return at, body
