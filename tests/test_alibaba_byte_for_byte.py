"""The calls that rearm signs itself, beside those of the official SDKs: what went over the line is compared, byte for byte.

Compared are the method, the path with its query, the body, and every header that is signed, with the signature. The nonce and the
moment are the same for both; so is the name that the SDK of FC 3.0 gives itself (User-Agent), because it is signed there. The other
headers (User-Agent, Accept, Connection, the SDKs' own x-sdk-client) say who asks and are signed nowhere.
"""

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from alibaba_wire import Sent, Wire, core_call, fc2_client, fc3_client, stand_still, wire
from rearm.clouds.alibaba import invoke_fc2, invoke_fc3, rpc
from rearm.clouds.alibaba.settings import Credentials
from rearm_workbench.permissions import facts_alibaba

KEY = ("LTAI5tExample", "s3cret/+=key")
TOKEN = "CAISxxxx+/==%20 ~" + "Abc/+" * 150
WITH_AND_WITHOUT = pytest.mark.parametrize("credentials", [Credentials(*KEY), Credentials(*KEY, TOKEN)], ids=["key", "token"])
TEXTS = ("", " ", "a b+c", "~!*'()-_.", "/?#[]@:$&,;=%", "%20%7E", "实例 ä é 😀", '["i-1"]', "line\nline\ttab", "x" * 1000)
REGION = {"RegionId": "cn-hangzhou"}
HOOK = {"LifecycleHookId": "ash-1", "LifecycleActionToken": "9C2E9DA7-F794-449A-ACF6-CEE24444F7BB"}
SERVERS = {"Servers.1.ServerId": "i-1", "Servers.1.ServerType": "Ecs", "Servers.1.Port": 80}
CALLS: dict[str, dict[str, Any]] = {
    "ess:DescribeLifecycleHooks": {"LifecycleHookIds.1": "ash-1"},
    "ess:RecordLifecycleActionHeartbeat": {"lifecycleHookId": "ash-1", "lifecycleActionToken": "t", "heartbeatTimeout": 600},
    "ess:CompleteLifecycleAction": {**HOOK, "LifecycleActionResult": "CONTINUE", "ClientToken": "0" * 64},
    "ess:DescribeLifecycleActions": {"ScalingActivityId": "asa-1", "LifecycleActionStatus": "Pending", "MaxResults": 50, "NextToken": "A="},
    "ess:DescribeScalingGroups": {"PageNumber": 1, "PageSize": 50},
    "ess:DescribeScalingActivities": {"ScalingGroupId": "asg-1", "StatusCode": "InProgress", "PageNumber": 1, "PageSize": 50},
    "ess:SuspendProcesses": {"ScalingGroupId": "asg-1", "Processes.1": "ScaleIn", "Processes.2": "HealthCheck"},
    "ess:CreateLifecycleHook": {"ScalingGroupId": "asg-1", "LifecycleHookName": "drain_1.x", "NotificationMetadata": '{"a": "ü"}'},
    "ess:ModifyLifecycleHook": {"LifecycleHookId": "ash-1", "NotificationArn": "acs:mns:cn-hangzhou:1:topic/hooks"},
    "ess:DeleteLifecycleHook": {"LifecycleHookId": "ash-1"},
    "ecs:DescribeInstances": {"InstanceIds": '["i-1"]'},
    "ecs:DescribeInstanceStatus": {"InstanceId.1": "i-1"},
    "ecs:ListTagResources": {"ResourceType": "instance", "ResourceId.1": "i-1", "Tag.1.Key": "drained"},
    "ecs:TagResources": {"ResourceType": "instance", "ResourceId.1": "i-1", "Tag.1.Key": "k", "Tag.1.Value": ""},
    "ecs:DescribeCloudAssistantStatus": {"InstanceId.1": "i-1"},
    "ecs:RunCommand": {"Type": "RunShellScript", "CommandContent": "dHJ1ZQ==", "InstanceId.1": "i-1", "Timeout": 60},
    "ecs:DescribeInvocationResults": {"InvokeId": "t-1", "InstanceId": "i-1", "ContentEncoding": "PlainText"},
    "slb:DescribeHealthStatus": {"LoadBalancerId": "lb-1"},
    "slb:DescribeLoadBalancerAttribute": {"LoadBalancerId": "lb-1"},
    "slb:RemoveBackendServers": {"LoadBalancerId": "lb-1", "BackendServers": json.dumps([{"ServerId": "i-1", "Type": "ecs"}])},
    "slb:DescribeVServerGroupAttribute": {"VServerGroupId": "rsp-1"},
    "slb:RemoveVServerGroupBackendServers": {"VServerGroupId": "rsp-1", "BackendServers": json.dumps([{"ServerId": "i-1", "Port": 80}])},
    "alb:ListServerGroupServers": {"ServerGroupId": "sgp-1", "ServerIds.1": "i-1", "MaxResults": 100},
    "alb:RemoveServersFromServerGroup": {"ServerGroupId": "sgp-1", **SERVERS},
    "nlb:ListServerGroupServers": {"ServerGroupId": "sgp-1", "ServerIds.1": "i-1", "MaxResults": 100},
    "nlb:RemoveServersFromServerGroup": {"ServerGroupId": "sgp-1", **SERVERS},
    "cms:DescribeMetricLast": {"Namespace": "acs_mns_new", "MetricName": "m", "Dimensions": '[{"queue":"a b"}]'},
    "oos:GetParameter": {"Name": "web/ready-实例"},
    "kms:GetSecretValue": {"SecretName": "web/ready"},
    "cs:DescribeClusterUserKubeconfig": {"ClusterId": "c0ffee", "PrivateIpAddress": "true", "TemporaryDurationMinutes": 60},
    "ros:CreateStack": {"StackName": "rearm-dev", "ClientToken": "t", "TemplateBody": "ROS: 'ü +&='\n" * 100},
    "ros:UpdateStack": {"StackId": "s-1", "ClientToken": "t", "TemplateBody": "ROSTemplateFormatVersion: '2015-09-01'"},
    "ros:ListStacks": {"StackName.1": "rearm-dev", "PageSize": 50},
    "ros:GetStack": {"StackId": "s-1"},
    "sts:GetCallerIdentity": {},
}


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    stand_still(monkeypatch)
    with wire() as made:
        yield made
    monkeypatch.undo()
    time.tzset()


