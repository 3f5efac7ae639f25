"""Which requests only read, by what is sent."""

import pytest

from aws_server_world import REGION
from rearm import checks
from rearm_workbench.emulate.reads import read_of
from rearm_workbench.emulators.aws.reads import READS

ASKED = read_of(REGION)
SCOPE = "AWS4-HMAC-SHA256 Credential=K/20260301/%s/%s/aws4_request, SignedHeaders=host, Signature=0"


@pytest.mark.parametrize(
    ("service", "method", "path", "headers", "body", "read"),
    [
        ("s3", "HEAD", "/bucket/a/key", {}, b"", "s3:HeadObject"),
        ("s3", "HEAD", "/bucket", {}, b"", None),
        ("s3", "HEAD", "/bucket/", {}, b"", None),
        ("s3", "GET", "/bucket/a/key", {}, b"", None),
        ("s3", "PUT", "/bucket/a/key", {}, b"", None),
        ("eks", "GET", "/clusters/shop", {}, b"", "eks:DescribeCluster"),
        ("eks", "GET", "/clusters/shop/node-groups", {}, b"", None),
        ("eks", "DELETE", "/clusters/shop", {}, b"", None),
        ("elasticloadbalancing", "POST", "/", {}, b"Action=DescribeTargetHealth", "elasticloadbalancing:DescribeTargetHealth"),
        ("elasticloadbalancing", "POST", "/", {}, b"Action=DescribeLoadBalancers", None),
        ("elasticloadbalancing", "POST", "/", {}, b"Action=DeregisterTargets", None),
        ("monitoring", "POST", "/", {"x-amz-target": "GraniteServiceVersion20100801.GetMetricData"}, b"{}", "cloudwatch:GetMetricData"),
        ("monitoring", "POST", "/", {}, b"Action=GetMetricData", "cloudwatch:GetMetricData"),
        ("monitoring", "POST", "/", {"x-amz-target": "GraniteServiceVersion20100801.PutMetricData"}, b"{}", None),
        ("ecs", "POST", "/", {"x-amz-target": "AmazonEC2ContainerServiceV20141113.UpdateContainerInstancesState"}, b"{}", None),
        ("ssm", "POST", "/", {"x-amz-target": "AmazonSSM.SendCommand"}, b"{}", None),
        ("sqs", "POST", "/", {"x-amz-target": "AmazonSQS.ReceiveMessage"}, b"{}", None),
    ],
)
def test_reads_of_aws(service: str, method: str, path: str, headers: dict[str, str], body: bytes, read: str | None) -> None:
    """Named as `/_faults` names them: a read that is made to fail is kept."""
    assert ASKED("aws", method, path, headers | {"authorization": SCOPE % (REGION, service)}, body) == read
    assert ASKED("aws", method, path, headers | {"authorization": SCOPE % ("eu-west-1", service)}, body) is None


def test_what_the_checks_ask_of_aws_is_a_read() -> None:
    """But for what starts something: a command, a function. HeadObject needs the two permissions of S3."""
    asked = {call for kind in checks.TABLE for call in checks.module(kind).CALLS.get("aws", ())}
    known = {f"{service}:{name}" for service, listed in READS.items() for name in listed}
    assert asked - known == {"ssm:SendCommand", "lambda:InvokeFunction", "s3:GetObject", "s3:ListBucket"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "read"),
    [
        ("POST", "/", {"x-acs-action": "DescribeLifecycleHooks"}, b"", "DescribeLifecycleHooks"),
        ("GET", "/?Action=ListTagResources&Version=2014-05-26", {}, b"", "ListTagResources"),
        ("POST", "/", {"content-type": "application/x-www-form-urlencoded"}, b"Action=DescribeInstances", "DescribeInstances"),
        ("POST", "/", {"x-acs-action": "RecordLifecycleActionHeartbeat"}, b"", None),
        ("GET", "/queues/q", {}, b"", "GetQueueAttributes"),
        ("GET", "/queues/q/messages?peekonly=true", {}, b"", "PeekMessage"),
        ("GET", "/queues/q/messages", {}, b"", None),
        ("DELETE", "/queues/q", {}, b"", None),
        ("POST", "/2023-03-30/functions/rearm-recheck/invocations", {}, b"", None),
        ("POST", "/_report", {}, b"", None),
    ],
)
def test_reads_of_alibaba_cloud(method: str, path: str, headers: dict[str, str], body: bytes, read: str | None) -> None:
    assert ASKED("alibaba", method, path, headers, body) == read
