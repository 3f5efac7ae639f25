"""The sample requests of the API pages as plain HTTP, signed: the sample responses' shapes, in XML and in JSON; and signatures."""

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode

import pytest

from alibaba_signing import acs3, v1
from alibaba_world import START, DirectWorld
from rearm_workbench.emulators.alibaba.loopback import Incoming
from rearm_workbench.emulators.alibaba.signatures import verify_rpc
from rearm_workbench.emulators.alibaba.wire import ApiError, RpcCall
from rearm_workbench.emulators.lifecycle import LifecycleAction

OLD, NEW = "2014-08-28", "2022-02-22"
REQUEST_ID = "[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}"
HEARTBEATS = {
    "newer page": {"lifecycleHookId": "ash-1", "lifecycleActionToken": "t-1", "heartbeatTimeout": "600", "Version": NEW},
    "older page": {"LifecycleHookId": "ash-1", "LifecycleActionToken": "t-1", "LifecycleActionResult": "CONTINUE", "Version": OLD},
}


@pytest.fixture
def world() -> Iterator[DirectWorld]:
    made = DirectWorld()
    with made.emulator:
        yield made


@pytest.fixture
def action(world: DirectWorld) -> LifecycleAction:
    return world.begin(timeout_s=60)


@pytest.mark.parametrize("page", HEARTBEATS)
@pytest.mark.parametrize("style", ["query", "form", "ACS3"])
def test_heartbeat_samples(world: DirectWorld, action: LifecycleAction, page: str, style: str) -> None:
    for number, wanted in enumerate(("XML", "JSON"), 1):
        params = HEARTBEATS[page] | {"Action": "RecordLifecycleActionHeartbeat", "Format": wanted}
        status, text = sent(world, params, style)
        if wanted == "XML":
            name = "RecordLifecycleActionHeartbeatResponse"
            shape = rf'<\?xml version="1.0" encoding="UTF-8"\?><{name}><RequestId>{REQUEST_ID}</RequestId></{name}>'
            assert re.fullmatch(shape, text)
        else:
            assert re.fullmatch(REQUEST_ID, json.loads(text).pop("RequestId"))
            assert len(json.loads(text)) == 1
        assert (status, action.heartbeats, action.lapses_at, action.ended_at) == (200, number, START + 600, None)


@pytest.mark.parametrize("version", [OLD, NEW])
def test_create_lifecycle_hook_sample(world: DirectWorld, version: str) -> None:
    world.emulator.mns.create_queue("modifyLifecycleHo", {})
    group = world.rpc(OLD, "CreateScalingGroup", RegionId="cn-beijing", MinSize=0, MaxSize=1)["ScalingGroupId"]
    params = {
        "Action": "CreateLifecycleHook",
        "Version": version,
        "ScalingGroupId": group,
        "LifecycleTransition": "SCALE_OUT",
        "NotificationArn": "acs:mns:cn-beijing:1234567890123456:queue/modifyLifecycleHo",
        "NotificationMetadata": "Test lifecycle hook.",
    }
    status, text = sent(world, params | {"Format": "XML", "LifecycleHookName": "lifecyclehook1"}, "query")
    name = "CreateLifecycleHookResponse"
    parts = f"<LifecycleHookId>ash-bp1[0-9a-z]{{17}}</LifecycleHookId><RequestId>{REQUEST_ID}</RequestId>"
    assert status == 200
    assert re.fullmatch(rf"<\?xml[^>]*\?><{name}>{parts}</{name}>", text)
    status, text = sent(world, params | {"Format": "JSON", "LifecycleHookName": "lifecyclehook2"}, "query")
    assert (status, sorted(json.loads(text))) == (200, ["LifecycleHookId", "RequestId"])


