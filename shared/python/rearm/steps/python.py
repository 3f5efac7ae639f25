"""`python`: a function of the operator's own does it. It is called as `function(question, **with)` and returns a `StepResult`."""

from rearm import own
from rearm.checks.question import Question
from rearm.core.model import StepResult

CALLS: dict[str, tuple[str, ...]] = {"aws": (), "alibaba": ()}
SHORT, Settings, label = own.SHORT, own.Settings, own.label


def do(settings: own.Settings, question: Question) -> StepResult:
    """Calls it, for each instance. What it raises is told, and it is called again at the next look."""
    return own.call(settings, question, StepResult)
