"""The one account of the emulator: who it is, and the resource names it understands."""

import re
from typing import NamedTuple

REGION = "cn-hangzhou"
ACCOUNT = "1234567890123456"
ACCESS_KEY_ID = "STS.EmulatedAccessKeyId"
ACCESS_KEY_SECRET = "EmulatedAccessKeySecret"
SECURITY_TOKEN = "EmulatedSecurityToken/+=="

_ARN = re.compile(r"acs:(?P<service>[a-z]+):(?P<region>[a-z0-9-]*):(?P<account>[0-9]*):(?P<kind>[a-z]+)/(?P<name>.+)")
_KINDS = {
    ("mns", "queue"): "queue",
    ("mns", "topic"): "topic",
    ("oos", "template"): "oos",
    ("eventbridge", "eventbus"): "eventbridge",
    # As ROS and the older pages print them.
    ("ess", "queue"): "queue",
    ("ess", "topic"): "topic",
    ("ess", "oos"): "oos",
}


class Target(NamedTuple):
    """Where a hook sends its notification. `kind`: queue, topic, oos or eventbridge."""

    kind: str
    region: str
    account: str
    name: str


def unset_arn(region: str) -> str:
    """What an ARN reads back as that was never set (AlibabaCloudDocs/ess, DescribeLifecycleHooks)."""
    return f"acs:ess:{region}:{ACCOUNT}:null/null"


def target_of(arn: str) -> Target | None:
    """None if the ARN is not of a documented form."""
    found = _ARN.fullmatch(arn)
    if found is None:
        return None
    kind = _KINDS.get((found["service"], found["kind"]))
    return Target(kind, found["region"], found["account"], found["name"]) if kind else None
