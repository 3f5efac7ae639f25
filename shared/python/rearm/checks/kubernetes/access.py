"""How the API server of a cluster is reached: where it is, whom to trust there, and who asks.

What each cloud tells of its clusters: `eks`, `ack`.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from rearm.checks.kubernetes import ack, eks
from rearm.checks.kubernetes.api import Access
from rearm.checks.network.connection import trust
from rearm.clouds import Cloud
from rearm.errors import TryAgain

if TYPE_CHECKING:
    import ssl

CALLS = {"aws": (eks.PERMISSION,), "alibaba": (ack.PERMISSION,)}


class Where(Protocol):
    """What the settings of a check or step that speaks to Kubernetes have in common."""

    @property
    def cluster(self) -> str | None: ...
    @property
    def endpoint(self) -> str | None: ...
    @property
    def ca(self) -> str | None: ...
    @property
    def token_env(self) -> str | None: ...
    @property
    def token_file(self) -> str | None: ...


def access(where: Where, cloud: Cloud, known: Mapping[str, str], key: str) -> tuple[Access, dict[str, str]]:
    """The way in, and what to remember of it under `key`: no secret. Raises RearmError when it cannot be found out."""
    if where.endpoint is not None:
        return reached(where.endpoint, _pem(where.ca), _token(where)), {}
    if cloud.name == "alibaba":
        endpoint, ca, certificate = ack.kubeconfig(str(where.cluster), cloud)
        return reached(endpoint, ca, "", certificate), {}
    place = known.get(key) or eks.place(str(where.cluster))
    endpoint, _, ca = place.partition(" ")
    return reached(endpoint, ca, _token(where)), {} if known.get(key) == place else {key: place}


def reached(endpoint: str, ca: str | None, token: str, certificate: str = "") -> Access:
    """The way to an endpoint. `certificate`: of the client, with its key (PEM). Raises TryAgain for what cannot be read."""
    import ssl
    from urllib.parse import urlsplit

    try:
        place = urlsplit(endpoint)
        host, port = place.hostname or "", place.port or 443
        if place.scheme != "https" or not host:
            raise ValueError(endpoint)
        context = trust(verify=True, ca=ca)
        if certificate:
            _load(context, certificate)
        return Access(host, port, context, token)
    except ssl.SSLError:
        raise TryAgain("the certificates for the cluster cannot be read") from None
    except ValueError:
        raise TryAgain(f"the endpoint of the cluster cannot be read: {endpoint[:100]}") from None


def _load(context: "ssl.SSLContext", certificate: str) -> None:
    """Python reads a key from files only: this one is there for a moment, and for nobody else to read."""
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(certificate)
        file.flush()
        context.load_cert_chain(file.name)


def _pem(ca: str | None) -> str | None:
    """A certificate authority as it was written, or the file that it names. None: those that the machine trusts."""
    if ca is None or "-----BEGIN" in ca:
        return ca
    return _text_of(ca, "the `ca` of the cluster")


def _token(where: Where) -> str:
    if where.token_env is not None:
        found = os.environ.get(where.token_env, "").strip()
        if not found:
            raise TryAgain(f"the variable {where.token_env} is not set: it has to hold the token for the cluster")
        return found
    if where.token_file is not None:
        return _text_of(where.token_file, "the token for the cluster")
    return eks.token(str(where.cluster))


def _text_of(path: str, what: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except (OSError, ValueError) as error:
        raise TryAgain(f"{what}: {path} cannot be read ({getattr(error, 'strerror', None) or 'no plain text'})") from None
