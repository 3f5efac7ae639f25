"""The API itself: requests to answers, without the network. What is not modelled is refused, by name.

Sources: kubernetes.io/docs/reference/using-api/api-concepts (lists in chunks, patches), .../kubernetes-api/cluster-resources/node-v1,
.../workload-resources/pod-v1, .../concepts/scheduling-eviction/api-eviction, .../overview/working-with-objects/field-selectors.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from rearm_workbench.emulators.kubernetes.cluster import Cluster, Pod

PATCHES = ("application/merge-patch+json", "application/strategic-merge-patch+json")
ROUTES = (
    ("GET", r"/api/v1/nodes", "list", "nodes"),
    ("GET", r"/api/v1/nodes/(?P<name>[^/]+)", "get", "nodes"),
    ("PATCH", r"/api/v1/nodes/(?P<name>[^/]+)", "patch", "nodes"),
    ("GET", r"/api/v1/pods", "list", "pods"),
    ("GET", r"/api/v1/namespaces/(?P<namespace>[^/]+)/pods/(?P<name>[^/]+)", "get", "pods"),
    ("DELETE", r"/api/v1/namespaces/(?P<namespace>[^/]+)/pods/(?P<name>[^/]+)", "delete", "pods"),
    ("POST", r"/api/v1/namespaces/(?P<namespace>[^/]+)/pods/(?P<name>[^/]+)/eviction", "create", "pods/eviction"),
)
NAMES = tuple(sorted(f"{verb} {resource}" for _, _, verb, resource in ROUTES))
"""Every operation that is served, as RBAC calls it. Any other is refused."""


class ApiStatus(Exception):
    """A `Status` object as the answer: an error, with its HTTP code."""

    def __init__(self, code: int, reason: str, message: str, **details: object) -> None:
        super().__init__(message)
        self.code = code
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason, "code": code}
        self.body: dict[str, Any] = body | ({"details": details} if details else {})


class Call(NamedTuple):
    """One request, taken apart. `query` without empty values, `name` and `namespace` empty where the path has none."""

    verb: str
    resource: str
    name: str
    namespace: str
    query: Mapping[str, str]
    content_type: str
    body: bytes


def call_of(method: str, path: str, query: Mapping[str, str], content_type: str, body: bytes) -> Call:
    """Raises `ApiStatus` for what this server does not model."""
    for wanted, pattern, verb, resource in ROUTES:
        found = re.fullmatch(pattern, path)
        if found and wanted == method:
            parts = found.groupdict()
            return Call(verb, resource, parts.get("name", ""), parts.get("namespace", ""), query, content_type, body)
    raise ApiStatus(404, "NotFound", f"the emulator does not model {method} {path}; it does: {', '.join(NAMES)}")


def answer(cluster: Cluster, call: Call) -> tuple[int, dict[str, Any]]:
    """The HTTP code and the object. Raises `ApiStatus`."""
    if call.resource == "nodes":
        return 200, _nodes(cluster, call)
    if call.verb == "list":
        _only(call.query, "fieldSelector", "limit", "continue")
        pods = _selected(cluster.pods.values(), call.query.get("fieldSelector", ""))
        return 200, _chunk("PodList", [pod.as_json() for pod in sorted(pods, key=lambda pod: (pod.namespace, pod.name))], call.query)
    _only(call.query, *(("gracePeriodSeconds",) if call.verb == "delete" else ()))
    pod = cluster.pods.get((call.namespace, call.name))
    if pod is None:
        raise ApiStatus(404, "NotFound", f'pods "{call.name}" not found', name=call.name, kind="pods")
    if call.verb == "delete":
        grace, options = call.query.get("gracePeriodSeconds"), _object(call.body) if call.body else {}
        in_body = _grace_of(pod, {key: value for key, value in options.items() if key not in ("apiVersion", "kind")})
        cluster.delete(pod, in_body if grace is None else _number("gracePeriodSeconds", grace))
    if call.verb == "create":
        return 201, _evict(cluster, pod, _object(call.body))
    return 200, {"kind": "Pod", "apiVersion": "v1", **pod.as_json()}


def _nodes(cluster: Cluster, call: Call) -> dict[str, Any]:
    if call.verb == "list":
        _only(call.query, "limit", "continue")
        return _chunk("NodeList", [cluster.nodes[name].as_json() for name in sorted(cluster.nodes)], call.query)
    _only(call.query)
    node = cluster.nodes.get(call.name)
    if node is None:
        raise ApiStatus(404, "NotFound", f'nodes "{call.name}" not found', name=call.name, kind="nodes")
    if call.verb == "patch":
        if call.content_type not in PATCHES:
            raise ApiStatus(415, "UnsupportedMediaType", f"the body of the request was in an unknown format: {call.content_type}")
        patch = _object(call.body)
        wanted = patch.get("spec", {}).get("unschedulable", False) if isinstance(patch.get("spec"), dict) else ""
        if set(patch) != {"spec"} or set(patch["spec"]) != {"unschedulable"} or not (wanted is None or isinstance(wanted, bool)):
            raise ApiStatus(422, "Invalid", 'the emulator models one patch of a node: {"spec": {"unschedulable": true}}, or false or null')
        node.unschedulable = bool(wanted)
    return {"kind": "Node", "apiVersion": "v1", **node.as_json()}


def _evict(cluster: Cluster, pod: Pod, eviction: dict[str, Any]) -> dict[str, Any]:
    if (eviction.get("apiVersion"), eviction.get("kind")) != ("policy/v1", "Eviction"):
        raise ApiStatus(400, "BadRequest", "the emulator takes an Eviction of policy/v1")
    named = eviction.get("metadata", {})
    if named.get("name") != pod.name or named.get("namespace", pod.namespace) != pod.namespace:
        raise ApiStatus(400, "BadRequest", f'name in URL does not match name in Eviction object: "{pod.name}"')
    grace_s = _grace_of(pod, eviction.get("deleteOptions", {}))
    budgets = cluster.budgets_of(pod)
    if len(budgets) > 1:
        message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        raise ApiStatus(500, "InternalError", message)
    for budget in budgets:
        if not cluster.allows(budget):
            cause = {
                "reason": "DisruptionBudget",
                "message": f"The disruption budget {budget.name} needs {budget.min_available} healthy pods",
            }
            message = "Cannot evict pod as it would violate the pod's disruption budget."
            raise ApiStatus(429, "TooManyRequests", message, causes=[cause])
    cluster.delete(pod, grace_s)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def _grace_of(pod: Pod, options: dict[str, Any]) -> int | None:
    """Of DeleteOptions the grace period, None without one; the preconditions have to hold."""
    preconditions = options.get("preconditions", {})
    if set(options) - {"gracePeriodSeconds", "preconditions"} or set(preconditions) - {"uid"}:
        raise ApiStatus(422, "Invalid", "the emulator models no deleteOptions but gracePeriodSeconds and preconditions.uid")
    if preconditions.get("uid", pod.uid) != pod.uid:
        message = f"the UID in the precondition ({preconditions['uid']}) does not match the UID in record ({pod.uid})."
        raise ApiStatus(409, "Conflict", message, name=pod.name, kind="pods")
    grace_s: int | None = options.get("gracePeriodSeconds")
    return grace_s


def _selected(pods: Iterable[Pod], selector: str) -> list[Pod]:
    if not selector:
        return list(pods)
    key, equals, value = selector.partition("=")
    if key != "spec.nodeName" or not equals or "," in value:
        raise ApiStatus(400, "BadRequest", "the emulator models one fieldSelector of pods: spec.nodeName=NAME")
    return [pod for pod in pods if pod.node == value]


def _chunk(kind: str, items: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """A page of a list: `limit` of them, and where the next begins."""
    begin, limit = 0, _number("limit", query.get("limit", "0")) or len(items)
    if "continue" in query:
        try:
            begin = int(base64.b64decode(query["continue"], validate=True).removeprefix(b"from "))
        except ValueError:
            raise ApiStatus(400, "BadRequest", "continue key is not valid") from None
    metadata: dict[str, Any] = {"resourceVersion": "1"}
    if begin + limit < len(items):
        metadata["continue"] = base64.b64encode(b"from %d" % (begin + limit)).decode()
    return {"kind": kind, "apiVersion": "v1", "metadata": metadata, "items": items[begin : begin + limit]}


def _only(query: Mapping[str, str], *known: str) -> None:
    unknown = sorted(set(query) - set(known))
    if unknown:
        raise ApiStatus(400, "BadRequest", f"the emulator does not model the parameter {unknown[0]} here")


def _number(name: str, text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise ApiStatus(400, "BadRequest", f"the parameter {name} is no number: {text}")
    return int(text)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ApiStatus(400, "BadRequest", "the body of the request is no JSON object")
    return found
