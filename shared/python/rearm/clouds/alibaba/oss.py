"""Object Storage Service: is an object there? One signed HEAD, without an SDK.

HeadObject, and the signature of version 4: alibabacloud.com/help/en/oss/developer-reference/ headobject,
recommend-to-use-signature-version-4. Version 1 is refused for new accounts. Checked against `oss2` 2.19, which signs the same bytes.
"""

import base64
import hashlib
import hmac
import re
from datetime import datetime, timezone
from urllib.parse import quote

from rearm import clock
from rearm.clouds.alibaba.calls import CallFailed
from rearm.clouds.alibaba.exchange import Request, exchange
from rearm.clouds.alibaba.settings import Settings

PERMISSION = "oss:GetObject"
"""What HeadObject is called in a policy."""

ALGORITHM = "OSS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
REQUEST = "aliyun_v4_request"


def is_there(settings: Settings, bucket: str, key: str, limit_s: float) -> bool:
    """One attempt. False: no such object. Raises `CallFailed`, also for a bucket that does not exist."""
    endpoint = settings.endpoint("oss")
    path = quote(key, safe="/~")
    # A bucket is a part of the host's name; an emulator on the loopback has no such names.
    if endpoint.is_loopback:
        path = f"{bucket}/{path}"
    else:
        endpoint = endpoint._replace(host=f"{bucket}.{endpoint.host}")
    answer = exchange(PERMISSION, endpoint, Request("HEAD", f"/{path}", signed(settings, bucket, key, clock.now())), limit_s, fresh=True)
    if answer.status == 200:
        return True
    code = _code(answer.headers.get("x-oss-err", ""))
    if answer.status == 404 and code in ("", "NoSuchKey"):
        return False
    raise CallFailed(PERMISSION, code or ("AccessDenied" if answer.status == 403 else ""), answer.status)


def signed(settings: Settings, bucket: str, key: str, now: float) -> dict[str, str]:
    """The headers of a HEAD request. `now`: seconds since the epoch."""
    at = datetime.fromtimestamp(now, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    credentials = settings.credentials
    headers = {"x-oss-content-sha256": UNSIGNED, "x-oss-date": at}
    if credentials.security_token:
        headers["x-oss-security-token"] = credentials.security_token
    canonical = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
    request = "\n".join(["HEAD", f"/{bucket}/{quote(key, safe='/~')}", "", canonical, "", UNSIGNED])
    scope = f"{at[:8]}/{settings.region}/oss/{REQUEST}"
    text = "\n".join([ALGORITHM, at, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = hmac.new(signing_key(credentials.access_key_secret, scope), text.encode(), "sha256").hexdigest()
    return {**headers, "Authorization": f"{ALGORITHM} Credential={credentials.access_key_id}/{scope},Signature={signature}"}


def signing_key(secret: str, scope: str) -> bytes:
    """`scope`: date, region, product and request type, with slashes between."""
    key = f"aliyun_v4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return key


def _code(told: str) -> str:
    """The error's code: the answer to a HEAD has no body, so it comes in Base64 in a header; empty where it does not."""
    try:
        found = re.search(r"<Code>(\w+)</Code>", base64.b64decode(told).decode())
    except ValueError:
        return ""
    return found[1] if found else ""
