"""The wire side of Auto Scaling: moto finds an operation by its method's name."""

from typing import Any

from moto.autoscaling import models, responses
from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.core.responses import ActionResult, EmptyResult

from rearm_workbench.emulators.aws.autoscaling import Backend
from rearm_workbench.emulators.aws.group import Group
from rearm_workbench.emulators.aws.hooks import FIELDS, TRANSITIONS
from rearm_workbench.emulators.aws.running import running

ASKED = ("LifecycleHookName", "LifecycleTransition", *FIELDS)
TOKEN_LENGTH = 36
INSTANCES_MAX, ACTIVITIES_MAX = 50, 100
"""Of one page: DescribeAutoScalingInstances, DescribeScalingActivities."""
POOL_STATES = ("Stopped", "Running", "Hibernated")
RETENTIONS = ("retain", "terminate")


class Response(responses.AutoScalingResponse):
    """moto's answers, and those it lacks."""

    @property
    def backend(self) -> Backend:
        backend: Backend = models.autoscaling_backends[self.current_account][self.region]
        return backend

    # groups

    def create_auto_scaling_group(self) -> ActionResult:
        name, policy = self._get_param("AutoScalingGroupName"), self._policy()
        if name in self.backend.autoscaling_groups:
            raise AutoscalingClientError(
                "AlreadyExists", f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
            )
        asked = self._get_param("LifecycleHookSpecificationList", [])
        self.backend.asked_inline[name] = [dict.fromkeys(ASKED) | dict(one) for one in asked]
        try:
            super().create_auto_scaling_group()
        finally:
            self.backend.asked_inline.pop(name, None)
        self.backend.group(name).instance_lifecycle_policy = policy
        return EmptyResult()

    def update_auto_scaling_group(self) -> ActionResult:
        group, policy = self._group(), self._policy()
        answer = super().update_auto_scaling_group()
        group.instance_lifecycle_policy = policy or group.instance_lifecycle_policy
        return answer

    def delete_auto_scaling_group(self) -> ActionResult:
        self.backend.delete_auto_scaling_group(self._get_param("AutoScalingGroupName"), self._get_bool_param("ForceDelete", False))
        return EmptyResult()

    def set_desired_capacity(self) -> ActionResult:
        group, wanted = self._group(), self._get_int_param("DesiredCapacity")
        for word, limit, past in (("above max", group.max_size, 1), ("below min", group.min_size, -1)):
            if limit is not None and (wanted - limit) * past > 0:
                raise ValidationError(f"New SetDesiredCapacity value {wanted} is {word} value {limit} for the AutoScalingGroup.")
        self.backend.set_desired_capacity(group.name, wanted)
        return EmptyResult()

    # hooks

    def put_lifecycle_hook(self) -> ActionResult:
        asked: dict[str, Any] = {key: self._get_param(key) for key in ASKED}
        self.backend.put_hook(self._get_param("AutoScalingGroupName"), asked)
        return EmptyResult()

    def describe_lifecycle_hooks(self) -> ActionResult:
        name, wanted = self._group().name, self._get_param("LifecycleHookNames", [])
        found = [hook for hook in self.backend.hooks.values() if hook.group == name and (not wanted or hook.name in wanted)]
        return ActionResult({"LifecycleHooks": [hook.described() for hook in found]})

    def describe_lifecycle_hook_types(self) -> ActionResult:
        return ActionResult({"LifecycleHookTypes": list(TRANSITIONS)})

    def delete_lifecycle_hook(self) -> ActionResult:
        self.backend.delete_hook(self._get_param("AutoScalingGroupName"), self._get_param("LifecycleHookName"))
        return EmptyResult()

    # actions

    def record_lifecycle_action_heartbeat(self) -> ActionResult:
        action = self._action()
        running().book.heartbeat(action, action.timeout_s)
        return EmptyResult()

    def complete_lifecycle_action(self) -> ActionResult:
        result = self._get_param("LifecycleActionResult")
        if result not in ("CONTINUE", "ABANDON"):
            raise ValidationError(f"Lifecycle action result '{result}' must be CONTINUE or ABANDON")
        running().book.end(self._action(), result, "client")
        return EmptyResult()

    # warm pools

    def put_warm_pool(self) -> ActionResult:
        asked = self._get_params()
        pool_state = asked.get("PoolState") or "Stopped"
        if pool_state not in POOL_STATES:
            raise ValidationError(f"Pool state '{pool_state}' must be one of {', '.join(POOL_STATES)}")
        self.backend.put_warm_pool(
            self._group().name,
            max_group_prepared_capacity=asked.get("MaxGroupPreparedCapacity"),
            min_size=asked.get("MinSize"),
            pool_state=pool_state,
            instance_reuse_policy=asked.get("InstanceReusePolicy"),
        )
        return EmptyResult()

    def describe_warm_pool(self) -> ActionResult:
        group = self._group()
        return ActionResult({"WarmPoolConfiguration": group.warm_pool, "Instances": group.warm_instances})

    def delete_warm_pool(self) -> ActionResult:
        self.backend.delete_warm_pool(self._group().name, self._get_bool_param("ForceDelete", False))
        return EmptyResult()

    # activities and refreshes

    def describe_scaling_activities(self) -> ActionResult:
        asked = self._get_param("AutoScalingGroupName")
        if self._get_param("Filters"):
            raise ValidationError("This emulator models no Filters of DescribeScalingActivities.")
        name = self.backend.group(asked).name if asked else None
        found = self.backend.activities.of(name, self._get_param("ActivityIds", []))
        return self._page("Activities", found, ACTIVITIES_MAX)

    # instances

    def describe_auto_scaling_instances(self) -> ActionResult:
        found = self.backend.describe_auto_scaling_instances(instance_ids=self._get_param("InstanceIds", []))
        return self._page("AutoScalingInstances", found, INSTANCES_MAX)

    def start_instance_refresh(self) -> ActionResult:
        strategy = self._get_param("Strategy") or "Rolling"
        refresh = self.backend.start_refresh(self._get_param("AutoScalingGroupName"), strategy, self._get_param("Preferences"))
        return ActionResult({"InstanceRefreshId": refresh.id})

    def cancel_instance_refresh(self) -> ActionResult:
        return ActionResult({"InstanceRefreshId": self.backend.cancel_refresh(self._get_param("AutoScalingGroupName")).id})

    def describe_instance_refreshes(self) -> ActionResult:
        wanted = self._get_param("InstanceRefreshIds", [])
        found = [one.described() for one in self.backend.refreshes_of(self._group().name) if not wanted or one.id in wanted]
        return ActionResult({"InstanceRefreshes": found})

    # parameters

    def _page(self, element: str, found: list[Any], most: int) -> ActionResult:
        """As many as asked for, `most` unless told; the token is where the next page begins."""
        size, token = self._get_int_param("MaxRecords", most), self._get_param("NextToken") or "0"
        if not 1 <= size <= most:
            raise ValidationError(f"1 validation error detected: Value '{size}' at 'maxRecords' must be from 1 to {most}")
        if not token.isdigit():
            raise AutoscalingClientError("InvalidNextToken", "The NextToken value is not valid.")
        end = int(token) + size
        return ActionResult({element: found[int(token) : end], "NextToken": str(end) if end < len(found) else None})

    def _group(self) -> Group:
        return self.backend.group(self._get_param("AutoScalingGroupName"))

    def _policy(self) -> dict[str, Any] | None:
        policy: dict[str, Any] | None = self._get_param("InstanceLifecyclePolicy")
        action = ((policy or {}).get("RetentionTriggers") or {}).get("TerminateHookAbandon", "terminate")
        if action not in RETENTIONS:
            raise ValidationError(f"TerminateHookAbandon '{action}' must be retain or terminate")
        return policy

    def _action(self) -> Any:
        token = self._get_param("LifecycleActionToken")
        if token and len(token) != TOKEN_LENGTH:
            raise ValidationError(
                f"1 validation error detected: Value '{token}' at 'lifecycleActionToken' failed to satisfy constraint: "
                f"Member must have length equal to {TOKEN_LENGTH}"
            )
        return self.backend.active(
            self._get_param("AutoScalingGroupName"), self._get_param("LifecycleHookName"), token, self._get_param("InstanceId")
        )