def test_an_error_in_xml_and_in_json(world: DirectWorld, action: LifecycleAction) -> None:
    params = {"Action": "RecordLifecycleActionHeartbeat", "Version": NEW, "lifecycleHookId": "ash-1", "lifecycleActionToken": "t-9"}
    code = "LifecycleHookIdAndLifecycleActionToken.Invalid"
    message = "The specified lifecycleActionToken and lifecycleHookId you provided does not match any in process lifecycle action."
    status, text = sent(world, params | {"Format": "XML"}, "query")
    parts = f"<RequestId>{REQUEST_ID}</RequestId><HostId>127.0.0.1:[0-9]+</HostId><Code>{code}</Code><Message>{message}</Message>"
    assert status == 400
    assert re.fullmatch(rf'<\?xml version="1.0" encoding="UTF-8"\?><Error>{parts}</Error>', text)
    status, text = sent(world, params, "query")
    told = json.loads(text)
    assert (status, sorted(told), told["Code"], told["Message"]) == (400, ["Code", "HostId", "Message", "RequestId"], code, message)


def test_the_worked_example_of_the_signature_page() -> None:
    """AlibabaCloudDocs/ess, "Signatures": the key is `testid`, the secret `testsecret`."""
    query = (
        "TimeStamp=2014-08-15T11%3A10%3A07Z&Format=xml&AccessKeyId=testid&Action=DescribeScalingGroups&SignatureMethod=HMAC-SHA1"
        "&RegionId=cn-qingdao&SignatureNonce=1324fd0e-e2bb-4bb1-917c-bd6e437f1710&SignatureVersion=1.0&Version=2014-08-28"
        "&Signature=SmhZuLUnXmqxSEZ%2FGqyiwGqmf%2BM%3D"
    )
    verify_rpc(RpcCall(Incoming("GET", "/", query, {}, b""), "r"), "testid", "testsecret")
    for changed in (query.replace("qingdao", "beijing"), query.replace("Smh", "smh")):
        with pytest.raises(ApiError, match="SignatureDoesNotMatch"):
            verify_rpc(RpcCall(Incoming("GET", "/", changed, {}, b""), "r"), "testid", "testsecret")


@pytest.mark.parametrize("style", ["query", "form", "ACS3"])
def test_a_changed_request_is_refused_and_changes_nothing(world: DirectWorld, action: LifecycleAction, style: str) -> None:
    params = {"Action": "CompleteLifecycleAction", "Version": NEW, "LifecycleHookId": "ash-1", "LifecycleActionToken": "t-1"}
    status, text = sent(world, params | {"LifecycleActionResult": "ABANDON"}, style, change=("ABANDON", "CONTINUE"))
    told = json.loads(text)
    assert (status, told["Code"]) == (400, "SignatureDoesNotMatch")
    assert told["Message"].startswith("Specified signature is not matched with our calculation. server string to sign is:")
    assert action.ended_at is None
    assert sent(world, params, style, secret="wrong")[0] == 400
    assert action.ended_at is None
    assert sent(world, params | {"Unusual Name*": "~ /+é"}, style)[0] == 200
    assert action.ended_at == START


def test_an_unsigned_request(world: DirectWorld, action: LifecycleAction) -> None:
    query = urlencode({"Action": "CompleteLifecycleAction", "Version": NEW, "LifecycleHookId": "ash-1", "LifecycleActionToken": "t-1"})
    assert json.loads(world.http("POST", f"/?{query}")[1])["Code"] == "MissingAccessKeyId"
    assert json.loads(world.http("POST", f"/?{query}&AccessKeyId=STS.EmulatedAccessKeyId")[1])["Code"] == "SignatureDoesNotMatch"
    assert action.ended_at is None


def sent(world: DirectWorld, params: dict[str, str], style: str, change: tuple[str, str] = ("", ""), **how: str) -> tuple[int, str]:
    """Signed with every parameter in the query (GET), half of them in a form, or by ACS3; then `change`d on its way."""
    if style == "ACS3":
        own = {name: value for name, value in params.items() if name not in ("Action", "Version")}
        headers = acs3("POST", "/", own, x_acs_action=params["Action"], x_acs_version=params["Version"], **how)
        return world.http("POST", "/?" + urlencode(own).replace(*change), b"", **headers)[:2]
    if style == "query":
        return world.http("GET", "/?" + v1(params, **how).replace(*change))[:2]
    signed = list(parse_qsl(v1(params, "POST", **how)))
    query, form = urlencode(signed[::2]).replace(*change), urlencode(signed[1::2]).replace(*change)
    return world.http("POST", f"/?{query}", form.encode(), Content_Type="application/x-www-form-urlencoded")[:2]
