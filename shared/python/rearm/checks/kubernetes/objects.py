"""What the Kubernetes API tells of nodes and pods: of each object, only what is read here.

kubernetes.io/docs/reference/kubernetes-api/cluster-resources/node-v1, .../workload-resources/pod-v1.
"""

import msgspec


class _Read(msgspec.Struct, frozen=True, rename="camel"):
    """A field has the API's own name in snake case."""


class Owner(_Read, frozen=True, rename="camel"):
    kind: str = ""
    controller: bool = False


class Metadata(_Read, frozen=True, rename="camel"):
    name: str
    namespace: str = ""
    uid: str = ""
    deletion_timestamp: str = ""
    annotations: dict[str, str] | None = None
    owner_references: list[Owner] | None = None


class Condition(_Read, frozen=True, rename="camel"):
    type: str
    status: str
    reason: str = ""


class NodeSpec(_Read, frozen=True, rename="camel"):
    provider_id: str = msgspec.field(default="", name="providerID")
    unschedulable: bool = False


class NodeStatus(_Read, frozen=True, rename="camel"):
    conditions: list[Condition] | None = None


class Node(_Read, frozen=True, rename="camel"):
    metadata: Metadata
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def instance(self) -> str:
        """Of the `providerID`: `aws:///ZONE/i-…` on EKS, `REGION.i-…` on ACK; empty without one."""
        return self.spec.provider_id.replace(".", "/").rpartition("/")[2]

    @property
    def ready(self) -> Condition | None:
        """The condition `Ready`; None before the kubelet has said anything."""
        return next((one for one in self.status.conditions or () if one.type == "Ready"), None)


class Volume(_Read, frozen=True, rename="camel"):
    empty_dir: dict[str, object] | None = None


class PodSpec(_Read, frozen=True, rename="camel"):
    volumes: list[Volume] | None = None


class PodStatus(_Read, frozen=True, rename="camel"):
    phase: str = ""


class Pod(_Read, frozen=True, rename="camel"):
    metadata: Metadata
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def place(self) -> str:
        """Namespace and name, as people write it: `shop/web-1`."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def stays(self) -> bool:
        """What a drain leaves: DaemonSet pods (they would come back at once) and the kubelet's own static pods, as mirrored."""
        if "kubernetes.io/config.mirror" in (self.metadata.annotations or {}):
            return True
        return any(owner.controller and owner.kind == "DaemonSet" for owner in self.metadata.owner_references or ())

    @property
    def over(self) -> bool:
        """It has run to its end and only lies there to be looked at."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def ends(self) -> bool:
        """It has been deleted, and has its grace period to end."""
        return bool(self.metadata.deletion_timestamp)

    @property
    def managed(self) -> bool:
        """A controller would start another one elsewhere."""
        return any(owner.controller for owner in self.metadata.owner_references or ())

    @property
    def keeps_data(self) -> bool:
        """It has an emptyDir, which is lost with the pod."""
        return any(volume.empty_dir is not None for volume in self.spec.volumes or ())


class ListMeta(_Read, frozen=True, rename="camel"):
    next_page: str = msgspec.field(default="", name="continue")


class NodeList(_Read, frozen=True, rename="camel"):
    items: list[Node] | None
    metadata: ListMeta = ListMeta()


class PodList(_Read, frozen=True, rename="camel"):
    items: list[Pod] | None
    metadata: ListMeta = ListMeta()
