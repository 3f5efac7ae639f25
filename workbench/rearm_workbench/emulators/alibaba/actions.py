"""Lifecycle actions: described, extended, completed.

api-ess-2022-02-22-{describelifecycleactions, recordlifecycleactionheartbeat, completelifecycleaction} on alibabacloud.com/help,
and AlibabaCloudDocs/ess for 2014-08-28. The heartbeat's parameters are lowerCamel in the newer pages and UpperCamel in the older
one, whose sample also has a stray `LifecycleActionResult`: both are taken.
"""

from collections.abc import Callable
from typing import Any

from rearm.core.model import Result
from rearm_workbench.emulators.alibaba.hooks import OLD
from rearm_workbench.emulators.alibaba.wire import ApiError, RpcCall, bad_parameter, known_error
from rearm_workbench.emulators.lifecycle import HeartbeatsSpent, LifecycleAction, LifecycleBook, NoActiveAction, TimeSpent

_MATCHES_NONE = "LifecycleHookIdAndLifecycleActionToken.Invalid"
_INVALID = "The specified value of parameter is invalid."


class Actions:
    """`activities` maps a token to its scaling activity."""

    def __init__(self, book: LifecycleBook) -> None:
        self.book = book
        self.activities: dict[str, str] = {}
        self.operations: dict[str, Callable[[RpcCall], dict[str, Any]]] = {
            "DescribeLifecycleActions": self.describe,
            "RecordLifecycleActionHeartbeat": self.heartbeat,
            "CompleteLifecycleAction": self.complete,
        }

    def begin(self, action: LifecycleAction, activity_id: str) -> None:
        self.activities[action.token] = activity_id
        self.book.begin(action)

    def describe(self, call: RpcCall) -> dict[str, Any]:
        """Newest last. `NextToken` is where the next page starts."""
        activity = call.get("ScalingActivityId")
        if activity not in self.activities.values():
            raise bad_parameter("ScalingActivityId")
        wanted = call.choice("LifecycleActionStatus", ("Pending", "Timeout", "Completed"), bad_parameter("LifecycleActionStatus"))
        size = call.number("MaxResults", 10, 1, 50, bad_parameter("MaxResults"))
        start = call.number("NextToken", 0, 0, 10**6, bad_parameter("NextToken"))
        found = [
            action
            for action in self.book.actions.values()
            if self.activities.get(action.token) == activity and wanted in ("", status_of(action))
        ]
        shown = [_shown(action, call.version) for action in found[start : start + size]]
        following = {"NextToken": str(start + size)} if start + size < len(found) else {}
        actions = {"LifecycleAction": shown} if call.version == OLD else shown
        return {"LifecycleActions": actions, "TotalCount": len(found), "MaxResults": size, **following}

    def heartbeat(self, call: RpcCall) -> dict[str, Any]:
        hook, token = call.need("lifecycleHookId"), call.need("lifecycleActionToken")
        limits = self.book.limits
        seconds = call.number("heartbeatTimeout", 600, limits.heartbeat_min_s, limits.heartbeat_max_s)
        try:
            self.book.heartbeat(self.book.active(hook, token), seconds)
        except NoActiveAction:
            raise known_error(_MATCHES_NONE) from None
        except HeartbeatsSpent:
            raise known_error("LifecycleAction.RecordTimesExceeded") from None
        except TimeSpent:
            raise known_error("LifecycleAction.TimeExceeded") from None
        return {}

    def complete(self, call: RpcCall) -> dict[str, Any]:
        """A repetition with the same `ClientToken` finds no waiting action: what the live service answers is not documented."""
        hook, token = call.need("LifecycleHookId"), call.need("LifecycleActionToken")
        client_token = call.get("ClientToken")
        if len(client_token) > 64 or not client_token.isascii():
            raise ApiError("InvalidParamter", _INVALID)
        asked = call.choice("LifecycleActionResult", self.book.limits.results, ApiError("InvalidParamter", _INVALID))
        try:
            action = self.book.active(hook, token)
        except NoActiveAction:
            raise known_error(_MATCHES_NONE) from None
        self.book.end(action, self._result(asked, action), "client")
        return {}

    def _result(self, asked: str, action: LifecycleAction) -> Result:
        for result in self.book.limits.results:
            if result == asked:
                return result
        return action.default_result


def status_of(action: LifecycleAction) -> str:
    if action.ended_at is None:
        return "Pending"
    return "Timeout" if action.by == "default result" else "Completed"


def _shown(action: LifecycleAction, version: str) -> dict[str, Any]:
    instances = list(action.instances)
    return {
        "LifecycleHookId": action.hook,
        "LifecycleActionToken": action.token,
        "LifecycleActionStatus": status_of(action),
        "LifecycleActionResult": action.result or action.default_result,
        "InstanceIds": {"InstanceId": instances} if version == OLD else instances,
    }
