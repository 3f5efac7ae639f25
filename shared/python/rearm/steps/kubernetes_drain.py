"""`kubernetes_drain`: cordons the instance's node, and evicts every pod but those of DaemonSets and mirror pods.

kubernetes.io/docs/tasks/administer-cluster/safely-drain-node. As `kubectl drain` does, it evicts nothing at all if there is a pod that
it may not evict (without a controller, or with an emptyDir), and leaves the node cordoned. A pod that ends already is waited for.
"""

from typing import Literal

from rearm import clock, duration
from rearm.checks.asking.call import short
from rearm.checks.kubernetes import access, cluster
from rearm.checks.kubernetes.api import Api, NotThere
from rearm.checks.kubernetes.objects import Node, Pod
from rearm.checks.network import target
from rearm.checks.question import Question
from rearm.checks.settings.lasting import Lasting
from rearm.core.model import StepResult
from rearm.errors import RearmError
from rearm.steps.kubernetes.eviction import Round

CALLS = access.CALLS
TARGET, calls = cluster.TARGET, cluster.calls
SHARE = 0.9
"""Of its time limit, what it works for: the rest is for telling what came of it."""


Status = Literal["done", "going", "failed"]


class Settings(cluster.ClusterSettings, frozen=True, forbid_unknown_fields=True):
    """`grace` None: each pod's own. `force_after` None: a budget is never overruled. `force`: pods without a controller go too."""

    grace: Lasting | None = None
    force_after: Lasting | None = None
    force: bool = False
    delete_emptydir: bool = True


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    found = cluster.problems(settings, clouds)
    for key in ("grace", "force_after"):
        try:
            _seconds(getattr(settings, key))
        except ValueError as error:
            found.append((key, f"`{getattr(settings, key)}`: must be {error}"))
    return found


def misfits(settings: Settings, clouds: tuple[str, ...], transitions: tuple[str, ...]) -> list[tuple[str, str]]:
    """What does not fit the actions that the profile is for."""
    if "launch" in transitions:
        return [("", "would empty the nodes of new instances: give the profile `match: {transition: terminate}`")]
    return []


def label(settings: Settings) -> str:
    return f"kubernetes drain in {cluster.place(settings)}"


def do(settings: Settings, question: Question) -> StepResult:
    """Does what can be done in this look. What may pass is `going`, so that it is known from when on `force_after` counts."""
    visit = cluster.Visit(settings, question, question.limit_s * SHARE)
    work = _Work(settings, question)
    status: Status
    try:
        api = visit.api()
        node = visit.node(api)
        status, reason = ("done", cluster.NO_NODE) if node is None else work.drain(api, node)
    except NotThere:
        status, reason = "going", "the node went away just now"
    except target.Unreached as unreached:
        return StepResult("going", str(unreached), {**visit.lost(), **work.remember})
    except RearmError as error:
        status, reason = "going", str(error)
    return StepResult(status, reason, {**visit.remember, **work.remember})


class _Work:
    """One look's part. `remember`: since when it is tried, until when to leave the API server alone, and with whom to begin then."""

    def __init__(self, settings: Settings, question: Question) -> None:
        self._settings, self._now = settings, int(clock.now())
        # A profile may have two drains, one of them in a stage: each counts its own time.
        self._key = f"kubernetes drain {question.number}:{question.instance}"
        self._since = int(question.known.get(f"{self._key}:since") or self._now)
        until, _, self._begin = question.known.get(f"{self._key}:then", "").partition(" ")
        self._until = int(until or 0)
        self.remember = {f"{self._key}:since": str(self._since)}

    def drain(self, api: Api, node: Node) -> tuple[Status, str]:
        """Status and reason. Raises RearmError, NotThere and Unreached."""
        name = short(node.metadata.name)
        if not node.spec.unschedulable:
            api.cordon(node.metadata.name)
        pods = [pod for pod in api.pods_on(node.metadata.name) if not pod.stays]
        if not pods:
            return "done", f"nothing is left on node {name} but DaemonSet and mirror pods"
        forbidden = self._forbidden([pod for pod in pods if not (pod.ends or pod.over)])
        if forbidden:
            return "failed", f"node {name} is cordoned, and nothing evicted: {'; '.join(forbidden)}"
        left = cluster.left([pod.place for pod in pods], name)
        asked = [pod for pod in pods if not pod.ends]
        if asked and self._now < self._until:
            return "going", f"{left}; nothing evicted: the API server wants to be left alone for {self._until - self._now} s more"
        told = self._evict(api, asked)
        return "going", f"{left}; {told}" if told else left

    def _forbidden(self, pods: list[Pod]) -> list[str]:
        """What may not be evicted, in words."""
        bare = [] if self._settings.force else [pod.place for pod in pods if not pod.managed]
        data = [] if self._settings.delete_emptydir else [pod.place for pod in pods if pod.keeps_data]
        found = [("without a controller", bare, "force"), ("with an emptyDir", data, "delete_emptydir")]
        return [f"{what}: {cluster.some(places)} (`{key}: true` evicts them)" for what, places, key in found if places]

    def _evict(self, api: Api, pods: list[Pod]) -> str:
        """What holds pods back, in words; empty if nothing does. Raises Unreached."""
        force_after_s, grace_s = _seconds(self._settings.force_after), _seconds(self._settings.grace)
        overrule = force_after_s is not None and self._now - self._since >= force_after_s
        found = Round(api, grace_s, overrule=overrule)
        found.ask(pods, self._begin)
        until = self._now + found.retry_after_s if found.retry_after_s else 0
        self.remember[f"{self._key}:then"] = f"{until} {found.next_pod}"
        return found.told()


def _seconds(value: int | str | None) -> int | None:
    """Raises ValueError with what is allowed."""
    return None if value is None else duration.seconds(value)
