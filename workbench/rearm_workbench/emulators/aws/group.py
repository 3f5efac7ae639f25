"""A group by subclass: how many instances it wants, in service and in its warm pool; every change goes through the hooks.

Size of a warm pool: docs.aws.amazon.com/autoscaling/ec2/userguide `ec2-auto-scaling-warm-pools` (the maximum prepared capacity,
or the group's maximum size, less the desired capacity, and at least the pool's minimum).
"""

from typing import Any

from moto.autoscaling import models

from rearm_workbench.emulators.aws.routes import COUNTED, LAUNCH, SHRINK, USE, WARM, Route, is_resting, is_warmed
from rearm_workbench.emulators.aws.running import running


class Group(models.FakeAutoScalingGroup):
    """moto's group, but scaling goes through the hooks. It launches nothing until its backend has made it known."""

    instance_lifecycle_policy: dict[str, Any] | None = None
    warm_pool: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.created_time = running().moment()

    @property
    def instances(self) -> list[Any]:
        """The instances that DescribeAutoScalingGroups shows; the others are DescribeWarmPool's."""
        return [state for state in self.instance_states if not state.lifecycle_state.startswith("Warmed:")]

    @property
    def warm_instances(self) -> list[Any]:
        """The instances that DescribeWarmPool shows."""
        return [state for state in self.instance_states if state.lifecycle_state.startswith("Warmed:")]

    @property
    def warm_pool_size(self) -> int | None:
        return None if self.warm_pool is None else len(self.warm_instances)

    @property
    def retains(self) -> bool:
        """Whether an instance is kept when its terminate hook is abandoned."""
        triggers = (self.instance_lifecycle_policy or {}).get("RetentionTriggers") or {}
        return bool(triggers.get("TerminateHookAbandon") == "retain")

    @property
    def reuses(self) -> bool:
        """Whether scale-in returns instances to the warm pool."""
        pool = self.warm_pool
        return pool is not None and not pool_ends(pool) and bool((pool.instance_reuse_policy or {}).get("ReuseOnScaleIn"))

    def set_desired_capacity(self, new_capacity: int | None) -> None:
        backend = self.autoscaling_backend
        self.desired_capacity = self.min_size if new_capacity is None else new_capacity
        if backend.autoscaling_groups.get(self.name) is not self:
            return
        overrides = (self.mixed_instances_policy or {}).get("LaunchTemplate", {}).get("Overrides") or []
        if any("WeightedCapacity" in one for one in overrides):
            order = {id(state): number for number, state in enumerate(self.instance_states)}
            super().set_desired_capacity(new_capacity)
            # moto goes through a set here, whose order changes from process to process.
            self.instance_states.sort(key=lambda state: order.get(id(state), len(order)))
            return
        here = [state for state in self.instance_states if state.lifecycle_state in COUNTED]
        missing = (self.desired_capacity or 0) - len(here)
        if missing > 0 and self._may_launch():
            self.launch(missing - self._use(missing), LAUNCH)
        unprotected = [state for state in here if not state.protected_from_scale_in]
        for state in unprotected[: max(0, -missing)]:
            backend.take_out(self, state)
        self._fit_pool()
        backend.update_attached_elbs(self.name)
        backend.update_attached_target_groups(self.name)

    def replace_autoscaling_group_instances(self, count_needed: int, propagated_tags: dict[str, str]) -> None:
        self.launch(count_needed, LAUNCH, propagated_tags)

    def launch(self, count: int, route: Route, tags: dict[str, str] | None = None) -> None:
        """Launch new instances, into the group or into its pool."""
        if count <= 0:
            return
        before = len(self.instance_states)
        super().replace_autoscaling_group_instances(count, self.get_propagated_tags() if tags is None else tags)
        for state in self.instance_states[before:]:
            self.autoscaling_backend.move(self, state, route)

    def _may_launch(self) -> bool:
        return "Launch" not in self._suspended_processes

    def _use(self, count: int) -> int:
        resting = [state for state in self.instance_states if is_resting(state.lifecycle_state)][:count]
        for state in resting:
            self.autoscaling_backend.move(self, state, USE)
        return len(resting)

    def _fit_pool(self) -> None:
        pool = self.warm_pool
        if pool is None:
            return
        warmed = [state for state in self.instance_states if is_warmed(state.lifecycle_state)]
        wanted = 0 if pool_ends(pool) else self._pool_wanted(pool)
        if self._may_launch():
            self.launch(wanted - len(warmed), WARM)
        resting = [state for state in warmed if is_resting(state.lifecycle_state)]
        for state in resting[: max(0, len(warmed) - wanted)]:
            self.autoscaling_backend.move(self, state, SHRINK)
        if pool_ends(pool) and not self.warm_instances:
            self.warm_pool = None

    def _pool_wanted(self, pool: Any) -> int:
        prepared = pool.max_group_prepared_capacity
        limit = (self.max_size or 0) if prepared in (None, -1) else int(prepared)
        return max(int(pool.min_size or 0), limit - int(self.desired_capacity or 0), 0)


def pool_ends(pool: Any) -> bool:
    """Whether DeleteWarmPool was called; the pool is there until its last instance has left."""
    return getattr(pool, "status", None) == "PendingDelete"
