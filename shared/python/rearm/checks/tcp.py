"""`tcp`: a connection can be made."""

from collections.abc import Mapping

import msgspec

from rearm.checks import address, target
from rearm.clouds import Cloud
from rearm.core.model import CheckResult, Transition

CALLS = address.CALLS


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`host`: this one instead of the instance's own address."""

    port: target.Port
    host: target.Host | None = None
    address: target.AddressKind = "private"


problems = target.problems


def label(settings: Settings) -> str:
    return f"tcp {settings.host or ''}:{settings.port}"


def ask(
    settings: Settings,
    instance: str,
    transition: Transition | None,
    cloud: Cloud,
    known: Mapping[str, str],
    limit_s: float,
) -> CheckResult:
    """Connects and hangs up. Raises RearmError when the instance's address cannot be looked up."""

    def probe(host: str) -> CheckResult:
        target.connect(host, settings.port, limit_s).close()
        return CheckResult("passed", f"port {settings.port} is open")

    return target.ask_at(settings, instance, cloud, known, probe)
