"""`kubernetes_node`: the instance's node is Ready (launch), or nothing runs on it but DaemonSet and mirror pods (terminate)."""

import msgspec

from rearm.checks import existence, kubernetes_access, kubernetes_cluster, target
from rearm.checks.asking import short
from rearm.checks.kubernetes_api import Api
from rearm.checks.kubernetes_objects import Node
from rearm.checks.question import Question
from rearm.core.model import CheckResult

CALLS = {cloud: (*kubernetes_access.CALLS[cloud], *existence.CALLS[cloud]) for cloud in ("aws", "alibaba")}
TARGET, problems = kubernetes_cluster.TARGET, kubernetes_cluster.problems


class Settings(kubernetes_cluster.ClusterSettings, frozen=True, forbid_unknown_fields=True):
    """The cluster that the instances are nodes of."""


def calls(settings: Settings, cloud: str) -> tuple[str, ...]:
    """The permissions that these settings need: the cluster is asked for only where no endpoint is given."""
    return (*kubernetes_cluster.calls(settings, cloud), *existence.CALLS[cloud])


def label(settings: Settings) -> str:
    return f"kubernetes node in {kubernetes_cluster.place(settings)}"


def ask(settings: Settings, question: Question) -> CheckResult:
    """Asks the API server. Raises RearmError when it cannot be asked."""
    visit = kubernetes_cluster.Visit(settings, question, question.limit_s)
    api = visit.api()
    try:
        node = visit.node(api)
        found = _drained(api, node) if question.action.transition == "terminate" else _ready(node, question)
    except target.Unreached as unreached:
        return CheckResult("waiting", str(unreached), visit.lost(), error=True)
    return msgspec.structs.replace(found, remember=visit.remember)


def _ready(node: Node | None, question: Question) -> CheckResult:
    if node is None:
        return existence.or_gone(question, CheckResult("waiting", "the cluster has no node of this instance yet"))
    name, ready = short(node.metadata.name), node.ready
    if ready is None:
        return CheckResult("waiting", f"node {name} has not said yet whether it is Ready")
    if ready.status == "True":
        return CheckResult("passed", f"node {name} is Ready")
    return CheckResult("waiting", f"node {name} is not Ready" + (f" ({short(ready.reason)})" if ready.reason else ""))


def _drained(api: Api, node: Node | None) -> CheckResult:
    if node is None:
        return CheckResult("passed", kubernetes_cluster.NO_NODE)
    pods = api.pods_on(node.metadata.name)
    left = [pod.place for pod in pods if not (pod.stays or pod.over)]
    name = short(node.metadata.name)
    if not left:
        return CheckResult("passed", f"nothing is left on node {name} but DaemonSet and mirror pods")
    return CheckResult("waiting", kubernetes_cluster.left(left, name))
