"""`deregister_targets`: the instance is behind the load balancer, and stays there until it is taken out."""

from typing import TYPE_CHECKING

from rearm.core.model import Action
from rearm.core.profile import Step
from rearm_workbench.prepared import target_health

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed


def aws(world: "Replayed", step: Step, action: Action) -> None:
    for instance in action.instances:
        target_health.behind_elb(world, step.settings, instance)[0].in_service.add(instance)


def alibaba(world: "Replayed", step: Step, action: Action) -> None:
    for instance in action.instances:
        target_health.behind_slb(world, step.settings, instance)
