"""kubernetes_drain over TLS against the emulated API server: whom it evicts, whom it leaves, and how it fails."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from check_world import AWS, I
from kubernetes_world import NODE, Kubernetes, kubernetes, provider_id
from rearm import clock, steps
from rearm.checks.kubernetes import api
from rearm.checks.kubernetes.objects import Pod
from rearm.checks.question import Question
from rearm.core.model import Action, StepResult
from rearm_workbench.emulators.kubernetes.cluster import Budget

__all__ = ["kubernetes"]

DONE = f"nothing is left on node {NODE} but DaemonSet and mirror pods"
EVICT, DELETE = "kubernetes:create pods/eviction", "kubernetes:delete pods"


class Wait:
    """The looks of one wait: what they remember travels on, and time is the cluster's."""

    def __init__(self, kubernetes: Kubernetes, **settings: object) -> None:
        self.kubernetes, self.settings, self.known = kubernetes, kubernetes.settings | settings, dict[str, str]()

    def look(self, after_s: float = 0, limit_s: float = 5.0) -> StepResult:
        if after_s:
            virtual: Any = self.kubernetes.cluster.clock
            virtual.run_until(virtual.now() + after_s)
        self.kubernetes.calls.clear()
        action = Action("aws", "hook", "", (I,), "group", "terminate")
        found = steps.do("kubernetes_drain")(self.settings, Question(I, action, AWS, self.known, limit_s))
        self.known |= found.remember
        return found

    def said(self, after_s: float = 0) -> tuple[str, str]:
        found = self.look(after_s)
        return found.status, found.reason

    def ending(self) -> list[str]:
        return sorted(pod.name for pod in self.kubernetes.cluster.pods.values() if pod.ends_at is not None)


@pytest.fixture
def node(kubernetes: Kubernetes) -> Iterator[Kubernetes]:
    """A node with a DaemonSet's pod and a mirror pod; the clock of the layer is the cluster's."""
    clock.use(kubernetes.cluster.clock.now, lambda _: None)
    kubernetes.cluster.add_node(NODE, provider_id())
    kubernetes.cluster.add_node("another", provider_id("i-other"))
    kubernetes.pod("agent", owner="DaemonSet")
    kubernetes.pod("kube-proxy", mirror=True)
    yield kubernetes
    clock.use_real()


def budget(node: Kubernetes, name: str = "web", at_least: int = 2, **labels: str) -> Budget:
    node.cluster.budgets.append(Budget("shop", name, labels or {"app": "web"}, min_available=at_least))
    return node.cluster.budgets[-1]


# whom it evicts


def test_a_node_is_cordoned_and_emptied_but_for_what_stays(node: Kubernetes) -> None:
    for number in range(3):
        node.pod(f"web-{number}", grace_s=30)
    node.pod("job", owner="Job", phase="Succeeded")
    node.pod("elsewhere").node = "another"
    wait = Wait(node)
    assert wait.said() == ("going", f"4 pods are left on node {NODE}: shop/job, shop/web-0, shop/web-1, …")
    assert node.calls[:3] == ["kubernetes:list nodes", "kubernetes:patch nodes", "kubernetes:list pods"]
    assert (node.calls.count(EVICT), len(node.calls)) == (4, 7)
    assert node.cluster.nodes[NODE].unschedulable
    assert wait.ending() == ["web-0", "web-1", "web-2"], "and what has run to its end is gone at once"
    assert wait.said(20) == ("going", f"3 pods are left on node {NODE}: shop/web-0, shop/web-1, shop/web-2")
    assert node.calls == ["kubernetes:get nodes", "kubernetes:list pods"], "what ends already is waited for"
    assert wait.said(10) == ("done", DONE)
    assert sorted(name for _, name in node.cluster.pods) == ["agent", "elsewhere", "kube-proxy"]


def test_pods_come_in_pages(node: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "PAGE", 5)
    for number in range(8):
        node.pod(f"web-{number}", grace_s=1)
    wait = Wait(node)
    assert wait.look().status == "going"
    assert (node.calls.count("kubernetes:list pods"), node.calls.count(EVICT)) == (2, 8), "with the two that stay"
    assert wait.said(1) == ("done", DONE)


def test_the_grace_period_is_the_operators_or_the_pods_own(node: Kubernetes) -> None:
    node.pod("web", grace_s=30)
    Wait(node, grace="2m").look()
    assert node.cluster.pods["shop", "web"].ends_at == 120
    node.pod("web", grace_s=45)
    Wait(node).look()
    assert node.cluster.pods["shop", "web"].ends_at == 45


