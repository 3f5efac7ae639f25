"""The wire side of Auto Scaling: moto finds an operation by its method's name."""

from typing import Any

from moto.autoscaling import models, responses
from moto.autoscaling.exceptions import ValidationError
from moto.core.responses import ActionResult, EmptyResult

from rearm_workbench.emulators.aws.autoscaling import Backend
from rearm_workbench.emulators.aws.hooks import FIELDS, TRANSITIONS, checked
from rearm_workbench.emulators.aws.running import running

ASKED = ("LifecycleHookName", "LifecycleTransition", *FIELDS)


class Response(responses.AutoScalingResponse):
    """moto's answers, and those it lacks."""

    @property
    def backend(self) -> Backend:
        backend: Backend = models.autoscaling_backends[self.current_account][self.region]
        return backend

    def create_auto_scaling_group(self) -> ActionResult:
        name = self._get_param("AutoScalingGroupName")
        specifications = self._get_param("LifecycleHookSpecificationList", [])
        if name in self.backend.autoscaling_groups:
            raise models.AutoscalingClientError(
                "AlreadyExists", f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
            )
        hooks = [checked(name, dict(asked), None, self.region) for asked in specifications]
        self.backend.hooks |= {(name, hook.name): hook for hook in hooks}
        try:
            return super().create_auto_scaling_group()
        except Exception:
            for hook in hooks:
                del self.backend.hooks[name, hook.name]
            raise

    def put_lifecycle_hook(self) -> ActionResult:
        asked: dict[str, Any] = {key: self._get_param(key) for key in ASKED}
        self.backend.put_hook(self._get_param("AutoScalingGroupName"), asked)
        return EmptyResult()

    def describe_lifecycle_hooks(self) -> ActionResult:
        name, wanted = self._get_param("AutoScalingGroupName"), self._get_param("LifecycleHookNames", [])
        self.backend.group(name)
        found = [hook for hook in self.backend.hooks.values() if hook.group == name and (not wanted or hook.name in wanted)]
        return ActionResult({"LifecycleHooks": [hook.described() for hook in found]})

    def describe_lifecycle_hook_types(self) -> ActionResult:
        return ActionResult({"LifecycleHookTypes": list(TRANSITIONS)})

    def delete_lifecycle_hook(self) -> ActionResult:
        self.backend.delete_hook(self._get_param("AutoScalingGroupName"), self._get_param("LifecycleHookName"))
        return EmptyResult()

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

    def _action(self) -> Any:
        return self.backend.active(
            self._get_param("AutoScalingGroupName"),
            self._get_param("LifecycleHookName"),
            self._get_param("LifecycleActionToken"),
            self._get_param("InstanceId"),
        )
