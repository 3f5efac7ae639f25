"""The four signatures, made as the documentation tells it and without the emulator's own code."""

import base64
import hashlib
import hmac
import urllib.parse

KEY, SECRET = "STS.EmulatedAccessKeyId", "EmulatedAccessKeySecret"
DATE = "Sun, 22 Nov 2026 02:09:35 GMT"


def encoded(text: object) -> str:
    return urllib.parse.quote(str(text), safe="-_.~")


def canonical(params: dict[str, str]) -> str:
    return "&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted(params.items()))


def v1(params: dict[str, str], method: str = "GET", secret: str = SECRET) -> str:
    """The query, signed with HMAC-SHA1."""
    common = {
        "AccessKeyId": KEY,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": "n-1",
        "Timestamp": "2026-11-22T02:09:33Z",
    }
    full = common | params
    text = f"{method}&%2F&{encoded(canonical(full))}"
    signature = base64.b64encode(hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()).decode()
    return canonical(full | {"Signature": signature})


def acs3(
    method: str, path: str, query: dict[str, str], body: bytes = b"", secret: str = SECRET, key: str = KEY, **more: str
) -> dict[str, str]:
    """The headers of an ACS3-HMAC-SHA256 request; `more` are signed too."""
    digest = hashlib.sha256(body).hexdigest()
    headers = {"host": "localhost", "x-acs-content-sha256": digest, "x-acs-signature-nonce": "n-1", "x-acs-date": "2026-11-22T02:09:32Z"}
    headers |= {name.lower().replace("_", "-"): value for name, value in more.items()}
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name]}\n" for name in names)
    text = "\n".join([method, path, canonical(query), lines, ";".join(names), digest])
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(text.encode()).hexdigest()
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return headers | {"Authorization": f"ACS3-HMAC-SHA256 Credential={key},SignedHeaders={';'.join(names)},Signature={signature}"}


def fc2(method: str, path: str, secret: str = SECRET, key: str = KEY, **more: str) -> dict[str, str]:
    """The headers of Function Compute 2.0."""
    return _header_style("FC", hashlib.sha256, "x-fc-", method, path, secret, key, more)


def mns(method: str, path: str, secret: str = SECRET, key: str = KEY, **more: str) -> dict[str, str]:
    return _header_style("MNS", hashlib.sha1, "x-mns-", method, path, secret, key, {"x-mns-version": "2015-06-06"} | more)


def _header_style(
    scheme: str, digest: object, prefix: str, method: str, path: str, secret: str, key: str, more: dict[str, str]
) -> dict[str, str]:
    headers = {"date": DATE} | {name.lower().replace("_", "-"): value for name, value in more.items()}
    own = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()) if name.startswith(prefix))
    text = "\n".join([method, headers.get("content-md5", ""), headers.get("content-type", ""), DATE, own + path])
    signature = base64.b64encode(hmac.new(secret.encode(), text.encode(), digest).digest()).decode()
    return headers | {"Authorization": f"{scheme} {key}:{signature}"}
