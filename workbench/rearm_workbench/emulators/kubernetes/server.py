"""The API server on the loopback: TLS, who is asking, and faults on demand."""

import json
import ssl
import threading
from collections.abc import Callable
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from rearm_workbench.certificates import Authority, authority
from rearm_workbench.emulators.kubernetes import api, eks_token
from rearm_workbench.emulators.kubernetes.cluster import Cluster

CLIENT = "rearm"
"""The name in the client certificates that are taken."""


@cache
def _own_authority() -> Authority:
    """As a cluster of EKS has: its certificates are valid, and plain."""
    return Authority(identified=False)


class KubernetesEmulator:
    """One cluster's API server, in a `with`. Its certificate is for 127.0.0.1, of an authority of its own (`ca`).

    It takes the bearer tokens in `tokens`, a token of EKS for `cluster.name` signed by `aws_key` (id and secret), and client
    certificates for `rearm` of the emulated authority. `on_call(name, text)` is told of every call: `kubernetes:list nodes`.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        tokens: frozenset[str] = frozenset(),
        aws_key: tuple[str, str] | None = None,
        on_call: Callable[[str, str], None] | None = None,
    ) -> None:
        self.cluster, self._tokens, self._aws_key, self._on_call = cluster, tokens, aws_key, on_call
        self._lock = threading.RLock()
        self._faults: list[tuple[str, int, str, int]] = []
        self.ca = _own_authority().pem

    def __enter__(self) -> "KubernetesEmulator":
        context = _own_authority().server(("127.0.0.1", "kubernetes"))
        context.load_verify_locations(cadata=authority().pem)
        context.verify_mode = ssl.CERT_OPTIONAL
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.endpoint = f"https://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fail_next(self, name: str, code: int, reason: str = "InternalError", retry_after_s: int = 0) -> None:
        """The next call of `name` (`list nodes`, as RBAC calls it) is answered with that HTTP code, and with a `Retry-After` if given."""
        with self._lock:
            self._faults.append((name, code, reason, retry_after_s))

    def serve(self, method: str, target: str, content_type: str, bearer: str, client: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """The HTTP code and the object of one request. `client`: the name in a client certificate, or empty."""
        path, _, text = target.partition("?")
        with self._lock:
            try:
                return self._answer(method, path, text, content_type, bearer, client, body)
            except api.ApiStatus as status:
                return status.code, status.body

    def _answer(
        self, method: str, path: str, text: str, content_type: str, bearer: str, client: str, body: bytes
    ) -> tuple[int, dict[str, Any]]:
        call = api.call_of(method, path, dict(parse_qsl(text)), content_type, body)
        name = f"{call.verb} {call.resource}"
        if self._on_call is not None:
            self._on_call(f"kubernetes:{name}", f"{path}?{text}\n{body.decode('utf-8', 'replace')}")
        if client != CLIENT and not self._knows(bearer):
            raise api.ApiStatus(401, "Unauthorized", "Unauthorized")
        for fault in self._faults:
            if fault[0] == name:
                self._faults.remove(fault)
                if fault[1] == 403:
                    verb, resource = name.split()
                    raise api.ApiStatus(403, "Forbidden", f'{resource} is forbidden: User "rearm" cannot {verb} resource "{resource}"')
                after = {"retryAfterSeconds": fault[3]} if fault[3] else {}
                raise api.ApiStatus(fault[1], fault[2], "The emulator was told to fail this call.", **after)
        return api.answer(self.cluster, call)

    def _knows(self, bearer: str) -> bool:
        if bearer in self._tokens:
            return True
        return self._aws_key is not None and eks_token.is_valid(bearer, self.cluster.name, *self._aws_key)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet: a client that does not trust the server hangs up."""


def _handler(emulator: KubernetesEmulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            scheme, _, bearer = self.headers.get("authorization", "").partition(" ")
            content_type = self.headers.get("content-type", "").partition(";")[0]
            code, found = emulator.serve(
                self.command, self.path, content_type, bearer if scheme == "Bearer" else "", _client(self.connection), body
            )
            text = json.dumps(found).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            after = found.get("details", {}).get("retryAfterSeconds") if code >= 400 else None
            if after is not None:
                self.send_header("Retry-After", str(after))
            self.end_headers()
            self.wfile.write(text)
            self.wfile.flush()

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = answer

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: `on_call` tells every call."""

    return Handler


def _client(connection: Any) -> str:
    """The common name in the client's certificate; empty without one."""
    told: dict[str, Any] = connection.getpeercert() or {}
    return next((value for part in told.get("subject", ()) for key, value in part if key == "commonName"), "")
