"""`kubernetes_node`: the instance's node is Ready (launch), or nothing runs on it but DaemonSet and mirror pods (terminate)."""

import msgspec

from rearm.checks.asking import existence
from rearm.checks.asking.call import short
from rearm.checks.kubernetes import access, cluster
from rearm.checks.kubernetes.api import Api
from rearm.checks.kubernetes.objects import Node
from rearm.checks.network import target
from rearm.checks.question import Question
from rearm.core.model import CheckResult

CALLS = {cloud: (*access.CALLS[cloud], *existence.CALLS[cloud]) for cloud in ("aws", "alibaba")}
TARGET, problems = cluster.TARGET, cluster.problems


class Settings(cluster.ClusterSettings, frozen=True, forbid_unknown_fields=True):
    """The cluster that the instances are nodes of."""


def calls(settings: Settings, cloud: str) -> tuple[str, ...]:
    """The permissions that these settings need: the cluster is asked for only where no endpoint is given."""
    return (*cluster.calls(settings, cloud), *existence.CALLS[cloud])


def label(settings: Settings) -> str:
    return f"kubernetes node in {cluster.place(settings)}"


def ask(settings: Settings, question: Question) -> CheckResult:
    """Asks the API server. Raises RearmError when it cannot be asked."""
    visit = cluster.Visit(settings, question, question.limit_s)
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
        return CheckResult("passed", cluster.NO_NODE)
    pods = api.pods_on(node.metadata.name)
    left = [pod.place for pod in pods if not (pod.stays or pod.over)]
    name = short(node.metadata.name)
    if not left:
        return CheckResult("passed", f"nothing is left on node {name} but DaemonSet and mirror pods")
    return CheckResult("waiting", cluster.left(left, name))
