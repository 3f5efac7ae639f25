"""`kubernetes_node`: a cluster of that name, with an API server that speaks TLS.

Launch: the node registers at half its way, and its kubelet calls it Ready at `ready_after`. Terminate: it runs pods, of which those
that a drain takes are being deleted, the last of them gone at `ready_after`; a DaemonSet's, a mirror pod and a finished one stay.
"""

from functools import partial
from typing import TYPE_CHECKING

from rearm.core.model import Action
from rearm.core.profile import Check
from rearm_workbench.emulators.kubernetes.cluster import GRACE_S, Cluster, Pod
from rearm_workbench.emulators.kubernetes.server import KubernetesEmulator

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed

SILENT_S = 10
"""A node that has registered has said nothing for so long."""


def aws(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    """Raises `Unfit`, as `alibaba` does, for a cluster that is not the cloud's."""
    from rearm_workbench.emulators.aws.eks import put_cluster
    from rearm_workbench.emulators.aws.install import CREDENTIALS

    server = _server(world, check, (CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"]))
    put_cluster(world.instances.region, server.cluster.name, server.endpoint, server.ca)
    _node(world, server.cluster, instance, action, f"aws:///{world.instances.region}a/{instance}")


def alibaba(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    from rearm_workbench.emulators.alibaba.account import REGION

    server = _server(world, check, None)
    world.instances.cs.clusters[server.cluster.name] = (server.endpoint, server.ca)
    _node(world, server.cluster, instance, action, f"{REGION}.{instance}")


def _server(world: "Replayed", check: Check, aws_key: tuple[str, str] | None) -> KubernetesEmulator:
    """The API server of that cluster: one for all its checks and instances."""
    from rearm_workbench.world import Unfit

    if "endpoint" in check.settings or "token_env" in check.settings or "token_file" in check.settings:
        raise Unfit("a `kubernetes_node` has an endpoint or a token of its own, which a replay does not know: give the `cluster` alone")
    name = str(check.settings["cluster"])
    if name not in world.clusters:
        made = KubernetesEmulator(Cluster(world.clock, name), aws_key=aws_key, on_call=world.called)
        world.clusters[name] = world.closing.enter_context(made)
    return world.clusters[name]


def _node(world: "Replayed", cluster: Cluster, instance: str, action: Action, provider_id: str) -> None:
    name, ready_s = f"node-{instance}", world.world.ready_after_s
    if name in cluster.nodes:
        return
    if action.transition != "terminate":
        registers_at = world.start + (ready_s or 0) / 2

        def says() -> bool | None:
            return world.is_ready() if world.clock.now() >= registers_at + SILENT_S or world.is_ready() else None

        def register() -> None:
            cluster.add_node(name, provider_id, says)

        world.at_ready(register, before_s=(ready_s or 0) / 2)
        return
    cluster.add_node(name, provider_id)
    cluster.add_pod(Pod("kube-system", f"agent-{instance}", name, owner="DaemonSet"))
    cluster.add_pod(Pod("kube-system", f"proxy-{instance}", name, mirror=True))
    cluster.add_pod(Pod("shop", f"report-{instance}", name, owner="Job", phase="Succeeded"))
    grace_s = min(GRACE_S, ready_s or GRACE_S)
    for number in (1, 2):
        pod = cluster.add_pod(Pod("shop", f"web-{number}-{instance}", name, grace_s=grace_s))
        world.at_ready(partial(cluster.delete, pod), before_s=grace_s * number)
