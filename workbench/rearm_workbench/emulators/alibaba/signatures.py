"""The five signatures that clients send, verified.

RPC v1 (HMAC-SHA1) and ACS3-HMAC-SHA256: AlibabaCloudDocs/ess "Signature", help.aliyun.com "V3 signature". Function Compute 2.0:
help pages "Signature authentication". SMQ: help.aliyun.com 27487. The age of a request is not looked at, nor whether its nonce
was used before: a recorded request can be executed again.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote

from rearm_workbench.emulators.alibaba.loopback import Incoming
from rearm_workbench.emulators.alibaba.wire import MESSAGES, ApiError, RpcCall, credential_of

ACS3 = "ACS3-HMAC-SHA256"
OSS4 = "OSS4-HMAC-SHA256"


def verify_rpc(call: RpcCall, access_key_id: str, secret: str) -> None:
    """Raises `ApiError` unless the request is signed by that key, in either generation."""
    if not call.access_key_id:
        raise ApiError("MissingAccessKeyId", "AccessKeyId is mandatory for this action.")
    if call.access_key_id != access_key_id:
        raise ApiError("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404)
    if call.incoming.headers.get("authorization", "").startswith(ACS3):
        wanted = acs3_string_to_sign(call.incoming)
        if not _same(acs3_given(call.incoming), [_hex256(secret, text) for text in wanted]):
            raise _mismatch(wanted[0])
        return
    signed = [(name, value) for name, value in call.pairs if name != "Signature"]
    wanted_v1 = v1_string_to_sign(call.incoming.method, signed)
    if not _same(call.get("Signature"), [_base64(f"{secret}&", wanted_v1, "sha1")]):
        raise _mismatch(wanted_v1)


def verify_fc(incoming: Incoming, access_key_id: str, secret: str) -> None:
    """Raises `ApiError` unless signed by that key, by FC's own scheme (2.0) or by ACS3 (3.0)."""
    authorization = incoming.headers.get("authorization", "")
    fc = authorization.startswith("FC ")
    given = authorization[3:].partition(":")[0] if fc else credential_of(authorization)
    if given != access_key_id:
        raise ApiError("InvalidAccessKeyID", "The AccessKey ID is not the emulator's.", 403)
    if fc:
        wanted = [fc_string_to_sign(incoming)]
        valid = _same(authorization.rpartition(":")[2], [_base64(secret, wanted[0], "sha256")])
    else:
        wanted = acs3_string_to_sign(incoming)
        valid = _same(acs3_given(incoming), [_hex256(secret, text) for text in wanted])
    if not valid:
        message = "The request signature we calculated does not match the signature you provided. server string to sign is:"
        raise ApiError("SignatureNotMatch", message + wanted[0], 403)


