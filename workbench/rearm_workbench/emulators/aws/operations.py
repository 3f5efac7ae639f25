"""What the emulator answers: by its own model, by moto's, or not at all."""

from functools import lru_cache

from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import BaseResponse
from moto.core.utils import camelcase_to_underscores, get_service_model
from moto.ec2.responses import EC2Response
from moto.events.responses import EventsHandler
from moto.scheduler.responses import EventBridgeSchedulerResponse
from moto.sns.responses import SNSResponse
from moto.sqs.responses import SQSResponse

from rearm_workbench.emulators.aws import ssm

SERVICES: dict[str, type[BaseResponse]] = {
    "autoscaling": AutoScalingResponse,
    "ec2": EC2Response,
    "events": EventsHandler,
    "scheduler": EventBridgeSchedulerResponse,
    "sns": SNSResponse,
    "sqs": SQSResponse,
    "ssm": ssm.Response,
}

OWN = {
    "autoscaling": {
        "CancelInstanceRefresh",
        "CompleteLifecycleAction",
        "CreateAutoScalingGroup",
        "DeleteAutoScalingGroup",
        "DeleteLifecycleHook",
        "DeleteWarmPool",
        "DescribeAutoScalingInstances",
        "DescribeInstanceRefreshes",
        "DescribeLifecycleHookTypes",
        "DescribeLifecycleHooks",
        "DescribeScalingActivities",
        "DescribeWarmPool",
        "PutLifecycleHook",
        "PutWarmPool",
        "RecordLifecycleActionHeartbeat",
        "SetDesiredCapacity",
        "StartInstanceRefresh",
        "TerminateInstanceInAutoScalingGroup",
        "UpdateAutoScalingGroup",
    },
    "ec2": {"DescribeInstanceStatus", "RunInstances", "TerminateInstances"},
    "events": {"PutEvents"},
    "scheduler": {"CreateSchedule", "CreateScheduleGroup", "DeleteSchedule", "DeleteScheduleGroup", "ListSchedules", "UpdateSchedule"},
    "sns": {"Publish"},
    "sqs": {"ReceiveMessage", "SendMessage"},
    "ssm": {"DescribeInstanceInformation", "GetCommandInvocation", "ListCommands", "SendCommand"},
}
"""Operations with a model of ours behind them: on the virtual clock, validated, and with lifecycle actions."""

PARTLY = {
    "autoscaling:AttachInstances": "as moto does it: no hook fires (nor does one on AWS), and the maximum size is not checked",
    "autoscaling:CreateAutoScalingGroup": "hooks, policies for retained instances and the size are modelled; the rest is kept as moto does",
    "autoscaling:DescribeAutoScalingGroups": "IncludeInstances is ignored; what moto does not keep is not shown",
    "autoscaling:DescribeScalingActivities": "launches and terminations; no Filters, no deleted groups",
    "autoscaling:DescribeWarmPool": "no pages",
    "autoscaling:DetachInstances": "as moto does it: an action of a detached instance goes on waiting",
    "autoscaling:EnterStandby": "as moto does it: an action of the instance goes on waiting",
    "autoscaling:ExecutePolicy": "as moto does it: cooldowns are ignored",
    "autoscaling:ExitStandby": "as moto does it: no launch hook fires (nor does one on AWS)",
    "autoscaling:PutScalingPolicy": "as moto does it: policies are kept, and run by ExecutePolicy only",
    "autoscaling:PutScheduledUpdateGroupAction": "as moto does it: actions are kept and never run",
    "autoscaling:PutWarmPool": "instances are warm at once; a pool of terminating instances does not delay scaling",
    "autoscaling:SetInstanceHealth": "as moto does it: an unhealthy instance is not replaced",
    "autoscaling:StartInstanceRefresh": "one instance at a time; no checkpoints, health percentages, warm-up, desired configuration",
    "autoscaling:SuspendProcesses": "only Launch is obeyed",
    "autoscaling:TerminateInstanceInAutoScalingGroup": "InstanceIds (several at once) are ignored",
    "autoscaling:UpdateAutoScalingGroup": "size and retention policy are modelled; the rest is kept as moto does",
    "scheduler:CreateSchedule": "no flexible windows, no retries of a failed target, no dead-letter queue; ClientToken is ignored",
    "scheduler:DeleteScheduleGroup": "schedules are gone at once",
    "scheduler:UpdateSchedule": "ActionAfterCompletion is not changed; otherwise as CreateSchedule",
    "ssm:DescribeInstanceInformation": "agents that are online, by their instance's id",
    "ssm:GetCommandInvocation": "standard output only; no delivery that fails, no cancellation",
    "ssm:ListCommands": "by command, instance and document",
    "ssm:SendCommand": "AWS-RunShellScript and AWS-RunPowerShellScript by instance ids; no script is run: `scripts` says how each ends",
}
"""What is missing of an operation that is served."""

NOT_MODELLED = (
    "Auto Scaling: groups with weighted instance types scale in without their terminate hooks",
    "Auto Scaling: health checks, scaling policies by alarms, scheduled actions and rebalancing move no instances",
    "Auto Scaling: the slower replacement of instances whose launch hooks keep failing",
    "Auto Scaling: events other than those of lifecycle actions (`EC2 Instance Launch Successful` and the like)",
    "EC2: instances run at once; only their status checks follow `set_ready`",
    "EventBridge Scheduler: flexible windows, retries of a failed target, dead-letter queues, L, W and # in a cron",
    "EventBridge: InputPath of a target; rules with a schedule; archives and buses are moto's",
    "SNS: signatures are constant text; HTTP subscriptions are moto's",
    "Lambda: a function is only an ARN; it is called through `invoke`, or `call` for who waits; all else of Lambda is moto's",
    "IAM: no call is ever denied, except through `fail_next`; signatures are not verified, only the access key id",
    "Elastic Load Balancing: a target is initial, healthy, draining or gone, never unhealthy; Auto Scaling registers none by itself",
    "ECS: container instances can be listed by their EC2 instance only; tasks start and stop at once; the rest is as moto does it",
    "CloudWatch: as moto does it, on the virtual clock; no service publishes metrics of its own",
    "Systems Manager beside Run Command, S3 and all else: as moto does it",
)
"""Behaviour that this emulator leaves out, one line each."""


@lru_cache
def is_served(service: str, operation: str) -> bool:
    """Whether a call gets an answer. Services that are not listed here are left to moto."""
    answers = SERVICES.get(service)
    if answers is None:
        return True
    return operation in OWN[service] or callable(getattr(answers, camelcase_to_underscores(operation), None))


def modelled_operations() -> dict[str, str]:
    """Every operation of the services rearm uses: `"modelled"`, `"partly: what is missing"`, `"moto"` or `"not modelled"`.

    `"moto"`: answered by moto's own model, unchanged.
    """
    return {f"{service}:{name}": _how(service, name) for service in SERVICES for name in get_service_model(service).operation_names}


def _how(service: str, operation: str) -> str:
    if f"{service}:{operation}" in PARTLY:
        return f"partly: {PARTLY[f'{service}:{operation}']}"
    if operation in OWN[service]:
        return "modelled"
    return "moto" if is_served(service, operation) else "not modelled"
