"""The recheck on FC 2.0: delayed asynchronous invocation through aliyun-fc2 (API 2016-08-15), and the tasks that wait or run.
And synchronous invocation, of functions of the operator's.

Headers: help.aliyun.com, Function Compute 2.0, InvokeFunction; `x-fc-async-delay` is 0-3600 s. Tasks: ListStatefulAsyncInvocations.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rearm.clouds.alibaba.answers import field
from rearm.clouds.alibaba.calls import (
    CONNECT_TIMEOUT_S,
    READ_TIMEOUT_S,
    UNREADABLE_ANSWER,
    CallFailed,
    Tasks,
    kept_client,
    lost,
    one_line,
)
from rearm.clouds.alibaba.settings import Settings

INVOKE, LIST = "fc:InvokeFunction", "fc:ListStatefulAsyncInvocations"


def invoke(settings: Settings, task_id: str, delay_s: int, payload: bytes) -> None:
    """One attempt at an accepted (202) delayed invocation. Raises `CallFailed`; a task id in use has status 409."""
    headers = {"x-fc-invocation-type": "Async", "x-fc-async-delay": str(delay_s), "x-fc-stateful-async-invocation-id": task_id}
    client = _kept(settings)
    with _failures(settings, INVOKE):
        client.invoke_function(settings.fc_service, settings.recheck_function, payload=payload, headers=headers)


def run(settings: Settings, service: str, function: str, payload: bytes, limit_s: float) -> tuple[bytes, str]:
    """One attempt at a synchronous invocation: the answer, and the error's type, empty if it did not fail. Raises `CallFailed`."""
    client = kept_client(("fc2", settings.credentials, settings.endpoint("fc"), limit_s), lambda: _client(settings, limit_s))
    path = f"/{client.api_version}/services/{service}/functions/{function}/invocations"
    headers = client._build_common_headers("POST", path, {"x-fc-invocation-type": "Sync"})
    with _failures(settings, INVOKE):
        # `invoke_function` writes a failed function's answer to the log.
        answer = client._do_request("POST", path, headers, body=payload)
    return answer.content, answer.headers.get("X-Fc-Error-Type", "")


def list_tasks(settings: Settings, *, prefix: str, state: str, limit: int, token: str | None) -> Tasks:
    """One page of the recheck function's tasks in a state. Raises `CallFailed`."""
    client = _kept(settings)
    path = f"/{client.api_version}/services/{settings.fc_service}/functions/{settings.recheck_function}/stateful-async-invocations"
    asked = {"invocationIdPrefix": prefix, "status": state, "limit": str(limit)} | ({"nextToken": token} if token else {})
    with _failures(settings, LIST):
        # fc2 has no method for this operation; this is how its own methods ask.
        answer = client._do_request("GET", path, client._build_common_headers("GET", path), params=asked).json()
    tasks = field(answer, "invocations")
    if not isinstance(answer, dict) or not isinstance(tasks, list | None):
        raise CallFailed(LIST, UNREADABLE_ANSWER, text="the answer holds no list of invocations")
    return Tasks([str(field(task, "invocationId")) for task in tasks or []], str(field(answer, "nextToken") or ""))


@contextmanager
def _failures(settings: Settings, operation: str) -> Iterator[None]:
    """What the SDK raises, as `CallFailed`."""
    from fc2.fc_exceptions import FcError
    from requests.exceptions import JSONDecodeError, RequestException

    try:
        yield
    except FcError as error:
        code, text = _details(error)
        credentials = settings.credentials
        secrets = (credentials.access_key_secret, credentials.security_token, credentials.access_key_id)
        raise CallFailed(operation, code, error.status_code, "" if "Signature" in code else one_line(text, secrets)) from None
    except JSONDecodeError:
        raise CallFailed(operation, UNREADABLE_ANSWER, text="the body is not JSON") from None
    except RequestException as error:
        raise lost(operation, repr(error)) from None


def _kept(settings: Settings) -> Any:
    return kept_client(("fc2", settings.credentials, settings.endpoint("fc")), lambda: _client(settings))


def _client(settings: Settings, read_timeout_s: float = READ_TIMEOUT_S) -> Any:
    import fc2

    _guard()
    return fc2.Client(
        endpoint=settings.endpoint("fc").url,
        accessKeyID=settings.credentials.access_key_id,
        accessKeySecret=settings.credentials.access_key_secret,
        securityToken=settings.credentials.security_token,
        Timeout=(CONNECT_TIMEOUT_S, read_timeout_s),
    )


def _guard() -> None:
    """fc2 waits about 30 s on a refused connection, and writes authorization headers to the root logger."""
    import fc2.auth
    import fc2.client

    fc2.client.retries = 0
    silent = logging.getLogger("rearm.fc2")
    silent.disabled = True
    fc2.client.logging = fc2.auth.logging = silent


def _details(error: Any) -> tuple[str, str]:
    """Code and message: FC writes them as `ErrorCode`, `errorCode` or `Code`; fc2 reads the first only."""
    try:
        body = {str(key).lower(): value for key, value in json.loads(error.message).items()}
    except (ValueError, TypeError, AttributeError):
        body = {}
    code = error.err_code or body.get("errorcode") or body.get("code") or ""
    return str(code), str(body.get("errormessage") or body.get("message") or "")
