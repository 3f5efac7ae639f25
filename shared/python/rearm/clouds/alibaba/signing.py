"""What the signatures of Alibaba Cloud's services have in common. Each service's own is in the module that calls it."""

import base64
import hmac
import os
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import NamedTuple
from urllib.parse import quote, urlencode

from rearm.clouds.alibaba.settings import Credentials


class HeaderStyle(NamedTuple):
    """A signature over a few headers and the resource: `Authorization: <scheme> <access key id>:<signature>`."""

    scheme: str
    digest: str
    plain: tuple[str, ...]
    """Headers whose value alone is signed; a line stays empty where one is missing."""
    own: str
    """What the names of the service's own headers begin with: these are signed with their names."""

    def authorization(self, credentials: Credentials, method: str, resource: str, headers: Mapping[str, str]) -> str:
        """`headers` with their names in lower case. `resource`: the path, and the query where the service signs it."""
        own = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()) if name.startswith(self.own))
        text = "\n".join([method, *(headers.get(name, "") for name in self.plain), own + resource])
        return f"{self.scheme} {credentials.access_key_id}:{base64_hmac(credentials.access_key_secret, text, self.digest)}"


def base64_hmac(secret: str, text: str, digest: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(errors="replace"), digest).digest()).decode()


def nonce() -> str:
    """Never the same twice. Not by uuid, whose import is slow."""
    return os.urandom(16).hex()


def iso_date(now: float) -> str:
    """`now`: seconds since the epoch."""
    return datetime.fromtimestamp(now, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def http_date(now: float) -> str:
    """As HTTP writes it, whatever the machine's language."""
    from email.utils import formatdate

    return formatdate(now, usegmt=True)


def encoded(text: str) -> str:
    """Percent-encoded (RFC 3986): nothing is left but letters, digits and `-_.~`. What UTF-8 cannot write becomes `?`."""
    return quote(text, safe="~", errors="replace")


def encoded_query(params: Mapping[str, str]) -> str:
    """The same for `name=value&…`, in the order given."""
    return urlencode(params, safe="~", quote_via=quote, errors="replace")
