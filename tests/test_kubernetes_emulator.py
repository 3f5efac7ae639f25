"""The emulated Kubernetes API server by itself: what it answers over TLS, evictions and budgets, and what it refuses."""

import http.client
import json
import ssl
from typing import Any

import pytest

from kubernetes_world import NODE, TOKEN, Kubernetes, kubernetes, provider_id
from rearm_workbench.certificates import authority
from rearm_workbench.emulators.kubernetes.cluster import Budget

__all__ = ["kubernetes"]

EVICTION = {"apiVersion": "policy/v1", "kind": "Eviction"}


def call(
    world: Kubernetes,
    method: str,
    path: str,
    body: Any = None,
    token: str | None = TOKEN,
    context: ssl.SSLContext | None = None,
    **headers: str,
) -> tuple[int, Any]:
    """A request as kubectl would send it."""
    context = context or ssl.create_default_context(cadata=world.api.ca)
    connection = http.client.HTTPSConnection(world.api.endpoint.removeprefix("https://"), context=context, timeout=5)
    sent = {name.replace("_", "-"): value for name, value in headers.items()} | ({"Authorization": f"Bearer {token}"} if token else {})
    connection.request(method, path, None if body is None else json.dumps(body), sent)
    answer = connection.getresponse()
    found = json.loads(answer.read())
    connection.close()
    return answer.status, found


def evict(world: Kubernetes, name: str, **options: object) -> tuple[int, Any]:
    body = EVICTION | {"metadata": {"name": name, "namespace": "shop"}} | ({"deleteOptions": options} if options else {})
    return call(world, "POST", f"/api/v1/namespaces/shop/pods/{name}/eviction", body, Content_Type="application/json")


def patch(world: Kubernetes, body: Any, content_type: str = "application/strategic-merge-patch+json") -> tuple[int, Any]:
    return call(world, "PATCH", f"/api/v1/nodes/{NODE}", body, Content_Type=content_type)


# who may ask


def test_only_who_is_known_gets_an_answer(kubernetes: Kubernetes) -> None:
    assert call(kubernetes, "GET", "/api/v1/nodes")[0] == 200
    for token in (None, "", "another", TOKEN + "x"):
        code, status = call(kubernetes, "GET", "/api/v1/nodes", token=token)
        assert (code, status["kind"], status["reason"]) == (401, "Status", "Unauthorized")
    for name, code in (("rearm", 200), ("somebody", 401)):
        context = ssl.create_default_context(cadata=kubernetes.api.ca)
        context.load_cert_chain(authority().issue((name,)))
        assert call(kubernetes, "GET", "/api/v1/nodes", token=None, context=context)[0] == code


# lists in chunks


def test_lists_come_in_chunks(kubernetes: Kubernetes) -> None:
    for number in range(5):
        kubernetes.cluster.add_node(f"n{number}", provider_id(f"i-{number}"))
    names, path = [], "/api/v1/nodes?limit=2"
    for _ in range(3):
        _, page = call(kubernetes, "GET", path)
        names.append([item["metadata"]["name"] for item in page["items"]])
        path = f"/api/v1/nodes?limit=2&continue={page['metadata'].get('continue', '')}"
    assert names == [["n0", "n1"], ["n2", "n3"], ["n4"]]
    assert "continue" not in page["metadata"]
    assert len(call(kubernetes, "GET", "/api/v1/nodes")[1]["items"]) == 5
    assert call(kubernetes, "GET", "/api/v1/nodes?limit=2&continue=x")[0] == 400
    assert call(kubernetes, "GET", "/api/v1/nodes?limit=x")[0] == 400


def test_pods_of_one_node(kubernetes: Kubernetes) -> None:
    kubernetes.pod("here")
    kubernetes.pod("there").node = "another"
    _, page = call(kubernetes, "GET", f"/api/v1/pods?fieldSelector=spec.nodeName%3D{NODE}")
    assert [item["metadata"]["name"] for item in page["items"]] == ["here"]
    assert call(kubernetes, "GET", "/api/v1/namespaces/shop/pods/there")[1]["spec"]["nodeName"] == "another"
    assert call(kubernetes, "GET", "/api/v1/namespaces/other/pods/there")[0] == 404


# cordon


@pytest.mark.parametrize("content_type", ["application/strategic-merge-patch+json", "application/merge-patch+json"])
def test_a_node_is_cordoned_and_uncordoned(kubernetes: Kubernetes, content_type: str) -> None:
    kubernetes.cluster.add_node(NODE, provider_id())
    code, node = patch(kubernetes, {"spec": {"unschedulable": True}}, content_type)
    assert (code, node["spec"]["unschedulable"]) == (200, True)
    assert node["spec"]["taints"] == [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]
    assert "unschedulable" not in patch(kubernetes, {"spec": {"unschedulable": None}}, content_type)[1]["spec"]


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        ({"spec": {"unschedulable": True}}, "application/json", 415),
        ({"spec": {"taints": []}}, "application/merge-patch+json", 422),
        ({"spec": {"unschedulable": "yes"}}, "application/merge-patch+json", 422),
        ({"metadata": {"labels": {}}}, "application/merge-patch+json", 422),
        ({}, "application/merge-patch+json", 422),
        ([], "application/merge-patch+json", 400),
    ],
)
def test_another_patch_is_refused(kubernetes: Kubernetes, body: Any, content_type: str, code: int) -> None:
    kubernetes.cluster.add_node(NODE, provider_id())
    assert patch(kubernetes, body, content_type)[0] == code
    assert not kubernetes.cluster.nodes[NODE].unschedulable


# eviction


