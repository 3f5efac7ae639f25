"""Scaling groups, instances and activities as the describing operations show them, in the shapes of both versions.

AlibabaCloudDocs/ess "DescribeScalingGroups", "DescribeScalingInstances", "DescribeScalingActivities"; 2022: the models of the SDK.
"""

from collections.abc import Callable
from typing import Any

from rearm_workbench.emulators.alibaba.ecs import Ecs
from rearm_workbench.emulators.alibaba.groups import Activity, Group, Groups, Member, to_minute, to_second
from rearm_workbench.emulators.alibaba.hooks import OLD
from rearm_workbench.emulators.alibaba.wire import RpcCall, bad_parameter

_STATUS = ("Successful", "Warning", "Failed", "InProgress", "Rejected")
_STATES = ("InService", "Pending", "Pending:Wait", "Protected", "Standby", "Stopped", "Removing", "Removing:Wait")
_CREATION = ("AutoCreated", "Attached")


class Described:
    """The describing operations of groups."""

    def __init__(self, groups: Groups, ecs: Ecs) -> None:
        self.groups, self.ecs = groups, ecs
        self.operations: dict[str, Callable[[RpcCall], dict[str, Any]]] = {
            "DescribeScalingGroups": self.describe_groups,
            "DescribeScalingActivities": self.describe_activities,
            "DescribeScalingInstances": self.describe_instances,
        }

    def describe_groups(self, call: RpcCall) -> dict[str, Any]:
        region = call.need("RegionId")
        ids = call.numbered("ScalingGroupIds", "ScalingGroupId")
        names = call.numbered("ScalingGroupNames", "ScalingGroupName") or [name for name in [call.get("ScalingGroupName")] if name]
        found = [
            group
            for group in self.groups.all.values()
            if group.region == region and (not ids or group.group_id in ids) and (not names or group.name in names)
        ]
        return _page(call, "ScalingGroup", [self._group(group, call.version) for group in found])

    def describe_activities(self, call: RpcCall) -> dict[str, Any]:
        """Newest first."""
        status = call.choice("StatusCode", _STATUS, bad_parameter("StatusCode"))
        ids = call.numbered("ScalingActivityIds", "ScalingActivityId")
        group = call.get("ScalingGroupId") if ids else self.groups.get(call.need("ScalingGroupId")).group_id
        found = [
            one
            for one in reversed(self.groups.activities.values())
            if group in ("", one.group_id) and (not ids or one.activity_id in ids) and status in ("", one.status)
        ]
        return _page(call, "ScalingActivity", [self._activity(one, call.version) for one in found], "ScalingActivities")

    def describe_instances(self, call: RpcCall) -> dict[str, Any]:
        ids = call.numbered("InstanceIds", "InstanceId")
        wanted = call.get("ScalingGroupId") if ids else self.groups.get(call.need("ScalingGroupId")).group_id
        states = call.numbered("LifecycleStates")
        if state := call.choice("LifecycleState", _STATES, bad_parameter("LifecycleState")):
            states = [state]
        creation = call.choice("CreationType", _CREATION, bad_parameter("CreationType"))
        activity = call.get("ScalingActivityId")
        found = [
            self._instance(group, member, call.version)
            for group in self.groups.all.values()
            for member in group.members.values()
            if wanted in ("", group.group_id)
            and (not ids or member.instance_id in ids)
            and (not states or member.state in states)
            and creation in ("", _created_by(member))
            and activity in ("", member.activity_id)
        ]
        return _page(call, "ScalingInstance", found) | {"TotalSpotCount": 0}

    def _group(self, group: Group, version: str) -> dict[str, Any]:
        """Capacities count instances by their service state."""
        counts = {
            "PendingCapacity": len(group.in_state("Pending")),
            "PendingWaitCapacity": len(group.in_state("Pending:Wait")),
            "RemovingCapacity": len(group.in_state("Removing")),
            "RemovingWaitCapacity": len(group.in_state("Removing:Wait")),
            "ActiveCapacity": len(group.in_state("InService")),
        }
        tags = [{"TagKey": key, "TagValue": value, "Propagate": False} for key, value in group.tags]
        expected = {} if group.desired is None else {"DesiredCapacity": group.desired}
        return {
            "ScalingGroupId": group.group_id,
            "ScalingGroupName": group.name,
            "RegionId": group.region,
            "MinSize": group.minimum,
            "MaxSize": group.maximum,
            "DefaultCooldown": group.cooldown_s,
            "SuspendedProcesses": {"SuspendedProcess": group.suspended} if version == OLD else group.suspended,
            "LifecycleState": "Deleting" if group.deleting else "Active" if group.active else "Inactive",
            "GroupType": "ECS",
            "GroupDeletionProtection": group.protected,
            "EnableDesiredCapacity": group.desired is not None,
            "TotalCapacity": len(group.members),
            "TotalInstanceCount": len(group.members),
            "StandbyCapacity": 0,
            "ProtectedCapacity": 0,
            "StoppedCapacity": 0,
            "CreationTime": to_minute(group.created_at),
            "RemovalPolicies": _listed("RemovalPolicy", ["OldestScalingConfiguration", "OldestInstance"], version),
            "Tags": _listed("Tag", tags, version),
            **counts,
            **expected,
        }

    def _activity(self, one: Activity, version: str) -> dict[str, Any]:
        """While it runs it has no end, and its progress stands at half."""
        group = self.groups.all.get(one.group_id)
        total = one.total if one.ended_at is not None or group is None else len(group.members)
        verb = "Add" if one.transition == "launch" else "Remove"
        ended = {} if one.ended_at is None else {"EndTime": to_minute(one.ended_at)}
        shown = {
            "ScalingActivityId": one.activity_id,
            "ScalingGroupId": one.group_id,
            "StatusCode": one.status,
            "StatusMessage": one.message,
            "Cause": one.cause,
            "Description": f'{verb} "{len(one.instances)}" ECS instance',
            "Progress": 50 if one.ended_at is None else 100,
            "StartTime": to_minute(one.began_at),
            "ScalingInstanceNumber": len(one.instances),
            "TotalCapacity": total,
            "AttachedCapacity": 0,
            "AutoCreatedCapacity": total,
            **ended,
        }
        return shown if version == OLD else shown | _activity_of_2022(one)

    def _instance(self, group: Group, member: Member, version: str) -> dict[str, Any]:
        shown = {
            "InstanceId": member.instance_id,
            "ScalingGroupId": group.group_id,
            "ScalingActivityId": member.activity_id,
            "LifecycleState": member.state,
            "HealthStatus": "Healthy",
            "CreationType": _created_by(member),
            "CreationTime": to_minute(member.joined_at),
            "CreatedTime": to_second(member.joined_at),
            "WarmupState": "NoNeedWarmup",
            "LoadBalancerWeight": 50,
            "Entrusted": not member.attached,
            "ZoneId": f"{group.region}-a",
        }
        return shown if version == OLD else shown | {"PrivateIpAddress": self.ecs.instance(member.instance_id).private_ip}


