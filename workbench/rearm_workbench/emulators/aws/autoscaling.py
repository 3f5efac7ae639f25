"""Auto Scaling by subclass: instances stop in their wait state, and an action's end moves them on.

States and what moves them: docs.aws.amazon.com/autoscaling/ec2/userguide `lifecycle-hooks`, `warm-pools-eventbridge-events`.
Both results of a terminate hook terminate; ABANDON of a launch hook terminates and the group launches another.
"""

from functools import partial
from typing import Any, ClassVar

from moto.autoscaling import models, urls
from moto.autoscaling.exceptions import ValidationError
from moto.moto_api._internal import mock_random

from rearm.core.model import Result, Transition
from rearm_workbench.emulators.aws import notify
from rearm_workbench.emulators.aws.hooks import HOOKS_MAX, Hook, checked, limit_reached
from rearm_workbench.emulators.aws.running import running
from rearm_workbench.emulators.lifecycle import LifecycleAction

COUNTED = ("InService", "Pending", "Pending:Wait")
ROUTES: dict[Transition, tuple[str, str]] = {"launch": ("EC2", "AutoScalingGroup"), "terminate": ("AutoScalingGroup", "EC2")}
AFTER = {"Pending:Wait": "InService", "Warmed:Pending:Wait": "Warmed:Stopped", "ReplacingRootVolume:Wait": "RootVolumeReplaced"}
"""The state that CONTINUE leads to; from `Terminating:Wait` the instance is terminated."""


def wait_state(transition: Transition, origin: str | None, destination: str | None) -> str:
    """The wait state that a notification with these fields stands for."""
    if destination == "WarmPool":
        return "Warmed:Pending:Wait"
    if transition == "terminate" and origin == destination == "AutoScalingGroup":
        return "ReplacingRootVolume:Wait"
    return "Pending:Wait" if transition == "launch" else "Terminating:Wait"


class Group(models.FakeAutoScalingGroup):
    """moto's group, but scaling goes through the hooks."""

    def set_desired_capacity(self, new_capacity: int | None) -> None:
        if (self.mixed_instances_policy or {}).get("LaunchTemplate", {}).get("Overrides"):
            super().set_desired_capacity(new_capacity)
            return
        self.desired_capacity = self.min_size if new_capacity is None else new_capacity
        here = [state for state in self.instance_states if state.lifecycle_state in COUNTED]
        missing = (self.desired_capacity or 0) - len(here)
        if missing > 0 and "Launch" not in self._suspended_processes:
            self.replace_autoscaling_group_instances(missing, self.get_propagated_tags())
        unprotected = [state for state in here if not state.protected_from_scale_in]
        for state in unprotected[: max(0, -missing)]:
            self.autoscaling_backend.take_out(self, state)
        if self.name in self.autoscaling_backend.autoscaling_groups:
            self.autoscaling_backend.update_attached_elbs(self.name)
            self.autoscaling_backend.update_attached_target_groups(self.name)

    def replace_autoscaling_group_instances(self, count_needed: int, propagated_tags: dict[str, str]) -> None:
        before = len(self.instance_states)
        super().replace_autoscaling_group_instances(count_needed, propagated_tags)
        for state in self.instance_states[before:]:
            self.autoscaling_backend.wait(self, state, "launch")


