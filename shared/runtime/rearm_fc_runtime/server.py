"""The HTTP server that Function Compute's custom runtime talks to.

| path | is | answers |
| --- | --- | --- |
| POST /invoke | an event | 200, or 404 for a function error, and the same in `x-fc-status` |
| POST /initialize, GET /pre-stop, GET /pre-freeze | a hook of the instance's lifecycle | 200, or 404 if it failed |

It listens on every interface, keeps connections open and never closes one for being slow, as it has to (document_detail/425055).
"""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rearm_fc_runtime import invocation, request
from rearm_fc_runtime.function import Answer, error_body
from rearm_fc_runtime.invocation import Ended, Runtime

HOOKS = {"/initialize": invocation.INITIALIZE, "/pre-stop": invocation.PRE_STOP, "/pre-freeze": invocation.PRE_FREEZE}


class Server(ThreadingHTTPServer):
    """A thread for each connection. `ending` is called with the exit code when the process has to end. Raises OSError: port in use."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, runtime: Runtime, ending: Callable[[int], None]) -> None:
        self.runtime, self.ending = runtime, ending
        super().__init__(("0.0.0.0", port), _Connection)


class _Connection(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together: two packets would wait for each other's acknowledgement

    def do_POST(self) -> None:
        try:
            body = self._body()
        except ValueError:
            self.close_connection = True
            self._send(400, Answer(error_body("BadRequest", "the request's length cannot be read"), failed=True))
            return
        path = self.path.partition("?")[0]
        if path == "/invoke" and self.headers.get("x-fc-http-params") is None:
            self._answer(lambda told: self.server.runtime.invoke(told, body))
        elif path in HOOKS:
            self._answer(lambda told: self.server.runtime.hook(HOOKS[path], told))
        else:
            message = f"{self.command} {path}: events come to POST /invoke; an HTTP trigger is not served"
            self._send(404, Answer(error_body("PathNotSupported", message), failed=True))

    do_GET = do_POST  # the paths say what is meant; pages differ in the method of the hooks

    def _answer(self, run: Callable[[request.Request], Answer]) -> None:
        told = request.read(dict(self.headers.items()))
        try:
            answer = run(told)
        except Ended as ended:
            self.close_connection = True
            if ended.answer is not None:
                self._send(404, ended.answer)
                self.wfile.flush()
            self.server.ending(ended.code)
            return
        self._send(404 if answer.failed else 200, answer)

    def _send(self, status: int, answer: Answer) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("x-fc-status", "404" if answer.failed else "200")
        self.end_headers()
        self.wfile.write(answer.body)

    def _body(self) -> bytes:
        """Of a known length, or in chunks. Raises ValueError."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            length = int(self.headers.get("Content-Length") or 0)
            if length < 0:
                raise ValueError(length)
            return self.rfile.read(length)
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            if size < 0:
                raise ValueError(size)
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers, up to an empty line
            pass
        return b"".join(chunks)

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the log is the function's."""
