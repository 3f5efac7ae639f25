"""The recheck on FC 2.0 (API 2016-08-15): delayed asynchronous invocation, and the tasks that wait or run. And synchronous
invocation, of functions of the operator's.

Signed as aliyun-fc2 signs it, to the byte (docs/decisions/0013): help.aliyun.com, Function Compute 2.0, "Signature authentication",
InvokeFunction, ListStatefulAsyncInvocations; `x-fc-async-delay` is 0-3600 s.
"""

from urllib.parse import quote, urlencode

from rearm import clock
from rearm.clouds.alibaba import signing
from rearm.clouds.alibaba.answers import refused, tasks
from rearm.clouds.alibaba.calls import READ_TIMEOUT_S, Tasks
from rearm.clouds.alibaba.exchange import Answer, Request, exchange
from rearm.clouds.alibaba.settings import FC2, Credentials, Settings

INVOKE, LIST = "fc:InvokeFunction", "fc:ListStatefulAsyncInvocations"
FC = signing.HeaderStyle("FC", "sha256", ("content-md5", "content-type", "date"), "x-fc-")


def invoke(settings: Settings, task_id: str, delay_s: int, payload: bytes) -> None:
    """One attempt at an accepted (202) delayed invocation. Raises `CallFailed`; a task id in use has status 409."""
    own = {"x-fc-invocation-type": "Async", "x-fc-async-delay": str(delay_s), "x-fc-stateful-async-invocation-id": task_id}
    path = _path(settings.fc_service, settings.recheck_function, "invocations")
    _asked(settings, INVOKE, signed(settings.credentials, "POST", path, own, payload, clock.now()))


def run(settings: Settings, service: str, function: str, payload: bytes, limit_s: float) -> tuple[bytes, str]:
    """One attempt at a synchronous invocation: the answer, and the error's type, empty if it did not fail. Raises `CallFailed`."""
    path, own = _path(service, function, "invocations"), {"x-fc-invocation-type": "Sync"}
    answer = _asked(settings, INVOKE, signed(settings.credentials, "POST", path, own, payload, clock.now()), limit_s, fresh=True)
    return answer.body, answer.headers.get("x-fc-error-type", "")


def list_tasks(settings: Settings, *, prefix: str, state: str, limit: int, token: str | None) -> Tasks:
    """One page of the recheck function's tasks in a state. Raises `CallFailed`."""
    query = {"invocationIdPrefix": prefix, "status": state, "limit": str(limit)} | ({"nextToken": token} if token else {})
    path = _path(settings.fc_service, settings.recheck_function, "stateful-async-invocations")
    request = signed(settings.credentials, "GET", path, {}, b"", clock.now())
    # The query is not signed.
    answer = _asked(settings, LIST, request._replace(target=f"{request.target}?{urlencode(query)}"))
    return tasks(LIST, answer, "invocations", "invocationId")


def _path(service: str, function: str, of: str) -> str:
    return f"/{FC2}/services/{service}/functions/{function}/{of}"


def _asked(settings: Settings, operation: str, request: Request, limit_s: float = READ_TIMEOUT_S, *, fresh: bool = False) -> Answer:
    answer = exchange(operation, settings.endpoint("fc"), request, limit_s, fresh=fresh)
    if not answer.is_success:
        raise refused(operation, answer, settings.credentials)
    return answer


def signed(credentials: Credentials, method: str, path: str, own: dict[str, str], body: bytes, now: float) -> Request:
    """`path` as it is before it is encoded: so it is signed. `own`: headers that begin with `x-fc-`. `now`: seconds since the epoch."""
    headers = {"date": signing.http_date(now), "content-type": "application/json", **own}
    if credentials.security_token:
        headers["x-fc-security-token"] = credentials.security_token
    headers["authorization"] = FC.authorization(credentials, method, path, headers)
    return Request(method, quote(path), headers, body)
