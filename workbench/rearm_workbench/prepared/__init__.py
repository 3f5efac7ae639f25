"""What the emulated cloud holds for a check when a replay begins, and what changes in it at `ready_after`.

One file per kind of check, with a function `aws` and a function `alibaba`: each puts there what the check asks about one
instance (a target group, a queue), not ready yet, and lets it become ready by `world.course`, which also knows what stands under `not`. A
kind that is not in the table needs nothing of the kind: the instance's network follows the world anyway.
"""

import importlib
from typing import TYPE_CHECKING

from rearm.core.model import Action
from rearm.core.profile import Check, Step

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed

TABLE: dict[str, str] = {
    "http": "rearm_workbench.prepared.address_tag",
    "tcp": "rearm_workbench.prepared.address_tag",
    "tls": "rearm_workbench.prepared.address_tag",
    "command": "rearm_workbench.prepared.command",
    "tag": "rearm_workbench.prepared.tag",
    "parameter": "rearm_workbench.prepared.parameter",
    "object": "rearm_workbench.prepared.object",
    "function": "rearm_workbench.prepared.function",
    "instance_status": "rearm_workbench.prepared.instance_status",
    "target_health": "rearm_workbench.prepared.target_health",
    "metric": "rearm_workbench.prepared.metric",
    "queue_empty": "rearm_workbench.prepared.queue_empty",
    "kubernetes_node": "rearm_workbench.prepared.kubernetes_node",
    "ecs_tasks": "rearm_workbench.prepared.ecs_tasks",
}

STEPS: dict[str, str] = {
    "deregister_targets": "rearm_workbench.prepared.deregister_targets",
    "ecs_drain": "rearm_workbench.prepared.ecs_drain",
    "command": "rearm_workbench.prepared.command_step",
    "kubernetes_cordon": "rearm_workbench.prepared.kubernetes_steps",
    "kubernetes_drain": "rearm_workbench.prepared.kubernetes_steps",
    "notify": "rearm_workbench.prepared.notify",
}
"""The same for steps: where what they do it to has to be there."""


def prepare_step(world: "Replayed", step: Step, action: Action) -> None:
    """Called once for each step and action, before the first notification is delivered."""
    if step.kind in STEPS:
        getattr(importlib.import_module(STEPS[step.kind]), action.cloud)(world, step, action)


def prepare(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    """Called once for each check and instance, before the first notification is delivered."""
    if check.kind in TABLE:
        getattr(importlib.import_module(TABLE[check.kind]), action.cloud)(world, check, instance, action)
