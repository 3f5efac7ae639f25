"""The context object that Function Compute hands to a Python handler, as each runtime builds it.

Python 3.10 and older: `FCContext` of the runtime's own bootstrap, names and `to_json` alike. Python 3.12: without credentials
and service (help.aliyun.com, Function Compute 3.0, "Python request handlers").
"""

import json
import logging
from dataclasses import dataclass, field
from typing import Any, Literal

PythonVersion = Literal["3.10", "3.12"]


@dataclass(frozen=True)
class FcCredentials:
    """The role's temporary credentials, under both spellings."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)

    @property
    def accessKeyId(self) -> str:
        return self.access_key_id

    @property
    def accessKeySecret(self) -> str:
        return self.access_key_secret

    @property
    def securityToken(self) -> str:
        return self.security_token

    def to_dict(self) -> dict[str, Any]:
        return {"accessKeyId": self.access_key_id, "accessKeySecret": self.access_key_secret, "securityToken": self.security_token}


@dataclass
class FunctionMeta:
    """3.10: `timeout` is text, passed on unconverted."""

    name: str
    handler: str
    memory: int
    timeout: str

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass
class FunctionMeta312:
    """3.12: with version and qualifier."""

    name: str
    handler: str
    memory: int
    timeout: int
    version_id: str = ""
    qualifier: str = "LATEST"


@dataclass
class ServiceMeta:
    """FC 2.0's service; on FC 3.0 its name is None."""

    name: str | None
    log_project: str | None = None
    log_store: str | None = None
    qualifier: str = "LATEST"
    version_id: str = ""

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

    account_id: str
    request_id: str
    credentials: FcCredentials
    function: FunctionMeta
    service: ServiceMeta
    region: str
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
    account_id: str
    region: str
    function: FunctionMeta312
    logger: logging.Logger
    log_project: str | None = None
    log_store: str | None = None
