"""`python`: a function of the operator's own answers. It is called as `function(question, **with)` and returns a `CheckResult`."""

from rearm import own
from rearm.checks.question import Question
from rearm.core.model import CheckResult

CALLS: dict[str, tuple[str, ...]] = {"aws": (), "alibaba": ()}
SHORT, Settings, label = own.SHORT, own.Settings, own.label


def ask(settings: own.Settings, question: Question) -> CheckResult:
    """Calls it. What it raises is the answer `waiting`, as with every check."""
    return own.call(settings, question, CheckResult)
