"""One HTTP request to AWS and its answer, over connections that are kept for warm starts.

The standard library's client: urllib3, which botocore uses, takes twice its time to import. The emulators inside a process put themselves
in place of `send`.
"""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ssl
    from http.client import HTTPConnection

CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 5
ROOM = 8
"""Connections to one host that are kept: as many checks as ask at a time."""


class Reply(NamedTuple):
    """Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Lost(Exception):
    """No answer came. `code`: what botocore calls that."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(text)


_lock = threading.Lock()
_idle: dict[str, list["HTTPConnection"]] = {}
_trust: list["ssl.SSLContext"] = []


def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """One attempt. `url`: scheme, host and path. Raises `Lost`."""
    import http.client

    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    place = f"{scheme}://{host}"
    line = _kept(place) or _connected(scheme, host)
    try:
        line.request(method, slash + path, body, dict(headers))
        answer = line.getresponse()
        reply = Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    except TimeoutError:
        line.close()
        raise Lost("ReadTimeoutError", f"no answer from {host} within {READ_TIMEOUT_S} s") from None
    except (OSError, http.client.HTTPException) as error:
        line.close()
        raise Lost("ConnectionClosedError", f"the connection to {host} broke ({type(error).__name__})") from None
    if answer.will_close:
        line.close()
    else:
        _keep(place, line)
    return reply


def forget() -> None:
    """Close what is kept."""
    with _lock:
        for lines in _idle.values():
            for line in lines:
                line.close()
        _idle.clear()


def _kept(place: str) -> "HTTPConnection | None":
    """A kept connection that the other side has not closed since."""
    while True:
        with _lock:
            lines = _idle.get(place)
            line = lines.pop() if lines else None
        if line is None or _is_open(line):
            return line
        line.close()


def _keep(place: str, line: "HTTPConnection") -> None:
    with _lock:
        lines = _idle.setdefault(place, [])
        if len(lines) < ROOM:
            lines.append(line)
            return
    line.close()


def _is_open(line: "HTTPConnection") -> bool:
    """Nobody speaks unasked on a kept connection: what can be read is its end."""
    import select

    poll = select.poll()
    poll.register(line.sock, select.POLLIN)
    return not poll.poll(0)


def _connected(scheme: str, host: str) -> "HTTPConnection":
    import http.client

    make = http.client.HTTPConnection
    line = make(host, timeout=CONNECT_TIMEOUT_S) if scheme == "http" else _secure(host)
    try:
        line.connect()
    except TimeoutError:
        raise Lost("ConnectTimeoutError", f"no connection to {host} within {CONNECT_TIMEOUT_S} s") from None
    except OSError as error:
        # ssl's errors have a reason such as CERTIFICATE_VERIFY_FAILED.
        why = getattr(error, "reason", None) or error.strerror or type(error).__name__
        raise Lost("EndpointConnectionError", f"no connection to {host}: {why}") from None
    line.sock.settimeout(READ_TIMEOUT_S)
    return line


def _secure(host: str) -> "HTTPConnection":
    """Over TLS, with one context for all: each would read the whole list of authorities anew."""
    import http.client
    import ssl

    with _lock:
        if not _trust:
            _trust.append(ssl.create_default_context(cafile=_authorities()))
    return http.client.HTTPSConnection(host, timeout=CONNECT_TIMEOUT_S, context=_trust[0])


def _authorities() -> str | None:
    """The file of certificate authorities that botocore brings; None, the machine's own, where there is no botocore."""
    from importlib.util import find_spec
    from pathlib import Path

    found = find_spec("botocore")
    path = Path(found.origin).with_name("cacert.pem") if found and found.origin else None
    return str(path) if path and path.is_file() else None
