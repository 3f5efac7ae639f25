"""One connection for one exchange: over at its deadline, with TLS around it where that is asked for."""

import os
import socket
from threading import Lock
from typing import TYPE_CHECKING

from rearm import clock

if TYPE_CHECKING:
    import ssl


RECEIVE_BYTES = 65_536


class Line:
    """A connection that ends at its deadline (`clock.monotonic` seconds), even if the other side drips.

    A socket's own time limit starts anew with each byte. So each wait is given what is left, and all raise TimeoutError when nothing is.
    Leaving the `with` closes it.
    """

    def __init__(self, plain: socket.socket, deadline: float) -> None:
        self._socket, self._deadline = plain, deadline

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def shake(self, context: "ssl.SSLContext", server_name: str) -> "ssl.SSLSocket":
        """From here on by TLS. Raises OSError, of which ssl's errors are a part."""
        self._socket = secured = context.wrap_socket(self._socket, server_hostname=server_name, do_handshake_on_connect=False)
        self._in_time()
        secured.do_handshake()
        return secured

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._in_time().send(rest) :]

    def receive(self) -> bytes:
        """What comes next; empty at the end."""
        return self._in_time().recv(RECEIVE_BYTES)

    def _in_time(self) -> socket.socket:
        left_s = self._deadline - clock.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._socket.settimeout(left_s)
        return self._socket


_lock = Lock()
_shared: "dict[tuple[object, ...], ssl.SSLContext]" = {}


def trust(*, verify: bool, ca: str | None = None) -> "ssl.SSLContext":
    """Whom to trust: the machine's certificate authorities, those of the PEM text `ca` alone, or (`verify` False) anybody.

    Without `ca` all get the same one, which nobody may change: the machine's list takes longer to read than many an exchange.
    """
    if ca is not None:
        return _made(verify, ca)
    key = verify, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    with _lock:
        if key not in _shared:
            _shared[key] = _made(verify, None)
        return _shared[key]


def _made(verify: bool, ca: str | None) -> "ssl.SSLContext":
    import ssl

    context = ssl.create_default_context(cadata=ca)
    if ca is not None:
        # From Python 3.13 on, certificates need key identifiers; those of EKS have none (kubernetes-client/python, issue 2394).
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def broken(error: OSError) -> str:
    """Why a connection broke, in a few words: ssl's errors have a reason such as CERTIFICATE_VERIFY_FAILED."""
    return str(getattr(error, "verify_message", None) or getattr(error, "reason", None) or error.strerror or type(error).__name__).lower()
