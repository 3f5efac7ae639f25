"""`suspend_processes`: suspends processes of the scaling group, such as health checks, until somebody resumes them.

AWS: docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SuspendProcesses. Alibaba Cloud: alibabacloud.com/help/en/auto-scaling/
developer-reference/api-ess-2022-02-22-suspendprocesses. Suspending what is suspended changes nothing.
"""

from typing import Annotated, Literal

import msgspec

from rearm.checks.asking import alibaba, aws
from rearm.checks.question import Question
from rearm.core.model import StepResult

CALLS = {"aws": ("autoscaling:SuspendProcesses",), "alibaba": ("ess:SuspendProcesses",)}
ONCE = True
AWS_WORDS = ("Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh")
AWS_MORE = ("ReplaceUnhealthy", "ScheduledActions")
ALIBABA_WORDS = ("ScaleIn", "ScaleOut", "HealthCheck", "AlarmNotification", "ScheduledAction")
Process = Literal[
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "ScaleIn",
    "ScaleOut",
    "ScheduledAction",
]
Processes = Annotated[tuple[Process, ...], msgspec.Meta(min_length=1, description="a list of processes of the scaling group")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    processes: Processes


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    words = {"aws": (*AWS_WORDS, *AWS_MORE), "alibaba": ALIBABA_WORDS}
    return [
        ("processes", f"`{process}` is no process of a scaling group on {cloud}; there: {', '.join(words[cloud])}")
        for cloud in clouds
        for process in settings.processes
        if process not in words[cloud]
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
