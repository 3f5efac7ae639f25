"""What makes a hook fire: scaling groups created, enabled, scaled, and deleted.

AlibabaCloudDocs/ess "CreateScalingGroup", "EnableScalingGroup", "DisableScalingGroup", "DeleteScalingGroup", "RemoveInstances",
"ExecuteScalingRule" (its errors are those of ScaleWithAdjustment), and api-ess-2022-02-22-{scalewithadjustment, removeinstances}.
Hooks take no part in manual removal by the 2014 pages; RemoveInstances of 2022 names a `LifecycleHookContext` that turns them
off, so there they fire, and in 2014 where a call has such a context (its newer SDKs do).
"""

import json
import math
import re
from collections.abc import Callable
from typing import Any

from rearm_workbench.emulators.alibaba.account import REGION
from rearm_workbench.emulators.alibaba.activities import Activities
from rearm_workbench.emulators.alibaba.groups import Group, Groups, HookContext
from rearm_workbench.emulators.alibaba.hooks import NAME, OLD, Hooks
from rearm_workbench.emulators.alibaba.wire import ApiError, RpcCall, bad_parameter, known_error

SIZE_MAX = 2000
_RANGES = {"QuantityChangeInCapacity": (-1000, 1000), "PercentChangeInCapacity": (-100, 10_000), "TotalCapacity": (0, SIZE_MAX)}


