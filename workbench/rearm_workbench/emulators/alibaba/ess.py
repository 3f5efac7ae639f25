"""Auto Scaling (ESS): lifecycle hooks and actions, versions 2014-08-28 and 2022-02-22.

Parameters, codes and messages: api-ess-2022-02-22-{recordlifecycleactionheartbeat, completelifecycleaction,
describelifecycleactions, describelifecyclehooks} on alibabacloud.com/help, and AlibabaCloudDocs/ess for 2014-08-28.
"""

from collections.abc import Callable, Iterable
from typing import Any

from rearm.core.model import Result, Transition
from rearm_workbench.emulators.alibaba.wire import ApiError, RpcCall, known_error
from rearm_workbench.emulators.lifecycle import HeartbeatsSpent, LifecycleAction, LifecycleBook, NoActiveAction, TimeSpent

OLD, NEW = "2014-08-28", "2022-02-22"
VERSIONS = (OLD, NEW)
_TRANSITIONS: dict[Transition, str] = {"launch": "SCALE_OUT", "terminate": "SCALE_IN"}
_MATCHES_NONE = "LifecycleHookIdAndLifecycleActionToken.Invalid"


class Ess:
    """Hooks and actions of one account. Hooks are known from the actions seeded on them."""

    def __init__(self, book: LifecycleBook) -> None:
        self.book = book
        self.hooks: dict[str, LifecycleAction] = {}
        """Hook id -> the last action on it, which carries the hook's settings."""
        self.activities: dict[str, str] = {}
        """Token -> scaling activity id."""
        self.operations: dict[str, Callable[[RpcCall], dict[str, Any]]] = {
            "DescribeLifecycleHooks": self.describe_hooks,
            "DescribeLifecycleActions": self.describe_actions,
            "RecordLifecycleActionHeartbeat": self.heartbeat,
            "CompleteLifecycleAction": self.complete,
        }

    def add(self, action: LifecycleAction, activity: str) -> None:
        self.hooks[action.hook] = action
        self.activities[action.token] = activity
        self.book.begin(action)

    def describe_hooks(self, call: RpcCall) -> dict[str, Any]:
        ids = call.numbered("LifecycleHookId" if call.version == OLD else "LifecycleHookIds")
        group, name = call.get("ScalingGroupId"), call.get("LifecycleHookName")
        page, size = call.number("PageNumber", 1, 1, 10**6), call.number("PageSize", 50, 1, 50)
        found = [
            hook for hook in self.hooks.values() if (not ids or hook.hook in ids) and group in ("", hook.group) and name in ("", hook.hook)
        ]
        shown = [_hook(hook) for hook in found[(page - 1) * size : page * size]]
        hooks = {"LifecycleHook": shown} if call.version == OLD else shown
        return {"LifecycleHooks": hooks, "TotalCount": len(found), "PageNumber": page, "PageSize": size}

    def describe_actions(self, call: RpcCall) -> dict[str, Any]:
        activity, wanted = call.get("ScalingActivityId"), call.get("LifecycleActionStatus")
        if activity not in self.activities.values():
            raise ApiError("InvalidParameter", 'The specified value of parameter "ScalingActivityId" is not valid.')
        size = call.number("MaxResults", 10, 1, 50)
        start = call.number("NextToken", 0, 0, 10**6)
        found = [
            action
            for action in self.book.actions.values()
            if self.activities.get(action.token) == activity and wanted in ("", _status(action))
        ]
        shown = [_action(action, call.version) for action in found[start : start + size]]
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
            raise ApiError("InvalidParamter", "The specified value of parameter is invalid.")
        try:
            action = self.book.active(hook, token)
        except NoActiveAction:
            raise known_error(_MATCHES_NONE) from None
        self.book.end(action, self._result(call, action), "client")
        return {}

    def _result(self, call: RpcCall, action: LifecycleAction) -> Result:
        asked = call.get("LifecycleActionResult")
        if not asked:
            return action.default_result
        for result in self.book.limits.results:
            if result == asked:
                return result
        raise ApiError("InvalidParamter", "The specified value of parameter is invalid.")

    def vanished(self, gone: Callable[[str], bool]) -> None:
        """End every waiting action whose instances are all gone."""
        for action in self.book.actions.values():
            if action.ended_at is None and _all(gone(instance) for instance in action.instances):
                self.book.end(action, action.default_result, "gone")


def _all(values: Iterable[bool]) -> bool:
    """`all`, but false for nothing: an action without instances did not lose them."""
    seen = list(values)
    return bool(seen) and all(seen)


def _hook(action: LifecycleAction) -> dict[str, Any]:
    return {
        "LifecycleHookId": action.hook,
        "LifecycleHookName": action.hook,
        "ScalingGroupId": action.group,
        "LifecycleTransition": _TRANSITIONS[action.transition],
        "HeartbeatTimeout": action.timeout_s,
        "DefaultResult": action.default_result,
        "LifecycleHookStatus": "Active",
        "NotificationArn": "",
        "NotificationMetadata": "",
    }


def _action(action: LifecycleAction, version: str) -> dict[str, Any]:
    instances = list(action.instances)
    return {
        "LifecycleHookId": action.hook,
        "LifecycleActionToken": action.token,
        "LifecycleActionStatus": _status(action),
        "LifecycleActionResult": action.result or action.default_result,
        "InstanceIds": {"InstanceId": instances} if version == OLD else instances,
    }


def _status(action: LifecycleAction) -> str:
    if action.ended_at is None:
        return "Pending"
    return "Timeout" if action.by == "default result" else "Completed"
