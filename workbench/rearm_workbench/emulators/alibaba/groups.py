"""Scaling groups, their hooks, instances and activities: what ESS remembers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone

from rearm.core.model import Result, Transition
from rearm_workbench.emulators.alibaba.wire import ApiError, known_error
from rearm_workbench.emulators.lifecycle import LifecycleAction

TRANSITIONS: dict[Transition, str] = {"launch": "SCALE_OUT", "terminate": "SCALE_IN"}


@dataclass
class Hook:
    """A lifecycle hook. `arn` is "" when no notification is sent."""

    hook_id: str
    name: str
    group_id: str
    transition: Transition
    timeout_s: int = 600
    default_result: Result = "CONTINUE"
    arn: str = ""
    metadata: str = ""
    active: bool = True


@dataclass
class Member:
    """An instance in a group. `state` is its service state, e.g. `Pending:Wait`."""

    instance_id: str
    state: str
    activity_id: str
    joined_at: float
    attached: bool = False


@dataclass
class HookContext:
    """`LifecycleHookContext`: which hooks an activity leaves out."""

    disabled: bool = False
    ignored: tuple[str, ...] = ()

    def allows(self, hook: Hook) -> bool:
        return hook.active and not self.disabled and hook.hook_id not in self.ignored


@dataclass
class Activity:
    """A scaling activity. `total` is the group's number of instances, from its end on."""

    activity_id: str
    group_id: str
    transition: Transition
    instances: tuple[str, ...]
    cause: str
    began_at: float
    context: HookContext
    request_id: str
    actions: list[LifecycleAction] = field(default_factory=list)
    status: str = "InProgress"
    message: str = ""
    ended_at: float | None = None
    total: int = 0
    metadata: str = ""
    deciding: bool = False


@dataclass
class Group:
    """A scaling group. `desired` is None when the group has no expected number of instances."""

    group_id: str
    name: str
    region: str
    created_at: float
    minimum: int = 0
    maximum: int = 2000
    desired: int | None = None
    cooldown_s: int = 300
    active: bool = False
    protected: bool = False
    deleting: bool = False
    tags: list[tuple[str, str]] = field(default_factory=list)
    suspended: list[str] = field(default_factory=list)
    hooks: dict[str, Hook] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)

    def in_state(self, *states: str) -> list[Member]:
        return [member for member in self.members.values() if member.state in states]


class Groups:
    """All groups and activities of the account."""

    def __init__(self) -> None:
        self.all: dict[str, Group] = {}
        self.activities: dict[str, Activity] = {}
        self.on_deleted: list[Callable[[Group], None]] = []

    def get(self, group_id: str) -> Group:
        """Raises `InvalidScalingGroupId.NotFound`."""
        if group_id not in self.all:
            raise known_error("InvalidScalingGroupId.NotFound", 404)
        return self.all[group_id]

    def hook(self, hook_id: str, group_id: str, name: str) -> Hook:
        """By id, or by group and name; the id goes first. Raises `ApiError`."""
        if hook_id:
            for group in self.all.values():
                if hook_id in group.hooks:
                    return group.hooks[hook_id]
            raise known_error("InvalidLifecycleHookId.NotExist")
        if not (group_id and name):
            raise ApiError("MissingParameter", "LifecycleHookId, or ScalingGroupId and LifecycleHookName, must be supplied.")
        for hook in self.all[group_id].hooks.values() if group_id in self.all else ():
            if hook.name == name:
                return hook
        raise known_error("InvalidLifecycleHookName.NotExist")

    def under_way(self, group: Group) -> list[Activity]:
        return [one for one in self.activities.values() if one.group_id == group.group_id and one.status == "InProgress"]

    def delete(self, group: Group) -> None:
        """Take the group away; whoever asked to be told releases what was in it."""
        del self.all[group.group_id]
        for tell in self.on_deleted:
            tell(group)


def to_minute(seconds: float) -> str:
    """`2020-09-10T09:54Z`."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%MZ")


def to_second(seconds: float) -> str:
    """`2020-12-21T03:11:00Z`."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
