"""One HTTP request and its answer, over a connection of its own: what `http` and `kubernetes_node` share.

The standard library's client does for a single request without pool, retries or redirects, and imports in half of urllib3's time.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from rearm.checks.network import target
from rearm.checks.network.connection import Cut, secured, shake

if TYPE_CHECKING:
    import ssl


class Request(NamedTuple):
    """`headers` as given; `User-Agent` and `Connection` are added where they are missing."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


class Answer(NamedTuple):
    """`status` 0: what answers does not speak HTTP. Header names in lower case. `whole` False: there is more than was to be read."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""
    whole: bool = True


def exchange(
    host: str, port: int, request: Request, limit_s: float, *, context: "ssl.SSLContext | None", server_name: str = "", read: int = 0
) -> Answer:
    """The answer, with at most `read` bytes of its body. The whole exchange is cut off at the limit, even if the other side drips.

    Raises target.Unreached without a connection, TimeoutError at the limit, and OSError for one that broke.
    """
    import http.client

    given = {name.lower() for name in request.headers}
    own = {name: value for name, value in (("User-Agent", "rearm"), ("Connection", "close")) if name.lower() not in given}
    with Cut(limit_s) as cut:
        line = cut.watch(secured(target.connect(host, port, limit_s), context, server_name or host))
        try:
            shake(line)
            connection = http.client.HTTPConnection(host, port)
            connection.sock = line
            connection.request(request.method, request.path, request.body, {**own, **request.headers})
            answer = connection.getresponse()
            body = answer.read(read + 1) if read else b""
            if read and len(body) <= read and answer.length:
                raise http.client.IncompleteRead(body, answer.length)
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body[:read], len(body) <= read)
        except (http.client.HTTPException, OSError) as error:
            if cut.done:
                raise TimeoutError from None
            if isinstance(error, http.client.IncompleteRead):
                raise ConnectionError(0, "the answer broke off") from None
            if isinstance(error, OSError):
                raise
            return Answer(0)
        finally:
            line.close()
