"""The hooks of Auto Scaling: instances stop in their wait state, and an action's end moves them on.

States and what moves them: docs.aws.amazon.com/autoscaling/ec2/userguide `lifecycle-hooks`, `warm-pools-eventbridge-events`,
`instance-lifecycle-policy`. ABANDON of a launch hook terminates, and the group launches another; both results of a terminate
hook terminate, unless the group's policy retains what was abandoned.

Several hooks on one transition begin at the same moment, each with a token and a timeout of its own. The instance moves on when
the last of them has continued; the first ABANDON decides at once, and ends the others (`lifecycle-hooks`: "abandon stops any
remaining actions, such as other lifecycle hooks"). Their order is not documented, so there is none.
"""

from functools import partial
from typing import Any, ClassVar

from moto.autoscaling import models, urls
from moto.autoscaling.exceptions import ValidationError
from moto.moto_api._internal import mock_random

from rearm.core.model import Result
from rearm_workbench.emulators.aws import notify
from rearm_workbench.emulators.aws.activities import Activities
from rearm_workbench.emulators.aws.group import Group
from rearm_workbench.emulators.aws.hooks import HOOKS_MAX, Hook, checked, limit_reached
from rearm_workbench.emulators.aws.refresh import Refresh, go_on
from rearm_workbench.emulators.aws.routes import POOL, REPLACE_ROOT, RETURN, ROOT_REPLACED, SHRINK, TERMINATE, USE, Route, is_retained
from rearm_workbench.emulators.aws.running import running
from rearm_workbench.emulators.lifecycle import LifecycleAction

STOPPED, TERMINATED = 80, 48


class Moves(models.AutoScalingBackend):
    """moto's backend with real hooks: what holds instances and what moves them.

    `reset` runs `__init__` again, so its two parameters must stay.
    """

    _url_module: ClassVar[Any] = urls

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.hooks: dict[tuple[str, str], Hook] = {}
        self.asked_inline: dict[str, list[dict[str, Any]]] = {}
        self.activities = Activities()
        self.refreshes: list[Refresh] = []

    def group(self, name: str) -> Group:
        """The group of that name, or ARN. Raises `ValidationError`."""
        name = str(name).partition("autoScalingGroupName/")[2] if str(name).startswith("arn:") else name
        if name not in self.autoscaling_groups:
            raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
        group: Group = self.autoscaling_groups[name]
        return group

    # hooks

    def put_hook(self, group_name: str, asked: dict[str, Any]) -> None:
        """PutLifecycleHook: check, publish the test notification, keep."""
        group = self.group(group_name)
        key = (group.name, asked["LifecycleHookName"])
        hook = checked(group.name, asked, self.hooks.get(key), self.region_name)
        if key not in self.hooks and sum(name == group.name for name, _ in self.hooks) >= HOOKS_MAX:
            raise limit_reached()
        if hook.target and not notify.test(group, hook):
            raise ValidationError(
                f"Unable to publish test message to notification target {hook.target} using IAM role {hook.role}. "
                "Please check your target and role configuration and try to put lifecycle hook again."
            )
        self.hooks[key] = hook

    def delete_hook(self, group_name: str, hook_name: str) -> None:
        """DeleteLifecycleHook: outstanding actions end, ABANDON for launching instances, CONTINUE for terminating ones."""
        group = self.group(group_name)
        if self.hooks.pop((group.name, hook_name), None) is None:
            raise ValidationError(f"No Lifecycle Hook found with name {hook_name}")
        for action in self.waiting(group.name):
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
        group = self.group(group_name)
        if not token and not instance_id:
            raise ValidationError("Either a lifecycle action token or an instance ID must be specified")
        for action in self.waiting(group.name, instance_id or None):
            if action.hook == hook_name and token in (None, "", action.token) and running().book.accepts(action):
                return action
        named = f"token {token}" if token else f"instance ID {instance_id}"
        raise ValidationError(f"No active Lifecycle Action found with {named}")

    def move(self, group: Group, state: Any, route: Route) -> None:
        """Send an instance on its way: into the wait state if there are hooks for it, with a notification for each; else through."""
        if route is USE and state.instance.state_code == STOPPED:
            self.ec2_backend.start_instances([state.instance_id])
        hooks = [hook for hook in self.hooks.values() if hook.group == group.name and hook.transition == route.transition]
        self.activities.begin(group, state.instance_id, route, held=bool(hooks))
        if not hooks:
            self._settle(group, state, route, "CONTINUE")
            return
        begun = [(hook, self.begin(group, state, hook, str(mock_random.uuid4()), route)) for hook in hooks]
        for hook, action in begun:
            notify.tell(group, hook, action, route)

    def begin(self, group: Group, state: Any, hook: Hook, token: str, route: Route) -> LifecycleAction:
        """Put one action into the book and its instance into the wait state; its end moves the instance."""
        now = running().clock.now()
        state.lifecycle_state = route.wait
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
            on_end=[partial(self._ended, group, state, route)],
        )
        return running().book.begin(action)

    def _ended(self, group: Group, state: Any, route: Route, action: LifecycleAction) -> None:
        if action.by == "gone":
            return
        others = self.waiting(group.name, state.instance_id)
        if others and action.result == "CONTINUE":
            return
        self.end_all(group, state.instance_id, "ABANDON")
        self._settle(group, state, route, action.result or action.default_result)
        self.replenish(group)
        for refresh in self.refreshes_of(group.name):
            go_on(self, group, refresh)

    def _settle(self, group: Group, state: Any, route: Route, result: Result) -> None:
        self.activities.end(state.instance_id, route, result)
        if result == "ABANDON" and route.retained and group.retains:
            state.lifecycle_state = route.retained
        elif result == "ABANDON" or route.after is None:
            self._terminate(group, state)
        elif route.after == POOL:
            self._rest(group, state)
        else:
            state.lifecycle_state = route.after
            if route is REPLACE_ROOT:
                self.move(group, state, ROOT_REPLACED)
            self.update_attached_elbs(group.name)

    def end_all(self, group: Group, instance_id: str, result: Result) -> None:
        """End every waiting action of an instance that will not complete any more."""
        for action in self.waiting(group.name, instance_id):
            running().book.end(action, result, "gone")

    # instances

    def take_out(self, group: Group, state: Any) -> None:
        """Scale one instance in: through the terminate hooks, or at once; back to the pool if the group reuses instances."""
        serving = state.lifecycle_state == "InService"
        self.end_all(group, state.instance_id, "ABANDON")
        if is_retained(state.lifecycle_state):
            self._terminate(group, state)
        elif state.lifecycle_state.startswith("Warmed:"):
            self.move(group, state, SHRINK)
        else:
            self.move(group, state, RETURN if serving and group.reuses else TERMINATE)

    def _rest(self, group: Group, state: Any) -> None:
        pool_state = "Stopped" if group.warm_pool is None else group.warm_pool.pool_state
        state.lifecycle_state = f"{POOL}:{pool_state}"
        if pool_state != "Running":
            self.ec2_backend.stop_instances([state.instance_id])

    def _terminate(self, group: Group, state: Any) -> None:
        self.activities.lost(state.instance_id)
        group.instance_states = [one for one in group.instance_states if one is not state]
        if state.instance.state_code != TERMINATED:
            self.ec2_backend.terminate_instances([state.instance_id])

    def replenish(self, group: Group) -> None:
        """Bring the group to the size that it wants, if it still exists."""
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
                self.replenish(group)

    def refreshes_of(self, group_name: str) -> list[Refresh]:
        """Newest first."""
        return [one for one in reversed(self.refreshes) if one.group == group_name]
