"""Signature Version 4 of a request without a query string, as the three services of every look want it.

docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request. Tests hold it against botocore's, byte for byte.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import NamedTuple
from urllib.parse import quote

ALGORITHM, END = "AWS4-HMAC-SHA256", "aws4_request"

_keys: dict[tuple[str, ...], bytes] = {}
"""The signing key of today, region and service: four hashes that are the same for every request of a day."""
KEYS_MAX = 8


class Credentials(NamedTuple):
    """As Lambda hands them to a function: in its environment."""

    key_id: str
    secret: str
    token: str = ""


class Scope(NamedTuple):
    """What a signature is good for."""

    service: str
    region: str


def signed(
    method: str, host: str, path: str, headers: Mapping[str, str], body: bytes, scope: Scope, credentials: Credentials, at: float
) -> dict[str, str]:
    """All headers of the request. `headers`: those given, all of which are signed; `path`: as sent; `at`: seconds since the epoch."""
    moment = datetime.fromtimestamp(at, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    given = {**headers, "X-Amz-Date": moment, **({"X-Amz-Security-Token": credentials.token} if credentials.token else {})}
    lines = sorted([("host", host), *((name.lower(), value) for name, value in given.items())])
    names = ";".join(name for name, _ in lines)
    canonical = "\n".join(
        # Every service but S3 wants the path encoded once more than it is sent.
        [method, quote(path, safe="/~"), "", *(f"{name}:{value}" for name, value in lines), "", names, hashlib.sha256(body).hexdigest()]
    )
    where = f"{moment[:8]}/{scope.region}/{scope.service}/{END}"
    text = f"{ALGORITHM}\n{moment}\n{where}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(_key(credentials.secret, where), text.encode(), "sha256").hex()
    told = f"{ALGORITHM} Credential={credentials.key_id}/{where}, SignedHeaders={names}, Signature={signature}"
    return {**given, "Authorization": told}


def _key(secret: str, where: str) -> bytes:
    found = _keys.get((secret, where))
    if found is None:
        found = f"AWS4{secret}".encode()
        for part in where.split("/"):
            found = hmac.digest(found, part.encode(), "sha256")
        if len(_keys) >= KEYS_MAX:
            _keys.clear()
        _keys[secret, where] = found
    return found
