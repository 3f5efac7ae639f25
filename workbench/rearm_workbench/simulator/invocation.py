"""What is invoked, and one run of it."""

from collections.abc import Callable
from typing import Any

import msgspec

from rearm.errors import RearmError
from rearm_fc_runtime.context import FunctionMeta312
from rearm_workbench.simulator import envelopes
from rearm_workbench.simulator.wait_record import WaitRecord


class Killed(BaseException):
    """The process ends here. No `except Exception` of the deployed code may see it."""


def kind_of(error: Exception) -> str:
    """An error's name in the tree of `rearm.errors`, by which its caller decides; else its type's."""
    return next((kind.__name__ for kind in type(error).__mro__ if kind.__module__ == RearmError.__module__), type(error).__name__)


class Job(msgspec.Struct):
    """Something to invoke until it succeeds or the platform gives up. `records`: the waits it is about."""

    function: str
    event: Any
    pauses_s: tuple[float, ...]
    records: list[WaitRecord]
    lineage: int = 0
    timer: str = ""
    alone: bool = False
    """Its invocation is the last thing that happens in a step: nobody waits for it to pause."""
    done: Callable[[Any], None] | None = None


class Invocation(msgspec.Struct):
    """One run of a handler. Also the context object that the handler gets, of either cloud."""

    number: int
    job: Job
    ends_at: float
    now: Callable[[], float]
    redelivered_after_s: float
    timeout_s: int
    region: str = envelopes.ALIBABA_REGION
    account_id: str = envelopes.ALIBABA_ACCOUNT

    def get_remaining_time_in_millis(self) -> int:
        """Lambda's."""
        return max(0, int((self.ends_at - self.now()) * 1000))

    @property
    def function(self) -> FunctionMeta312:
        """Function Compute's."""
        return FunctionMeta312(self.job.function, "handler", 256, self.timeout_s)

    @property
    def aws_request_id(self) -> str:
        return f"request-{self.number}"

    request_id = aws_request_id
    function_name = memory_limit_in_mb = invoked_function_arn = function_version = "simulated"
