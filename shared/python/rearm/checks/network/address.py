"""An instance's own address, from the cloud, and what is asked there.

AWS: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances. Alibaba Cloud: alibabacloud.com/help/en/ecs/developer-reference/
api-ecs-2014-05-26-describeinstances, where a role *without* the permission gets an empty list instead of an error.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from rearm.checks.asking.call import alibaba, aws, aws_code, listed, short
from rearm.checks.instance_status import ENDING, ecs_status
from rearm.checks.network import target
from rearm.checks.question import Question
from rearm.clouds import Cloud
from rearm.core.model import CheckResult
from rearm.errors import RearmError

CALLS = {"aws": ("ec2:DescribeInstances",), "alibaba": ("ecs:DescribeInstances", "ecs:DescribeInstanceStatus")}
TAG = "tag:"
"""What the kind begins with that is a tag's value: `tag:ingress` is the value of the tag `ingress`."""


def calls(where: target.Where, cloud: str) -> tuple[str, ...]:
    """Of `CALLS`, what a check that connects there needs on that cloud: a fixed host is not looked up."""
    return CALLS[cloud] if where.host is None else ()


def ask_at(where: target.Where, question: Question, probe: Callable[[str], CheckResult]) -> CheckResult:
    """Run `probe` on the fixed host, or on the instance's own address, which is looked up once and remembered.

    When a remembered address cannot be reached, the cloud is asked whether the instance still exists: "gone" is an answer too.
    """
    if where.host is not None:
        return _probed(probe, where.host)
    instance, cloud, known = question.instance, question.cloud, question.known
    kind = where.address if where.address_tag is None else f"{TAG}{where.address_tag}"
    key = f"address:{kind}:{instance}"
    if key not in known:
        found = find(kind, instance, cloud)
        if isinstance(found, CheckResult):
            return found
        return msgspec.structs.replace(_probed(probe, found), remember={key: found})
    try:
        return probe(known[key])
    except target.Unreached as unreached:
        now = find(kind, instance, cloud, quiet=True)
        if isinstance(now, CheckResult):
            return now if now.status == "gone" else CheckResult("waiting", str(unreached))
        return CheckResult("waiting", str(unreached), {} if now == known[key] else {key: now})


def _probed(probe: Callable[[str], CheckResult], host: str) -> CheckResult:
    try:
        return probe(host)
    except target.Unreached as unreached:
        return CheckResult("waiting", str(unreached))


def find(kind: str, instance: str, cloud: Cloud, *, quiet: bool = False) -> str | CheckResult:
    """The address of that kind; or `gone`, or `waiting` for an address that is not there yet. Raises RearmError, but not if `quiet`."""
    try:
        return _on_aws(kind, instance) if cloud.name == "aws" else _on_alibaba(kind, instance, cloud)
    except RearmError as error:
        if quiet:
            return CheckResult("waiting", str(error))
        raise


def _on_aws(kind: str, instance: str) -> str | CheckResult:
    try:
        answer = aws("ec2", "DescribeInstances", InstanceIds=[instance])
    except RearmError as error:
        if aws_code(error) == "InvalidInstanceID.NotFound":
            return CheckResult("gone", "EC2 does not know the instance any more")
        raise
    found = next((one for reservation in answer["Reservations"] for one in reservation["Instances"]), None)
    if found is None:
        return CheckResult("waiting", "EC2 does not tell of the instance yet")
    state = found.get("State", {}).get("Name", "")
    if state in ENDING:
        return CheckResult("gone", f"the instance is {state}")
    if kind.startswith(TAG):
        return _tagged(kind.removeprefix(TAG), ((tag.get("Key"), tag.get("Value")) for tag in found.get("Tags", [])))
    return _aws_address(kind, found) or CheckResult("waiting", f"the instance has no {kind} address (yet)")


def _aws_address(kind: str, found: Mapping[str, Any]) -> str:
    if kind == "dns":
        return str(found.get("PublicDnsName") or found.get("PrivateDnsName") or "")
    if kind == "ipv6":
        given = (one.get("Ipv6Address") for part in found.get("NetworkInterfaces", []) for one in part.get("Ipv6Addresses", []))
        return str(found.get("Ipv6Address") or next((one for one in given if one), ""))
    return str(found.get("PublicIpAddress" if kind == "public" else "PrivateIpAddress") or "")


def _on_alibaba(kind: str, instance: str, cloud: Cloud) -> str | CheckResult:
    answer = alibaba(cloud, "ecs", "DescribeInstances", {"InstanceIds": f'["{instance}"]'})
    entries = listed(answer, "ecs:DescribeInstances", "Instances", "Instance")
    found = next((one for one in entries if one.get("InstanceId") == instance), None)
    if found is None:
        if ecs_status(instance, cloud) is None:
            return CheckResult("gone", "ECS does not know the instance any more")
        return CheckResult("waiting", "ECS hides the instance's address: does the function's role allow ecs:DescribeInstances?")
    if kind.startswith(TAG):
        tags = (found.get("Tags") or {}).get("Tag") or []
        return _tagged(kind.removeprefix(TAG), ((tag.get("TagKey"), tag.get("TagValue")) for tag in tags))
    if kind == "dns":
        return CheckResult("waiting", "Alibaba Cloud tells no DNS name of an instance; use private, public or ipv6")
    return _alibaba_address(kind, found) or CheckResult("waiting", f"the instance has no {kind} address (yet)")


def _alibaba_address(kind: str, found: Mapping[str, Any]) -> str:
    if kind == "private":
        return _first(found.get("VpcAttributes", {}).get("PrivateIpAddress")) or _first(found.get("InnerIpAddress"))
    if kind == "public":
        return _first(found.get("PublicIpAddress")) or str(found.get("EipAddress", {}).get("IpAddress") or "")
    for part in found.get("NetworkInterfaces", {}).get("NetworkInterface", []):
        for one in part.get("Ipv6Sets", {}).get("Ipv6Set", []):
            if one.get("Ipv6Address"):
                return str(one["Ipv6Address"])
    return ""


def _tagged(key: str, tags: Iterable[tuple[object, object]]) -> str | CheckResult:
    """The value of the tag, if it can be an address. Whether it is one of instance metadata, `target.connect` looks."""
    value = next((str(value or "") for name, value in tags if name == key), None)
    if value is None:
        return CheckResult("waiting", f"no tag {short(key)} yet")
    try:
        return msgspec.convert(value, target.Host)
    except msgspec.ValidationError:
        return CheckResult("waiting", f"the tag {short(key)} is `{short(value)}`, which is no host name or IP address")


def _first(wrapped: Any) -> str:
    """ECS wraps its lists of addresses: `{"IpAddress": ["10.0.0.1"]}`."""
    return next(iter((wrapped or {}).get("IpAddress") or []), "")
