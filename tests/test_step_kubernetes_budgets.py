"""kubernetes_drain and PodDisruptionBudgets: honoured, named, and overruled only when the operator says so."""

import re

import msgspec
import pytest
import yaml

from kubernetes_world import NODE, Kubernetes, kubernetes
from rearm.checks.kubernetes.api import Refused
from rearm.checks.kubernetes.objects import Pod
from rearm.steps.kubernetes.eviction import budget_of
from test_step_kubernetes_cordon import DOCS
from test_step_kubernetes_drain import DELETE, DONE, EVICT, Wait, budget, node

__all__ = ["kubernetes", "node"]


def test_a_budget_is_honoured_and_named_and_the_pod_tried_again(node: Kubernetes) -> None:
    held = budget(node)
    for number in range(3):
        node.pod(f"web-{number}", labels={"app": "web"}, grace_s=10)
    node.pod("free", grace_s=10)
    wait = Wait(node)
    assert wait.said()[1].endswith("the disruption budget shop/web holds 2 of them back")
    assert wait.ending() == ["free", "web-0"]
    for _ in range(4):
        assert wait.said(3600) == (
            "going",
            f"2 pods are left on node {NODE}: shop/web-1, shop/web-2; the disruption budget shop/web holds 2 of them back",
        )
    assert DELETE not in node.calls, "never, unless the operator says so"
    node.cluster.budgets.remove(held)
    wait.look(60)
    assert wait.said(10) == ("done", DONE)


def test_a_second_budget_for_the_same_pod_is_told(node: Kubernetes) -> None:
    budget(node, "web", 0)
    budget(node, "all", 0, app="web")
    node.pod("web-0", labels={"app": "web"})
    assert "a second disruption budget for the same pod" in Wait(node).said()[1]


@pytest.mark.parametrize("second", [False, True])
def test_budgets_are_overruled_when_the_operator_says_so(node: Kubernetes, second: bool) -> None:
    budget(node)
    if second:
        budget(node, "all", 0, app="web")
    node.pod("web-0", labels={"app": "web"}, grace_s=40)
    node.pod("web-1", labels={"app": "web"}, grace_s=40)
    wait = Wait(node, force_after="20m")
    for after_s in (0, 1199):
        assert "holds 2 of them back" in wait.said(after_s)[1]
        assert DELETE not in node.calls
    assert wait.said(1) == (
        "going",
        f"2 pods are left on node {NODE}: shop/web-0, shop/web-1; 2 deleted in spite of a disruption budget",
    )
    assert node.calls.count(EVICT) == node.calls.count(DELETE) == 2, "it is asked nicely first"
    assert {pod.ends_at for pod in node.cluster.pods.values() if pod.ends_at} == {20 * 60 + 40}, "in their own grace period"
    assert wait.said(40) == ("done", DONE)


def test_the_grace_period_holds_for_a_deletion_too(node: Kubernetes) -> None:
    budget(node)
    node.pod("web-0", labels={"app": "web"}, grace_s=40)
    wait = Wait(node, force_after="1m", grace="5s")
    wait.look()
    wait.look(60)
    assert node.cluster.pods["shop", "web-0"].ends_at == 65


def test_another_cause_is_no_budget() -> None:
    """A namespace that is being deleted refuses evictions with a cause of its own."""
    pod = msgspec.convert({"metadata": {"name": "a", "namespace": "shop"}}, Pod)
    assert budget_of(pod, Refused("", 403, "", (("NamespaceTerminating", "namespace shop is being terminated"),), 0)) == ""
    assert budget_of(pod, Refused("", 429, "", (("DisruptionBudget", "?"),), 0)) == "a disruption budget of shop"


def test_the_time_counts_from_the_first_try_even_if_nobody_answered(node: Kubernetes) -> None:
    budget(node)
    node.pod("web-0", labels={"app": "web"})
    wait = Wait(node, force_after="10m")
    node.api.fail_next("list nodes", 500)
    assert wait.look(1000).status == "going"
    assert "holds 1 of them back" in wait.said(599)[1]
    assert "1 deleted in spite of" in wait.said(1)[1]


def test_what_is_no_budget_is_never_deleted(node: Kubernetes) -> None:
    node.pod("web")
    wait = Wait(node, force_after="1m")
    wait.look()
    node.pod("web")
    for code in (403, 429, 500, 409):
        node.api.fail_next("create pods/eviction", code)
        assert wait.look(100).status == "going"
        assert DELETE not in node.calls
    assert wait.ending() == []


def test_the_cluster_role_of_the_page_is_what_it_takes(node: Kubernetes) -> None:
    budget(node)
    node.pod("web-0", labels={"app": "web"})
    wait = Wait(node, force_after="1m")
    wait.look()
    seen = {*node.calls}
    wait.look(60)
    (page,) = re.findall(r"^```yaml rbac\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)
    rules = yaml.safe_load(page)["rules"]
    granted = {f"kubernetes:{verb} {resource}" for rule in rules for verb in rule["verbs"] for resource in rule["resources"]}
    assert granted == seen | {*node.calls}
