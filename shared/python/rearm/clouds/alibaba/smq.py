"""Simple Message Queue (SMQ, formerly MNS): publish a message to a topic. One signed POST, without an SDK.

alibabacloud.com/help/en/mns/developer-reference/ request-protocol-description, message-management-publishmessage. From the same headers
`aliyun-mns-sdk` makes the same signature, to the byte.
"""

import base64
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timezone

from rearm import clock
from rearm.clouds.alibaba.calls import NO_ANSWER, NOT_SENT, CallFailed, one_line
from rearm.clouds.alibaba.settings import Credentials, Settings
from rearm.errors import ConfigError

PERMISSION = "mns:PublishMessage"
VERSION = "2015-06-06"
NAMESPACE = "http://mns.aliyuncs.com/doc/v1/"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
READ_MAX = 4096
"""Of an answer: its code stands at its beginning."""


def publish(settings: Settings, topic: str, text: str, limit_s: float) -> None:
    """One attempt: nobody can tell a lost answer from a lost request. Raises `CallFailed`, and ConfigError without an account."""
    import http.client

    if not (settings.account or settings.endpoints.get("mns")):
        raise ConfigError(["no account id for SMQ: neither context.account_id nor FC_ACCOUNT_ID is set; or set REARM_ENDPOINT_MNS"])
    endpoint, path = settings.endpoint("mns"), f"/topics/{topic}/messages"
    make = http.client.HTTPSConnection if endpoint.scheme == "https" else http.client.HTTPConnection
    connection = make(endpoint.host, timeout=limit_s)
    try:
        connection.connect()
    except OSError as error:
        raise CallFailed(PERMISSION, NOT_SENT, text=f"no connection to {endpoint.host} ({type(error).__name__})") from None
    try:
        connection.request("POST", path, _body(text), signed(settings.credentials, "POST", path, clock.now()))
        answer = connection.getresponse()
        told = answer.read(READ_MAX)
    except (OSError, http.client.HTTPException) as error:
        raise CallFailed(PERMISSION, NO_ANSWER, text=type(error).__name__) from None
    finally:
        connection.close()
    if answer.status != 201:
        raise _refused(settings.credentials, answer.status, told.decode(errors="replace"))


def signed(credentials: Credentials, method: str, path: str, now: float) -> dict[str, str]:
    """The headers of a request. `now`: seconds since the epoch; SMQ takes what is at most 15 minutes old."""
    headers = {"content-type": "text/xml;charset=UTF-8", "date": _date(now), "x-mns-version": VERSION}
    token = {"security-token": credentials.security_token} if credentials.security_token else {}
    return {**headers, **token, "Authorization": authorization(credentials, method, path, headers)}


def authorization(credentials: Credentials, method: str, path: str, headers: Mapping[str, str]) -> str:
    """`headers` with their names in lower case; of the others than these four kinds none is signed."""
    plain = [headers.get(name, "") for name in ("content-md5", "content-type", "date")]
    own = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()) if name.startswith("x-mns-"))
    text = "\n".join([method, *plain, own + path])
    digest = hmac.new(credentials.access_key_secret.encode(), text.encode(), "sha1").digest()
    return f"MNS {credentials.access_key_id}:{base64.b64encode(digest).decode()}"


def _body(text: str) -> bytes:
    """The text as it is: what SMQ's SDKs call Base64 is for queues."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return (f'<?xml version="1.0" encoding="utf-8"?><Message xmlns="{NAMESPACE}"><MessageBody>{escaped}</MessageBody></Message>').encode()


def _date(now: float) -> str:
    """As HTTP writes it, whatever the machine's language."""
    at = datetime.fromtimestamp(now, timezone.utc)
    return f"{DAYS[at.weekday()]}, {at:%d} {MONTHS[at.month - 1]} {at:%Y %H:%M:%S} GMT"


def _refused(credentials: Credentials, status: int, told: str) -> CallFailed:
    """The server's code and message without secrets. A signature error's message is left out: it may quote what was signed."""
    code, text = (found[1] if (found := re.search(rf"<{tag}>(.*?)</{tag}>", told, re.DOTALL)) else "" for tag in ("Code", "Message"))
    secrets = [credentials.access_key_secret, credentials.security_token, credentials.access_key_id]
    return CallFailed(PERMISSION, one_line(code, secrets), status, "" if "Signature" in code else one_line(text, secrets))
