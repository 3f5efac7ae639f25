"""The calls of a waiting hour: rearm's as the emulators count them, the others' by the formulae of their sources."""

import math
from typing import Any

from replays import play
from results import Sheet, Table

from rearm.core.limits import LIMITS, Limits

HOUR_S, HOOK_S, LOOK_S = 3600, 600, 60
LIFECYCLE_MANAGER = "keikoproj/lifecycle-manager, `pkg/service/server.go` (`handleEvent`): a heartbeat each half of the hook's timeout"
LIFECYCLED = (
    "buildkite/lifecycled, `autoscaling.go` (`Handle`), `cmd/lifecycled/main.go`: `--autoscaling-heartbeat-interval`, 10 s if nothing is "
    "said; `queue.go`: the instance's own queue is polled for 20 s at a time until its notification comes, which is not counted here"
)
NTH = (
    "aws/aws-node-termination-handler, `pkg/monitor/sqsevent/asg-lifecycle-event.go` (`SendHeartbeats`): one each `heartbeatInterval` "
    "seconds, none unless that is set; counted for 60 s"
)


NAMES = {"aws": "rearm, AWS", "alibaba": "rearm, Alibaba Cloud"}
OWN = {
    "heartbeats": ("autoscaling:RecordLifecycleActionHeartbeat", "ess:RecordLifecycleActionHeartbeat"),
    "timers": ("scheduler:CreateSchedule", "fc:InvokeFunction"),
    "questions": ("ec2:DescribeInstanceStatus", "ecs:DescribeInstanceStatus"),
    "hooks": ("autoscaling:DescribeLifecycleHooks", "ess:DescribeLifecycleHooks"),
}


def measure(runs: int) -> dict[str, Sheet | Table]:
    """Counted in one replay each; `runs` is not used."""
    del runs
    world: dict[str, object] = {"ready_after": HOUR_S, "hook": {"heartbeat_timeout": HOOK_S}}
    waits = {NAMES[cloud]: play(cloud, [world])[0] for cloud in NAMES}
    looks = HOUR_S // LOOK_S
    rows = [
        [
            "the least on AWS",
            "-",
            f"{_floor(LIMITS['aws'])}",
            "-",
            "-",
            "1",
            "a heartbeat as late as a timer, which may be a minute late, allows",
        ],
        ["the share on Alibaba Cloud", "-", f"{_floor(LIMITS['alibaba']):.1f}", "-", "-", "1", "20 heartbeats for 6 hours"],
        *(_counted(name, wait) for name, wait in waits.items()),
        ["boto3 by hand, called once a minute", str(looks), str(looks), "not its own", str(looks), "0", "`handlers/plain_boto3.py`"],
        ["lifecycle-manager", "a daemon", str(HOUR_S // (HOOK_S // 2) - 1), "-", "-", "1", LIFECYCLE_MANAGER],
        ["lifecycled", "a daemon on the instance", str(HOUR_S // 10 - 1), "-", "-", "0", LIFECYCLED],
        ["aws-node-termination-handler", "a daemon", str(HOUR_S // 60 - 1), "-", "-", "1", NTH],
    ]
    columns = ["who", "invocations", "heartbeats", "timers set", "questions of the check", "descriptions of the hook", "from"]
    note = "A wait of one hour on a hook of 10 minutes, one check, a look a minute. The completion is one call more for everybody."
    beyond = {name: [float(_beyond(wait))] for name, wait in waits.items()}
    heartbeats = {NAMES[cloud]: [_count(waits[NAMES[cloud]], "heartbeats") / _floor(LIMITS[cloud])] for cloud in NAMES}
    return {
        "hour": Sheet("Calls for a waiting hour", columns, rows, note),
        "beyond": Table(
            "Calls beyond a question and a timer for each look, a description, the heartbeats and the completion", "calls", "", beyond
        ),
        "heartbeats": Table(
            "Heartbeats, against the least", "times", "", heartbeats, "On Alibaba Cloud against the share of an hour in the 20."
        ),
    }


def _floor(limits: Limits) -> float:
    """Heartbeats that the hour takes at least. AWS: each comes before the lapse by what a timer may be late, and by the margin of a look.
    Alibaba Cloud: the part of the heartbeats that the hour is of the longest wait."""
    if limits.heartbeats_max is not None:
        return limits.heartbeats_max * HOUR_S / limits.wait_max_s
    return math.ceil((HOUR_S - HOOK_S) / (HOOK_S - limits.timer_late_s - limits.margin_s))


def _counted(name: str, wait: dict[str, Any]) -> list[str]:
    columns = (str(_count(wait, what)) for what in ("heartbeats", "timers", "questions", "hooks"))
    return [name, str(wait["looks"]), *columns, "`rearm replay`"]


def _count(wait: dict[str, Any], what: str) -> int:
    return sum(wait["api_calls"].get(one, 0) for one in OWN[what])


def _beyond(wait: dict[str, Any]) -> int:
    """The last look sets no timer, it completes."""
    return sum(wait["api_calls"].values()) - (wait["looks"] * 2 - 1) - _count(wait, "heartbeats") - 1 - 1
