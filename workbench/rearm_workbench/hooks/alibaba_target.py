"""Whether an MNS queue or topic exists: one signed GET (help.aliyun.com, Message Service, "GetQueueAttributes" and "Sign requests").

The MNS SDK would be one more dependency for a single question.
"""

import base64
import hashlib
import hmac
from email.utils import formatdate

from rearm import clock
from rearm.clouds.alibaba.settings import Credentials
from rearm_workbench.hooks import arns
from rearm_workbench.hooks.model import Target

VERSION = "2015-06-06"
TIMEOUT_S = 5.0


def read(credentials: Credentials, target: str, endpoint: str) -> Target:
    """Queues and topics are asked for; OOS templates and buses are not."""
    found = arns.parts(target)
    if found.get("kind") not in ("queue", "topic"):
        return Target(exists=None, unread=(f"{target}: only queues and topics can be asked for",))
    resource = f"/{found['kind']}s/{found['name']}"
    base = endpoint.rstrip("/") or f"https://{found['account']}.mns.{found['region']}.aliyuncs.com"
    import urllib3

    try:
        answer = urllib3.request(
            "GET", base + resource, headers=_signed(credentials, resource, clock.now()), timeout=TIMEOUT_S, retries=1, redirect=False
        )
    except urllib3.exceptions.HTTPError as error:
        return Target(exists=None, unread=(f"mns: no answer from {base} ({type(error).__name__})",))
    if answer.status == 200:
        return Target(exists=True)
    if answer.status == 404 and b"NotExist" in answer.data:
        return Target(exists=False)
    return Target(exists=None, unread=(f"mns: {base} answers HTTP {answer.status}",))


def _signed(credentials: Credentials, resource: str, now: float) -> dict[str, str]:
    date = formatdate(now, usegmt=True)
    text = f"GET\n\ntext/xml\n{date}\nx-mns-version:{VERSION}\n{resource}"
    digest = hmac.new(credentials.access_key_secret.encode(), text.encode(), hashlib.sha1).digest()
    signature = base64.b64encode(digest).decode()
    token = {"security-token": credentials.security_token} if credentials.security_token else {}
    return {
        "authorization": f"MNS {credentials.access_key_id}:{signature}",
        "content-type": "text/xml",
        "date": date,
        "x-mns-version": VERSION,
        **token,
    }
