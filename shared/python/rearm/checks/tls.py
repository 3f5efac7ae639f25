"""`tls`: a TLS handshake succeeds, with a valid certificate that lasts long enough."""

import msgspec

from rearm import clock, duration
from rearm.checks.network import address, target
from rearm.checks.network.certificate import not_after
from rearm.checks.network.connection import Line, broken, trust
from rearm.checks.question import Question
from rearm.checks.settings.lasting import Lasting
from rearm.core.model import CheckResult

CALLS, calls = address.CALLS, address.calls
DAY_S = 86_400


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`valid_for` None: it is enough that the certificate is valid now. `server_name` None: the host's own name or address."""

    port: target.Port
    host: target.Host | None = None
    address: target.AddressKind = "private"
    address_tag: target.TagKey | None = None
    server_name: target.Host | None = None
    valid_for: Lasting | None = None
    verify: bool = True


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    found = target.problems(settings, clouds)
    try:
        _wanted_s(settings)
    except ValueError as error:
        found.append(("valid_for", f"`{settings.valid_for}`: must be {error}"))
    return found


def label(settings: Settings) -> str:
    host = settings.server_name or settings.host or ""
    return f"tls {f'[{host}]' if ':' in host else host}:{settings.port}"


def ask(settings: Settings, question: Question) -> CheckResult:
    """Shakes hands and hangs up. Raises RearmError when the instance's address cannot be looked up."""
    return address.ask_at(settings, question, lambda host: _judged(settings, host, question.limit_s))


def _judged(settings: Settings, host: str, limit_s: float) -> CheckResult:
    """A certificate, judged. Raises Unreached when there is none."""
    try:
        expires_at = not_after(_certificate(settings, host, limit_s))
    except TimeoutError:
        raise target.Unreached(f"no TLS handshake within {limit_s:g} s") from None
    except OSError as error:
        raise target.Unreached(f"the TLS handshake failed: {broken(error)}") from None
    except ValueError:
        return CheckResult("waiting", "the certificate cannot be read")
    wanted_s = _wanted_s(settings)
    left_s = expires_at - clock.now()
    lasts = f"lasts {_said(left_s)}" if left_s > 0 else "has expired"
    if wanted_s and left_s < wanted_s:
        return CheckResult("waiting", f"the certificate {lasts}, wants {duration.say(wanted_s)}")
    return CheckResult("passed", f"the certificate {lasts}")


def _certificate(settings: Settings, host: str, limit_s: float) -> bytes:
    """The server's certificate (DER), after a handshake. The whole is cut off at the limit, even if the other side drips."""
    deadline, context = clock.monotonic() + limit_s, trust(verify=settings.verify)
    with Line(target.connect(host, settings.port, limit_s), deadline) as line:
        return line.shake(context, settings.server_name or host).getpeercert(binary_form=True) or b""


def _wanted_s(settings: Settings) -> int:
    """Seconds; 0 for no wish. Raises ValueError."""
    return 0 if settings.valid_for is None else duration.seconds(settings.valid_for)


def _said(left_s: float) -> str:
    """Whole days, for a certificate counts them; less than two of them in full."""
    return f"{int(left_s // DAY_S)}d" if left_s >= 2 * DAY_S else duration.say(int(left_s))
