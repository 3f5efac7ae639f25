"""The operations of every look, as data: how each is asked and what is read of its answer.

docs.aws.amazon.com/autoscaling/ec2/APIReference and AWSEC2/latest/APIReference. Only what rearm uses is read; the tests
hold it against what botocore reads of the same answers.
"""

from rearm.clouds.aws.answers import Member, Shape

_STATUS: Shape = {"Status": Member("status", str)}
_TAG: dict[str, Member] = {"Key": Member("key", str), "Value": Member("value", str)}
_STATE: Shape = {"Name": Member("name", str)}
_INSTANCE: Shape = [
    {
        "InstanceId": Member("instanceId", str),
        "State": Member("instanceState", _STATE),
        "PrivateIpAddress": Member("privateIpAddress", str),
        "PublicIpAddress": Member("ipAddress", str),
        "PrivateDnsName": Member("privateDnsName", str),
        "PublicDnsName": Member("dnsName", str),
        "Ipv6Address": Member("ipv6Address", str),
        "NetworkInterfaces": Member(
            "networkInterfaceSet", [{"Ipv6Addresses": Member("ipv6AddressesSet", [{"Ipv6Address": Member("ipv6Address", str)}])}]
        ),
        "Tags": Member("tagSet", [_TAG]),
    }
]
_HOOKS: Shape = [
    {
        "LifecycleHookName": Member("LifecycleHookName", str),
        "LifecycleTransition": Member("LifecycleTransition", str),
        "HeartbeatTimeout": Member("HeartbeatTimeout", int),
        "DefaultResult": Member("DefaultResult", str),
        "NotificationMetadata": Member("NotificationMetadata", str),
    }
]
_STATUSES: Shape = [
    {
        "InstanceId": Member("instanceId", str),
        "InstanceState": Member("instanceState", _STATE),
        "InstanceStatus": Member("instanceStatus", _STATUS),
        "SystemStatus": Member("systemStatus", _STATUS),
    }
]
_RESERVATIONS: Shape = [{"Instances": Member("instancesSet", _INSTANCE, needed=True)}]

OPERATIONS: dict[str, tuple[str, dict[str, Shape]]] = {
    "autoscaling": (
        "2011-01-01",
        {
            "DescribeLifecycleHooks": {"LifecycleHooks": Member("LifecycleHooks", _HOOKS, needed=True)},
            "RecordLifecycleActionHeartbeat": {},
            "CompleteLifecycleAction": {},
        },
    ),
    "ec2": (
        "2016-11-15",
        {
            "DescribeInstanceStatus": {"InstanceStatuses": Member("instanceStatusSet", _STATUSES, needed=True)},
            "DescribeInstances": {"Reservations": Member("reservationSet", _RESERVATIONS, needed=True)},
            "DescribeTags": {"Tags": Member("tagSet", [{**_TAG, "ResourceId": Member("resourceId", str)}], needed=True)},
        },
    ),
}
"""Version and operations; of each what is read of its answer: as much as rearm uses."""

LISTS = {"InstanceIds": "InstanceId", "Filters": "Filter", "Values": "Value"}
"""What EC2 calls a list's elements: `InstanceId.1`. Auto Scaling: `LifecycleHookNames.member.1`."""