def test_an_evicted_pod_has_its_grace_period(kubernetes: Kubernetes) -> None:
    clock: Any = kubernetes.cluster.clock
    kubernetes.pod("web", grace_s=30)
    assert evict(kubernetes, "web")[0] == 201
    clock.run_until(20)
    _, pod = call(kubernetes, "GET", "/api/v1/namespaces/shop/pods/web")
    assert pod["metadata"]["deletionTimestamp"] == "1970-01-01T00:00:30Z"
    assert evict(kubernetes, "web")[0] == 201
    _, again = call(kubernetes, "GET", "/api/v1/namespaces/shop/pods/web")
    assert again["metadata"]["deletionTimestamp"] == "1970-01-01T00:00:30Z", "a second time does not give it more"
    assert call(kubernetes, "DELETE", "/api/v1/namespaces/shop/pods/web?gracePeriodSeconds=5")[0] == 200
    clock.run_until(24)
    assert call(kubernetes, "GET", "/api/v1/namespaces/shop/pods/web")[0] == 200
    clock.run_until(25)
    assert call(kubernetes, "GET", "/api/v1/namespaces/shop/pods/web")[0] == 404
    assert evict(kubernetes, "web")[0] == 404
    kubernetes.pod("stuck")
    assert call(kubernetes, "DELETE", "/api/v1/namespaces/shop/pods/stuck?gracePeriodSeconds=0")[0] == 200
    assert not kubernetes.cluster.pods


def test_a_budget_lets_go_one_after_the_other(kubernetes: Kubernetes) -> None:
    kubernetes.cluster.budgets.append(Budget("shop", "web", {"app": "web"}, min_available=2))
    kubernetes.cluster.budgets.append(Budget("other", "all", {}, min_available=99))
    for number in range(3):
        kubernetes.pod(f"web-{number}", labels={"app": "web", "n": str(number)})
    kubernetes.pod("free")
    kubernetes.pod("web-over", labels={"app": "web"}, phase="Failed")
    assert evict(kubernetes, "web-0")[0] == 201
    code, status = evict(kubernetes, "web-1")
    assert (code, status["reason"]) == (429, "TooManyRequests")
    assert status["details"]["causes"][0]["reason"] == "DisruptionBudget"
    assert evict(kubernetes, "free")[0] == evict(kubernetes, "web-over")[0] == 201
    assert evict(kubernetes, "web-0")[0] == 201, "one that ends already counts no more"
    kubernetes.pod("web-3", labels={"app": "web"})
    assert evict(kubernetes, "web-1")[0] == 201
    assert call(kubernetes, "DELETE", "/api/v1/namespaces/shop/pods/web-2")[0] == 200, "a deletion honours no budget"


def test_two_budgets_for_one_pod_forbid_every_eviction(kubernetes: Kubernetes) -> None:
    kubernetes.cluster.budgets += [Budget("shop", name, {"app": "web"}, min_available=0) for name in ("one", "two")]
    pod = kubernetes.pod("web", labels={"app": "web"})
    code, status = evict(kubernetes, "web")
    assert (code, "more than one PodDisruptionBudget" in status["message"], pod.ends_at) == (500, True, None)


def test_a_precondition_names_the_very_pod(kubernetes: Kubernetes) -> None:
    first = kubernetes.pod("db-0").uid
    second = kubernetes.pod("db-0", run=1)
    path = "/api/v1/namespaces/shop/pods/db-0"
    for uid, code in ((first, 409), (second.uid, 201)):
        assert evict(kubernetes, "db-0", preconditions={"uid": uid})[0] == code
    third = kubernetes.pod("db-0", run=2)
    for uid, code in ((first, 409), (third.uid, 200)):
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 5, "preconditions": {"uid": uid}}
        assert call(kubernetes, "DELETE", path, options)[0] == code
    assert third.ends_at == 5
    assert call(kubernetes, "DELETE", path, {"propagationPolicy": "Orphan"})[0] == 422


def test_one_that_has_run_to_its_end_is_deleted_at_once(kubernetes: Kubernetes) -> None:
    kubernetes.pod("over", phase="Succeeded")
    assert evict(kubernetes, "over")[0] == 201
    assert not kubernetes.cluster.pods


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (EVICTION | {"metadata": {"name": "other"}}, 400),
        (EVICTION | {"metadata": {"name": "web"}, "apiVersion": "policy/v1beta1"}, 400),
        (EVICTION | {"metadata": {"name": "web"}, "deleteOptions": {"dryRun": ["All"]}}, 422),
    ],
)
def test_another_eviction_is_refused(kubernetes: Kubernetes, body: Any, code: int) -> None:
    pod = kubernetes.pod("web")
    assert call(kubernetes, "POST", "/api/v1/namespaces/shop/pods/web/eviction", body)[0] == code
    assert pod.ends_at is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/services"),
        ("GET", "/apis/apps/v1/daemonsets"),
        ("DELETE", f"/api/v1/nodes/{NODE}"),
        ("PUT", "/api/v1/namespaces/shop/pods/web"),
        ("POST", "/api/v1/namespaces/shop/pods"),
    ],
)
def test_what_is_not_modelled_is_refused_by_name(kubernetes: Kubernetes, method: str, path: str) -> None:
    code, status = call(kubernetes, method, path, {})
    assert code == 404
    assert f"does not model {method} {path}" in status["message"]


@pytest.mark.parametrize(
    "query", ["labelSelector=a", "watch=true", "fieldSelector=spec.nodeName%3Da%2Cb%3Dc", "fieldSelector=status.phase%3Da"]
)
def test_parameters_that_are_not_modelled_are_refused(kubernetes: Kubernetes, query: str) -> None:
    assert call(kubernetes, "GET", f"/api/v1/pods?{query}")[0] == 400
