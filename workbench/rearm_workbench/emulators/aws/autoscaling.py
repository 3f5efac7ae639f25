"""Auto Scaling by subclass: groups, their warm pools and their refreshes, on top of the hooks that move instances."""

from typing import Any

from moto.autoscaling import models
from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError

from rearm_workbench.emulators.aws.group import Group
from rearm_workbench.emulators.aws.hooks import check_inline
from rearm_workbench.emulators.aws.moves import Moves
from rearm_workbench.emulators.aws.refresh import Refresh, go_on, start

RETAINED = (
    "You can't force delete this Auto Scaling group because the TerminateHookAbandon retention trigger is set to retain. "
    "Set it to terminate first."
)
IN_USE = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group."


class Backend(Moves):
    """moto's backend as the emulator runs it."""

    # groups

    def create_auto_scaling_group(self, *, name: str, **rest: Any) -> Group:
        """Hooks in `asked_inline` are put before the first instance; if one is refused, there is no group."""
        asked = self.asked_inline.pop(name, [])
        check_inline(name, asked, self.region_name)
        group: Group = super().create_auto_scaling_group(name=name, **rest)
        try:
            for one in asked:
                self.put_hook(name, one)
        except ValidationError:
            self.delete_auto_scaling_group(name)
            raise
        group.set_desired_capacity(group.desired_capacity)
        return group

    def update_auto_scaling_group(self, *, name: str, desired_capacity: int | None, **rest: Any) -> Group:
        group = self.group(name)
        low, high = (rest[key] if rest[key] is not None else getattr(group, key) or 0 for key in ("min_size", "max_size"))
        if desired_capacity is None:
            desired_capacity = max(low, min(high, group.desired_capacity or 0))
        updated: Group = super().update_auto_scaling_group(name=name, desired_capacity=desired_capacity, **rest)
        return updated

    def delete_auto_scaling_group(self, group_name: str, force: bool = True) -> None:
        """No hook fires, and outstanding actions are over. Not by force: only a group without instances."""
        group = self.group(group_name)
        if force and group.retains:
            raise ValidationError(RETAINED)
        if not force and group.instance_states:
            raise AutoscalingClientError("ResourceInUse", IN_USE)
        del self.autoscaling_groups[group_name]
        for state in list(group.instance_states):
            self._terminate(group, state)
            self.end_all(group, state.instance_id, "ABANDON")
        self.refreshes = [one for one in self.refreshes if one.group != group_name]
        self.hooks = {key: hook for key, hook in self.hooks.items() if key[0] != group_name}

    def terminate_instance(self, instance_id: str, should_decrement: bool) -> models.TerminateInstanceActivity:
        found = [
            (group, state)
            for group in self.autoscaling_groups.values()
            for state in group.instance_states
            if state.instance_id == instance_id
        ]
        if not found:
            raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")
        group, state = found[0]
        capacity = group.desired_capacity
        group.desired_capacity -= int(bool(should_decrement))
        self.take_out(group, state)
        self.replenish(group)
        return models.TerminateInstanceActivity(state.instance, capacity)

    # instance refreshes

    def start_refresh(self, group_name: str, strategy: str, preferences: dict[str, Any] | None) -> Refresh:
        group = self.group(group_name)
        refresh = start(group, self.refreshes_of(group.name), strategy, preferences)
        self.refreshes.append(refresh)
        go_on(self, group, refresh)
        return refresh

    def cancel_refresh(self, group_name: str) -> Refresh:
        """No further instance is taken; the one that waits goes its way."""
        for refresh in self.refreshes_of(self.group(group_name).name):
            if refresh.status == "InProgress":
                refresh.end("Cancelled")
                return refresh
        raise AutoscalingClientError("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found.")

    # warm pools

    def put_warm_pool(self, group_name: str, **asked: Any) -> None:
        group = self.group(group_name)
        super().put_warm_pool(group_name=group.name, **asked)
        self.replenish(group)

    def delete_warm_pool(self, group_name: str, force: bool = False) -> None:
        """Its instances leave through the terminate hooks; by force, at once."""
        group = self.group(group_name)
        if group.warm_pool is None:
            raise ValidationError(f"No warm pool found for Auto Scaling group {group.name}")
        group.warm_pool.status = "PendingDelete"
        for state in group.warm_instances if force else []:
            self.end_all(group, state.instance_id, "ABANDON")
            self._terminate(group, state)
        self.replenish(group)
