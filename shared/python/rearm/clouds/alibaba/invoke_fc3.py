"""The recheck on FC 3.0: delayed asynchronous invocation through alibabacloud_fc20230330, and the tasks that wait or run.
And synchronous invocation, of functions of the operator's.

The SDK has no field for the delay; `x-fc-async-delay` goes, signed, with the common headers.
"""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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

INVOKE, LIST = "fc:InvokeFunction", "fc:ListAsyncTasks"


def invoke(settings: Settings, task_id: str, delay_s: int, payload: bytes) -> None:
    """One attempt at an accepted (202) delayed invocation. Raises `CallFailed`; a task id in use has status 409."""
    from alibabacloud_fc20230330 import models

    headers = models.InvokeFunctionHeaders(
        common_headers={"x-fc-async-delay": str(delay_s)}, x_fc_invocation_type="Async", x_fc_async_task_id=task_id
    )
    request = models.InvokeFunctionRequest(body=io.BytesIO(payload))
    with _failures(settings, INVOKE):
        _kept(settings).invoke_function_with_options(settings.recheck_function, request, headers, _runtime())


def run(settings: Settings, function: str, payload: bytes, limit_s: float) -> tuple[bytes, str]:
    """One attempt at a synchronous invocation: the answer, and the error's type, empty if it did not fail. Raises `CallFailed`."""
    from alibabacloud_fc20230330 import models

    headers = models.InvokeFunctionHeaders(x_fc_invocation_type="Sync")
    request = models.InvokeFunctionRequest(body=io.BytesIO(payload))
    with _failures(settings, INVOKE):
        answer = _kept(settings).invoke_function_with_options(function, request, headers, _runtime(limit_s))
        told = {str(name).lower(): str(value) for name, value in (answer.headers or {}).items()}
        return answer.body.read() if answer.body is not None else b"", told.get("x-fc-error-type", "")


def list_tasks(settings: Settings, *, prefix: str, state: str, limit: int, token: str | None) -> Tasks:
    """One page of the recheck function's tasks in a state. Raises `CallFailed`."""
    from alibabacloud_fc20230330 import models

    request = models.ListAsyncTasksRequest(prefix=prefix, status=state, limit=limit, next_token=token)
    with _failures(settings, LIST):
        answer = _kept(settings).list_async_tasks_with_options(settings.recheck_function, request, {}, _runtime()).body
        return Tasks([str(task.task_id) for task in answer.tasks or []], answer.next_token or "")


@contextmanager
def _failures(settings: Settings, operation: str) -> Iterator[None]:
    """What the SDK raises, as `CallFailed`."""
    from Tea.exceptions import TeaException, UnretryableException

    try:
        yield
    except UnretryableException as error:
        inner = error.inner_exception
        if isinstance(inner, (ValueError, TypeError, AttributeError)):
            raise CallFailed(operation, UNREADABLE_ANSWER, text="the error's body is not JSON") from None
        raise lost(operation, str(inner)) from None
    except TeaException as error:
        code, text = _details(error)
        credentials = settings.credentials
        secrets = (credentials.access_key_secret, credentials.security_token, credentials.access_key_id)
        status = getattr(error, "status_code", 0)
        raise CallFailed(operation, code, status, "" if "Signature" in code else one_line(text, secrets)) from None
    except (ValueError, TypeError, AttributeError):
        raise CallFailed(operation, UNREADABLE_ANSWER, text="the answer is not what the SDK knows") from None


def _runtime(read_timeout_s: float = READ_TIMEOUT_S) -> Any:
    from alibabacloud_fc20230330.client import RuntimeOptions

    return RuntimeOptions(connect_timeout=CONNECT_TIMEOUT_S * 1000, read_timeout=round(read_timeout_s * 1000), autoretry=False)


def _kept(settings: Settings) -> Any:
    return kept_client(("fc3", settings.credentials, settings.region, settings.endpoint("fc")), lambda: _client(settings))


def _client(settings: Settings) -> Any:
    from alibabacloud_fc20230330.client import Client
    from alibabacloud_tea_openapi.models import Config

    # With DEBUG=sdk in the environment these two write authorization headers.
    for name in ("darabonba-core", "alibabacloud-tea"):
        logging.getLogger(name).disabled = True
    endpoint = settings.endpoint("fc")
    config = Config(
        access_key_id=settings.credentials.access_key_id,
        access_key_secret=settings.credentials.access_key_secret,
        security_token=settings.credentials.security_token or None,
        region_id=settings.region,
        endpoint=endpoint.host,
        protocol=endpoint.scheme,
    )
    return Client(config)


def _details(error: Any) -> tuple[str, str]:
    """Code and message: the SDK reads `Code`, FC also writes `ErrorCode` and `errorCode`; a missing code is the text "None"."""
    data = error.data if isinstance(error.data, dict) else {}
    body = {str(key).lower(): value for key, value in data.items()}
    code = body.get("code") or body.get("errorcode") or ""
    return str(code), str(body.get("message") or body.get("errormessage") or "")
