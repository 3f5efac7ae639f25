"""What says whether an instance is ready: a server on the loopback, asked by the `http` checks of all waits, each by its own path."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Ready:
    """200 for `paths`, 503 for others; those of `broken` get by turns 500 and no answer at all."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.broken: set[str] = set()
        self.asked = 0
        ready = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                ready.asked += 1
                if self.path in ready.broken and ready.asked % 2:
                    self.close_connection = True
                    return
                self.send_response(200 if self.path in ready.paths else 500 if self.path in ready.broken else 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
