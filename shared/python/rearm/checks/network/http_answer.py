"""An HTTP/1 answer, read from a connection: its status, its headers, and of its body as much as is asked for (RFC 9112, 4 to 7).

The standard library reads headers as those of an e-mail, which takes longer than everything else in an exchange. The tests hold this
reader against it, answer by answer. What differs: all interim answers are passed over (RFC 9110, 15.2), not only `100`; spaces after a
header's value are no part of it (RFC 9112, 5); 204 and 304 have no body, whatever they announce (RFC 9112, 6.3);
100 headers are read, not 99.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

LINE_MAX = 65_536
HEADERS_MAX = 100
SWITCHING = 101
WITHOUT_BODY = (204, 304)


class Answer(NamedTuple):
    """`status` 0: what answers does not speak HTTP. Header names in lower case. `whole` False: there is more than was to be read."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""
    whole: bool = True


class _NoHttp(Exception):
    """What answers does not speak HTTP."""


def read_answer(receive: Callable[[], bytes], method: str, most: int) -> Answer:
    """To a request of that method, with at most so many bytes of its body. `receive`: what comes next, empty at the end.

    Raises ConnectionError for one that broke off, and what `receive` raises.
    """
    incoming = _Incoming(receive)
    try:
        status = 100
        while 100 <= status <= 199 and status != SWITCHING:
            status, headers = _head(incoming)
    except _NoHttp:
        return Answer(0)
    if not most:
        return Answer(status, headers)
    body = _body(incoming, method, status, headers, most + 1)
    return Answer(status, headers, body[:most], len(body) <= most)


class _Incoming:
    """What has come and was not taken yet."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive, self._come = receive, bytearray()

    def line(self) -> bytes:
        """With its line break, which is missing at the end of everything. Raises _NoHttp for one that is too long."""
        while (at := self._come.find(b"\n", 0, LINE_MAX)) < 0:
            if len(self._come) > LINE_MAX:
                raise _NoHttp
            if not self._more():
                break
        return self._taken(at + 1 or len(self._come))

    def upto(self, count: int) -> bytes:
        """So many bytes; fewer at the end of everything."""
        while len(self._come) < count and self._more():
            pass
        return self._taken(count)

    def _more(self) -> bool:
        part = self._receive()
        self._come += part
        return bool(part)

    def _taken(self, count: int) -> bytes:
        found = bytes(self._come[:count])
        del self._come[:count]
        return found


def _head(incoming: _Incoming) -> tuple[int, dict[str, str]]:
    """Status and headers; the end of everything is the end of the headers too. Of a header that comes twice the last one counts."""
    first = incoming.line()
    if not first:
        raise ConnectionError(0, "it was closed without an answer")
    version, status = (*first.decode("latin-1").split(None, 2), "", "")[:2]
    if not version.startswith("HTTP/1.") or not (status.isdecimal() and 100 <= int(status) <= 999):
        raise _NoHttp
    headers: dict[str, str] = {}
    for _ in range(HEADERS_MAX + 1):
        line = incoming.line()
        if line in (b"\r\n", b"\n", b""):
            return int(status), headers
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            headers[name.lower()] = value.strip(" \t\r\n")
    raise _NoHttp


def _body(incoming: _Incoming, method: str, status: int, headers: Mapping[str, str], most: int) -> bytes:
    """At most so many bytes of it. Raises ConnectionError for one that is shorter than it says."""
    if method == "HEAD" or status in WITHOUT_BODY:
        return b""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return _chunked(incoming, most)
    try:
        announced = int(headers.get("content-length", ""))
    except ValueError:
        announced = -1
    if announced < 0:
        return incoming.upto(most)
    body = incoming.upto(min(announced, most))
    if len(body) < min(announced, most):
        raise _broken_off()
    return body


def _chunked(incoming: _Incoming, most: int) -> bytes:
    body = bytearray()
    while True:
        try:
            size = int(incoming.line().partition(b";")[0], 16)
        except (ValueError, _NoHttp):
            raise _broken_off() from None
        part = incoming.upto(max(0, min(size, most - len(body))))
        body += part
        if not size or len(body) == most:
            return bytes(body)
        if len(part) != size:
            raise _broken_off()
        incoming.upto(2)  # the chunk's line break


def _broken_off() -> ConnectionError:
    return ConnectionError(0, "the answer broke off")
