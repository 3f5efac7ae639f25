"""`instance_status`: the cloud's own view of the instance.

AWS: passed when the instance's and the system's status checks are both `ok`
(docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus). Alibaba Cloud: passed when the instance is `Running`
(alibabacloud.com/help/en/ecs/developer-reference/api-ecs-2014-05-26-describeinstancestatus). Where it is asked for, the agent through
which the cloud runs commands has to be online too.
"""

import msgspec

from rearm.checks.asking import agent
from rearm.checks.asking.call import alibaba, aws, aws_code, listed, short
from rearm.checks.question import Question
from rearm.clouds import Cloud
from rearm.core.model import CheckResult
from rearm.errors import RearmError

CALLS = {
    "aws": ("ec2:DescribeInstanceStatus", *agent.CALLS["aws"]),
    "alibaba": ("ecs:DescribeInstanceStatus", *agent.CALLS["alibaba"]),
}
ENDING = ("shutting-down", "terminated")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which agent has to be online: `ssm` on AWS, `cloud_assistant` on Alibaba Cloud."""

    ssm: bool = False
    cloud_assistant: bool = False


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    found = []
    if settings.ssm and clouds == ("alibaba",):
        found.append(("ssm", "is for AWS; on Alibaba Cloud it is `cloud_assistant`"))
    if settings.cloud_assistant and clouds == ("aws",):
        found.append(("cloud_assistant", "is for Alibaba Cloud; on AWS it is `ssm`"))
    return found


def calls(settings: Settings, cloud: str) -> tuple[str, ...]:
    """Of `CALLS`, what these settings need on that cloud: the agent's only where the agent is asked for."""
    asked = settings.ssm if cloud == "aws" else settings.cloud_assistant
    return CALLS[cloud] if asked else CALLS[cloud][:1]


def label(settings: Settings) -> str:
    agents = [name for name, asked in (("SSM agent", settings.ssm), ("Cloud Assistant", settings.cloud_assistant)) if asked]
    return " and ".join(["instance status", *agents])


def ask(settings: Settings, question: Question) -> CheckResult:
    """Asks the cloud. Raises RearmError when it cannot be asked."""
    if question.cloud.name == "aws":
        found = _on_aws(question.instance)
        return _and_ssm(found, question.instance) if settings.ssm and found.status == "passed" else found
    found = _on_alibaba(question.instance, question.cloud)
    if settings.cloud_assistant and found.status == "passed":
        runs = agent.cloud_assistant_runs(question.instance, question.cloud)
        return CheckResult("passed" if runs else "waiting", f"{found.reason}, Cloud Assistant is {'online' if runs else 'not online yet'}")
    return found


def _and_ssm(found: CheckResult, instance: str) -> CheckResult:
    ping = agent.ssm_ping(instance)
    if ping == agent.ONLINE:
        return CheckResult("passed", f"{found.reason}, the SSM agent is online")
    return CheckResult("waiting", f"{found.reason}, the SSM agent is {short(ping) or 'not registered yet'}")


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
