"""One cluster: its nodes, its pods and their budgets, on a virtual clock.

Sources: kubernetes.io/docs/concepts/scheduling-eviction/api-eviction, .../workloads/pods/disruptions,
.../workloads/pods/pod-lifecycle (termination).
"""

import datetime
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rearm_workbench.emulators.lifecycle import Clock

GRACE_S = 30
MIRROR = "kubernetes.io/config.mirror"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"


API_VERSIONS = {"ReplicaSet": "apps/v1", "DaemonSet": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1"}


def _uid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _metadata(name: str) -> dict[str, Any]:
    return {"uid": _uid(name), "resourceVersion": "1", "creationTimestamp": "2026-01-01T00:00:00Z"}


@dataclass
class Node:
    """`ready` tells whether its kubelet says so now; None: it has said nothing yet."""

    name: str
    provider_id: str
    ready: Callable[[], bool | None]
    unschedulable: bool = False

    def as_json(self) -> dict[str, Any]:
        ready = self.ready()
        status = "Unknown" if ready is None else str(ready)
        reason = {"True": "KubeletReady", "False": "KubeletNotReady", "Unknown": "NodeStatusNeverUpdated"}[status]
        spec: dict[str, Any] = {"providerID": self.provider_id}
        if self.unschedulable:
            spec |= {"unschedulable": True, "taints": [{"key": UNSCHEDULABLE, "effect": "NoSchedule"}]}
        conditions = [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": status, "reason": reason}]
        return {"metadata": {**_metadata(self.name), "name": self.name}, "spec": spec, "status": {"conditions": conditions}}


@dataclass
class Pod:
    """`owner`: the kind of its controller (`ReplicaSet`, `DaemonSet`), or none. `mirror`: a static pod of the kubelet.

    `run`: how often a pod of this name has been started anew; each is another pod, with another uid. `emptydir`: it has such a volume.
    """

    namespace: str
    name: str
    node: str
    owner: str | None = "ReplicaSet"
    labels: Mapping[str, str] = field(default_factory=dict)
    phase: str = "Running"
    mirror: bool = False
    grace_s: int = GRACE_S
    run: int = 0
    emptydir: bool = False
    ends_at: float | None = None
    """When it is gone: it has been deleted and has until then to end."""

    @property
    def uid(self) -> str:
        return _uid(f"{self.namespace}/{self.name}/{self.run}")

    def as_json(self) -> dict[str, Any]:
        metadata = {**_metadata(self.name), "uid": self.uid, "namespace": self.namespace, "name": self.name}
        metadata["labels"] = dict(self.labels)
        owner = "Node" if self.mirror else self.owner
        if owner:
            name, version = f"of-{self.name}", API_VERSIONS.get(owner, "v1")
            reference = {"apiVersion": version, "kind": owner, "name": name, "uid": _uid(name), "controller": True}
            metadata["ownerReferences"] = [reference]
        if self.mirror:
            metadata["annotations"] = {MIRROR: "0123456789abcdef"}
        if self.ends_at is not None:
            at = datetime.datetime.fromtimestamp(self.ends_at, datetime.timezone.utc)
            metadata |= {"deletionTimestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "deletionGracePeriodSeconds": self.grace_s}
        spec: dict[str, Any] = {"nodeName": self.node, "containers": [{"name": "main", "image": "example/main:1"}]}
        # Every pod has a volume with its token.
        spec["volumes"] = [{"name": "kube-api-access", "projected": {}}, *([{"name": "scratch", "emptyDir": {}}] if self.emptydir else [])]
        return {"metadata": metadata, "spec": spec, "status": {"phase": self.phase}}


@dataclass(frozen=True)
class Budget:
    """A PodDisruptionBudget: of the pods with these labels, at least so many stay healthy."""

    namespace: str
    name: str
    selector: Mapping[str, str]
    min_available: int

    def covers(self, pod: Pod) -> bool:
        return pod.namespace == self.namespace and self.selector.items() <= pod.labels.items()


class Cluster:
    """What the API server knows. `name` is what EKS or ACK call it."""

    def __init__(self, clock: Clock, name: str) -> None:
        self.clock, self.name = clock, name
        self.nodes: dict[str, Node] = {}
        self.pods: dict[tuple[str, str], Pod] = {}
        self.budgets: list[Budget] = []

    def add_node(self, name: str, provider_id: str, ready: Callable[[], bool | None] = lambda: True) -> Node:
        """A node that has registered."""
        self.nodes[name] = Node(name, provider_id, ready)
        return self.nodes[name]

    def remove_node(self, name: str) -> None:
        """The node, and with it its pods (their garbage is collected at once)."""
        del self.nodes[name]
        self.pods = {key: pod for key, pod in self.pods.items() if pod.node != name}

    def add_pod(self, pod: Pod) -> Pod:
        """A pod that runs."""
        self.pods[pod.namespace, pod.name] = pod
        return pod

    def budgets_of(self, pod: Pod) -> list[Budget]:
        """The budgets that an eviction of this pod has to heed. A pod that does not run counts for none."""
        return [budget for budget in self.budgets if budget.covers(pod)] if pod.phase == "Running" and pod.ends_at is None else []

    def allows(self, budget: Budget) -> bool:
        """Whether one pod less would be enough for the budget now."""
        healthy = [one for one in self.pods.values() if budget.covers(one) and one.phase == "Running" and one.ends_at is None]
        return len(healthy) - 1 >= budget.min_available

    def delete(self, pod: Pod, grace_s: int | None = None) -> None:
        """Have it end: gone after its grace period (0: at once, as one that has run to its end). A second time can only shorten that."""
        over = pod.phase in ("Succeeded", "Failed")
        ends_at = self.clock.now() + (0 if over else pod.grace_s if grace_s is None else grace_s)
        if pod.ends_at is None or ends_at < pod.ends_at:
            pod.ends_at = ends_at
            if ends_at <= self.clock.now():
                self._gone(pod)
            else:
                self.clock.call_at(ends_at, lambda: self._gone(pod))

    def _gone(self, pod: Pod) -> None:
        if pod.ends_at is not None and pod.ends_at <= self.clock.now() and self.pods.get((pod.namespace, pod.name)) is pod:
            del self.pods[pod.namespace, pod.name]
