"""Simple Message Queue (SMQ, formerly MNS): publish a message to a topic. One signed POST, without an SDK.

alibabacloud.com/help/en/mns/developer-reference/ request-protocol-description, message-management-publishmessage. From the same headers
`aliyun-mns-sdk` makes the same signature, to the byte.
"""

import re
from collections.abc import Mapping

from rearm import clock
from rearm.clouds.alibaba import signing
from rearm.clouds.alibaba.calls import CallFailed, one_line
from rearm.clouds.alibaba.exchange import Request, exchange
from rearm.clouds.alibaba.settings import Credentials, Settings
from rearm.errors import ConfigError

PERMISSION = "mns:PublishMessage"
VERSION = "2015-06-06"
NAMESPACE = "http://mns.aliyuncs.com/doc/v1/"
MNS = signing.HeaderStyle("MNS", "sha1", ("content-md5", "content-type", "date"), "x-mns-")
READ_MAX = 4096
"""Of an answer: its code stands at its beginning."""


def publish(settings: Settings, topic: str, text: str, limit_s: float) -> None:
    """One attempt: nobody can tell a lost answer from a lost request. Raises `CallFailed`, and ConfigError without an account."""
    if not (settings.account or settings.endpoints.get("mns")):
        raise ConfigError(["no account id for SMQ: neither context.account_id nor FC_ACCOUNT_ID is set; or set REARM_ENDPOINT_MNS"])
    path = f"/topics/{topic}/messages"
    request = Request("POST", path, signed(settings.credentials, "POST", path, clock.now()), _body(text))
    answer = exchange(PERMISSION, settings.endpoint("mns"), request, limit_s, fresh=True)
    if answer.status != 201:
        raise _refused(settings.credentials, answer.status, answer.body[:READ_MAX].decode(errors="replace"))


def signed(credentials: Credentials, method: str, path: str, now: float) -> dict[str, str]:
    """The headers of a request. `now`: seconds since the epoch; SMQ takes what is at most 15 minutes old."""
    headers = {"content-type": "text/xml;charset=UTF-8", "date": signing.http_date(now), "x-mns-version": VERSION}
    token = {"security-token": credentials.security_token} if credentials.security_token else {}
    return {**headers, **token, "Authorization": authorization(credentials, method, path, headers)}


def authorization(credentials: Credentials, method: str, path: str, headers: Mapping[str, str]) -> str:
    """`headers` with their names in lower case; of the others than these four kinds none is signed."""
    return MNS.authorization(credentials, method, path, headers)


def _body(text: str) -> bytes:
    """The text as it is: what SMQ's SDKs call Base64 is for queues."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return (f'<?xml version="1.0" encoding="utf-8"?><Message xmlns="{NAMESPACE}"><MessageBody>{escaped}</MessageBody></Message>').encode()


def _refused(credentials: Credentials, status: int, told: str) -> CallFailed:
    """The server's code and message without secrets. A signature error's message is left out: it may quote what was signed."""
    code, text = (found[1] if (found := re.search(rf"<{tag}>(.*?)</{tag}>", told, re.DOTALL)) else "" for tag in ("Code", "Message"))
    secrets = [credentials.access_key_secret, credentials.security_token, credentials.access_key_id]
    return CallFailed(PERMISSION, one_line(code, secrets), status, "" if "Signature" in code else one_line(text, secrets))
