"""The same reading of answers and errors as botocore's, and the same number of attempts."""

from collections.abc import Iterator
from typing import Any

import botocore.auth
import botocore.endpoint
import botocore.retries.standard
import botocore.session
import pytest

from check_world import closed_port as closed_port
from rearm.clouds.aws import calls, faults, small_client
from rearm.clouds.aws.cloud import Aws
from rearm.clouds.aws.operations import OPERATIONS
from rearm.errors import TryAgain
from small_client_world import ACTION, AUTO_SCALING, EC2, HOOK, SCHEDULE, Server, both, empty
from small_client_world import server as server

# what is read


ANSWERS: list[tuple[str, str]] = [
    (
        "describe_lifecycle_hooks",
        f"""<?xml version="1.0"?><DescribeLifecycleHooksResponse {AUTO_SCALING}>
  <DescribeLifecycleHooksResult>
    <LifecycleHooks>
      <member><LifecycleHookName>hold</LifecycleHookName><AutoScalingGroupName>web &amp; ä</AutoScalingGroupName>
        <HeartbeatTimeout>3600</HeartbeatTimeout><GlobalTimeout>172800</GlobalTimeout><DefaultResult>CONTINUE</DefaultResult>
        <RoleARN>arn:r</RoleARN><LifecycleTransition>autoscaling:EC2_INSTANCE_LAUNCHING</LifecycleTransition></member>
      <member><LifecycleHookName>two</LifecycleHookName><NotificationMetadata>{{"a": "&lt;b&gt;"}}</NotificationMetadata></member>
    </LifecycleHooks>
  </DescribeLifecycleHooksResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
</DescribeLifecycleHooksResponse>""",
    ),
    ("complete_lifecycle_action", empty("complete_lifecycle_action").decode()),
    ("record_lifecycle_action_heartbeat", empty("record_lifecycle_action_heartbeat").decode()),
    ("describe_lifecycle_hooks", empty("describe_lifecycle_hooks").decode()),
    (
        "describe_instance_status",
        f"""<DescribeInstanceStatusResponse {EC2}><requestId>r</requestId><instanceStatusSet>
  <item><instanceId>i-1</instanceId><availabilityZone>z</availabilityZone>
    <instanceState><code>16</code><name>running</name></instanceState>
    <systemStatus><status>ok</status><details><item><name>reachability</name><status>passed</status></item></details></systemStatus>
    <instanceStatus><status>initializing</status></instanceStatus></item>
  <item><instanceId>i-2</instanceId></item>
</instanceStatusSet></DescribeInstanceStatusResponse>""",
    ),
    ("describe_instance_status", empty("describe_instance_status").decode()),
    (
        "describe_instances",
        f"""<DescribeInstancesResponse {EC2}><reservationSet><item><reservationId>r</reservationId><instancesSet><item>
  <instanceId>i-1</instanceId><instanceState><code>16</code><name>running</name></instanceState>
  <privateDnsName>ip-10-0-0-1.internal</privateDnsName><dnsName/><privateIpAddress>10.0.0.1</privateIpAddress>
  <ipAddress>203.0.113.7</ipAddress><ipv6Address>2001:db8::1</ipv6Address>
  <networkInterfaceSet><item><networkInterfaceId>eni</networkInterfaceId><ipv6AddressesSet><item><ipv6Address>2001:db8::1</ipv6Address>
  <isPrimaryIpv6>true</isPrimaryIpv6></item></ipv6AddressesSet></item></networkInterfaceSet>
  <tagSet><item><key>a</key><value>b c</value></item><item><key>empty</key><value/></item></tagSet>
</item></instancesSet></item></reservationSet></DescribeInstancesResponse>""",
    ),
    ("describe_instances", empty("describe_instances").decode()),
    (
        "describe_tags",
        f"""<DescribeTagsResponse {EC2}><tagSet><item><resourceId>i-1</resourceId><resourceType>instance</resourceType><key>k</key>
  <value>v</value></item></tagSet></DescribeTagsResponse>""",
    ),
    ("describe_tags", empty("describe_tags").decode()),
]


@pytest.mark.parametrize(("method", "text"), ANSWERS, ids=[method for method, _ in ANSWERS])
def test_the_same_reading_of_answers(server: Server, method: str, text: str) -> None:
    server.answers = [(200, {"Content-Type": "text/xml"}, text.encode())]
    service, operation = small_client.METHODS[method]
    ours, theirs = (getattr(client, method)() for client in both(service))
    assert ours == _as_far_as(OPERATIONS[service][1][operation], theirs)


def test_every_operation_has_an_answer_with_all_that_is_read_of_it() -> None:
    """So that the comparison above covers the table."""
    for method, (service, operation) in small_client.METHODS.items():
        texts = " ".join(text for name, text in ANSWERS if name == method)
        assert [element for element in _elements(OPERATIONS[service][1][operation]) if f"<{element}" not in texts] == []


def _elements(shape: Any) -> Iterator[str]:
    if isinstance(shape, list):
        yield from _elements(shape[0])
    elif isinstance(shape, dict):
        for member in shape.values():
            yield member.element
            yield from _elements(member.holds)


