"""`kubernetes_cordon`: has no new pods placed on the instance's node. What runs there stays.

kubernetes.io/docs/concepts/architecture/nodes (manual node administration). To cordon a node that is cordoned changes nothing.
"""

from rearm.checks import kubernetes_access, kubernetes_cluster, target
from rearm.checks.asking import short
from rearm.checks.kubernetes_api import NotThere
from rearm.checks.question import Question
from rearm.core.model import StepResult

CALLS = kubernetes_access.CALLS
TARGET, problems, calls = kubernetes_cluster.TARGET, kubernetes_cluster.problems, kubernetes_cluster.calls


class Settings(kubernetes_cluster.ClusterSettings, frozen=True, forbid_unknown_fields=True):
    """The cluster that the instances are nodes of."""


def label(settings: Settings) -> str:
    return f"kubernetes cordon in {kubernetes_cluster.place(settings)}"


def do(settings: Settings, question: Question) -> StepResult:
    """Cordons the node. Raises RearmError for what may pass."""
    visit = kubernetes_cluster.Visit(settings, question, question.limit_s)
    api = visit.api()
    try:
        node = visit.node(api)
        if node is None and question.action.transition == "terminate":
            return StepResult("done", kubernetes_cluster.NO_NODE, visit.remember)
        if node is None:
            return StepResult("going", f"{kubernetes_cluster.NO_NODE} yet", visit.remember)
        name = short(node.metadata.name)
        if node.spec.unschedulable:
            return StepResult("done", f"node {name} was cordoned already", visit.remember)
        api.cordon(node.metadata.name)
    except NotThere:
        return StepResult("going", "the node went away just now", visit.remember)
    except target.Unreached as unreached:
        return StepResult("going", str(unreached), visit.lost())
    return StepResult("done", f"node {name} is cordoned", visit.remember)
