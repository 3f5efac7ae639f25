"""Lifecycle hooks: created, modified, deleted, described.

Parameters, ranges and defaults: api-ess-2022-02-22-{createlifecyclehook, modifylifecyclehook, deletelifecyclehook,
describelifecyclehooks}, and AlibabaCloudDocs/ess for 2014-08-28.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from rearm.core.limits import ALIBABA
from rearm.core.model import Result, Transition
from rearm_workbench.emulators.alibaba.account import ACCOUNT, target_of, unset_arn
from rearm_workbench.emulators.alibaba.groups import TRANSITIONS, Group, Groups, Hook
from rearm_workbench.emulators.alibaba.ids import Ids
from rearm_workbench.emulators.alibaba.wire import ApiError, RpcCall, known_error
from rearm_workbench.emulators.lifecycle import LifecycleBook

OLD, NEW = "2014-08-28", "2022-02-22"
QUOTA = {OLD: 6, NEW: 10}
METADATA_MAX = 4096
NAME = re.compile(r"[A-Za-z0-9\u4e00-\u9fa5][A-Za-z0-9\u4e00-\u9fa5_.-]{1,63}")
"""The Chinese page allows Chinese characters, the English one does not speak of them."""

Exists = Callable[[str, str], bool]
"""Whether a queue or topic exists: kind and name."""


class Hooks:
    """`unsupported` holds (region, kind) that answer `UnsupportedNotificationType.CurrentRegion`: none by itself."""

    def __init__(self, groups: Groups, book: LifecycleBook, ids: Ids, exists: Exists) -> None:
        self.groups, self.book, self.ids, self._exists = groups, book, ids, exists
        self.unsupported: set[tuple[str, str]] = set()
        self.operations: dict[str, Callable[[RpcCall], dict[str, Any]]] = {
            "CreateLifecycleHook": self.create,
            "ModifyLifecycleHook": self.modify,
            "DeleteLifecycleHook": self.delete,
            "DescribeLifecycleHooks": self.describe,
        }

    def create(self, call: RpcCall) -> dict[str, Any]:
        group = self.groups.get(call.need("ScalingGroupId"))
        call.need("LifecycleTransition")
        given = {name.lower(): call.get(name) for name in _PARAMETERS}
        return {"LifecycleHookId": self.add(group, given, call.version).hook_id}

    def add(self, group: Group, given: Mapping[str, str], version: str) -> Hook:
        """A new hook of the group from parameters with names in lower case. Raises `ApiError`, and then adds nothing."""
        hook = self.checked(group, given, version)
        named = replace(hook, hook_id=self.ids.named("ash"))
        named.name = named.name or named.hook_id
        group.hooks[named.hook_id] = named
        return named

    def checked(self, group: Group, given: Mapping[str, str], version: str) -> Hook:
        """The hook that the parameters describe, without an id yet. Raises `ApiError`."""
        transition = _transition(given.get("lifecycletransition", ""))
        name = given.get("lifecyclehookname", "")
        if transition is None or (name and not NAME.fullmatch(name)):
            raise known_error("InvalidParamter")
        hook = Hook("", name, group.group_id, transition)
        self._change(hook, group, given, version)
        if name and any(other.name == name for other in group.hooks.values()):
            raise known_error("InvalidLifecycleHookName.Duplicate")
        if len(group.hooks) >= QUOTA[version]:
            raise known_error("QuotaExceeded.LifecycleHook")
        return hook

    def modify(self, call: RpcCall) -> dict[str, Any]:
        hook = self.groups.hook(call.get("LifecycleHookId"), call.get("ScalingGroupId"), call.get("LifecycleHookName"))
        given = {name.lower(): call.get(name) for name in _PARAMETERS if call.get(name)}
        group = self.groups.all[hook.group_id]
        changed = replace(hook)
        status = call.choice("LifecycleHookStatus", ("Active", "InActive"))
        if given.get("lifecycletransition"):
            transition = _transition(given["lifecycletransition"])
            if transition is None:
                raise known_error("InvalidParamter")
            changed.transition = transition
        self._change(changed, group, given, call.version)
        changed.active = status == "Active" if status else changed.active
        group.hooks[hook.hook_id] = changed
        return {}

    def delete(self, call: RpcCall) -> dict[str, Any]:
        self.remove(self.groups.hook(call.get("LifecycleHookId"), call.get("ScalingGroupId"), call.get("LifecycleHookName")))
        return {}

    def remove(self, hook: Hook) -> None:
        """Ends its waits, with the hook's default result: which one the service takes is not documented."""
        del self.groups.all[hook.group_id].hooks[hook.hook_id]
        for action in list(self.book.actions.values()):
            if action.hook == hook.hook_id and action.ended_at is None:
                self.book.end(action, action.default_result, "hook deleted")

    def describe(self, call: RpcCall) -> dict[str, Any]:
        """By ids, else by group, with or without a name. An id given goes before group and name."""
        ids = call.numbered("LifecycleHookIds", "LifecycleHookId")
        group, name = ("", "") if ids else (call.get("ScalingGroupId"), call.get("LifecycleHookName"))
        page, size = call.number("PageNumber", 1, 1, 10**6), call.number("PageSize", 50, 1, 50)
        hooks = [hook for one in self.groups.all.values() for hook in one.hooks.values()]
        found = [hook for hook in hooks if (not ids or hook.hook_id in ids) and group in ("", hook.group_id) and name in ("", hook.name)]
        shown = [self._shown(hook, call.version) for hook in found[(page - 1) * size : page * size]]
        return {
            "LifecycleHooks": {"LifecycleHook": shown} if call.version == OLD else shown,
            "TotalCount": len(found),
            "PageNumber": page,
            "PageSize": size,
        }

    def _shown(self, hook: Hook, version: str) -> dict[str, Any]:
        shown = {
            "ScalingGroupId": hook.group_id,
            "LifecycleHookId": hook.hook_id,
            "LifecycleHookName": hook.name,
            "DefaultResult": hook.default_result,
            "HeartbeatTimeout": hook.timeout_s,
            "LifecycleTransition": TRANSITIONS[hook.transition],
            "NotificationMetadata": hook.metadata,
            "NotificationArn": hook.arn or unset_arn(self.groups.all[hook.group_id].region),
        }
        return shown if version == OLD else shown | {"LifecycleHookStatus": "Active" if hook.active else "InActive"}

    def _change(self, hook: Hook, group: Group, given: Mapping[str, str], version: str) -> None:
        """What both creation and modification set. Raises `ApiError`."""
        if result := given.get("defaultresult"):
            hook.default_result = _result(result)
        if timeout := given.get("heartbeattimeout"):
            if not re.fullmatch("[0-9]{1,6}", timeout) or not ALIBABA.heartbeat_min_s <= int(timeout) <= ALIBABA.heartbeat_max_s:
                raise known_error("InvalidParamter")
            hook.timeout_s = int(timeout)
        if metadata := given.get("notificationmetadata"):
            if len(metadata) > METADATA_MAX:
                raise known_error("InvalidParamter")
            hook.metadata = metadata
        if arn := given.get("notificationarn"):
            hook.arn = self._checked_arn(arn, group, version)

    def _checked_arn(self, arn: str, group: Group, version: str) -> str:
        if arn.endswith(":null/null"):
            return ""
        target = target_of(arn)
        if target is None or target.region != group.region or target.account != ACCOUNT:
            raise known_error("InvalidNotificationArn")
        if target.kind == "eventbridge" and (version == OLD or target.name != "default"):
            raise known_error("InvalidNotificationArn")
        if (group.region, target.kind) in self.unsupported:
            raise known_error("UnsupportedNotificationType.CurrentRegion")
        if target.kind in ("queue", "topic") and not self._exists(target.kind, target.name):
            raise known_error("QueueNotExist" if target.kind == "queue" else "TopicNotExist")
        return arn


_PARAMETERS = (
    "LifecycleTransition",
    "LifecycleHookName",
    "DefaultResult",
    "HeartbeatTimeout",
    "NotificationArn",
    "NotificationMetadata",
)


def _transition(text: str) -> Transition | None:
    for transition, name in TRANSITIONS.items():
        if text == name:
            return transition
    return None


def _result(text: str) -> Result:
    for result in ALIBABA.results:
        if result == text:
            return result
    raise ApiError("InvalidParamter", "The specified value of parameter is not valid.")