def _as_far_as(shape: Any, value: Any) -> Any:
    """What botocore read, without what rearm does not use."""
    if isinstance(shape, list):
        return [_as_far_as(shape[0], one) for one in value]
    if isinstance(shape, dict):
        return {name: _as_far_as(member.holds, value[name]) for name, member in shape.items() if name in value}
    return value


# errors

ERRORS: list[tuple[str, str, int, dict[str, str], str]] = [
    (
        "autoscaling",
        "describe_lifecycle_hooks",
        400,
        {},
        f"<ErrorResponse {AUTO_SCALING}><Error><Type>Sender</Type><Code>ValidationError</Code><Message>AutoScalingGroup name not found - no"
        "</Message></Error><RequestId>r</RequestId></ErrorResponse>",
    ),
    (
        "autoscaling",
        "describe_lifecycle_hooks",
        400,
        {},
        "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate</Message></Error></ErrorResponse>",
    ),
    (
        "autoscaling",
        "describe_lifecycle_hooks",
        400,
        {},
        "<ErrorResponse><Error><Code>RateExceeded</Code><Message>R</Message></Error></ErrorResponse>",
    ),
    (
        "autoscaling",
        "describe_lifecycle_hooks",
        500,
        {},
        "<ErrorResponse><Error><Code>ResourceContention</Code><Message>busy</Message></Error></ErrorResponse>",
    ),
    ("autoscaling", "describe_lifecycle_hooks", 503, {"Content-Type": "text/html"}, "<html><b>Service Unavailable</b></html>"),
    (
        "autoscaling",
        "describe_lifecycle_hooks",
        408,
        {},
        "<ErrorResponse><Error><Code>RequestTimeout</Code><Message>m</Message></Error></ErrorResponse>",
    ),
    (
        "ec2",
        "describe_instance_status",
        400,
        {},
        "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>The instance ID 'i-1' does "
        "not exist</Message></Error></Errors><RequestID>r</RequestID></Response>",
    ),
    (
        "ec2",
        "describe_instance_status",
        403,
        {},
        "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>",
    ),
    (
        "ec2",
        "describe_instance_status",
        503,
        {},
        "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>s</Message></Error></Errors></Response>",
    ),
    ("scheduler", "create_schedule", 409, {"x-amzn-ErrorType": "ConflictException"}, '{"Message": "Schedule x already exists."}'),
    ("scheduler", "create_schedule", 400, {"x-amzn-ErrorType": "ValidationException:http://internal.amazon.com/"}, '{"message": "m"}'),
    ("scheduler", "create_schedule", 404, {}, '{"__type": "com.amazon#ResourceNotFoundException", "message": "no group"}'),
    ("scheduler", "create_schedule", 429, {}, '{"code": "ThrottlingException", "message": "slow"}'),
    ("scheduler", "create_schedule", 500, {"x-amzn-ErrorType": "InternalServerException"}, '{"Message": "oops"}'),
    ("scheduler", "create_schedule", 402, {"x-amzn-ErrorType": "ServiceQuotaExceededException"}, '{"Message": "full"}'),
]


@pytest.mark.parametrize(("service", "method", "status", "headers", "body"), ERRORS)
def test_the_same_reading_of_errors_and_the_same_number_of_attempts(
    server: Server, service: str, method: str, status: int, headers: dict[str, str], body: str
) -> None:
    server.answers = [(status, headers, body.encode())]
    told, attempts = [], []
    for client in both(service):
        server.seen.clear()
        with pytest.raises(Exception) as error:  # noqa: PT011 - two families of errors, compared by what they tell
            getattr(client, method)(
                **(SCHEDULE if service == "scheduler" else HOOK if service == "autoscaling" else {"InstanceIds": ["i-1"]})
            )
        told.append(faults.parts(error.value))
        attempts.append(len(server.seen))
    assert told[0][::2] == told[1][::2]
    assert attempts[0] == attempts[1]
    if not body.startswith("<html"):
        assert told[0] == told[1]


def test_what_botocore_tries_again_is_tried_again() -> None:
    transient = botocore.retries.standard.TransientRetryableChecker
    assert set(transient._TRANSIENT_ERROR_CODES) == small_client.PASSING_CODES
    assert set(transient._TRANSIENT_STATUS_CODES) == small_client.PASSING_STATUSES
    assert set(botocore.retries.standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES) >= small_client.THROTTLED
    assert calls.SDK_ATTEMPTS == small_client.ATTEMPTS


@pytest.mark.parametrize("body", [b"", b"<html>welcome</html>", b"{}", b"<DescribeLifecycleHooksResponse/>", b"<a", b"\xff\xfe"])
def test_what_is_no_answer_of_the_service_ends_nothing(server: Server, body: bytes) -> None:
    server.answers = [(200, {}, body)]
    with pytest.raises(TryAgain, match="autoscaling:DescribeLifecycleHooks failed") as error:
        Aws().describe_hook(ACTION)
    assert "\n" not in str(error.value)
    if body != b"<DescribeLifecycleHooksResponse/>":
        with pytest.raises(TryAgain, match="autoscaling:CompleteLifecycleAction failed"):
            Aws().complete(ACTION, "CONTINUE")