def verify_roa(incoming: Incoming, access_key_id: str, secret: str) -> None:
    """Raises `ApiError` unless `Authorization: acs id:signature` is that key's (help.aliyun.com, "ROA signature", HMAC-SHA1)."""
    scheme, _, rest = incoming.headers.get("authorization", "").partition(" ")
    given_id, _, signature = rest.partition(":")
    if scheme != "acs" or given_id != access_key_id:
        raise ApiError("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404)
    string_to_sign = roa_string_to_sign(incoming)
    if not _same(signature, [_base64(secret, string_to_sign, "sha1")]):
        raise _mismatch(string_to_sign)


def verify_mns(incoming: Incoming, access_key_id: str, secret: str) -> None:
    """Raises `ApiError` unless `Authorization: MNS id:signature` is that key's."""
    scheme, _, rest = incoming.headers.get("authorization", "").partition(" ")
    given_id, _, signature = rest.partition(":")
    if scheme != "MNS" or not signature:
        raise ApiError("InvalidAuthorizationHeader", "The Authorization header format is invalid: MNS AccessKeyId:Signature.")
    if given_id != access_key_id:
        raise ApiError("AccessIDAuthError", "AccessID authentication fails. Please check your AccessKeyId.", 403)
    if not _same(signature, [_base64(secret, mns_string_to_sign(incoming), "sha1")]):
        message = "The request signature we calculated does not match the signature you provided. Check your key and signing method."
        raise ApiError("SignatureDoesNotMatch", message, 403)


def verify_oss(incoming: Incoming, access_key_id: str, secret: str) -> None:
    """Raises `ApiError` unless signed by that key with version 4. alibabacloud.com/help/en/oss/developer-reference,
    "Recommend to use signature version 4"."""
    headers = incoming.headers
    given_id, _, scope = credential_of(headers.get("authorization", "")).partition("/")
    if given_id != access_key_id:
        raise ApiError("InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.", 403)
    key = f"aliyun_v4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    own = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()) if _is_signed(name))
    path = quote(unquote(incoming.path), safe="/~")  # the SDK sends the slashes of a key encoded, and signs them plain
    request = "\n".join([incoming.method, path, "", own, "", headers.get("x-oss-content-sha256", "")])
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join([OSS4, headers.get("x-oss-date", ""), scope, digest])
    if not _same(acs3_given(incoming).partition(",")[0], [hmac.new(key, text.encode(), "sha256").hexdigest()]):
        raise ApiError("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.", 403)


def _is_signed(name: str) -> bool:
    return name.startswith("x-oss-") or name in ("content-type", "content-md5")


def v1_string_to_sign(method: str, pairs: list[tuple[str, str]]) -> str:
    """`METHOD&%2F&` and the sorted, encoded parameters, encoded once more."""
    return f"{method}&%2F&{_quote(_canonical(pairs))}"


def acs3_string_to_sign(incoming: Incoming) -> list[str]:
    """What may have been signed: parameter names with special characters are encoded by the pages, not by the Tea SDKs."""
    pairs = parse_qsl(incoming.query, keep_blank_values=True)
    named = incoming.headers.get("authorization", "").partition("SignedHeaders=")[2].partition(",")[0]
    headers = "".join(f"{name}:{incoming.headers.get(name, '').strip()}\n" for name in named.split(";"))
    digest = hashlib.sha256(incoming.body).hexdigest()
    queries = (_canonical(pairs), "&".join(f"{name}={_quote(value)}" for name, value in sorted(pairs)))
    canonicals = ("\n".join([incoming.method, incoming.path, query, headers, named, digest]) for query in queries)
    return [f"{ACS3}\n{hashlib.sha256(text.encode()).hexdigest()}" for text in canonicals]


def acs3_given(incoming: Incoming) -> str:
    return incoming.headers.get("authorization", "").partition("Signature=")[2].strip()


def fc_string_to_sign(incoming: Incoming) -> str:
    """Method, Content-MD5, Content-Type, Date, the `x-fc-` headers, and the path unescaped."""
    return _header_style(incoming, "x-fc-", unquote(incoming.path))


def mns_string_to_sign(incoming: Incoming) -> str:
    """The same with the `x-mns-` headers, and the path with its query."""
    return _header_style(incoming, "x-mns-", incoming.path + (f"?{incoming.query}" if incoming.query else ""))


def roa_string_to_sign(incoming: Incoming) -> str:
    """Method, Accept, Content-MD5, Content-Type, Date, the `x-acs-` headers, and the path with its query, sorted and unescaped."""
    pairs = sorted(parse_qsl(incoming.query, keep_blank_values=True))
    resource = incoming.path + ("?" + "&".join(f"{name}={value}" for name, value in pairs) if pairs else "")
    plain = [incoming.headers.get(name, "") for name in ("accept", "content-md5", "content-type", "date")]
    own = "".join(f"{name}:{value}\n" for name, value in sorted(incoming.headers.items()) if name.startswith("x-acs-"))
    return "\n".join([incoming.method, *plain, own + resource])


def _header_style(incoming: Incoming, prefix: str, resource: str) -> str:
    headers: Mapping[str, str] = incoming.headers
    plain = [headers.get(name, "") for name in ("content-md5", "content-type", "date")]
    own = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()) if name.startswith(prefix))
    return "\n".join([incoming.method, *plain, own + resource])


def _canonical(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{_quote(name)}={_quote(value)}" for name, value in sorted(pairs))


def _quote(text: str) -> str:
    return quote(text, safe="-_.~")


def _hex256(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()


def _base64(secret: str, text: str, digest: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), digest).digest()).decode()


def _same(given: str, wanted: list[str]) -> bool:
    return any(hmac.compare_digest(given.encode(), one.encode()) for one in wanted)


def _mismatch(string_to_sign: str) -> ApiError:
    """With the text after its only colon: aliyun-python-sdk-core compares it with its own, and raises `IndexError` where there is none."""
    message = MESSAGES["SignatureDoesNotMatch"].partition("server string to sign is:")[0]
    return ApiError("SignatureDoesNotMatch", f"{message}server string to sign is:{string_to_sign}")
