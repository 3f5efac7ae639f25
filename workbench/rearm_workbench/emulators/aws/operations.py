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

SERVICES: dict[str, type[BaseResponse]] = {
    "autoscaling": AutoScalingResponse,
    "ec2": EC2Response,
    "events": EventsHandler,
    "scheduler": EventBridgeSchedulerResponse,
    "sns": SNSResponse,
    "sqs": SQSResponse,
}

OWN = {
    "autoscaling": {
        "CompleteLifecycleAction",
        "CreateAutoScalingGroup",
        "DeleteAutoScalingGroup",
        "DeleteLifecycleHook",
        "DescribeLifecycleHookTypes",
        "DescribeLifecycleHooks",
        "PutLifecycleHook",
        "RecordLifecycleActionHeartbeat",
        "SetDesiredCapacity",
        "TerminateInstanceInAutoScalingGroup",
        "UpdateAutoScalingGroup",
    },
    "ec2": {"DescribeInstanceStatus", "RunInstances", "TerminateInstances"},
    "events": {"PutEvents"},
    "scheduler": {"CreateSchedule", "DeleteSchedule", "UpdateSchedule"},
    "sns": {"Publish"},
    "sqs": set[str](),
}
"""Operations with a model of ours behind them: on the virtual clock, validated, and with lifecycle actions."""

NOT_MODELLED = (
    "Auto Scaling: warm pools move no instances by themselves; root volume replacement, instance refresh, retention triggers",
    "Auto Scaling: groups with weighted instance types scale in without their terminate hooks",
    "Auto Scaling: the slower replacement of instances whose launch hooks keep failing",
    "EC2: instances run at once; only their status checks follow `set_ready`",
    "EventBridge Scheduler: rate() and cron() expressions, flexible windows, retries of a failed target, dead-letter queues",
    "EventBridge: InputPath of a target; archives and buses are moto's",
    "SQS: delays, visibility and retention run on the machine's clock, not on the virtual one",
    "SNS: signatures are constant text; HTTP subscriptions are moto's",
    "Lambda: a function is only an ARN; it is called through `invoke` and has no retries of its own",
    "IAM: no call is ever denied, except through `fail_next`",
    "Elastic Load Balancing, SSM, ECS and all else: as moto does it",
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
    """Every operation of the services rearm uses: `"modelled"` (ours), `"moto"` or `"not modelled"`."""
    found = {}
    for service in SERVICES:
        for operation in get_service_model(service).operation_names:
            ours = operation in OWN[service]
            found[f"{service}:{operation}"] = "modelled" if ours else "moto" if is_served(service, operation) else "not modelled"
    return found
