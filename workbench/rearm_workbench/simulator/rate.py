"""An account of few calls a second: a token bucket that all invocations share."""

from collections.abc import Callable

from rearm.core.model import CloudName
from rearm_workbench.emulators.lifecycle import Clock

NOT_THROTTLED = frozenset(["recheck", "timers_due"])
THROTTLED_PAUSES_S: dict[CloudName, tuple[float, ...]] = {
    "aws": (1, 2, 4, 8, 1, 1, 2, 4, 8, 2, 1, 2, 4, 8, 3, 1, 2, 4, 8),
    "alibaba": (0.5, 1, 2),
}
"""The longest pause before each further try of a throttled call. AWS: botocore's five, four times over, with pauses of our own between
(`rearm.clouds.aws.calls`); Alibaba Cloud: four tries (`rearm.clouds.alibaba.calls`)."""


class Rate:
    """`calls_per_s` None: as many as anybody wants. `throttled` counts the tries that were refused."""

    def __init__(self, calls_per_s: float | None, cloud: CloudName, clock: Clock) -> None:
        self._rate, self._clock = calls_per_s, clock
        self._tokens, self._refilled_at = calls_per_s or 0.0, clock.now()
        self.pauses_s = THROTTLED_PAUSES_S[cloud]
        self.throttled = 0

    def admits(self, operation: str, pause: Callable[[float], None]) -> bool:
        """Whether a call gets through: the adapter waits its turn with full jitter, as often as it does, and gives up.

        What is short is the API of the scaling groups. Timers are set and listed elsewhere, and are not counted: EventBridge Scheduler
        takes 250 a second at least (`scheduler/latest/UserGuide/scheduler-quotas`), Function Compute an invocation for each instance.
        """
        if self._rate is None or operation in NOT_THROTTLED:
            return True
        for longest_s in (*self.pauses_s, None):
            now = self._clock.now()
            self._tokens = min(2 * self._rate, self._tokens + (now - self._refilled_at) * self._rate)
            self._refilled_at = now
            if self._tokens >= 1:
                self._tokens -= 1
                return True
            self.throttled += 1
            if longest_s is not None:
                pause(longest_s)
        return False
