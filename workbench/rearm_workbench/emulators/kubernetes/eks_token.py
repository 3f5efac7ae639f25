"""The bearer token of EKS, verified: a presigned `sts:GetCallerIdentity` that names the cluster in a signed header.

Sources: github.com/kubernetes-sigs/aws-iam-authenticator, "API authorization from outside a cluster"; docs.aws.amazon.com,
"Create a signed AWS API request" (query string). How old it is, is not looked at: it is signed in real time.
"""

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl, quote, urlsplit

PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
EXPIRES_MAX_S = 900


def is_valid(token: str, cluster: str, key_id: str, secret: str) -> bool:
    """Whether the token was made by that key for that cluster."""
    try:
        url = urlsplit(base64.urlsafe_b64decode(token.removeprefix(PREFIX) + "==").decode())
    except ValueError:
        return False
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    scope = query.get("X-Amz-Credential", "").split("/")
    if not token.startswith(PREFIX) or token.endswith("=") or url.scheme != "https" or len(scope) != 5:
        return False
    _, day, region, service, _ = scope
    right_host = url.netloc in ("sts.amazonaws.com", f"sts.{region}.amazonaws.com", f"sts.{region}.amazonaws.com.cn")
    right_call = (query.get("Action"), service, scope[0], url.path) == ("GetCallerIdentity", "sts", key_id, "/")
    signed = query.get("X-Amz-SignedHeaders") == f"host;{CLUSTER_HEADER}"
    if not (right_host and right_call and signed and 0 < int(query.get("X-Amz-Expires") or 0) <= EXPIRES_MAX_S):
        return False
    given = query.pop("X-Amz-Signature", "")
    canonical_query = "&".join(f"{quote(key, safe='-_.~')}={quote(query[key], safe='-_.~')}" for key in sorted(query))
    headers = f"host:{url.netloc}\n{CLUSTER_HEADER}:{cluster}\n"
    canonical = "\n".join(["GET", "/", canonical_query, headers, query["X-Amz-SignedHeaders"], hashlib.sha256(b"").hexdigest()])
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join(["AWS4-HMAC-SHA256", query.get("X-Amz-Date", ""), "/".join(scope[1:]), digest])
    signing = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        signing = hmac.digest(signing, part.encode(), "sha256")
    return hmac.compare_digest(given, hmac.new(signing, to_sign.encode(), "sha256").hexdigest())
