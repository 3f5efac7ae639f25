"""The instances' network during a replay: every address leads to a loopback server that answers as the world says.

Name look-up is the one place where a connection learns where to go, so that is what is replaced: the checks themselves
run unchanged over real sockets, and a replay can never reach another machine.
"""

import http.server
import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NamedTuple, Protocol

from rearm_workbench.certificates import authority


class Served(NamedTuple):
    """What a server of the instance answers now."""

    status: int
    body: bytes = b""


class Ports(Protocol):
    """What the instances' ports do."""

    def answer(self, port: int, path: str) -> Served | None:
        """What is served there now; None: nothing listens yet."""

    def certified(self, port: int) -> tuple[str, ...] | None:
        """None: it speaks without TLS. Else the names, besides the host's own, that its certificate is for."""


class LoopbackNetwork:
    """`with LoopbackNetwork(ports):` connections of this process go to loopback servers; those that nothing listens for are refused."""

    def __init__(self, ports: Ports, others: Mapping[tuple[str, int], Ports] | None = None) -> None:
        """`others`: what is no instance's, by host and port."""
        self._ports, self._others = ports, others or {}
        self._real = socket.getaddrinfo
        self._closed = socket.socket()
        self._servers: dict[tuple[str, int], _Server] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> "LoopbackNetwork":
        # Bound but not listening: a connection is refused, and nobody else can take the port meanwhile.
        self._closed.bind(("127.0.0.1", 0))
        socket.getaddrinfo = self._look_up
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        socket.getaddrinfo = self._real
        for server in self._servers.values():
            server.shutdown()
            server.server_close()
        self._closed.close()

    def _look_up(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name in ("localhost", "127.0.0.1", "::1"):
            return self._real(host, port, *args, **kwargs)
        number = int(port or 0)
        listens = self._at(name, number).answer(number, "/") is not None
        place = self._server(name, number).server_address if listens else self._closed.getsockname()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (str(place[0]), int(place[1])))]

    def _at(self, host: str, port: int) -> Ports:
        return self._others.get((host, port), self._ports)

    def _server(self, host: str, port: int) -> "_Server":
        """The server of that place, begun when somebody comes. Checks come side by side."""
        with self._lock:
            if (host, port) not in self._servers:
                self._servers[host, port] = _Server(self._at(host, port), host, port)
            return self._servers[host, port]


class _Server(http.server.ThreadingHTTPServer):
    """One port of one host."""

    daemon_threads = True

    def __init__(self, ports: Ports, host: str, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _handler(ports, port))
        names = ports.certified(port)
        if names is not None:
            # The handshake belongs to the connection's own thread: here it would hold up everybody else.
            context = authority().server((host, *names))
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet: a client that hangs up during the handshake is what a check may do."""


def _handler(ports: Ports, port: int) -> type[http.server.BaseHTTPRequestHandler]:
    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            served = ports.answer(port, self.path) or Served(503)
            self.send_response(served.status)
            self.send_header("Content-Length", str(len(served.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(served.body)

        do_GET = do_HEAD = do_POST = do_PUT = answer

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet: the timeline tells what matters."""

    return Answer
