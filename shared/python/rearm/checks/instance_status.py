"""`instance_status`: the cloud's own view of the instance.

AWS: passed when the instance's and the system's status checks are both `ok`
(docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus). Alibaba Cloud: passed when the instance is `Running`
(alibabacloud.com/help/en/ecs/developer-reference/api-ecs-2014-05-26-describeinstancestatus).
"""

import msgspec

from rearm.checks.asking import alibaba, aws, aws_code, listed, short
from rearm.checks.question import Question
from rearm.clouds import Cloud
from rearm.core.model import CheckResult
from rearm.errors import RearmError

CALLS = {"aws": ("ec2:DescribeInstanceStatus",), "alibaba": ("ecs:DescribeInstanceStatus",)}
ENDING = ("shutting-down", "terminated")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to set."""


def label(settings: Settings) -> str:
    return "instance status"


def ask(settings: Settings, question: Question) -> CheckResult:
    """Asks the cloud of `cloud`. Raises RearmError when it cannot be asked."""
    on_aws = question.cloud.name == "aws"
    return _on_aws(question.instance) if on_aws else _on_alibaba(question.instance, question.cloud)


def _on_aws(instance: str) -> CheckResult:
    try:
        answer = aws("ec2", "DescribeInstanceStatus", InstanceIds=[instance], IncludeAllInstances=True)
    except RearmError as error:
        if aws_code(error) == "InvalidInstanceID.NotFound":
            return CheckResult("gone", "EC2 does not know the instance any more")
        raise
    if not answer["InstanceStatuses"]:
        return CheckResult("waiting", "EC2 has no status of the instance yet")
    found = answer["InstanceStatuses"][0]
    state = found["InstanceState"]["Name"]
    if state in ENDING:
        return CheckResult("gone", f"the instance is {state}")
    own, system = found["InstanceStatus"]["Status"], found["SystemStatus"]["Status"]
    if (own, system) == ("ok", "ok"):
        return CheckResult("passed", "both status checks are ok")
    return CheckResult("waiting", f"{state}; instance check {own}, system check {system}")


def _on_alibaba(instance: str, cloud: Cloud) -> CheckResult:
    status = ecs_status(instance, cloud)
    if status is None:
        return CheckResult("gone", "ECS does not know the instance any more")
    return CheckResult("passed" if status == "Running" else "waiting", f"the instance is {short(status)}")


def ecs_status(instance: str, cloud: Cloud) -> str | None:
    """Pending, Starting, Running, Stopping or Stopped; None for an instance that does not exist. Raises RearmError."""
    answer = alibaba(cloud, "ecs", "DescribeInstanceStatus", {"InstanceId.1": instance})
    entries = listed(answer, "ecs:DescribeInstanceStatus", "InstanceStatuses", "InstanceStatus")
    return next((str(one.get("Status")) for one in entries if one.get("InstanceId") == instance), None)
