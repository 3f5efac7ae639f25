"""The APIs of the RPC style (ESS, ECS and most others), and the one operation of the ROA style: signed calls, without an SDK.

They are those that aliyun-python-sdk-core sends, to the byte (docs/decisions/0013). Signature 1.0: AlibabaCloudDocs/ess, "Signature";
help.aliyun.com, "ROA signature".
"""

from typing import Any
from urllib.parse import urlencode

from rearm import clock
from rearm.clouds.alibaba import signing
from rearm.clouds.alibaba.answers import parsed, refused
from rearm.clouds.alibaba.calls import READ_TIMEOUT_S, UNREADABLE_ANSWER, CallFailed
from rearm.clouds.alibaba.exchange import Request, exchange
from rearm.clouds.alibaba.settings import Credentials, Settings

VERSIONS = {
    "ess": "2022-02-22",
    "ecs": "2014-05-26",
    "kms": "2016-01-20",
    "oos": "2019-06-01",
    "ros": "2019-09-10",
    "sts": "2015-04-01",
    "slb": "2014-05-15",
    "alb": "2020-06-16",
    "nlb": "2022-04-30",
    "cms": "2019-01-01",
    "cs": "2015-12-15",
}

PATHS = {("cs", "DescribeClusterUserKubeconfig"): "/k8s/[ClusterId]/user_config"}
"""Operations of the other style of Alibaba's APIs (ROA): a GET of a path, into which the parameters in brackets go."""

LONGEST_IN_URL = 1000
ROA = signing.HeaderStyle("acs", "sha1", ("accept", "content-md5", "content-type", "date"), "x-acs-")


def call(settings: Settings, product: str, action: str, params: dict[str, Any], *, fresh: bool = False) -> dict[str, Any]:
    """One attempt. `params` hold the `RegionId`. Returns the answer's object; raises `CallFailed`. `fresh` uses no kept connection.

    A connection kept while the function's instance was frozen may be dead, and then nobody knows whether the call was done.
    """
    operation = f"{product}:{action}"
    given = {name: str(value) for name, value in params.items()}
    request = signed(settings.credentials, product, action, given, clock.now(), signing.nonce())
    answer = exchange(operation, settings.endpoint(product, given.get("RegionId", "")), request, READ_TIMEOUT_S, fresh=fresh)
    if not answer.is_success:
        tokens = [value for name, value in given.items() if "token" in name.lower()]
        raise refused(operation, answer, settings.credentials, tokens)
    told = parsed(answer)
    if not isinstance(told, dict):
        raise CallFailed(operation, UNREADABLE_ANSWER, text="the answer is not a JSON object")
    return told


def signed(credentials: Credentials, product: str, action: str, params: dict[str, str], now: float, nonce: str) -> Request:
    """The request of that call. `now`: seconds since the epoch; `nonce` is used once."""
    version = VERSIONS[product]
    if (product, action) in PATHS:
        return _by_path(credentials, PATHS[product, action], action, version, params, now)
    # What is long (a script) goes into the form: a URL has its limits.
    form = {name: value for name, value in params.items() if len(value) > LONGEST_IN_URL}
    query = {name: value for name, value in params.items() if name not in form}
    if credentials.security_token:
        query["SecurityToken"] = credentials.security_token
    query |= {
        "Version": version,
        "Action": action,
        "Format": "JSON",
        "Timestamp": signing.iso_date(now),
        "SignatureMethod": "HMAC-SHA1",
        "SignatureType": "",
        "SignatureVersion": "1.0",
        "SignatureNonce": nonce,
        "AccessKeyId": credentials.access_key_id,
    }
    text = f"POST&%2F&{signing.encoded(signing.encoded_query(dict(sorted((query | form).items()))))}"
    query["Signature"] = signing.base64_hmac(f"{credentials.access_key_secret}&", text, "sha1")
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    return Request("POST", f"/?{signing.encoded_query(query)}", headers, urlencode(form, errors="replace").encode())


def _by_path(credentials: Credentials, path: str, action: str, version: str, params: dict[str, str], now: float) -> Request:
    query = {}
    for name, value in params.items():
        if f"[{name}]" in path:
            path = path.replace(f"[{name}]", value)
        else:
            query[name] = value
    headers = {
        "accept": "application/json",
        "date": signing.http_date(now),
        "x-acs-action": action,
        "x-acs-signature-method": "HMAC-SHA1",
        "x-acs-signature-version": "1.0",
        "x-acs-version": version,
    }
    if credentials.security_token:
        headers["x-acs-security-token"] = credentials.security_token
    resource = f"{path}?{'&'.join(f'{name}={value}' for name, value in sorted(query.items()))}"
    headers["authorization"] = ROA.authorization(credentials, "GET", resource, headers)
    return Request("GET", f"{path}?{urlencode(query)}", headers)
