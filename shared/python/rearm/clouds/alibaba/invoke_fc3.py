"""The recheck on FC 3.0 (API 2023-03-30): delayed asynchronous invocation, and the tasks that wait or run. And synchronous
invocation, of functions of the operator's.

Signed as alibabacloud_fc20230330 signs it, to the byte (docs/decisions/0013): help.aliyun.com, "V3 request signature";
InvokeFunction and ListAsyncTasks of Function Compute 3.0. The delay is FC 2.0's header `x-fc-async-delay`, 0-3600 s.
"""

import hashlib
import hmac
from urllib.parse import urlencode

from rearm import clock
from rearm.clouds.alibaba import signing
from rearm.clouds.alibaba.answers import refused, tasks
from rearm.clouds.alibaba.calls import READ_TIMEOUT_S, Tasks
from rearm.clouds.alibaba.exchange import USER_AGENT, Answer, Request, exchange
from rearm.clouds.alibaba.settings import FC3, Credentials, Settings

INVOKE, LIST = "fc:InvokeFunction", "fc:ListAsyncTasks"
ALGORITHM = "ACS3-HMAC-SHA256"


def invoke(settings: Settings, task_id: str, delay_s: int, payload: bytes) -> None:
    """One attempt at an accepted (202) delayed invocation. Raises `CallFailed`; a task id in use has status 409."""
    own = {"x-fc-invocation-type": "Async", "x-fc-async-delay": str(delay_s), "x-fc-async-task-id": task_id}
    _asked(settings, "POST", INVOKE, _path(settings.recheck_function, "invocations"), own, payload)


def run(settings: Settings, function: str, payload: bytes, limit_s: float) -> tuple[bytes, str]:
    """One attempt at a synchronous invocation: the answer, and the error's type, empty if it did not fail. Raises `CallFailed`."""
    own = {"x-fc-invocation-type": "Sync"}
    answer = _asked(settings, "POST", INVOKE, _path(function, "invocations"), own, payload, limit_s, fresh=True)
    return answer.body, answer.headers.get("x-fc-error-type", "")


def list_tasks(settings: Settings, *, prefix: str, state: str, limit: int, token: str | None) -> Tasks:
    """One page of the recheck function's tasks in a state. Raises `CallFailed`."""
    query = {"limit": str(limit), **({"nextToken": token} if token else {}), "prefix": prefix, "status": state}
    answer = _asked(settings, "GET", LIST, _path(settings.recheck_function, "async-tasks"), query=query)
    return tasks(LIST, answer, "tasks", "taskId")


def _path(function: str, of: str) -> str:
    return f"/{FC3}/functions/{signing.encoded(function)}/{of}"


def _asked(
    settings: Settings,
    method: str,
    operation: str,
    path: str,
    own: dict[str, str] | None = None,
    payload: bytes | None = None,
    limit_s: float = READ_TIMEOUT_S,
    *,
    query: dict[str, str] | None = None,
    fresh: bool = False,
) -> Answer:
    endpoint = settings.endpoint("fc")
    headers = {
        "host": endpoint.host,
        "accept": "application/json",
        "user-agent": USER_AGENT,
        "x-acs-action": operation.removeprefix("fc:"),
        "x-acs-version": FC3,
        "x-acs-date": signing.iso_date(clock.now()),
        "x-acs-signature-nonce": signing.nonce(),
        **(own or {}),
        **({"content-type": "application/octet-stream"} if payload is not None else {}),
    }
    request = signed(settings.credentials, method, path, query or {}, headers, payload or b"")
    answer = exchange(operation, endpoint, request, limit_s, fresh=fresh)
    if not answer.is_success:
        raise refused(operation, answer, settings.credentials)
    return answer


def signed(credentials: Credentials, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> Request:
    """With ACS3-HMAC-SHA256 over every header, their names in lower case."""
    digest = hashlib.sha256(body).hexdigest()
    headers = {**headers, "x-acs-content-sha256": digest, "x-acs-credentials-provider": "static_ak"}
    if credentials.security_token:
        headers["x-acs-credentials-provider"] = "static_sts"
        headers["x-acs-accesskey-id"] = credentials.access_key_id
        headers["x-acs-security-token"] = credentials.security_token
    lines = "".join(f"{name}:{value.strip()}\n" for name, value in sorted(headers.items()))
    names = ";".join(sorted(headers))
    canonical = "\n".join([method, path, signing.encoded_query(dict(sorted(query.items()))), lines, names, digest])
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(credentials.access_key_secret.encode(), text.encode(), "sha256").hexdigest()
    headers["authorization"] = f"{ALGORITHM} Credential={credentials.access_key_id},SignedHeaders={names},Signature={signature}"
    return Request(method, path + (f"?{urlencode(query)}" if query else ""), headers, body)