def both(line: Wire, credentials: Credentials, operation: str, params: dict[str, Any], **theirs: Any) -> tuple[Sent, Sent]:
    """(what we send, what aliyun-python-sdk-core sends): the SDK does not know ROA's operations, so it is told their path."""
    product, action = operation.split(":")
    ours = line.sent(lambda: rpc.call(line.settings(credentials), product, action, REGION | params))
    told = {"given": REGION | params, "path": rpc.PATHS.get((product, action), "")} | theirs
    return ours, line.sent(lambda: core_call(line, credentials, rpc.VERSIONS[product], action, **told))


def assert_same(ours: Sent, theirs: Sent, signed: set[str], *prefixes: str) -> None:
    """`signed`, `prefixes`: of the headers, those that are signed, or say how the body is to be read."""
    assert (ours.method, ours.target, ours.body) == (theirs.method, theirs.target, theirs.body)
    assert ours.signed(signed, *prefixes) == theirs.signed(signed, *prefixes)
    assert ours.headers["host"] == theirs.headers["host"]


@WITH_AND_WITHOUT
@pytest.mark.parametrize("operation", CALLS)
def test_what_rearm_asks_of_the_products(line: Wire, credentials: Credentials, operation: str) -> None:
    params = CALLS[operation]
    if operation.startswith("cs:"):
        ours, theirs = both(line, credentials, operation, params)
        assert theirs.headers["authorization"].startswith(f"acs {KEY[0]}:")
        assert_same(ours, theirs, {"accept", "content-md5", "content-type", "date", "authorization"}, "x-acs-")
        return
    form = {name: value for name, value in params.items() if len(str(value)) > rpc.LONGEST_IN_URL}
    given = {name: value for name, value in params.items() if name not in form}
    ours, theirs = both(line, credentials, operation, params, given=REGION | given, form=form)
    assert "&Signature=" in theirs.target
    assert bool(form) == (operation == "ros:CreateStack")
    assert_same(ours, theirs, {"content-type"})


def test_every_call_of_the_deployed_code_is_in_the_table() -> None:
    deployed = {name for name in facts_alibaba.FACTS if name.partition(":")[0] in rpc.VERSIONS}
    assert deployed - set(CALLS) == set()


@WITH_AND_WITHOUT
@pytest.mark.parametrize("text", [*TEXTS, "x" * 1001, "echo '/?&= +ä%~*'\n" * 100], ids=lambda text: repr(text[:12]))
def test_any_text_as_a_value(line: Wire, credentials: Credentials, text: str) -> None:
    """What is longer than 1,000 characters goes into the form, which is signed too."""
    given, form = ({"Name": "x"}, {"CommandContent": text}) if len(text) > 1000 else ({"Name": "x", "CommandContent": text}, {})
    params = {"Name": "x", "CommandContent": text}
    ours, theirs = both(line, credentials, "ecs:RunCommand", params, given=REGION | given, form=form)
    assert_same(ours, theirs, {"content-type"})


def test_a_parameter_name_that_sorts_by_its_bytes(line: Wire) -> None:
    """Upper case before lower case, and `Tag.10` before `Tag.2`: what is signed is sorted, what is sent is not."""
    params = {"b": 1, "B": 2, "a.10": 3, "a.2": 4, "A_1": 5, "ä": 6, "a-b": 7, "a b": 8}
    ours, theirs = both(line, Credentials(*KEY), "ecs:DescribeInstances", params)
    assert_same(ours, theirs, set())


@WITH_AND_WITHOUT
@pytest.mark.parametrize("value", [*TEXTS[:6], "true"], ids=repr)
def test_any_text_in_the_query_of_the_other_style(line: Wire, credentials: Credentials, value: str) -> None:
    ours, theirs = both(line, credentials, "cs:DescribeClusterUserKubeconfig", {"ClusterId": "c0ffee", "PrivateIpAddress": value})
    assert_same(ours, theirs, {"accept", "content-md5", "content-type", "date", "authorization"}, "x-acs-")


