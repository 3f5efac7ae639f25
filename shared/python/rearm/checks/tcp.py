"""`tcp`: a connection can be made."""

import msgspec

from rearm.checks.network import address, target
from rearm.checks.question import Question
from rearm.core.model import CheckResult

CALLS, calls = address.CALLS, address.calls


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`host`: this one instead of the instance's own address."""

    port: target.Port
    host: target.Host | None = None
    address: target.AddressKind = "private"
    address_tag: target.TagKey | None = None


problems = target.problems


def label(settings: Settings) -> str:
    return f"tcp {settings.host or ''}:{settings.port}"


def ask(settings: Settings, question: Question) -> CheckResult:
    """Connects and hangs up. Raises RearmError when the instance's address cannot be looked up."""

    def probe(host: str) -> CheckResult:
        target.connect(host, settings.port, question.limit_s).close()
        return CheckResult("passed", f"port {settings.port} is open")

    return address.ask_at(settings, question, probe)
