"""One connection for one exchange: cut off at its time limit, with TLS around it where that is asked for."""

import contextlib
import socket
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import ssl


class Cut:
    """Ends a connection after its time, whatever the two sides are doing. A socket's own timeout starts anew with each byte."""

    def __init__(self, limit_s: float) -> None:
        import threading

        self.done = False
        self._line: socket.socket | None = None
        self._timer = threading.Timer(max(0.0, limit_s), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "Cut":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, line: socket.socket) -> socket.socket:
        self._line = line
        if self.done:
            self._cut()
        return line

    def _cut(self) -> None:
        self.done = True
        if self._line is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown: that forgets its TLS state under the feet of the reading thread.
                socket.socket.shutdown(self._line, socket.SHUT_RDWR)


def trust(*, verify: bool, ca: str | None = None) -> "ssl.SSLContext":
    """Whom to trust: the machine's certificate authorities, those of the PEM text `ca` alone, or (`verify` False) anybody."""
    import ssl

    context = ssl.create_default_context(cadata=ca)
    if ca is not None:
        # From Python 3.13 on, certificates need key identifiers; those of EKS have none (kubernetes-client/python, issue 2394).
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def secured(plain: socket.socket, context: "ssl.SSLContext | None", server_name: str) -> socket.socket:
    """The connection, ready for the handshake of TLS (`shake`). Without a context it stays what it is."""
    if context is None:
        return plain
    return context.wrap_socket(plain, server_hostname=server_name, do_handshake_on_connect=False)


def shake(line: socket.socket) -> None:
    """The handshake, where there is one. Raises OSError, of which ssl's errors are a part."""
    if hasattr(line, "do_handshake"):
        cast(Any, line).do_handshake()


def broken(error: OSError) -> str:
    """Why a connection broke, in a few words: ssl's errors have a reason such as CERTIFICATE_VERIFY_FAILED."""
    return str(getattr(error, "verify_message", None) or getattr(error, "reason", None) or error.strerror or type(error).__name__).lower()