def assert_same_acs3(ours: Sent, theirs: Sent) -> None:
    """Every header that the SDK signs: their names stand in its signature."""
    signed = theirs.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert {"host", "user-agent", "x-acs-date", "x-acs-content-sha256", "x-acs-signature-nonce"} < set(signed)
    assert_same(ours, theirs, {*signed, "authorization"}, "x-")


@WITH_AND_WITHOUT
@pytest.mark.parametrize("function", ["rearm-recheck", "a b/ü+~*"])
@pytest.mark.parametrize("payload", [b"", b'{"k": 1}', "实例".encode(), bytes(range(256)) * 300])
def test_an_invocation_of_fc_3(line: Wire, credentials: Credentials, function: str, payload: bytes) -> None:
    from alibabacloud_fc20230330 import models
    from alibabacloud_fc20230330.client import RuntimeOptions

    settings = line.settings(credentials, recheck_function=function)
    request, client = models.InvokeFunctionRequest(body=io.BytesIO(payload)), fc3_client(line, credentials)
    later = models.InvokeFunctionHeaders({"x-fc-async-delay": "61"}, x_fc_invocation_type="Async", x_fc_async_task_id="rearm-1~x")
    ours = line.sent(lambda: invoke_fc3.invoke(settings, "rearm-1~x", 61, payload))
    theirs = line.sent(lambda: client.invoke_function_with_options(function, request, later, RuntimeOptions(autoretry=False)))
    assert_same_acs3(ours, theirs)

    request = models.InvokeFunctionRequest(body=io.BytesIO(payload))
    now = models.InvokeFunctionHeaders(x_fc_invocation_type="Sync")
    ours = line.sent(lambda: invoke_fc3.run(settings, function, payload, 1.0))
    theirs = line.sent(lambda: client.invoke_function_with_options(function, request, now, RuntimeOptions(autoretry=False)))
    assert_same_acs3(ours, theirs)


@WITH_AND_WITHOUT
@pytest.mark.parametrize("token", [None, "A/+=b c~*é"])
def test_the_tasks_of_fc_3(line: Wire, credentials: Credentials, token: str | None) -> None:
    from alibabacloud_fc20230330 import models
    from alibabacloud_fc20230330.client import RuntimeOptions

    settings, client = line.settings(credentials), fc3_client(line, credentials)
    ours = line.sent(lambda: invoke_fc3.list_tasks(settings, prefix="rearm ~", state="Running", limit=100, token=token))
    request = models.ListAsyncTasksRequest(prefix="rearm ~", status="Running", limit=100, next_token=token)
    theirs = line.sent(lambda: client.list_async_tasks_with_options("rearm-recheck", request, {}, RuntimeOptions(autoretry=False)))
    assert_same_acs3(ours, theirs)


FC2_SIGNED = {"content-md5", "content-type", "date", "authorization"}


@WITH_AND_WITHOUT
@pytest.mark.parametrize("payload", [b"", b'{"k": 1}', "实例".encode(), bytes(range(256)) * 300])
def test_an_invocation_of_fc_2(line: Wire, credentials: Credentials, payload: bytes) -> None:
    settings, client = line.settings(credentials), fc2_client(line, credentials)
    ours = line.sent(lambda: invoke_fc2.invoke(settings, "rearm-1~x", 61, payload))
    own = {"x-fc-invocation-type": "Async", "x-fc-async-delay": "61", "x-fc-stateful-async-invocation-id": "rearm-1~x"}
    theirs = line.sent(lambda: client.invoke_function("rearm", "rearm-recheck", payload=payload, headers=own))
    assert_same(ours, theirs, FC2_SIGNED, "x-fc-")

    ours = line.sent(lambda: invoke_fc2.run(settings, "svc", "is_ready-1", payload, 1.0))
    theirs = line.sent(lambda: client.invoke_function("svc", "is_ready-1", payload=payload, headers={"x-fc-invocation-type": "Sync"}))
    assert_same(ours, theirs, FC2_SIGNED, "x-fc-")


@WITH_AND_WITHOUT
@pytest.mark.parametrize("token", [None, "A/+=b c~*é"])
def test_the_tasks_of_fc_2(line: Wire, credentials: Credentials, token: str | None) -> None:
    """The SDK has no method for this operation; this is how its own methods ask. The query is not signed."""
    settings, client = line.settings(credentials), fc2_client(line, credentials)
    path = "/2016-08-15/services/rearm/functions/rearm-recheck/stateful-async-invocations"
    asked = {"invocationIdPrefix": "rearm ~", "status": "Running", "limit": "100"} | ({"nextToken": token} if token else {})
    ours = line.sent(lambda: invoke_fc2.list_tasks(settings, prefix="rearm ~", state="Running", limit=100, token=token))
    theirs = line.sent(lambda: client._do_request("GET", path, client._build_common_headers("GET", path), params=asked))
    assert_same(ours, theirs, FC2_SIGNED, "x-fc-")
