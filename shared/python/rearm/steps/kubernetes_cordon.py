"""`kubernetes_cordon`: has no new pods placed on the instance's node. What runs there stays.

kubernetes.io/docs/concepts/architecture/nodes (manual node administration). To cordon a node that is cordoned changes nothing.
"""

from rearm.checks.asking.call import short
from rearm.checks.kubernetes import access, cluster
from rearm.checks.kubernetes.api import NotThere
from rearm.checks.network import target
from rearm.checks.question import Question
from rearm.core.model import StepResult

CALLS = access.CALLS
TARGET, problems, calls = cluster.TARGET, cluster.problems, cluster.calls


class Settings(cluster.ClusterSettings, frozen=True, forbid_unknown_fields=True):
    """The cluster that the instances are nodes of."""


def label(settings: Settings) -> str:
    return f"kubernetes cordon in {cluster.place(settings)}"


def do(settings: Settings, question: Question) -> StepResult:
    """Cordons the node. Raises RearmError for what may pass."""
    visit = cluster.Visit(settings, question, question.limit_s)
    api = visit.api()
    try:
        node = visit.node(api)
        if node is None and question.action.transition == "terminate":
            return StepResult("done", cluster.NO_NODE, visit.remember)
        if node is None:
            return StepResult("going", f"{cluster.NO_NODE} yet", visit.remember)
        name = short(node.metadata.name)
        if node.spec.unschedulable:
            return StepResult("done", f"node {name} was cordoned already", visit.remember)
        api.cordon(node.metadata.name)
    except NotThere:
        return StepResult("going", "the node went away just now", visit.remember)
    except target.Unreached as unreached:
        return StepResult("going", str(unreached), visit.lost())
    return StepResult("done", f"node {name} is cordoned", visit.remember)
