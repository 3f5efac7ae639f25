"""Instance refreshes, one instance at a time: replaced, or given a new root volume (`ReplacingRootVolume:Wait`).

Sources: botocore's autoscaling model (StartInstanceRefresh); docs.aws.amazon.com/autoscaling/ec2/userguide `replace-root-volume`
(needs a mixed instances policy, and no warm pool). Checkpoints, warm-up, health percentages and rollback are not modelled.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.moto_api._internal import mock_random

from rearm_workbench.emulators.aws.group import Group
from rearm_workbench.emulators.aws.routes import REPLACE_ROOT, TERMINATE, Route
from rearm_workbench.emulators.aws.running import running

STRATEGIES = {"Rolling": TERMINATE, "ReplaceRootVolume": REPLACE_ROOT}


class CanMove(Protocol):
    """What is used of the Auto Scaling backend."""

    def waiting(self, group_name: str, instance_id: str | None = None) -> list[Any]: ...
    def move(self, group: Group, state: Any, route: Route) -> None: ...
    def replenish(self, group: Group) -> None: ...


@dataclass
class Refresh:
    """One refresh; `left` are the instances that have still to be replaced."""

    id: str
    group: str
    strategy: str
    preferences: dict[str, Any] | None
    left: list[str]
    total: int
    started: datetime
    status: str = "InProgress"
    ended: datetime | None = None

    def end(self, status: str) -> None:
        self.status, self.ended = status, running().moment()

    def described(self) -> dict[str, Any]:
        """A member of DescribeInstanceRefreshes."""
        done = 100 if self.status == "Successful" else 100 * (self.total - len(self.left)) // max(1, self.total)
        told = {
            "InstanceRefreshId": self.id,
            "AutoScalingGroupName": self.group,
            "Status": self.status,
            "StartTime": self.started,
            "EndTime": self.ended,
            "PercentageComplete": done,
            "InstancesToUpdate": len(self.left),
            "Preferences": self.preferences,
            "Strategy": self.strategy,
        }
        return {key: value for key, value in told.items() if value is not None}


def start(group: Group, before: list[Refresh], strategy: str, preferences: dict[str, Any] | None) -> Refresh:
    """A refresh of all instances in service. Raises moto's errors for what AWS refuses."""
    if strategy not in STRATEGIES:
        raise ValidationError(f"Strategy '{strategy}' must be one of {', '.join(STRATEGIES)}")
    if any(one.status == "InProgress" for one in before):
        raise AutoscalingClientError("InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks the execution.")
    if strategy == "ReplaceRootVolume" and (group.warm_pool is not None or not group.mixed_instances_policy):
        raise ValidationError("The ReplaceRootVolume strategy needs a mixed instances policy and no warm pool")
    left = [state.instance_id for state in group.instance_states if state.lifecycle_state == "InService"]
    return Refresh(str(mock_random.uuid4()), group.name, strategy, preferences, left, len(left), running().moment())


def go_on(backend: CanMove, group: Group, refresh: Refresh) -> None:
    """Take the next instance as soon as nothing of the group waits any more."""
    while refresh.status == "InProgress" and not backend.waiting(group.name):
        if not refresh.left:
            refresh.end("Successful")
            return
        instance_id = refresh.left.pop(0)
        for state in [one for one in group.instance_states if one.instance_id == instance_id and one.lifecycle_state == "InService"]:
            backend.move(group, state, STRATEGIES[refresh.strategy])
            backend.replenish(group)
