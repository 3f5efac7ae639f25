"""Requests that only read: they need not be kept, and what they draw at random is not missed by those that change something.

A list of those that rearm, its users' checks and its tools ask again and again. A name alone proves nothing (moto's DescribeLoadBalancers
makes a load balancer active), so whatever is not listed counts as a change.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.ec2 import ec2_backends
from moto.ecs.models import ecs_backends
from moto.eks.models import eks_backends
from moto.elb.models import elb_backends
from moto.elbv2.models import elbv2_backends
from moto.events import events_backends
from moto.moto_api._internal import mock_random
from moto.s3.models import s3_backends
from moto.scheduler.models import scheduler_backends
from moto.sns import sns_backends
from moto.sqs import sqs_backends
from moto.ssm import ssm_backends

from rearm_workbench.emulators.aws.calls import IAM_PREFIXES
from rearm_workbench.emulators.aws.running import ACCOUNT

READS: dict[str, frozenset[str]] = {
    "autoscaling": frozenset(
        {
            "DescribeAutoScalingGroups",
            "DescribeAutoScalingInstances",
            "DescribeInstanceRefreshes",
            "DescribeLifecycleHookTypes",
            "DescribeLifecycleHooks",
            "DescribeScalingActivities",
            "DescribeWarmPool",
        }
    ),
    "cloudwatch": frozenset({"GetMetricData", "GetMetricStatistics"}),
    "ec2": frozenset({"DescribeInstanceStatus", "DescribeInstances", "DescribeTags"}),
    "ecs": frozenset({"DescribeContainerInstances", "ListContainerInstances"}),
    "eks": frozenset({"DescribeCluster"}),
    "elasticloadbalancing": frozenset({"DescribeInstanceHealth", "DescribeTargetGroups", "DescribeTargetHealth"}),
    "events": frozenset({"DescribeRule", "ListRules", "ListTargetsByRule"}),
    "s3": frozenset({"HeadObject"}),
    "scheduler": frozenset({"GetSchedule", "GetScheduleGroup", "ListScheduleGroups", "ListSchedules"}),
    "sns": frozenset({"GetSubscriptionAttributes", "GetTopicAttributes", "ListSubscriptions", "ListSubscriptionsByTopic", "ListTopics"}),
    "sqs": frozenset({"GetQueueAttributes", "GetQueueUrl", "ListQueues"}),
    "ssm": frozenset({"DescribeInstanceInformation", "GetCommandInvocation", "GetParameter", "ListCommands"}),
}
"""By the service's name in a permission."""
_BACKENDS: tuple[Any, ...] = (
    ec2_backends,
    autoscaling_backends,
    events_backends,
    scheduler_backends,
    sns_backends,
    sqs_backends,
    ssm_backends,
    elb_backends,
    elbv2_backends,
    ecs_backends,
    eks_backends,
    cloudwatch_backends,
)
_SCOPE = re.compile(r"Credential=[^/]+/[^/]+/([^/]+)/([^/]+)/aws4_request")
_ACTION = re.compile(r"(?:^|[&?])Action=([A-Za-z]+)(?:&|$)")
_OBJECT = re.compile(r"/[^/]+/.+")
_CLUSTER = re.compile(r"/clusters/[^/]+")
_SCHEDULER = ((re.compile(r"/schedules(/[^/]+)?/?"), "Schedule"), (re.compile(r"/schedule-groups(/[^/]+)?/?"), "ScheduleGroup"))


def read_of(method: str, path: str, headers: Mapping[str, str], body: bytes, region: str) -> str | None:
    """What a request reads, as a fault names it (`ec2:DescribeTags`); None if it may change something. Header names in lower case.

    moto makes a region's resources (subnets and the like) at its first request: only those of `region` are there from the start.
    """
    scope = _SCOPE.search(headers.get("authorization", ""))
    if scope is None or scope[1] != region:
        return None
    service = IAM_PREFIXES.get(scope[2].lower(), scope[2].lower())
    name = _operation(service, method, path, headers, body)
    return f"{service}:{name}" if name in READS.get(service, ()) else None


def _operation(service: str, method: str, path: str, headers: Mapping[str, str], body: bytes) -> str:
    if "x-amz-target" in headers:
        return headers["x-amz-target"].rpartition(".")[2]
    route, _, query = path.partition("?")
    if service == "scheduler":
        return _of_scheduler(method, route)
    if service == "s3":
        return "HeadObject" if method == "HEAD" and _OBJECT.fullmatch(route) else ""
    if service == "eks":
        return "DescribeCluster" if method == "GET" and _CLUSTER.fullmatch(route) else ""
    found = [one for text in (query, body.decode("utf-8", "replace")) for one in _ACTION.findall(text)]
    return found[0] if len(found) == 1 else ""


def _of_scheduler(method: str, route: str) -> str:
    for pattern, noun in _SCHEDULER:
        if method == "GET" and (found := pattern.fullmatch(route)):
            return f"Get{noun}" if found[1] else f"List{noun}s"
    return ""


def make_backends(region: str) -> None:
    """Have moto make now what it would make at the first request, which may be one that only reads.

    us-east-1 too: its handlers are looked up there. Anew: when moto resets Auto Scaling, that makes an EC2 which outlives the reset.
    """
    for backends in _BACKENDS:
        backends.clear()
    for backends in _BACKENDS:
        for name in dict.fromkeys((region, "us-east-1")):
            backends[ACCOUNT][name]
    s3_backends.clear()
    s3_backends[ACCOUNT]["aws"]


@contextmanager
def drawn_aside(number: int) -> Iterator[None]:
    """Meanwhile moto draws from a sequence of its own, `number`; afterwards it goes on where it was."""
    before = mock_random.getstate()
    mock_random.seed(number)
    try:
        yield
    finally:
        mock_random.setstate(before)
