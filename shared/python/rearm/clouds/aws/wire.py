"""One HTTP request to AWS and its answer, over connections that are kept for warm starts.

The standard library's client: urllib3, which botocore uses, takes twice its time to import. The emulators inside a process put themselves
in place of `send`.
"""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from rearm.clouds.connections import Connections

if TYPE_CHECKING:
    import ssl
    from http.client import HTTPConnection

CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 5


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


connections = Connections()
_lock = threading.Lock()
_trust: list["ssl.SSLContext"] = []


def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """One attempt. `url`: scheme, host and path. Raises `Lost`."""
    import http.client

    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    place = f"{scheme}://{host}"
    line = connections.take(place) or _connected(scheme, host)
    try:
        line.request(method, slash + path, body, dict(headers))
        answer = line.getresponse()
        reply = Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    except ValueError:
        line.close()
        # The error's own text would quote the header, which may be the session token.
        raise Lost("InvalidHeader", "a credential has a character that HTTP cannot carry") from None
    except TimeoutError:
        line.close()
        connections.drop(place)
        raise Lost("ReadTimeoutError", f"no answer from {host} within {READ_TIMEOUT_S} s") from None
    except (OSError, http.client.HTTPException) as error:
        line.close()
        connections.drop(place)
        raise Lost("ConnectionClosedError", f"the connection to {host} broke ({type(error).__name__})") from None
    connections.give(place, line)
    return reply


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
