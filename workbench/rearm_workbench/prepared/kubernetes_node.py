"""`kubernetes_node`, and the steps that cordon and drain: a cluster of that name, with an API server that speaks TLS.

Launch: the node registers at half its way, and its kubelet calls it Ready at `ready_after`. Terminate: it runs pods, of which a
DaemonSet's, a mirror pod and a finished one stay. Without a step that drains, somebody else deletes the others, the last of them gone at
`ready_after`. With one, their disruption budget allows no eviction until shortly before.
Under `not`, a launched instance's node is Ready until `ready_after`; terminate is the same.
"""

from functools import partial
from typing import TYPE_CHECKING

from rearm.core.model import Action
from rearm.core.profile import Check, Step
from rearm_workbench.emulators.kubernetes.cluster import GRACE_S, Budget, Cluster, Pod
from rearm_workbench.emulators.kubernetes.server import KubernetesEmulator

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed

CHECK, DRAIN = "kubernetes_node", "kubernetes_drain"
SILENT_S = 10
"""A node that has registered has said nothing for so long."""


def aws(world: "Replayed", asked: Check | Step, instance: str, action: Action) -> None:
    """Raises `Unfit`, as `alibaba` does, for a cluster that is not the cloud's."""
    from rearm_workbench.emulators.aws.eks import put_cluster
    from rearm_workbench.emulators.aws.install import CREDENTIALS

    key = CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
    server = _server(world, asked, key)
    put_cluster(world.instances.region, server.cluster.name, server.endpoint, server.ca)
    _node(world, server.cluster, asked, instance, action, f"aws:///{world.instances.region}a/{instance}")


def alibaba(world: "Replayed", asked: Check | Step, instance: str, action: Action) -> None:
    from rearm_workbench.emulators.alibaba.account import REGION

    server = _server(world, asked, None)
    world.instances.cs.clusters[server.cluster.name] = (server.endpoint, server.ca)
    _node(world, server.cluster, asked, instance, action, f"{REGION}.{instance}")


def _server(world: "Replayed", asked: Check | Step, aws_key: tuple[str, str] | None) -> KubernetesEmulator:
    """The API server of that cluster: one for all its checks, steps and instances."""
    from rearm_workbench.world import Unfit

    if "endpoint" in asked.settings or "token_env" in asked.settings or "token_file" in asked.settings:
        raise Unfit(f"a `{asked.kind}` has an endpoint or a token of its own, which a replay does not know: give the `cluster` alone")
    name = str(asked.settings["cluster"])
    if name not in world.clusters:
        made = KubernetesEmulator(Cluster(world.clock, name), aws_key=aws_key, on_call=world.called)
        world.clusters[name] = world.closing.enter_context(made)
    return world.clusters[name]


def _node(world: "Replayed", cluster: Cluster, asked: Check | Step, instance: str, action: Action, provider_id: str) -> None:
    name, is_new = f"node-{instance}", f"node-{instance}" not in cluster.nodes
    if action.transition != "terminate":
        if is_new and isinstance(asked, Check) and world.course.is_turned(asked):
            cluster.add_node(name, provider_id, world.course.passing(asked))
        elif is_new:
            _joins(world, cluster, name, provider_id)
        return
    grace_s = int(min(GRACE_S, world.world.ready_after_s or GRACE_S))
    budget = Budget("shop", f"web-{instance}", {"instance": instance}, min_available=2)
    pods = [Pod("shop", f"web-{number}-{instance}", name, labels=budget.selector, grace_s=grace_s) for number in (1, 2)]
    if is_new:
        cluster.add_node(name, provider_id)
        cluster.add_pod(Pod("kube-system", f"agent-{instance}", name, owner="DaemonSet"))
        cluster.add_pod(Pod("kube-system", f"proxy-{instance}", name, mirror=True))
        cluster.add_pod(Pod("shop", f"report-{instance}", name, owner="Job", phase="Succeeded"))
        for pod in pods:
            cluster.add_pod(pod)
    if budget in cluster.budgets:
        return
    if asked.kind == DRAIN:
        cluster.budgets.append(budget)
        world.course.at_ready(partial(cluster.budgets.remove, budget), before_s=grace_s)
    elif asked.kind == CHECK:
        # Steps are prepared before checks: where one drains, nobody else deletes.
        for number, pod in enumerate(pods, 1):
            world.course.at_ready(partial(cluster.delete, cluster.pods[pod.namespace, pod.name]), before_s=grace_s * number)


def _joins(world: "Replayed", cluster: Cluster, name: str, provider_id: str) -> None:
    ready_s = world.world.ready_after_s or 0
    registers_at = world.start + ready_s / 2

    def says() -> bool | None:
        return world.course.is_ready() if world.clock.now() >= registers_at + SILENT_S or world.course.is_ready() else None

    def register() -> None:
        cluster.add_node(name, provider_id, says)

    world.course.at_ready(register, before_s=ready_s / 2)
