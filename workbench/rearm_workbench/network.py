"""The instances' network during a replay: every address leads to a loopback server that answers as the world says.

Name look-up is the one place where a connection learns where to go, so that is what is replaced: the checks themselves
run unchanged over real sockets, and a replay can never reach another machine.
"""

import http.server
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

Ready = Callable[[str, int], int]
"""(host, port) -> the HTTP status to answer now; 0: nothing listens there yet."""


class LoopbackNetwork:
    """`with LoopbackNetwork(ready):` connections of this process go to loopback servers; those that nothing listens for are refused."""

    def __init__(self, ready: Ready, *, silent_until_ready: Callable[[int], bool]) -> None:
        self._ready = ready
        self._silent_until_ready = silent_until_ready
        """Whether nothing listens at that port before the instance is ready (tcp), or a server says 503 (http)."""
        self._real = socket.getaddrinfo
        self._closed = socket.socket()

    def __enter__(self) -> "LoopbackNetwork":
        network = self

        class Answer(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                host, _, port = self.headers.get("Host", "").rpartition(":")
                if not port.isdigit():
                    host, port = self.headers.get("Host", ""), "80"
                self.send_response(network._ready(host.strip("[]"), int(port)) or 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_HEAD = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet: the timeline tells what matters."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        # Bound but not listening: a connection is refused, and nobody else can take the port meanwhile.
        self._closed.bind(("127.0.0.1", 0))
        socket.getaddrinfo = self._look_up
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        socket.getaddrinfo = self._real
        self._server.shutdown()
        self._server.server_close()
        self._closed.close()

    def _look_up(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name in ("localhost", "127.0.0.1", "::1"):
            return self._real(host, port, *args, **kwargs)
        number = int(port or 0)
        listens = self._ready(name, number) != 0 and not (self._silent_until_ready(number) and self._ready(name, number) == 503)
        place = self._server.server_address if listens else self._closed.getsockname()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (str(place[0]), int(place[1])))]
