"""The agents through which the clouds run commands on an instance: are they there?

AWS: docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeInstanceInformation (PingStatus Online, ConnectionLost, Inactive).
Alibaba Cloud: alibabacloud.com/help/en/ecs/developer-reference/api-ecs-2014-05-26-describecloudassistantstatus.
"""

from rearm.checks.asking.call import alibaba, aws, aws_code, listed
from rearm.clouds import Cloud
from rearm.errors import RearmError

CALLS = {"aws": ("ssm:DescribeInstanceInformation",), "alibaba": ("ecs:DescribeCloudAssistantStatus",)}
ONLINE = "Online"


def ssm_ping(instance: str) -> str:
    """The SSM agent's PingStatus; empty if it has never spoken to Systems Manager. Raises RearmError."""
    wanted = [{"Key": "InstanceIds", "Values": [instance]}]
    try:
        answer = aws("ssm", "DescribeInstanceInformation", Filters=wanted)
    except RearmError as error:
        if aws_code(error) == "InvalidInstanceId":
            return ""
        raise
    return next((str(one.get("PingStatus")) for one in answer["InstanceInformationList"] if one.get("InstanceId") == instance), "")


def cloud_assistant_runs(instance: str, cloud: Cloud) -> bool:
    """Raises RearmError."""
    answer = alibaba(cloud, "ecs", "DescribeCloudAssistantStatus", {"InstanceId.1": instance})
    entries = listed(answer, CALLS["alibaba"][0], "InstanceCloudAssistantStatusSet", "InstanceCloudAssistantStatus")
    # The status is the text "true" or "false".
    return any(str(one.get("CloudAssistantStatus")).lower() == "true" for one in entries if one.get("InstanceId") == instance)
