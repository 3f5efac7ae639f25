"""`http`: a request is answered with the right status, and with the right body where that is asked for."""

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from rearm import clock
from rearm.checks.network import address, http_body, target
from rearm.checks.network.connection import broken, trust
from rearm.checks.network.http_exchange import Answer, Request, exchange
from rearm.checks.network.http_redirects import CODES, Step, follow
from rearm.checks.question import Question
from rearm.checks.settings import pattern
from rearm.core.model import CheckResult

if TYPE_CHECKING:
    import ssl

CALLS, calls = address.CALLS, address.calls
TARGET = target.TARGET
SECRET = ("headers", "body")
"""Never quoted: they may carry a token."""

# A negative look-ahead means the same to Python, where `$` also matches before a final line break, and to JSON Schema.
Path = Annotated[str, msgspec.Meta(pattern=r"^(?!.*[^!-~])/", description="a text that begins with /, without spaces")]
Code = Annotated[int, msgspec.Meta(ge=100, le=599, description="a status from 100 to 599")]
Codes = Annotated[tuple[Code, ...], msgspec.Meta(min_length=1, description="a list of such")]
HeaderName = Annotated[str, msgspec.Meta(pattern=r"^(?!.*[^!#$%&'*+.^_`|~0-9A-Za-z-]).")]
HeaderValue = Annotated[str, msgspec.Meta(pattern=r"^(?!.*[^ -~])")]
Headers = Annotated[dict[HeaderName, HeaderValue], msgspec.Meta(description="a mapping of header names to plain ASCII texts")]
Body = Annotated[str, msgspec.Meta(max_length=4096, description="a text of at most 4096 characters")]
Redirects = Annotated[int, msgspec.Meta(ge=0, le=10, description="how many redirects to follow, a whole number from 0 to 10")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`port` None: 80, or 443 for https. `status` None: 200 to 299. `verify` False: any certificate will do.

    `server_name` None: the certificate must be for the host. `equals` None: whatever the value, if only it is there.
    """

    port: target.Port | None = None
    host: target.Host | None = None
    address: target.AddressKind = "private"
    address_tag: target.TagKey | None = None
    scheme: Literal["http", "https"] = "http"
    path: Path = "/"
    method: Literal["GET", "HEAD", "POST", "PUT"] = "GET"
    body: Body | None = None
    status: Code | Codes | None = None
    body_matches: pattern.Pattern | None = None
    json: http_body.JsonPath | None = None
    equals: http_body.Value | None = None
    headers: Headers = {}
    redirects: Redirects = 0
    verify: bool = True
    server_name: target.Host | None = None


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    found = target.problems(settings, clouds)
    plain = settings.scheme == "http" and not settings.redirects
    if not settings.verify and plain:
        found.append(("verify", "has no use without `scheme: https`"))
    if settings.server_name is not None and plain:
        found.append(("server_name", "has no use without `scheme: https`"))
    if settings.body is not None and settings.method not in ("POST", "PUT"):
        found.append(("body", f"has no use with `method: {settings.method}`; write POST or PUT"))
    if settings.method == "HEAD":
        found += [(key, "the answer to HEAD has no body") for key in ("body_matches", "json") if getattr(settings, key) is not None]
    if settings.body_matches is not None and (trouble := pattern.problem(settings.body_matches)):
        found.append(("body_matches", trouble))
    if settings.equals is not None and settings.json is None:
        found.append(("equals", "has no use without `json`, which says where"))
    try:
        http_body.parts(settings.json or "$")
    except ValueError:
        found.append(("json", f"`{settings.json}`: no path; write it like $.checks.db, items[0].state or $['a key']"))
    return found


def label(settings: Settings) -> str:
    """Without the query, which may carry a token: it is shown in logs."""
    host = settings.host or ""
    path, query, _ = settings.path.partition("?")
    return f"{settings.scheme} {f'[{host}]' if ':' in host else host}:{_port(settings)}{path}{'?…' if query else ''}"


def ask(settings: Settings, question: Question) -> CheckResult:
    """Sends one request, and one more for each redirect. Raises RearmError when the instance's address cannot be looked up."""
    return address.ask_at(settings, question, lambda host: _judged(settings, host, question.limit_s))


def _judged(settings: Settings, host: str, limit_s: float) -> CheckResult:
    """An answer, judged. Raises Unreached when there is none."""
    deadline = clock.monotonic() + limit_s
    try:
        answer, refused = _asked(settings, host, deadline)
    except TimeoutError:
        raise target.Unreached(f"no HTTP answer within {limit_s:g} s") from None
    except OSError as error:
        raise target.Unreached(f"the connection broke: {broken(error)}") from None
    if refused:
        return CheckResult("waiting", refused)
    if not answer.status:
        return CheckResult("waiting", "what answers does not speak HTTP")
    if not _wanted(settings, answer.status):
        wants = ", ".join(map(str, _codes(settings))) or "200-299"
        return CheckResult("waiting", f"{answer.status}, wants {wants}")
    wrong = http_body.wrong(answer.body, answer.whole, settings.body_matches, settings.json, settings.equals, deadline)
    return CheckResult("waiting", f"{answer.status}, but {wrong}") if wrong else CheckResult("passed", str(answer.status))


def _asked(settings: Settings, host: str, deadline: float) -> tuple[Answer, str]:
    """The last answer of the chain, and why a redirect was not followed, empty if that did not happen. All of them go to `host`."""
    step = Step(settings.scheme, _port(settings), settings.path, settings.method)
    virtual = next((value for name, value in settings.headers.items() if name.lower() == "host"), "")
    own = frozenset(name.lower() for name in (host, settings.server_name, virtual.partition(":")[0]) if name)
    body = None if settings.body is None else settings.body.encode()
    read = http_body.READ_MAX if settings.body_matches is not None or settings.json is not None else 0
    for followed in range(settings.redirects + 1):
        request = Request(step.method, step.path, settings.headers, body if step.method == settings.method else None)
        context, left_s = _context(settings, step), deadline - clock.monotonic()
        answer = exchange(host, step.port, request, left_s, context=context, server_name=settings.server_name or "", read=read)
        if not settings.redirects or answer.status not in CODES or _wanted(settings, answer.status):
            return answer, ""
        if followed == settings.redirects:
            return answer, f"{answer.status}, after {followed} redirects"
        next_step = follow(step, answer.status, answer.headers.get("location", ""), own)
        if isinstance(next_step, str):
            return answer, next_step
        step = next_step
    raise AssertionError("unreachable: the last round returns")


def _context(settings: Settings, step: Step) -> "ssl.SSLContext | None":
    return trust(verify=settings.verify) if step.scheme == "https" else None


def _codes(settings: Settings) -> tuple[int, ...]:
    wanted = settings.status
    return (wanted,) if isinstance(wanted, int) else wanted or ()


def _wanted(settings: Settings, status: int) -> bool:
    codes = _codes(settings)
    return status in codes if codes else 200 <= status <= 299


def _port(settings: Settings) -> int:
    return settings.port or (443 if settings.scheme == "https" else 80)
