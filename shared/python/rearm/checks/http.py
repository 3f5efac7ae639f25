"""`http`: a request is answered with the right status. Redirects are not followed, the body is not read.

The standard library's client does for a single request without pool, retries or redirects, and imports in half of urllib3's time.
"""

import contextlib
import socket
from typing import Annotated, Any, Literal, cast

import msgspec

from rearm.checks import address, target
from rearm.checks.question import Question
from rearm.core.model import CheckResult

CALLS = address.CALLS
TARGET = target.TARGET
SECRET = ("headers",)
"""Never quoted: a header may carry a token."""

# A negative look-ahead means the same to Python, where `$` also matches before a final line break, and to JSON Schema.
Path = Annotated[str, msgspec.Meta(pattern=r"^(?!.*[^!-~])/", description="a text that begins with /, without spaces")]
Code = Annotated[int, msgspec.Meta(ge=100, le=599, description="a status from 100 to 599")]
Codes = Annotated[tuple[Code, ...], msgspec.Meta(min_length=1, description="a list of such")]
HeaderName = Annotated[str, msgspec.Meta(pattern=r"^(?!.*[^!#$%&'*+.^_`|~0-9A-Za-z-]).")]
HeaderValue = Annotated[str, msgspec.Meta(pattern=r"^(?!.*[^ -~])")]
Headers = Annotated[dict[HeaderName, HeaderValue], msgspec.Meta(description="a mapping of header names to plain ASCII texts")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`port` None: 80, or 443 for https. `status` None: 200 to 299. `verify` False: any certificate will do."""

    port: target.Port | None = None
    host: target.Host | None = None
    address: target.AddressKind = "private"
    scheme: Literal["http", "https"] = "http"
    path: Path = "/"
    method: Literal["GET", "HEAD"] = "GET"
    status: Code | Codes | None = None
    headers: Headers = {}
    verify: bool = True


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    found = target.problems(settings, clouds)
    if not settings.verify and settings.scheme == "http":
        found.append(("verify", "has no use without `scheme: https`"))
    return found


def label(settings: Settings) -> str:
    host = settings.host or ""
    return f"{settings.scheme} {f'[{host}]' if ':' in host else host}:{_port(settings)}{settings.path}"


def ask(settings: Settings, question: Question) -> CheckResult:
    """Sends one request. Raises RearmError when the instance's address cannot be looked up."""
    return target.ask_at(settings, question, lambda host: _answer(settings, host, question.limit_s))


def _answer(settings: Settings, host: str, limit_s: float) -> CheckResult:
    """A status, judged. Raises Unreached when there is none."""
    try:
        found = _status(settings, host, limit_s)
    except TimeoutError:
        raise target.Unreached(f"no HTTP answer within {limit_s:g} s") from None
    except OSError as error:
        # ssl's errors are OSErrors with a reason such as CERTIFICATE_VERIFY_FAILED.
        reason = getattr(error, "verify_message", None) or getattr(error, "reason", None) or error.strerror or type(error).__name__
        raise target.Unreached(f"the connection broke: {str(reason).lower()}") from None
    wanted = settings.status
    codes = (wanted,) if isinstance(wanted, int) else wanted or ()
    if found in codes or (not codes and 200 <= found <= 299):
        return CheckResult("passed", str(found))
    wants = ", ".join(map(str, codes)) if codes else "200-299"
    return CheckResult("waiting", f"{found}, wants {wants}" if found else "what answers does not speak HTTP")


def _status(settings: Settings, host: str, limit_s: float) -> int:
    """The answer's status, 0 if it is not HTTP. The whole exchange is cut off at the limit, even if the other side drips."""
    import http.client

    given = {name.lower() for name in settings.headers}
    headers = {name: value for name, value in (("User-Agent", "rearm"), ("Connection", "close")) if name.lower() not in given}
    with _Cut(limit_s) as cut:
        line = cut.watch(_wrapped(settings, host, target.connect(host, _port(settings), limit_s)))
        try:
            if settings.scheme == "https":
                cast(Any, line).do_handshake()
            connection = http.client.HTTPConnection(host, _port(settings))
            connection.sock = line
            connection.request(settings.method, settings.path, headers=headers | settings.headers)
            return connection.getresponse().status
        except (http.client.HTTPException, OSError) as error:
            if cut.done:
                raise TimeoutError from None
            if isinstance(error, OSError):
                raise
            return 0
        finally:
            line.close()


class _Cut:
    """Ends a connection after its time, whatever the two sides are doing. A socket's own timeout starts anew with each byte."""

    def __init__(self, limit_s: float) -> None:
        import threading

        self.done = False
        self._line: socket.socket | None = None
        self._timer = threading.Timer(limit_s, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "_Cut":
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


def _wrapped(settings: Settings, host: str, plain: socket.socket) -> socket.socket:
    """The connection, ready for a TLS handshake where the scheme asks for it."""
    if settings.scheme == "http":
        return plain
    import ssl

    context = ssl.create_default_context()
    if not settings.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)


def _port(settings: Settings) -> int:
    return settings.port or (443 if settings.scheme == "https" else 80)
