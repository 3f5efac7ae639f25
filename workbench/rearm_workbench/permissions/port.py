"""What rearm itself needs, besides checks and steps: the calls of the adapters in `rearm.clouds`, and those that the platforms make with a
function's role."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from rearm.core.model import CloudName

Role = Literal["look", "queue", "sweep", "scheduler"]
FcApi = Literal["2.0", "3.0"]
ROLES: dict[CloudName, dict[Role, str]] = {
    "aws": {
        "look": "the functions eventbridge, sns, sqs, direct and recheck",
        "queue": "the function sqs, besides",
        "sweep": "the function sweep",
        "scheduler": "EventBridge Scheduler (REARM_SCHEDULER_ROLE_ARN), which starts the recheck",
    },
    "alibaba": {
        "look": "the functions mns_topic, mns_queue, eventbridge, oos and recheck",
        "sweep": "the function sweep",
    },
}


class Call(NamedTuple):
    """An operation, what for, and the settings that its resource is named by. `platform`: made by the cloud with the function's role."""

    operation: str
    by: str
    slots: Mapping[str, str] = {}
    platform: bool = False


RECHECK = {"function": "${RecheckFunction}"}
RECHECK_FC2 = {"service": "${RecheckService}", **RECHECK}

HOOK, BEAT, ANSWER = "waits: the hook's timeout", "waits: a heartbeat", "waits: the answer"
TIMER, ROLE = "setting the next look", "setting the next look: the schedule starts the recheck with this role"
TAKEN = "setting the next look: whether a name that is taken is of the same action"
TOLD = (
    "steps: what is done already is told to a timer that a late copy has set; "
    "`linger`: a result that was sent between two looks is told to the next one"
)
_AWS_LOGS = tuple(Call(f"logs:{operation}", "Lambda: the log", platform=True) for operation in ("CreateLogStream", "PutLogEvents"))
_ALIBABA_LOGS = (Call("log:PostLogStoreLogs", "Function Compute: the log", platform=True),)

AWS: dict[Role, tuple[Call, ...]] = {
    "look": (
        Call("autoscaling:DescribeLifecycleHooks", HOOK),
        Call("autoscaling:RecordLifecycleActionHeartbeat", BEAT),
        Call("autoscaling:CompleteLifecycleAction", ANSWER),
        Call("scheduler:CreateSchedule", TIMER),
        Call("scheduler:GetSchedule", TAKEN),
        Call("iam:PassRole", ROLE),
        *_AWS_LOGS,
    ),
    "queue": tuple(
        Call(f"sqs:{operation}", "Lambda: receiving from the queue", {"queue": "${Queue}"}, platform=True)
        for operation in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    ),
    "sweep": (
        Call("autoscaling:DescribeAutoScalingInstances", "sweep: which instances wait"),
        Call("autoscaling:DescribeLifecycleHooks", "sweep: in which hooks"),
        Call("autoscaling:DescribeScalingActivities", "sweep: since when"),
        Call("scheduler:ListSchedules", "sweep: which waits are looked after"),
        Call("scheduler:CreateSchedule", TIMER),
        Call("iam:PassRole", ROLE),
        *_AWS_LOGS,
    ),
    "scheduler": (Call("lambda:InvokeFunction", "EventBridge Scheduler: the recheck", RECHECK, platform=True),),
}
TOLD_ON_AWS = Call("scheduler:UpdateSchedule", TOLD)


def calls(cloud: CloudName, role: Role, fc: FcApi, *, tells: bool) -> Iterator[Call]:
    """What that role needs whatever the checks are. `tells`: whether a profile has steps, or lingers."""
    if cloud == "aws":
        yield from AWS[role]
        if tells and role == "look":
            yield TOLD_ON_AWS
        return
    recheck = RECHECK_FC2 if fc == "2.0" else RECHECK
    listing = "fc:ListStatefulAsyncInvocations" if fc == "2.0" else "fc:ListAsyncTasks"
    if role == "look":
        yield Call("ess:DescribeLifecycleHooks", HOOK)
        yield Call("ess:RecordLifecycleActionHeartbeat", BEAT)
        yield Call("ess:CompleteLifecycleAction", ANSWER)
    else:
        yield Call("ess:DescribeScalingGroups", "sweep: which groups have instances that wait")
        yield Call("ess:DescribeScalingActivities", "sweep: which of their activities are in progress")
        yield Call("ess:DescribeLifecycleActions", "sweep: which actions wait")
        yield Call("ess:DescribeLifecycleHooks", "sweep: in which hooks")
        yield Call(listing, "sweep: which waits are looked after", recheck)
    yield Call("fc:InvokeFunction", TIMER, recheck)
    yield from _ALIBABA_LOGS
