"""Each cloud's rules, as data.

AWS: docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks and `adding-lifecycle-hooks`: 30-7200 s for each hook, at
most the smaller of 48 hours and 100 times the heartbeat timeout. EventBridge Scheduler: 60 s precision (`schedule-types`).
Alibaba Cloud: api-ess-2022-02-22-recordlifecycleactionheartbeat: 30-21600 s chosen for each heartbeat, at most 20 heartbeats
and 6 hours.
Function Compute: `x-fc-async-delay` 0-3600 s, "may be not accurate".
"""

import msgspec

from rearm.core.model import CloudName, Result


class Limits(msgspec.Struct, frozen=True):
    """What a cloud allows a wait, and how exact its timers are."""

    cloud: CloudName
    results: tuple[Result, ...]
    heartbeat_min_s: int
    heartbeat_max_s: int
    heartbeat_is_chosen: bool
    """True: each heartbeat names its length. False: it is the hook's own timeout."""
    heartbeats_max: int | None
    wait_max_s: int
    wait_max_timeouts: int | None
    """The wait is also limited to this many heartbeat timeouts."""
    timer_late_s: int
    """A timer comes at most this much late."""
    timer_lead_s: int
    """A timer set nearer than this may be refused or missed."""
    timer_max_s: int | None
    """The farthest a timer can be set."""
    timer_names_stay: bool
    """A used timer's name stays taken (Function Compute); else it is free when the timer has come."""
    end_slack_s: int
    """The clocks of the function and of the cloud may differ: a wait is taken to end this much earlier."""
    margin_s: int
    """A cold start, the checks and one call, with room for a retry."""
    short_hook_s: int
    """Below this heartbeat timeout the timer is too coarse: looks are repeated inside one invocation. 0: never."""

    def wait_limit_s(self, heartbeat_timeout_s: int) -> int:
        """The longest that a wait on such a hook can last, in seconds."""
        if self.wait_max_timeouts is None or not heartbeat_timeout_s:
            return self.wait_max_s
        return min(self.wait_max_s, self.wait_max_timeouts * heartbeat_timeout_s)

    def held(self) -> "Limits":
        """The same rules for looks repeated inside one invocation: sleeping is more exact than a timer."""
        return msgspec.structs.replace(self, timer_late_s=1, timer_lead_s=1, margin_s=min(self.margin_s, 8))


AWS = Limits(
    cloud="aws",
    results=("CONTINUE", "ABANDON"),
    heartbeat_min_s=30,
    heartbeat_max_s=7200,
    heartbeat_is_chosen=False,
    heartbeats_max=None,
    wait_max_s=172_800,
    wait_max_timeouts=100,
    timer_late_s=59,
    timer_lead_s=10,
    timer_max_s=None,
    timer_names_stay=False,
    end_slack_s=0,
    margin_s=16,
    short_hook_s=180,
)

ALIBABA = Limits(
    cloud="alibaba",
    results=("CONTINUE", "ABANDON", "ROLLBACK"),
    heartbeat_min_s=30,
    heartbeat_max_s=21_600,
    heartbeat_is_chosen=True,
    heartbeats_max=20,
    wait_max_s=21_600,
    wait_max_timeouts=None,
    timer_late_s=60,
    timer_lead_s=1,
    timer_max_s=3600,
    timer_names_stay=True,
    end_slack_s=30,
    margin_s=30,
    short_hook_s=0,
)

LIMITS: dict[CloudName, Limits] = {"aws": AWS, "alibaba": ALIBABA}
