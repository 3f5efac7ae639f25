"""`kubernetes_cordon` and `kubernetes_drain`: each instance's node, as for the check `kubernetes_node`."""

from typing import TYPE_CHECKING

from rearm.core.model import Action
from rearm.core.profile import Step
from rearm_workbench.prepared import kubernetes_node

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed


def aws(world: "Replayed", step: Step, action: Action) -> None:
    for instance in action.instances:
        kubernetes_node.aws(world, step, instance, action)


def alibaba(world: "Replayed", step: Step, action: Action) -> None:
    for instance in action.instances:
        kubernetes_node.alibaba(world, step, instance, action)