def test_another_pod_of_the_same_name_is_left_alone(node: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A StatefulSet starts the next one elsewhere, under the same name: the eviction is for the one that was listed."""
    node.pod("db-0", owner="StatefulSet")
    listed = api.Api.pods_on

    def then_replaced(api: api.Api, name: str) -> list[Any]:
        found = listed(api, name)
        node.pod("db-0", owner="StatefulSet", run=1).node = "another"
        return found

    monkeypatch.setattr(api.Api, "pods_on", then_replaced)
    wait = Wait(node)
    assert "HTTP 409" in wait.said()[1]
    assert wait.ending() == []
    assert node.cluster.pods["shop", "db-0"].node == "another"


def test_without_a_node_it_is_done(kubernetes: Kubernetes) -> None:
    assert Wait(kubernetes).said() == ("done", "the cluster has no node of this instance")


# whom it may not evict


def test_pods_without_a_controller_are_refused_as_by_kubectl(node: Kubernetes) -> None:
    node.pod("bare", owner=None)
    node.pod("over", owner=None, phase="Failed")
    node.pod("web")
    wait = Wait(node)
    words = f"node {NODE} is cordoned, and nothing evicted: without a controller: shop/bare (`force: true` evicts them)"
    assert wait.said() == ("failed", words)
    assert EVICT not in node.calls
    assert node.cluster.nodes[NODE].unschedulable
    assert Wait(node, force=True).said()[0] == "going"
    assert wait.ending() == ["bare", "web"]


def test_pods_with_an_emptydir_are_refused_if_so_configured(node: Kubernetes) -> None:
    node.pod("cache", emptydir=True)
    words = f"node {NODE} is cordoned, and nothing evicted: with an emptyDir: shop/cache (`delete_emptydir: true` evicts them)"
    assert Wait(node, delete_emptydir=False).said() == ("failed", words)
    node.pod("plain")
    wait = Wait(node)
    assert wait.said()[0] == "going"
    assert wait.ending() == ["cache", "plain"]
    node.pod("late")
    assert Wait(node, delete_emptydir=False).said()[0] == "going", "another volume is no reason, nor one that ends already"


def test_an_owner_that_does_not_control_starts_nothing_anew() -> None:
    """kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents: of several owners one may be the controller."""
    owners: list[dict[str, object]] = [{"kind": "ReplicaSet", "name": "web", "uid": "1"}]
    assert not msgspec.convert({"metadata": {"name": "a", "ownerReferences": owners}}, Pod).managed
    owners.append({"kind": "Job", "name": "web", "uid": "2", "controller": True})
    assert msgspec.convert({"metadata": {"name": "a", "ownerReferences": owners}}, Pod).managed


def test_one_that_ends_already_is_no_reason_to_fail(node: Kubernetes) -> None:
    node.cluster.delete(node.pod("bare", owner=None, grace_s=30))
    wait = Wait(node)
    assert wait.said() == ("going", f"1 pod is left on node {NODE}: shop/bare")
    assert wait.said(30) == ("done", DONE)


# how it fails


@pytest.mark.parametrize(
    ("code", "text", "asked"),
    [
        (401, "kubernetes:create pods/eviction: the API server does not know the function (401)", 1),
        (403, "kubernetes:create pods/eviction is forbidden (403): allow it by a ClusterRole", 3),
        (429, "kubernetes:create pods/eviction is throttled (429)", 1),
        (500, "kubernetes:create pods/eviction failed (HTTP 500)", 3),
        (404, "", 3),
    ],
)
def test_one_that_is_refused_holds_the_others_up_only_if_they_would_be_too(node: Kubernetes, code: int, text: str, asked: int) -> None:
    for name in ("a", "b", "c"):
        node.pod(name)
    node.api.fail_next("create pods/eviction", code)
    status, reason = Wait(node).said()
    assert status == "going"
    assert text in reason
    assert node.calls.count(EVICT) == asked


@pytest.mark.parametrize("call", ["list nodes", "patch nodes", "list pods"])
@pytest.mark.parametrize("code", [403, 429, 500])
def test_an_error_is_going_and_names_the_call(node: Kubernetes, call: str, code: int) -> None:
    node.pod("web")
    node.api.fail_next(call, code)
    wait = Wait(node)
    status, reason = wait.said()
    assert (status, reason.startswith(f"kubernetes:{call}")) == ("going", True)
    assert wait.ending() == []
    wait.look()
    assert wait.ending() == ["web"]


def test_the_api_server_is_left_alone_as_long_as_it_wants(node: Kubernetes) -> None:
    node.pod("a")
    node.pod("b")
    wait = Wait(node)
    node.api.fail_next("create pods/eviction", 429, retry_after_s=90)
    wait.look()
    assert wait.said(60)[1].endswith("; nothing evicted: the API server wants to be left alone for 30 s more")
    assert EVICT not in node.calls
    wait.look(30)
    assert wait.ending() == ["a", "b"]
    node.api.fail_next("create pods/eviction", 429, retry_after_s=90)
    node.pod("c", grace_s=0)
    wait.look()
    del node.cluster.pods["shop", "c"]
    assert wait.said(1) == ("going", f"2 pods are left on node {NODE}: shop/a, shop/b"), "there is nobody left to ask"


def test_a_look_ends_in_time_and_the_next_begins_where_it_ended(node: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom a budget holds back does not take another one's turn, look by look."""
    budget(node, at_least=9)
    for number in range(4):
        node.pod(f"held-{number}", labels={"app": "web"})
    node.pod("later")
    left = api.Api.left_s
    monkeypatch.setattr(api.Api, "left_s", lambda api: 0.0 if node.calls.count(EVICT) == 3 else left(api))
    wait = Wait(node)
    assert wait.said()[1].endswith("the disruption budget shop/web holds 3 of them back; the time of this look is over")
    assert wait.ending() == []
    wait.look(60)
    assert wait.ending() == ["later"]
