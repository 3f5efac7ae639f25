"""Where `http`, `tcp` and `tls` connect to: what all of them can set, and the connection itself."""

import socket
from functools import lru_cache
from typing import Annotated, Literal, Protocol

import msgspec

from rearm import clock

TARGET = ("port", "host")
Port = Annotated[int, msgspec.Meta(ge=1, le=65_535, description="a port, a whole number from 1 to 65535")]
Host = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?!.*[^0-9A-Za-z.:_-])(?![^:]*:[^:]*$).", description="a text: a host name or an IP address, without scheme or port"
    ),
]
AddressKind = Literal["private", "public", "dns", "ipv6"]
TagKey = Annotated[str, msgspec.Meta(min_length=1, max_length=128, description="a text of 1 to 128 characters, a tag's key")]

# Instance metadata (and with it credentials) answers at these, on either cloud. A check has no business there.
METADATA = ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32")


class Where(Protocol):
    """What the settings of the checks have in common."""

    @property
    def host(self) -> str | None: ...
    @property
    def address(self) -> AddressKind: ...
    @property
    def address_tag(self) -> str | None: ...


class Unreached(Exception):
    """No connection, or none that lasted. `str` is the reason, in one line."""


def connect(host: str, port: int, limit_s: float) -> socket.socket:
    """A connected TCP socket, within the limit however many addresses the name has. Raises Unreached."""
    deadline, place = clock.monotonic() + limit_s, f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreached(f"the name {host} cannot be resolved") from None
    for *_, name in found:
        if is_metadata(str(name[0])):
            raise Unreached(f"{place} is refused: {name[0]} is an address for instance metadata")
    trouble = "no address"
    for family, kind, protocol, _, name in found:
        line = socket.socket(family, kind, protocol)
        try:
            line.settimeout(max(0.05, deadline - clock.monotonic()))
            line.connect(name)
        except OSError as error:
            line.close()
            trouble = why(error, limit_s)
        else:
            return line
    raise Unreached(f"{place}: {trouble}")


def why(error: OSError, limit_s: float) -> str:
    """A failed connection in a few words."""
    if isinstance(error, TimeoutError):
        return f"no answer within {limit_s:g} s"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return (error.strerror or type(error).__name__).lower()


@lru_cache(maxsize=256)
def is_metadata(host: str) -> bool:
    """True for a literal address at which a cloud serves instance metadata; False for names. Kept: a wait asks of the same ones."""
    import ipaddress

    try:
        given = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    given = getattr(given, "ipv4_mapped", None) or given
    return any(given in ipaddress.ip_network(network) for network in METADATA)


def problems(where: Where, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    found = []
    if where.host is not None and is_metadata(where.host):
        found.append(("host", f"`{where.host}`: an address for instance metadata; a check may not go there"))
    if where.host is not None and where.address != "private":
        found.append(("address", "has no use beside `host`; give one of the two"))
    if where.address_tag is not None and (where.host is not None or where.address != "private"):
        found.append(("address_tag", f"has no use beside `{'address' if where.host is None else 'host'}`; give one of the two"))
    if where.address == "dns" and clouds == ("alibaba",):
        found.append(("address", "`dns`: Alibaba Cloud tells no DNS name of an instance; use private, public or ipv6"))
    return found