class Scaling:
    """The operations that change groups."""

    def __init__(self, groups: Groups, hooks: Hooks, activities: Activities) -> None:
        self.groups, self.hooks, self.activities = groups, hooks, activities
        self._answered: dict[tuple[str, str], dict[str, Any]] = {}
        """(operation, client token) -> its answer: a repetition does nothing."""
        self.operations: dict[str, Callable[[RpcCall], dict[str, Any]]] = {
            "CreateScalingGroup": self.create,
            "EnableScalingGroup": self.enable,
            "DisableScalingGroup": self.disable,
            "DeleteScalingGroup": self.delete,
            "ScaleWithAdjustment": self.scale,
            "RemoveInstances": self.remove,
        }

    def create(self, call: RpcCall) -> dict[str, Any]:
        return self._once(call, lambda: self._create(call))

    def _create(self, call: RpcCall) -> dict[str, Any]:
        call.need("RegionId")
        call.need("MaxSize")
        call.need("MinSize")
        minimum = call.number("MinSize", 0, 0, SIZE_MAX, bad_parameter("MinSize"))
        maximum = call.number("MaxSize", 0, 0, SIZE_MAX, bad_parameter("MaxSize"))
        if minimum > maximum:
            raise ApiError("InvalidParameter.Conflict", "The value of parameter MinSize and parameter MaxSize are conflict.")
        name = call.get("ScalingGroupName")
        if name and not NAME.fullmatch(name):
            raise bad_parameter("ScalingGroupName")
        if any(name == one.name and one.region == call.get("RegionId") for one in self.groups.all.values()):
            raise known_error("InvalidScalingGroupName.Duplicate")
        desired = call.number("DesiredCapacity", minimum, minimum, maximum, bad_parameter("DesiredCapacity"))
        group = Group("", name, call.get("RegionId"), self.activities.clock.now(), minimum, maximum)
        group.desired = desired if call.get("DesiredCapacity") else None
        group.cooldown_s = call.number("DefaultCooldown", 300, 0, 86_400, bad_parameter("DefaultCooldown"))
        group.protected = call.flag("GroupDeletionProtection")
        group.tags = [(tag.get("key", ""), tag.get("value", "")) for tag in call.numbered_parts("Tags", "Tag")]
        self._with_hooks(group, call)
        return {"ScalingGroupId": group.group_id}

    def _with_hooks(self, group: Group, call: RpcCall) -> None:
        """Add the group with the hooks given in the same call: all of them, or nothing."""
        group.group_id = self.activities.ids.named("asg")
        group.name = group.name or group.group_id
        for given in call.numbered_parts("LifecycleHooks", "LifecycleHook"):
            self.hooks.add(group, given, call.version)
        self.groups.all[group.group_id] = group

    def enable(self, call: RpcCall) -> dict[str, Any]:
        """Active from now on; instances are attached and created up to the expected number, or the least."""
        group = self.groups.get(call.need("ScalingGroupId"))
        if group.active or group.deleting:
            raise known_error("IncorrectScalingGroupStatus")
        attached = tuple(call.numbered("InstanceIds", "InstanceId"))
        if len(group.members) + len(attached) > group.maximum:
            raise known_error("IncorrectCapacity.MaxSize")
        group.active = True
        if attached:
            self.activities.attach(group, attached)
        missing = (group.minimum if group.desired is None else group.desired) - len(group.members)
        if missing > 0:
            cause = f'The Total Capacity is less than the expected number, changing it from "{len(group.members)}".'
            self.activities.scale_out(group, missing, cause, HookContext(), call.request_id)
        return {}

    def disable(self, call: RpcCall) -> dict[str, Any]:
        group = self.groups.get(call.need("ScalingGroupId"))
        if not group.active:
            raise known_error("IncorrectScalingGroupStatus")
        group.active = False
        return {}

    def delete(self, call: RpcCall) -> dict[str, Any]:
        """With `ForceDelete` the activities under way end first, as the page says: their waits keep the group till then."""
        group = self.groups.get(call.need("ScalingGroupId"))
        if group.protected:
            raise known_error("IncorrectScalingGroupStatus")
        busy = self.groups.under_way(group)
        if not call.flag("ForceDelete"):
            if busy:
                raise known_error("ScalingActivityInProgress")
            if group.members:
                raise known_error("InstanceInUse")
        group.active, group.deleting = False, True
        if not busy:
            self.groups.delete(group)
        return {}

    def scale(self, call: RpcCall) -> dict[str, Any]:
        return self._once(call, lambda: self._scale(call))

    def _scale(self, call: RpcCall) -> dict[str, Any]:
        group = self._ready(call)
        before = len(group.members)
        after = min(max(self._target(call, before), group.minimum), group.maximum)
        context = _hook_context(call)
        if after == before:
            raise known_error("IncorrectCapacity.NoChange")
        kind = {"ActivityType": "CapacityChange"} if call.version != OLD else {}
        if call.choice("ExecutionMode", ("None", "PlanOnly"), bad_parameter("ExecutionMode")) == "PlanOnly":
            plan = [{"ZoneId": f"{group.region}-a", "InstanceChargeType": "PostPaid", "Amount": after - before}]
            return kind | {"PlanResult": {"ResourceAllocations": plan if after > before else []}}
        cause = f'A user requests to scale, changing the Total Capacity from "{before}" to "{after}".'
        if after > before:
            activity = self.activities.scale_out(group, after - before, cause, context, call.request_id)
        else:
            oldest = sorted(group.in_state("InService"), key=lambda member: member.joined_at)[: before - after]
            if not oldest:
                raise known_error("ScalingActivityInProgress")
            leaving = tuple(member.instance_id for member in oldest)
            activity = self.activities.scale_in(group, leaving, cause, context, call.request_id)
        activity.metadata = call.get("ActivityMetadata")
        group.desired = after if group.desired is not None else None
        return kind | {"ScalingActivityId": activity.activity_id}

    def _target(self, call: RpcCall, before: int) -> int:
        """How many instances the adjustment asks for, before the group's limits."""
        call.need("ScalingGroupId")
        kind = call.need("AdjustmentType")
        if kind not in _RANGES:
            raise bad_parameter("AdjustmentType")
        call.need("AdjustmentValue")
        value = call.number("AdjustmentValue", 0, *_RANGES[kind], bad_parameter("AdjustmentValue"))
        least = call.number("MinAdjustmentMagnitude", 1, 1, 1000, bad_parameter("MinAdjustmentMagnitude"))
        if kind == "TotalCapacity":
            return value
        if kind == "QuantityChangeInCapacity":
            return before + value
        change = max(math.floor(before * abs(value) / 100), least if value else 0)
        return before + int(math.copysign(change, value))

    def remove(self, call: RpcCall) -> dict[str, Any]:
        return self._once(call, lambda: self._remove(call))

    def _remove(self, call: RpcCall) -> dict[str, Any]:
        group = self._ready(call)
        asked = list(dict.fromkeys(call.numbered("InstanceIds", "InstanceId")))
        if not asked:
            call.need("InstanceIds.1" if call.version != OLD else "InstanceId.1")
        if len(asked) > 20:
            raise bad_parameter("InstanceIds" if call.version != OLD else "InstanceId")
        call.choice("RemovePolicy", ("release", "recycle"), bad_parameter("RemovePolicy"))
        known = [one for one in asked if one in group.members and group.members[one].state == "InService"]
        strangers = [one for one in asked if one not in known]
        if strangers and not (call.flag("IgnoreInvalidInstance") and known):
            raise ApiError("InvalidInstanceId.NotFound", f'Instance "{strangers[0]}" does not exist.', 404)
        decrease = call.flag("DecreaseDesiredCapacity", default=True)
        if decrease and len(group.members) - len(known) < group.minimum:
            raise known_error("IncorrectCapacity.MinSize")
        context = _hook_context(call)
        if call.version == OLD and not call.get("LifecycleHookContext"):
            context = HookContext(disabled=True)
        cause = f'A user requests to remove "{len(known)}" ECS instances.'
        activity = self.activities.scale_in(group, tuple(known), cause, context, call.request_id)
        if decrease and group.desired is not None:
            group.desired -= len(known)
        answer: dict[str, Any] = {"ScalingActivityId": activity.activity_id}
        if call.version != OLD:
            reason = {"Code": "InvalidInstanceId.NotFound", "Message": "The instance does not exist."}
            answer["IgnoredInstances"] = [{"InstanceId": one, **reason} for one in strangers]
        return answer

    def _ready(self, call: RpcCall) -> Group:
        """The group, if it is active and free. With an expected number of instances, activities may run side by side."""
        group = self.groups.get(call.need("ScalingGroupId"))
        if not group.active:
            raise known_error("IncorrectScalingGroupStatus")
        if group.desired is None and self.groups.under_way(group):
            raise known_error("ScalingActivityInProgress")
        return group

    def _once(self, call: RpcCall, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        token = call.get("ClientToken")
        if len(token) > 64 or not token.isascii():
            raise bad_parameter("ClientToken")
        if not token:
            return act()
        if (call.action, token) not in self._answered:
            self._answered[call.action, token] = act()
        return self._answered[call.action, token]

    def group_of_seed(self, group_id: str) -> Group:
        """The group of an action that is put in place by hand: known from now on, and active."""
        if group_id not in self.groups.all:
            group = Group(group_id, group_id, REGION, self.activities.clock.now(), active=True)
            self.groups.all[group_id] = group
        return self.groups.all[group_id]


def _hook_context(call: RpcCall) -> HookContext:
    """`LifecycleHookContext`, which is JSON in one parameter. Raises `InvalidParameter`."""
    text = call.get("LifecycleHookContext")
    if not text:
        return HookContext()
    try:
        given = json.loads(text)
        disabled = re.fullmatch("true|false", str(given.get("DisableLifecycleHook", False)).lower())
        ignored = tuple(str(one) for one in given.get("IgnoredLifecycleHookIds") or ())
    except (ValueError, AttributeError, TypeError):
        disabled = None
    if disabled is None:
        raise bad_parameter("LifecycleHookContext")
    return HookContext(disabled.group() == "true", ignored)
