"""The context object that Function Compute hands to a Python handler, as each runtime builds it.

Python 3.10 and older: `FCContext` of the runtime's own bootstrap, names and `to_json` alike. Python 3.12: without credentials
and service (help.aliyun.com, Function Compute 3.0, "Python request handlers").
"""

import base64
import binascii
import json
import logging
from dataclasses import dataclass, field
from typing import Any, Literal

from rearm_fc_runtime.request import Credentials, Request, whole

PythonVersion = Literal["3.10", "3.12"]
"""The two shapes: 3.10 stands for every older one too, 3.12 for every newer one."""


@dataclass
class FunctionMeta:
    """3.10: `timeout` is text, passed on unconverted."""

    name: str | None
    handler: str | None
    memory: int
    timeout: str | None

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass
class FunctionMeta312:
    """3.12: with version and qualifier."""

    name: str | None
    handler: str | None
    memory: int
    timeout: int
    version_id: str | None = ""
    qualifier: str | None = "LATEST"


@dataclass
class ServiceMeta:
    """FC 2.0's service; on FC 3.0 its name is None."""

    name: str | None
    log_project: str | None = None
    log_store: str | None = None
    qualifier: str | None = "LATEST"
    version_id: str | None = ""

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "logProject": self.log_project,
            "logStore": self.log_store,
            "qualifier": self.qualifier,
            "versionId": self.version_id,
        }


@dataclass
class Tracing:
    """OpenTracing's headers; all empty unless tracing is on."""

    span_context: str | None = None
    span_baggages: dict[str, str] = field(default_factory=dict)
    jaeger_endpoint: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "openTracingSpanContext": self.span_context,
            "openTracingSpanBaggages": self.span_baggages,
            "jaegerEndpoint": self.jaeger_endpoint,
        }


@dataclass
class FCContext:
    """The context of Python 3.10. `logger` is None unless the function serves several requests at a time."""

    account_id: str | None
    request_id: str
    credentials: Credentials
    function: FunctionMeta
    service: ServiceMeta
    region: str | None
    tracing: Tracing = field(default_factory=Tracing)
    logger: logging.Logger | None = None
    retry_count: int = 0

    @property
    def requestId(self) -> str:
        return self.request_id

    def to_json(self) -> str:
        return json.dumps(
            {
                "requestId": self.request_id,
                "credentials": self.credentials.to_dict(),
                "function": self.function.to_dict(),
                "service": self.service.to_dict(),
                "region": self.region,
                "accountId": self.account_id,
                "retryCount": self.retry_count,
                "tracing": self.tracing.to_dict(),
            }
        )

    def getLogger(self) -> logging.Logger:
        return self.logger or logging.getLogger()


@dataclass
class FCContext312:
    """The context of Python 3.12: credentials come from the environment, and there is no service."""

    request_id: str
    account_id: str | None
    region: str | None
    function: FunctionMeta312
    logger: logging.Logger
    log_project: str | None = None
    log_store: str | None = None


def make(request: Request, python: PythonVersion, *, shared: bool = False) -> FCContext | FCContext312:
    """The context of that request. `shared`: the process serves several requests at a time."""
    if python == "3.12":
        limit_s = whole(request.timeout)
        newer = FunctionMeta312(request.function_name, request.handler, request.memory_mb, limit_s, request.version_id, request.qualifier)
        logger = logging.getLogger()
        return FCContext312(request.request_id, request.account_id, request.region, newer, logger, request.log_project, request.log_store)
    function = FunctionMeta(request.function_name, request.handler, request.memory_mb, request.timeout)
    service = ServiceMeta(request.service, request.log_project, request.log_store, request.qualifier, request.version_id)
    tracing = Tracing(request.span_context, _baggages(request.span_baggages), request.jaeger_endpoint)
    return FCContext(
        request.account_id,
        request.request_id,
        request.credentials,
        function,
        service,
        request.region,
        tracing,
        logging.getLogger() if shared else None,
        request.retry_count,
    )


def _baggages(text: str | None) -> dict[str, str]:
    """Empty for what cannot be read, as in the runtime: tracing never costs an invocation."""
    try:
        found = json.loads(base64.b64decode(text or "") or b"{}")
    except (binascii.Error, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
