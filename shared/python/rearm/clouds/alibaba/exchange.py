"""One HTTP exchange with a service of Alibaba Cloud: its connection, kept for the next one, its time limits, and how an answer is lost.

By `http.client`, which a look imports anyway. What the published SDKs read of their surroundings is read here too: `HTTPS_PROXY` (and
`NO_PROXY`, in either case) and `ALIBABA_CLOUD_CA_BUNDLE`. An endpoint of plain HTTP, an emulator's, is never sought behind a proxy.
"""

import functools
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from rearm.clouds.alibaba.calls import CONNECT_TIMEOUT_S, NO_ANSWER, NOT_SENT, CallFailed
from rearm.clouds.alibaba.endpoints import Endpoint
from rearm.clouds.connections import Connections

if TYPE_CHECKING:
    import ssl
    from http.client import HTTPConnection

USER_AGENT = "rearm"

connections = Connections()
_lock = threading.Lock()


class Request(NamedTuple):
    """What is sent, signed. `target`: path and query, encoded."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


class Answer(NamedTuple):
    """What came back. The names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def exchange(operation: str, endpoint: Endpoint, request: Request, limit_s: float, *, fresh: bool = False) -> Answer:
    """One attempt; no redirect is followed. `limit_s`: for each wait for bytes. `fresh`: over a new connection, instead of those kept.

    Raises `CallFailed`: NotSent when nothing can have arrived, NoAnswer when nobody knows. Neither quotes the request.
    """
    import http.client

    if fresh:
        connections.drop(endpoint)
    connection = None if fresh else connections.take(endpoint)
    if connection is None:
        connection = _connected(operation, endpoint, min(limit_s, CONNECT_TIMEOUT_S))
    connection.sock.settimeout(limit_s)
    try:
        _send(operation, connection, request)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        connections.drop(endpoint)
        text = "no answer in time" if isinstance(error, TimeoutError) else f"no answer ({type(error).__name__})"
        raise CallFailed(operation, NO_ANSWER, text=text) from None
    connections.give(endpoint, connection)
    return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)


def forget_connections() -> None:
    """Close what is kept, and ask anew whom to trust."""
    connections.forget()
    _context.cache_clear()


def _send(operation: str, connection: "HTTPConnection", request: Request) -> None:
    """Raises OSError, and `CallFailed` for what HTTP cannot carry: then nothing was sent."""
    import http.client

    try:
        connection.request(request.method, request.target, request.body or None, {"User-Agent": USER_AGENT, **request.headers})
    except (ValueError, http.client.InvalidURL):
        connection.close()
        # The error's own text would quote the header, which may be the security token.
        raise CallFailed(operation, NOT_SENT, text="a credential or a name has a character that HTTP cannot carry") from None


def _connected(operation: str, endpoint: Endpoint, limit_s: float) -> "HTTPConnection":
    """A new connection, its TLS made. Raises `CallFailed`."""
    import http.client

    proxy = None
    try:
        if endpoint.scheme == "https":
            proxy = _proxy(endpoint)
            place = proxy.host if proxy else endpoint.host
            connection: HTTPConnection = http.client.HTTPSConnection(place, timeout=limit_s, context=_trust())
            if proxy:
                connection.set_tunnel(endpoint.host, headers=proxy.headers)
        else:
            connection = http.client.HTTPConnection(endpoint.host, timeout=limit_s)
        connection.connect()
    except (OSError, ValueError, http.client.HTTPException) as error:
        through = f" through the proxy {proxy.host}" if proxy else ""
        raise CallFailed(operation, NOT_SENT, text=f"no connection to {endpoint.host}{through} ({type(error).__name__})") from None
    return connection


def _trust() -> "ssl.SSLContext":
    """One for the whole process, however many threads ask: each would read the whole list of authorities anew."""
    with _lock:
        return _context()


@functools.cache
def _context() -> "ssl.SSLContext":
    """Trusts the machine's certificate authorities, or those of the variable's file or folder, as in the SDKs."""
    import ssl

    given = os.environ.get("ALIBABA_CLOUD_CA_BUNDLE") or _bundle()
    if given is not None and os.path.isdir(given):
        return ssl.create_default_context(capath=given)
    return ssl.create_default_context(cafile=given)


def _bundle() -> str | None:
    """The authorities that are shipped, for an image that has none."""
    import ssl

    found = ssl.get_default_verify_paths()
    if found.cafile or (found.capath and os.listdir(found.capath)):
        return None
    import certifi

    return certifi.where()


class _Proxy(NamedTuple):
    host: str
    headers: dict[str, str]


def _proxy(endpoint: Endpoint) -> _Proxy | None:
    """What `HTTPS_PROXY` says, where `NO_PROXY` does not except the endpoint. Spoken to by plain HTTP, as nearly every proxy is.

    Raises ValueError for what is no address.
    """
    given = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY")
    if not given or endpoint.is_loopback:
        return None
    import base64
    import urllib.request

    if urllib.request.proxy_bypass(endpoint.host):
        return None
    url = urlsplit(given if "://" in given else f"http://{given}")
    credentials, _, host = url.netloc.rpartition("@")
    token = base64.b64encode(unquote(credentials).encode()).decode()
    return _Proxy(host if url.port else f"{host}:80", {"Proxy-Authorization": f"Basic {token}"} if credentials else {})
