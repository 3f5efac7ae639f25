"""The RPC protocol as both signature generations send it, and its errors.

Parameters come in the query, in a form body, or in both; action and version as parameters (v1 signature) or in `x-acs-*`
headers (ACS3). Error bodies: AlibabaCloudDocs/ess, "Returned results", "Common errors".
"""

import json
import re
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
    "SignatureDoesNotMatch": "Specified signature is not matched with our calculation. server string to sign is:",
    "InvalidParamter": "The specified value of parameter is not valid.",
    "LifecycleHookIdAndLifecycleActionToken.Invalid": "The specified lifecycleActionToken and lifecycleHookId you provided does not "
    "match any in process lifecycle action.",
    "LifecycleAction.TimeExceeded": "The specified parameter heartbeatTime exceed lifecycleAction max suspend time.",
    "LifecycleAction.RecordTimesExceeded": "The specified lifecycleAction exceed lifecycleAction max record times.",
    "InvalidNotificationArn": "The specified parameter notificationArn is invalid.",
    "UnsupportedNotificationType.CurrentRegion": "The notificationType is not supported in the special region which scalingGroup "
    "belongs to.",
    "QueueNotExist": "The specified queue does not exist.",
    "TopicNotExist": "The specified topic does not exist.",
    "InvalidLifecycleHookName.Duplicate": "The specified value of parameter lifecycleHookName is duplicated.",
    "QuotaExceeded.LifecycleHook": "Lifecycle hook quota exceeded in the specified scaling group.",
    "InvalidLifecycleHookId.NotExist": "The specified lifecycleHookId not exist.",
    "InvalidLifecycleHookName.NotExist": "The specified lifecycleHookName you provided not exist.",
    "InvalidScalingGroupId.NotFound": "The specified scaling group does not exist.",
    "InvalidScalingGroupName.Duplicate": "The specified value of parameter ScalingGroupName is duplicated.",
    "IncorrectScalingGroupStatus": "The current status of the specified scaling group does not support this action.",
    "ScalingActivityInProgress": "You cannot delete a scaling group or launch a new scaling activity while there is a scaling activity "
    "in progress for the specified scaling group.",
    "InstanceInUse": "You cannot delete a scaling configuration or scaling group while there is an instance associated with it.",
    "IncorrectCapacity.MinSize": "To remove the instances, the total capacity will be lesser than the MinSize.",
    "IncorrectCapacity.MaxSize": "To attach the instances, the total capacity will be greater than the max size.",
    "IncorrectCapacity.NoChange": "To execute the specified scaling rule, the total capacity will not change.",
}
"""Messages as documented, for errors raised by code alone."""


def known_error(code: str, status: int = 400) -> ApiError:
    """An error with its documented message, or with one that says that it was asked for."""
    return ApiError(code, MESSAGES.get(code, "The emulator was told to fail this call."), status)


def bad_parameter(name: str) -> ApiError:
    """`InvalidParameter`, which names the parameter; the lifecycle hook operations answer `InvalidParamter` instead, so spelt."""
    return ApiError("InvalidParameter", f'The specified value of parameter "{name}" is not valid.')


class RpcCall:
    """One RPC request. Parameters are read in any case: whether the live gateway does so too is not documented."""

    def __init__(self, incoming: Incoming, request_id: str) -> None:
        form = incoming.body.decode("utf-8", "replace") if "form" in incoming.headers.get("content-type", "") else ""
        self.pairs = parse_qsl(incoming.query, keep_blank_values=True) + parse_qsl(form, keep_blank_values=True)
        self.incoming, self.request_id = incoming, request_id
        self._params = {name.lower(): value for name, value in self.pairs}
        self.action = self.get("Action") or incoming.headers.get("x-acs-action", "")
        self.version = self.get("Version") or incoming.headers.get("x-acs-version", "")
        self.xml = self.get("Format").upper() == "XML"
        self.access_key_id = self.get("AccessKeyId") or credential_of(incoming.headers.get("authorization", ""))
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

    def number(self, name: str, default: int, least: int, most: int, error: ApiError | None = None) -> int:
        """A whole number within its limits. Raises `error`; without one `InvalidParamter`, so spelt."""
        text = self.get(name) or str(default)
        if not re.fullmatch(r"-?[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise error or known_error("InvalidParamter")
        return int(text)

    def flag(self, name: str, default: bool = False) -> bool:
        """`true` or `false`. Raises `InvalidParameter`."""
        text = self.get(name).lower()
        if text not in ("", "true", "false"):
            raise bad_parameter(name)
        return text == "true" if text else default

    def choice(self, name: str, allowed: tuple[str, ...], error: ApiError | None = None) -> str:
        """One of `allowed`, or "" when it is not given. Raises `error`; without one `InvalidParamter`."""
        value = self.get(name)
        if value and value not in allowed:
            raise error or known_error("InvalidParamter")
        return value

    def numbered(self, *names: str) -> list[str]:
        """`Name.1`, `Name.2`, … in order, of the first of `names` that is given."""
        for name in names:
            prefix = name.lower() + "."
            found = [(int(key[len(prefix) :]), value) for key, value in self._params.items() if _is_index(key, prefix)]
            if found:
                return [value for _, value in sorted(found)]
        return []

    def numbered_parts(self, *names: str) -> list[dict[str, str]]:
        """`Name.1.Key=…`, `Name.1.Other=…`, … as dicts with their keys in lower case, in order."""
        parts: dict[int, dict[str, str]] = {}
        for key, value in self._params.items():
            for name in names:
                index, dot, rest = key.removeprefix(name.lower() + ".").partition(".")
                if key.startswith(name.lower() + ".") and dot and index.isdigit():
                    parts.setdefault(int(index), {})[rest] = value
        return [parts[index] for index in sorted(parts)]


def _is_index(key: str, prefix: str) -> bool:
    return key.startswith(prefix) and key[len(prefix) :].isdigit()


def credential_of(authorization: str) -> str:
    """The access key id of an ACS3 header."""
    return authorization.partition("Credential=")[2].partition(",")[0]


def success(call: RpcCall, result: Mapping[str, Any]) -> Answer:
    """The operation's result with a request id."""
    return _answer(call, 200, f"{call.action}Response", {**result, "RequestId": call.request_id})


def failure(call: RpcCall, error: ApiError) -> Answer:
    """An error's body."""
    body = {"RequestId": call.request_id, "HostId": call.host, "Code": error.code, "Message": error.message}
    return _answer(call, error.status, "Error", body)


def _answer(call: RpcCall, status: int, root: str, body: Mapping[str, Any]) -> Answer:
    if call.xml:
        text = f'<?xml version="1.0" encoding="UTF-8"?><{root}>{"".join(_xml(body.items()))}</{root}>'
        return Answer(status, {"Content-Type": "text/xml;charset=utf-8"}, text.encode())
    return Answer(status, {"Content-Type": "application/json;charset=utf-8"}, json.dumps(body).encode())


def _xml(items: Iterable[tuple[str, Any]]) -> Iterable[str]:
    """A list is its element repeated; truth values are lower case, as in JSON."""
    for name, value in items:
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, Mapping):
                inner = "".join(_xml(entry.items()))
            else:
                inner = escape(str(entry).lower() if isinstance(entry, bool) else str(entry))
            yield f"<{name}>{inner}</{name}>"
