"""What the targets of hooks are called.

AWS: docs.aws.amazon.com/autoscaling/ec2/userguide/prepare-for-lifecycle-notifications (SQS, SNS, Lambda; no FIFO; the group's region).
Alibaba Cloud: api-ess-2022-02-22-createlifecyclehook (queue, topic, OOS template, EventBridge bus); older pages write `acs:ess:` for MNS.
"""

import re

from rearm.core.model import CloudName

_SHAPES: dict[CloudName, tuple[re.Pattern[str], str]] = {
    "aws": (
        re.compile(
            r"arn:aws[a-z-]*:(?P<service>sqs|sns|lambda):(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?:function:)?(?P<name>[^\s:]+)(:[^\s:]+)?"
        ),
        "the ARN of an SQS queue, an SNS topic or a Lambda function",
    ),
    "alibaba": (
        re.compile(
            r"acs:(?P<service>mns|ess|oos|eventbridge):(?P<region>[a-z0-9-]+):(?P<account>\d+):"
            r"(?P<kind>queue|topic|template|oos|eventbus)/(?P<name>\S+)"
        ),
        "the ARN of an MNS queue or topic (acs:mns:REGION:ACCOUNT:queue/NAME), an OOS template or an EventBridge bus",
    ),
}


def parts(arn: str) -> dict[str, str]:
    """`service`, `region`, `account`, `name` and, on Alibaba Cloud, `kind`. Empty if it is no target's ARN."""
    pattern, _ = _SHAPES["alibaba" if arn.startswith("acs:") else "aws"]
    found = pattern.fullmatch(arn)
    return {key: value or "" for key, value in found.groupdict().items()} if found else {}


def service(arn: str) -> str:
    """`sqs`, `sns`, `lambda`, `mns`, …; empty if it is no target's ARN."""
    return parts(arn).get("service", "")


def target_problem(cloud: CloudName, arn: str, region: str) -> str:
    """Why a hook in this region can never deliver there; empty if it can."""
    pattern, allowed = _SHAPES[cloud]
    found = pattern.fullmatch(arn)
    if not found:
        return f"must be {allowed}"
    if arn.endswith(".fifo"):
        return "FIFO queues and topics do not work with lifecycle hooks; use a standard one"
    if region and found["region"] != region:
        return f"it is in {found['region']}, the group in {region}; both must be in the same region"
    return ""
