"""The evictions of one look: which pods are asked to go, what holds the others back, and when to leave the API server alone.

kubernetes.io/docs/concepts/scheduling-eviction/api-eviction: 201 (it ends), 429 (a budget, or too many requests), 500 (more than one
budget). Each pod is asked once in a look.
"""

import re
from collections.abc import Sequence

from rearm.checks.asking.call import short
from rearm.checks.kubernetes.api import Api, NotThere, Refused
from rearm.checks.kubernetes.objects import Pod
from rearm.errors import TryAgain

FOR_ALL = (401, 429)
"""Refusals that every other pod would get too, if no budget is the cause."""
CAUSE = "DisruptionBudget"
SEVERAL = "more than one PodDisruptionBudget"


class Round:
    """`overrule`: a pod that a budget holds back is deleted."""

    def __init__(self, api: Api, grace_s: int | None, *, overrule: bool) -> None:
        self._api, self._grace_s, self._overrule = api, grace_s, overrule
        self._held: dict[str, int] = {}
        self._overruled = 0
        self._trouble = ""
        self.retry_after_s = 0
        """For so long the API server wants to be left alone."""
        self.next_pod = ""
        """With whom the next look is to begin: time, or the API server's patience, did not last for all."""

    def ask(self, pods: Sequence[Pod], begin: str) -> None:
        """Has them end, from the pod `begin` on: so no pod that is held back takes another one's turn. Raises Unreached."""
        for pod in sorted(pods, key=lambda pod: (pod.place < begin, pod.place)):
            if self._api.left_s() <= 0:
                self._trouble, self.next_pod = "the time of this look is over", pod.place
                return
            try:
                self._one(pod)
            except NotThere:
                continue
            except Refused as refused:
                if self._ends_the_round(pod, refused):
                    self.next_pod = pod.place
                    return
            except TryAgain as error:
                self._trouble, self.next_pod = str(error), pod.place
                return

    def told(self) -> str:
        """What holds pods back, in words; empty if nothing does."""
        parts = [f"{budget} holds {count} of them back" for budget, count in self._held.items()]
        if self._overruled:
            parts.append(f"{self._overruled} deleted in spite of a disruption budget")
        return "; ".join([*parts, *([self._trouble] if self._trouble else [])])

    def _one(self, pod: Pod) -> None:
        try:
            self._api.evict(pod, self._grace_s)
        except Refused as refused:
            if not (self._overrule and budget_of(pod, refused)):
                raise
            self._api.delete(pod, self._grace_s)
            self._overruled += 1

    def _ends_the_round(self, pod: Pod, refused: Refused) -> bool:
        self.retry_after_s = max(self.retry_after_s, refused.retry_after_s)
        budget = budget_of(pod, refused)
        if budget:
            self._held[budget] = self._held.get(budget, 0) + 1
            return False
        self._trouble = str(refused)
        return refused.status in FOR_ALL


def budget_of(pod: Pod, refused: Refused) -> str:
    """The budget that holds the pod back, in words; empty if it is something else."""
    namespace = short(pod.metadata.namespace)
    for reason, message in refused.causes:
        if reason == CAUSE:
            name = re.search(r"disruption budget (\S+)", message)
            return f"the disruption budget {namespace}/{short(name[1])}" if name else f"a disruption budget of {namespace}"
    if SEVERAL in refused.message:
        return f"a second disruption budget for the same pod, which forbids every eviction, in {namespace},"
    return ""
