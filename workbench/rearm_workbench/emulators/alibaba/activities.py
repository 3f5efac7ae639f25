"""Scaling activities: an instance joins or leaves a group, waits in its hooks, and goes on as they decide.

Several hooks: the CreateLifecycleHook pages. On a scale-in an ABANDON or a ROLLBACK ends the other hooks at once; otherwise the
last one to finish decides. ROLLBACK keeps the instance on a scale-in and is ABANDON on a scale-out. One token covers all the
instances of an activity (sample of DescribeLifecycleActions). Where the wait stands: an instance is `Pending:Wait` before it
serves, `Removing:Wait` before it leaves (AlibabaCloudDocs/ess, "ECS instance lifecycle").
"""

from collections.abc import Callable
from functools import partial

from rearm.core.model import Result, Transition
from rearm_workbench.emulators.alibaba.actions import Actions
from rearm_workbench.emulators.alibaba.ecs import Ecs
from rearm_workbench.emulators.alibaba.groups import Activity, Group, Groups, Hook, HookContext, Member
from rearm_workbench.emulators.alibaba.ids import Ids
from rearm_workbench.emulators.lifecycle import Clock, LifecycleAction

Notify = Callable[[Group, Hook, Activity, LifecycleAction], None]
_WAITING: dict[Transition, str] = {"launch": "Pending:Wait", "terminate": "Removing:Wait"}
_MOVING: dict[Transition, str] = {"launch": "Pending", "terminate": "Removing"}


class Activities:
    """Runs the activities. `notify` is told of every action that began."""

    def __init__(self, groups: Groups, actions: Actions, ecs: Ecs, clock: Clock, ids: Ids, notify: Notify) -> None:
        self.groups, self.actions, self.ecs, self.clock, self.ids, self.notify = groups, actions, ecs, clock, ids, notify
        groups.on_deleted.append(self._release_all)

    def scale_out(self, group: Group, count: int, cause: str, context: HookContext, request_id: str) -> Activity:
        """Create `count` instances and let them join."""
        activity_id = self.ids.named("asa")
        created = tuple(self.ids.named("i") for _ in range(count))
        for instance in created:
            self.ecs.instance(instance)
            group.members[instance] = Member(instance, "Pending", activity_id, self.clock.now())
        return self._begin(group, "launch", activity_id, created, cause, context, request_id)

    def scale_in(self, group: Group, instances: tuple[str, ...], cause: str, context: HookContext, request_id: str) -> Activity:
        """Let those members leave."""
        return self._begin(group, "terminate", self.ids.named("asa"), instances, cause, context, request_id)

    def attach(self, group: Group, instances: tuple[str, ...]) -> None:
        """Manually added instances serve at once: hooks take no part in it."""
        activity_id = self.ids.named("asa")
        for instance in instances:
            self.ecs.instance(instance)
            group.members[instance] = Member(instance, "InService", activity_id, self.clock.now(), attached=True)

    def _begin(
        self,
        group: Group,
        transition: Transition,
        activity_id: str,
        instances: tuple[str, ...],
        cause: str,
        context: HookContext,
        request_id: str,
    ) -> Activity:
        activity = Activity(activity_id, group.group_id, transition, instances, cause, self.clock.now(), context, request_id)
        self.groups.activities[activity_id] = activity
        hooks = [hook for hook in group.hooks.values() if hook.transition == transition and context.allows(hook)]
        self._move(group, activity, (_WAITING if hooks else _MOVING)[transition])
        for hook in hooks:
            activity.actions.append(self._wait(hook, activity))
        for hook, action in zip(hooks, list(activity.actions), strict=True):
            self.notify(group, hook, activity, action)
        if not hooks:
            self._finish(activity, "CONTINUE")
        return activity

    def _wait(self, hook: Hook, activity: Activity) -> LifecycleAction:
        now = self.clock.now()
        action = LifecycleAction(
            hook.group_id,
            hook.hook_id,
            self.ids.uuid(),
            activity.instances,
            hook.transition,
            began_at=now,
            timeout_s=hook.timeout_s,
            default_result=hook.default_result,
            lapses_at=now + hook.timeout_s,
        )
        action.on_end.append(partial(self._ended, activity))
        self.actions.begin(action, activity.activity_id)
        return action

    def seed(self, group: Group, action: LifecycleAction, activity_id: str) -> None:
        """Put an action and its instances into an activity, as if it had just begun; its end only ends the activity."""
        activity = self.groups.activities.get(activity_id)
        if activity is None:
            given = (activity_id, group.group_id, action.transition, action.instances, "It was put in place by hand.")
            activity = self.groups.activities[activity_id] = Activity(*given, self.clock.now(), HookContext(), "")
        activity.actions.append(action)
        state = _WAITING[action.transition]
        group.members |= {one: Member(one, state, activity_id, self.clock.now(), attached=True) for one in action.instances}
        action.on_end.append(partial(self._ended, activity))

    def _ended(self, activity: Activity, action: LifecycleAction) -> None:
        """One of the activity's hooks has finished."""
        if activity.deciding or activity.status != "InProgress":
            return
        result = action.result or action.default_result
        others = [other for other in activity.actions if other.ended_at is None]
        if activity.transition == "terminate" and result != "CONTINUE":
            activity.deciding = True
            for other in others:
                self.actions.book.end(other, result, "another hook")
            others = []
        if not others:
            self._finish(activity, result)

    def _finish(self, activity: Activity, result: Result) -> None:
        group = self.groups.all[activity.group_id]
        count = len(activity.instances)
        stays = result == ("CONTINUE" if activity.transition == "launch" else "ROLLBACK")
        if stays:
            self._move(group, activity, "InService")
        else:
            for instance in activity.instances:
                self.release(group, instance)
        went_on = stays == (activity.transition == "launch")
        verb = "added" if activity.transition == "launch" else "removed"
        activity.message = f'"{count}" ECS instances are {verb}' if went_on else f"The lifecycle hook's result is {result}."
        activity.status = "Successful" if went_on else "Failed"
        activity.ended_at, activity.total = self.clock.now(), len(group.members)
        if group.deleting and not self.groups.under_way(group):
            self.groups.delete(group)

    def release(self, group: Group, instance_id: str) -> None:
        """The instance leaves the group; one that the group created is gone."""
        member = group.members.pop(instance_id, None)
        if member is not None and not member.attached:
            self.ecs.instance(instance_id).gone = True

    def _release_all(self, group: Group) -> None:
        for instance_id in list(group.members):
            self.release(group, instance_id)

    def _move(self, group: Group, activity: Activity, state: str) -> None:
        for instance in activity.instances:
            if instance in group.members:
                group.members[instance].state = state
