"""Every call that reaches moto passes here first: it is named, told to `on_call`, and failed on demand.

moto tells its recorder of each request before it serves it, so the recorder is the one place that needs no patching.
"""

import json
import re
from functools import lru_cache
from html import escape
from typing import Any

from botocore.exceptions import ConnectionClosedError
from moto.core.exceptions import HTTPException
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from moto.moto_api._internal.recorder.models import Recorder

from rearm_workbench.emulators.aws.operations import is_served
from rearm_workbench.emulators.aws.running import running

SIGNED_FOR = re.compile(r"Credential=[^/]*/\d+/[^/]+/([^/]+)/aws4_request")
SIGNED_BY = re.compile(r"Credential=([^/,\s]+)/")
IAM_PREFIXES = {"monitoring": "cloudwatch"}
"""Where requests are signed for another name than permissions have."""
REQUEST_ID = "00000000-0000-4000-8000-000000000000"


class Calls(Recorder):
    """moto's recorder, listening."""

    def _record_request(self, request: Request, body: bytes | None = None) -> None:
        super()._record_request(request, body)
        text = text_of(request)  # first: werkzeug keeps no body once it has read a form
        service, operation = name_of(request)
        now = running()
        if now.on_call is not None:
            now.on_call(f"{service}:{operation}", text)
        if now.access_key_id is not None:
            _check_key(service, request, now.access_key_id)
        fault = now.take_fault(f"{service}:{operation}")
        if fault is not None and fault.status == 0:
            raise ConnectionClosedError(endpoint_url=request.raw_url)
        if fault is not None:
            raise Refusal(service, fault.code, fault.message, fault.status)
        if not is_served(service, operation):
            raise Refusal(
                service,
                "NotModelled",
                f"the emulator does not model {service}:{operation}; `modelled_operations()` lists what it does",
                501,
            )


def _check_key(service: str, request: Request, wanted: str) -> None:
    """Signatures are not verified, but the key must be the account's. Each protocol has its own words for it."""
    signed = SIGNED_BY.search(request.headers.get("Authorization", ""))
    if signed is None:
        raise Refusal(service, "MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    if signed.group(1) == wanted:
        return
    protocol = _protocol(service)
    if protocol == "ec2":
        raise Refusal(service, "AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    code = "InvalidClientTokenId" if protocol == "query" or service == "sqs" else "UnrecognizedClientException"
    raise Refusal(service, code, "The security token included in the request is invalid.", 403)


class Refusal(HTTPException):
    """An error answer in the service's own wire format."""

    def __init__(self, service: str, code: str, message: str, status: int) -> None:
        super().__init__()
        self.code = status
        self._error = code
        self._body = {"query": _query_error, "ec2": _ec2_error}.get(_protocol(service), _json_error)(code, message)

    def get_headers(self, *_: Any, **__: Any) -> list[tuple[str, str]]:
        kind = "application/json" if self._body.startswith("{") else "text/xml"
        return [("Content-Type", kind), ("x-amzn-ErrorType", self._error), ("x-amzn-RequestId", REQUEST_ID)]

    def get_body(self, *_: Any, **__: Any) -> str:
        return self._body


def name_of(request: Request) -> tuple[str, str]:
    """Service and operation as in an IAM policy: `("autoscaling", "CompleteLifecycleAction")`."""
    signed = SIGNED_FOR.search(request.headers.get("Authorization", ""))
    service = signed.group(1) if signed else request.host.split(".")[0]
    service = IAM_PREFIXES.get(service, service)
    target = request.headers.get("X-Amz-Target")
    if target:
        return service, target.split(".")[-1]
    action = request.values.get("Action")
    if action:
        return service, str(action)
    try:
        operation, _ = get_service_router(service).match(request)
    except Exception:  # noqa: BLE001 - a service that moto cannot route gets its method and path as a name
        return service, f"{request.method} {request.raw_path}"
    return service, str(operation.name)


def text_of(request: Request) -> str:
    """Path (REST only), query string and body of a request, as sent."""
    path = "" if request.raw_path == "/" else request.raw_path
    return "\n".join(part for part in (path, request.query_string.decode(), request.get_data().decode("utf-8", "replace")) if part)


@lru_cache
def _protocol(service: str) -> str:
    try:
        return str(get_service_model({"elasticloadbalancing": "elbv2"}.get(service, service)).protocol)
    except Exception:  # noqa: BLE001 - a service without a model of that name: JSON is the commonest
        return "json"


def _query_error(code: str, message: str) -> str:
    return (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
    )


def _ec2_error(code: str, message: str) -> str:
    return (
        f"<Response><Errors><Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error></Errors>"
        f"<RequestID>{REQUEST_ID}</RequestID></Response>"
    )


def _json_error(code: str, message: str) -> str:
    return json.dumps({"__type": code, "message": message, "Message": message})
