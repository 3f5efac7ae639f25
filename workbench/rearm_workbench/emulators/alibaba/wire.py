"""The RPC protocol as both signature generations send it, and its errors.

Parameters come in the query, in a form body, or in both; action and version as parameters (v1 signature) or in `x-acs-*`
headers (ACS3). Error bodies: AlibabaCloudDocs/ess, "Returned results", "Common errors".
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from rearm_workbench.emulators.alibaba.loopback import Answer, Incoming


class ApiError(Exception):
    """An error as the cloud answers it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(f"{code}: {message}")


MESSAGES = {
    "InternalError": "The request processing has failed due to some unknown error, exception or failure.",
    "ServiceUnavailable": "The request has failed due to a temporary failure of the server.",
    "Throttling": "Request was denied due to request throttling.",
    "Throttling.User": "Request was denied due to user flow control.",
    "Forbidden.RAM": "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
    "LifecycleHookIdAndLifecycleActionToken.Invalid": "The specified lifecycleActionToken and lifecycleHookId you provided does not "
    "match any in process lifecycle action.",
    "LifecycleAction.TimeExceeded": "The specified parameter heartbeatTime exceed lifecycleAction max suspend time.",
    "LifecycleAction.RecordTimesExceeded": "The specified lifecycleAction exceed lifecycleAction max record times.",
}
"""Messages as documented, for errors raised by code alone."""


def known_error(code: str, status: int = 400) -> ApiError:
    """An error with its documented message, or with one that says that it was asked for."""
    return ApiError(code, MESSAGES.get(code, "The emulator was told to fail this call."), status)


class RpcCall:
    """One RPC request. Parameters are read in any case: whether the live gateway does so too is not documented."""

    def __init__(self, incoming: Incoming) -> None:
        form = incoming.body.decode("utf-8", "replace") if "form" in incoming.headers.get("content-type", "") else ""
        pairs = parse_qsl(incoming.query, keep_blank_values=True) + parse_qsl(form, keep_blank_values=True)
        self._params = {name.lower(): value for name, value in pairs}
        self.action = self.get("Action") or incoming.headers.get("x-acs-action", "")
        self.version = self.get("Version") or incoming.headers.get("x-acs-version", "")
        self.xml = self.get("Format").upper() == "XML"
        self.access_key_id = self.get("AccessKeyId") or _credential(incoming.headers.get("authorization", ""))
        self.host = incoming.headers.get("host", "")

    def get(self, name: str, default: str = "") -> str:
        return self._params.get(name.lower(), default)

    def need(self, name: str) -> str:
        """A required parameter. Raises `MissingParameter`."""
        value = self.get(name)
        if not value:
            raise ApiError(
                "MissingParameter", f'The input parameter "{name}" that is mandatory for processing this request is not supplied.'
            )
        return value

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within its limits. Raises `InvalidParamter`, so spelt."""
        text = self.get(name) or str(default)
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ApiError("InvalidParamter", f"The specified value of parameter {name} is not valid.")
        return int(text)

    def numbered(self, name: str) -> list[str]:
        """`Name.1`, `Name.2`, … in order."""
        prefix = name.lower() + "."
        found = [(int(key[len(prefix) :]), value) for key, value in self._params.items() if _is_index(key, prefix)]
        return [value for _, value in sorted(found)]


def _is_index(key: str, prefix: str) -> bool:
    return key.startswith(prefix) and key[len(prefix) :].isdigit()


def _credential(authorization: str) -> str:
    """The access key id of an ACS3 header."""
    return authorization.partition("Credential=")[2].partition(",")[0]


def new_request_id() -> str:
    return str(uuid.uuid4()).upper()


def success(call: RpcCall, result: Mapping[str, Any]) -> Answer:
    """The operation's result with a request id."""
    body = {**result, "RequestId": new_request_id()}
    return _answer(call, 200, f"{call.action}Response", body)


def failure(call: RpcCall, error: ApiError) -> Answer:
    """An error's body."""
    body = {"RequestId": new_request_id(), "HostId": call.host, "Code": error.code, "Message": error.message}
    return _answer(call, error.status, "Error", body)


def _answer(call: RpcCall, status: int, root: str, body: Mapping[str, Any]) -> Answer:
    if call.xml:
        text = f'<?xml version="1.0" encoding="UTF-8"?><{root}>{"".join(_xml(body.items()))}</{root}>'
        return Answer(status, {"Content-Type": "text/xml;charset=utf-8"}, text.encode())
    return Answer(status, {"Content-Type": "application/json;charset=utf-8"}, json.dumps(body).encode())


def _xml(items: Iterable[tuple[str, Any]]) -> Iterable[str]:
    """A list is its element repeated."""
    for name, value in items:
        for entry in value if isinstance(value, list) else [value]:
            inner = "".join(_xml(entry.items())) if isinstance(entry, Mapping) else escape(str(entry))
            yield f"<{name}>{inner}</{name}>"
