"""`suspend_processes`: suspends processes of the scaling group, such as health checks, until somebody resumes them.

AWS: docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SuspendProcesses. Alibaba Cloud: alibabacloud.com/help/en/auto-scaling/
developer-reference/api-ess-2022-02-22-suspendprocesses. Suspending what is suspended changes nothing.
"""

from typing import Annotated, Literal, get_args

import msgspec

from rearm.checks.asking.call import alibaba, aws
from rearm.checks.question import Question
from rearm.core.model import StepResult

CALLS = {"aws": ("autoscaling:SuspendProcesses",), "alibaba": ("ess:SuspendProcesses",)}
ONCE = True
OfAws = Literal[
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
]
OfAlibaba = Literal["ScaleIn", "ScaleOut", "HealthCheck", "AlarmNotification", "ScheduledAction"]
WORDS = {"aws": get_args(OfAws), "alibaba": get_args(OfAlibaba)}
Process = Literal[OfAws, OfAlibaba]
Processes = Annotated[tuple[Process, ...], msgspec.Meta(min_length=1, description="a list of processes of the scaling group")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    processes: Processes


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    return [
        ("processes", f"`{process}` is no process of a scaling group on {cloud}; there: {', '.join(WORDS[cloud])}")
        for cloud in clouds
        for process in settings.processes
        if process not in WORDS[cloud]
    ]


def label(settings: Settings) -> str:
    return f"suspend {', '.join(settings.processes)}"


def do(settings: Settings, question: Question) -> StepResult:
    """Suspends them in the action's group. Raises RearmError."""
    group = question.action.group
    if question.cloud.name == "aws":
        aws("autoscaling", "SuspendProcesses", AutoScalingGroupName=group, ScalingProcesses=list(settings.processes))
    else:
        listed = {f"Processes.{number}": process for number, process in enumerate(settings.processes, 1)}
        alibaba(question.cloud, "ess", "SuspendProcesses", {"ScalingGroupId": group, **listed})
    return StepResult("done", f"suspended in {group}")
