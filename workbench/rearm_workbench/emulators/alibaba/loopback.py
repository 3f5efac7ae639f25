"""A small HTTP/1.1 server on the loopback that keeps its connections.

Werkzeug's development server closes each connection after one answer and then listens to it for another 10 ms; the SDKs keep
their connections, and a long replay makes thousands of calls.
"""

import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Incoming(NamedTuple):
    """A request as it came. `path` and `query` are as sent, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    """A response; its length is added."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Clients that make a connection for each call come faster than the default backlog of five takes them.
    request_queue_size = 128


class LoopbackServer:
    """Serves `handle` on `host` from `start` to `stop`, a thread for each connection. Raises `OSError` for a port that is taken."""

    def __init__(self, handle: Callable[[Incoming], Answer], host: str = "127.0.0.1", port: int = 0) -> None:
        self._connections: set[socket.socket] = set()
        self._server = _Server((host, port), _handler_class(handle, self._connections))
        self.endpoint = f"{host}:{self._server.server_address[1]}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Stop, and end the connections that clients keep: nobody is to speak to a server that is over."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


def _handler_class(handle: Callable[[Incoming], Answer], connections: set[socket.socket]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body go out as two writes; Nagle's algorithm would hold the second for 40 ms.
        disable_nagle_algorithm = True
        wbufsize = -1

        def setup(self) -> None:
            super().setup()
            connections.add(self.connection)

        def finish(self) -> None:
            connections.discard(self.connection)
            super().finish()

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True

        def answer(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = handle(Incoming(self.command, path, query, headers, body))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            self.wfile.flush()

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: `on_call` tells every call."""

    return Handler