class Backend(models.AutoScalingBackend):
    """moto's backend with real hooks. `reset` runs `__init__` again, so its two parameters must stay."""

    _url_module: ClassVar[Any] = urls

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.hooks: dict[tuple[str, str], Hook] = {}

    # hooks

    def group(self, name: str) -> Group:
        """The group of that name. Raises `ValidationError`."""
        if name not in self.autoscaling_groups:
            raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
        group: Group = self.autoscaling_groups[name]
        return group

    def put_hook(self, group_name: str, asked: dict[str, Any]) -> None:
        """PutLifecycleHook: check, publish the test notification, keep."""
        group = self.group(group_name)
        key = (group_name, asked["LifecycleHookName"])
        hook = checked(group_name, asked, self.hooks.get(key), self.region_name)
        if key not in self.hooks and sum(name == group_name for name, _ in self.hooks) >= HOOKS_MAX:
            raise limit_reached()
        if hook.target and not notify.test(group, hook):
            raise ValidationError(
                f"Unable to publish test message to notification target {hook.target} using IAM role {hook.role}. "
                "Please check your target and role configuration and try to put lifecycle hook again."
            )
        self.hooks[key] = hook

    def delete_hook(self, group_name: str, hook_name: str) -> None:
        """DeleteLifecycleHook: outstanding actions end, ABANDON for launching instances, CONTINUE for terminating ones."""
        self.group(group_name)
        if self.hooks.pop((group_name, hook_name), None) is None:
            raise ValidationError(f"No Lifecycle Hook found with name {hook_name}")
        for action in self.waiting(group_name):
            if action.hook == hook_name:
                running().book.end(action, "ABANDON" if action.transition == "launch" else "CONTINUE", "hook deleted")

    # actions

    def waiting(self, group_name: str, instance_id: str | None = None) -> list[LifecycleAction]:
        """The group's actions that wait, of one instance or of all."""
        return [
            action
            for action in running().book.actions.values()
            if action.ended_at is None and action.group == group_name and instance_id in (None, action.instances[0])
        ]

    def active(self, group_name: str, hook_name: str, token: str | None, instance_id: str | None) -> LifecycleAction:
        """The waiting action that a call means. Raises `ValidationError` in AWS's words."""
        self.group(group_name)
        if not token and not instance_id:
            raise ValidationError("Either a lifecycle action token or an instance ID must be specified")
        for action in self.waiting(group_name, instance_id):
            if action.hook == hook_name and token in (None, action.token):
                return action
        named = f"token {token}" if token else f"instance ID {instance_id}"
        raise ValidationError(f"No active Lifecycle Action found with {named}")

    def wait(self, group: Group, state: Any, transition: Transition) -> bool:
        """Begin an action for every hook of that transition. False, and nothing done, if there is none."""
        hooks = [hook for hook in self.hooks.values() if hook.group == group.name and hook.transition == transition]
        origin, destination = ROUTES[transition]
        if hooks:
            state.lifecycle_state = wait_state(transition, origin, destination)
        begun = [(hook, self.begin(group, state, hook, str(mock_random.uuid4()))) for hook in hooks]
        for hook, action in begun:
            notify.tell(group, hook, action, origin, destination)
        return bool(hooks)

    def begin(self, group: Group, state: Any, hook: Hook, token: str) -> LifecycleAction:
        """Put one action into the book; its end moves the instance."""
        now = running().clock.now()
        action = LifecycleAction(
            group=group.name,
            hook=hook.name,
            token=token,
            instances=(state.instance_id,),
            transition=hook.transition,
            began_at=now,
            timeout_s=hook.timeout_s,
            default_result=hook.default_result,
            lapses_at=now + hook.timeout_s,
            on_end=[partial(self._ended, group, state)],
        )
        return running().book.begin(action)

    def _ended(self, group: Group, state: Any, action: LifecycleAction) -> None:
        if action.by == "gone":
            return
        others = self.waiting(group.name, state.instance_id)
        if others and action.result == "CONTINUE":
            return
        self.end_all(group, state.instance_id, "ABANDON")
        if action.result == "CONTINUE" and state.lifecycle_state in AFTER:
            state.lifecycle_state = AFTER[state.lifecycle_state]
            self.update_attached_elbs(group.name)
        else:
            self._terminate(group, state)
            self._replenish(group)

    def end_all(self, group: Group, instance_id: str, result: Result) -> None:
        """End every waiting action of an instance that will not complete any more."""
        for action in self.waiting(group.name, instance_id):
            running().book.end(action, result, "gone")

    # instances

    def take_out(self, group: Group, state: Any) -> None:
        """Scale one instance in: through the terminate hooks, or at once."""
        self.end_all(group, state.instance_id, "ABANDON")
        if not self.wait(group, state, "terminate"):
            self._terminate(group, state)

    def _terminate(self, group: Group, state: Any) -> None:
        group.instance_states = [one for one in group.instance_states if one is not state]
        if state.instance.state_code != 48:
            self.ec2_backend.terminate_instances([state.instance_id])

    def _replenish(self, group: Group) -> None:
        if self.autoscaling_groups.get(group.name) is group:
            group.set_desired_capacity(group.desired_capacity)

    def notify_terminate_instances(self, instance_ids: list[str]) -> None:
        """EC2 tells that instances were terminated: their actions are over, and the groups launch others."""
        for group in list(self.autoscaling_groups.values()):
            lost = [state for state in group.instance_states if state.instance_id in instance_ids]
            for state in lost:
                self._terminate(group, state)
                self.end_all(group, state.instance_id, "ABANDON")
            if lost:
                self._replenish(group)

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
        self._replenish(group)
        return models.TerminateInstanceActivity(state.instance, capacity)

    def delete_auto_scaling_group(self, group_name: str) -> None:
        """As with ForceDelete: no hook fires, and outstanding actions are over."""
        group = self.group(group_name)
        del self.autoscaling_groups[group_name]
        for state in list(group.instance_states):
            self._terminate(group, state)
            self.end_all(group, state.instance_id, "ABANDON")
        self.hooks = {key: hook for key, hook in self.hooks.items() if key[0] != group_name}
