"""What Function Compute says of an invocation: the common request headers (document_detail/425057)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Credentials:
    """The role's temporary credentials, under both spellings."""

    access_key_id: str = ""
    access_key_secret: str = field(default="", repr=False)
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


@dataclass(frozen=True)
class Request:
    """One invocation. A text that was not said is None, as in the runtime; `timeout` is text there, in seconds."""

    request_id: str
    credentials: Credentials = field(default_factory=Credentials)
    function_name: str | None = None
    handler: str | None = None
    memory_mb: int = 0
    timeout: str | None = None
    initialization_timeout: str | None = None
    region: str | None = None
    account_id: str | None = None
    service: str | None = None
    log_project: str | None = None
    log_store: str | None = None
    qualifier: str | None = None
    version_id: str | None = None
    retry_count: int = 0
    """Which attempt of an asynchronous invocation it is."""
    span_context: str | None = None
    span_baggages: str | None = None
    """Base64 of a JSON object."""
    jaeger_endpoint: str | None = None


def read(headers: Mapping[str, str]) -> Request:
    """The headers of one request; their names in any case."""
    said = {name.lower(): value for name, value in headers.items()}

    def text(name: str) -> str | None:
        return said.get(f"x-fc-{name}") or None

    return Request(
        request_id=text("request-id") or new_id(),
        credentials=Credentials(text("access-key-id") or "", text("access-key-secret") or "", text("security-token") or ""),
        function_name=text("function-name"),
        handler=text("function-handler"),
        memory_mb=whole(text("function-memory")),
        timeout=text("function-timeout"),
        initialization_timeout=text("initialization-timeout"),
        region=text("region"),
        account_id=text("account-id"),
        service=text("service-name"),
        log_project=text("service-logproject"),
        log_store=text("service-logstore"),
        qualifier=text("qualifier"),
        version_id=text("version-id"),
        retry_count=whole(text("retry-count")),
        span_context=text("tracing-opentracing-span-context"),
        span_baggages=text("tracing-opentracing-span-baggages"),
        jaeger_endpoint=text("tracing-jaeger-endpoint"),
    )


def new_id() -> str:
    """For a request that has none. Not by uuid, whose import is slow."""
    return os.urandom(16).hex()


def whole(text: str | None) -> int:
    """A number of a header; 0 for none, or for what is no number: a header must not cost the invocation."""
    return int(text) if text and text.isascii() and text.isdigit() else 0
