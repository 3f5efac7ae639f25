"""One HTTP request and its answer, over a connection of its own: what `http`, Kubernetes and webhooks share.

Never over a connection that was kept: whether new ones are accepted is part of the question, for a load balancer will ask it next.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from rearm import clock
from rearm.checks.network import target
from rearm.checks.network.connection import Line
from rearm.checks.network.http_answer import Answer, read_answer

if TYPE_CHECKING:
    import ssl

__all__ = ["Answer", "Request", "exchange"]

_WITH_LENGTH = ("POST", "PUT", "PATCH")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\r\n\0]*")
_FIRST = re.compile(r"[A-Z]+ [!-~]+")


class Request(NamedTuple):
    """`headers` as given; `User-Agent` and `Connection` are added where they are missing."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


def exchange(
    host: str, port: int, request: Request, limit_s: float, *, context: "ssl.SSLContext | None", server_name: str = "", read: int = 0
) -> Answer:
    """The answer, with at most `read` bytes of its body. The whole exchange is cut off at the limit, even if the other side drips.

    Raises target.Unreached without a connection, TimeoutError at the limit, OSError for one that broke, and ValueError for a request that
    cannot be sent.
    """
    deadline, sent = clock.monotonic() + limit_s, written(request, host, port)
    with Line(target.connect(host, port, limit_s), deadline) as line:
        if context is not None:
            line.shake(context, server_name or host)
        line.sendall(sent)
        return read_answer(line.receive, request.method, read)


def written(request: Request, host: str, port: int) -> bytes:
    """The request, to the byte as the standard library's client sends it. Raises ValueError, which quotes nothing: there may be a token."""
    given = {name.lower() for name in request.headers}
    place = f"[{host}]" if ":" in host else host
    added = {
        "Host": place if port == 80 else f"{place}:{port}",
        "Accept-Encoding": "identity",
        "Content-Length": str(len(request.body or b"")) if request.body is not None or request.method in _WITH_LENGTH else "",
        "User-Agent": "rearm",
        "Connection": "close",
    }
    headers = {name: value for name, value in added.items() if value and name.lower() not in given}
    lines = [f"{name}: {value}" for name, value in (headers | dict(request.headers)).items()]
    first = f"{request.method} {request.path}"
    if not _FIRST.fullmatch(first) or not all(map(_HEADER.fullmatch, lines)):
        raise ValueError("this cannot be sent by HTTP")
    try:
        head = "\r\n".join([f"{first} HTTP/1.1", *lines, "", ""]).encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("this cannot be sent by HTTP") from None
    return head + (request.body or b"")