def _activity_of_2022(one: Activity) -> dict[str, Any]:
    done = list(one.instances) if one.status == "Successful" else []
    launch = one.transition == "launch"
    return {
        "CreatedInstances": done if launch else [],
        "CreatedCapacity": len(done) if launch else 0,
        "DestroyedInstances": [] if launch else done,
        "DestroyedCapacity": 0 if launch else len(done),
        "TriggerSourceType": "APIs",
        "ActivityMetadata": one.metadata,
        "LifecycleHookContext": {"DisableLifecycleHook": one.context.disabled, "IgnoredLifecycleHookIds": list(one.context.ignored)},
    }


def _created_by(member: Member) -> str:
    return "Attached" if member.attached else "AutoCreated"


def _page(call: RpcCall, element: str, found: list[dict[str, Any]], plural: str = "") -> dict[str, Any]:
    number = call.number("PageNumber", 1, 1, 10**6, bad_parameter("PageNumber"))
    size = call.number("PageSize", 10, 1, 50, bad_parameter("PageSize"))
    shown = found[(number - 1) * size : number * size]
    return {
        plural or f"{element}s": _listed(element, shown, call.version),
        "TotalCount": len(found),
        "PageNumber": number,
        "PageSize": size,
    }


def _listed(element: str, values: list[Any], version: str) -> Any:
    """A list in 2022, wrapped in its element's name in 2014."""
    return {element: values} if version == OLD else values
