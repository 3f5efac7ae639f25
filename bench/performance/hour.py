"""The calls of a waiting hour: rearm's as the emulators count them, the others' by the formulae of their sources."""

from typing import Any

from replays import play
from results import Sheet

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


def measure(runs: int) -> dict[str, Sheet]:
    """Counted in one replay each; `runs` is not used."""
    del runs
    world: dict[str, object] = {"ready_after": HOUR_S, "hook": {"heartbeat_timeout": HOOK_S}}
    (aws,), (alibaba,) = play("aws", [world]), play("alibaba", [world])
    looks = HOUR_S // LOOK_S
    floor = f"at least {HOUR_S // HOOK_S - 1}"
    rows = [
        ["the floor: what AWS needs", "-", floor, "-", "-", "-", "a hook of 10 min"],
        _counted("rearm, AWS", aws, "scheduler:CreateSchedule"),
        _counted("rearm, Alibaba Cloud", alibaba, "fc:InvokeFunction"),
        ["boto3 by hand, called once a minute", str(looks), str(looks), "not its own", str(looks), "0", "`handlers/plain_boto3.py`"],
        ["lifecycle-manager", "a daemon", str(HOUR_S // (HOOK_S // 2) - 1), "-", "-", "1", LIFECYCLE_MANAGER],
        ["lifecycled", "a daemon on the instance", str(HOUR_S // 10 - 1), "-", "-", "0", LIFECYCLED],
        ["aws-node-termination-handler", "a daemon", str(HOUR_S // 60 - 1), "-", "-", "1", NTH],
    ]
    columns = ["who", "invocations", "heartbeats", "timers set", "questions of the check", "descriptions of the hook", "from"]
    note = "A wait of one hour on a hook of 10 minutes, one check, a look a minute. The completion is one call more for everybody."
    return {"hour": Sheet("Calls for a waiting hour", columns, rows, note)}


def _counted(name: str, wait: dict[str, Any], timers: str) -> list[str]:
    calls = dict(wait["api_calls"])
    heartbeats = sum(calls.pop(one, 0) for one in ("autoscaling:RecordLifecycleActionHeartbeat", "ess:RecordLifecycleActionHeartbeat"))
    hooks = sum(calls.pop(one, 0) for one in ("autoscaling:DescribeLifecycleHooks", "ess:DescribeLifecycleHooks"))
    asked = sum(count for call, count in calls.items() if call.split(":")[0] in ("ec2", "ecs"))
    return [name, str(wait["looks"]), str(heartbeats), str(calls.get(timers, 0)), str(asked), str(hooks), "`rearm replay`"]
