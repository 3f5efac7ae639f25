"""What the layer sends to AWS itself, held against botocore: the same requests byte for byte, and in whose surroundings."""

import datetime
import os
import subprocess
import sys
from typing import Any

import botocore.auth
import botocore.endpoint
import botocore.retries.standard
import botocore.session
import pytest

from check_world import closed_port as closed_port
from rearm import clock
from rearm.clouds.aws import calls, small_client
from small_client_world import AT, AUTO_SCALING, HOOK, SCHEDULE, TARGET, UNSIGNED, Server, both, client_of, empty, surroundings
from small_client_world import server as server

# what is sent

ODD = "ä b+/~*%&=\"'\n€"
ASKED: list[tuple[str, str, dict[str, Any]]] = [
    ("autoscaling", "describe_lifecycle_hooks", HOOK),
    ("autoscaling", "describe_lifecycle_hooks", {"AutoScalingGroupName": ODD, "LifecycleHookNames": ["a", ODD]}),
    (
        "autoscaling",
        "record_lifecycle_action_heartbeat",
        {"LifecycleHookName": "hold", "AutoScalingGroupName": "web", "InstanceId": "i-1", "LifecycleActionToken": "t-1"},
    ),
    ("autoscaling", "record_lifecycle_action_heartbeat", {"LifecycleHookName": "hold", "AutoScalingGroupName": "web", "InstanceId": ""}),
    (
        "autoscaling",
        "complete_lifecycle_action",
        {"LifecycleHookName": ODD, "AutoScalingGroupName": "w", "InstanceId": "i-1", "LifecycleActionResult": "ABANDON"},
    ),
    ("ec2", "describe_instance_status", {"InstanceIds": ["i-1"], "IncludeAllInstances": True}),
    ("ec2", "describe_instance_status", {"InstanceIds": ["i-1", "i-2"], "IncludeAllInstances": False, "MaxResults": 5}),
    ("ec2", "describe_instances", {"InstanceIds": ["i-1"]}),
    ("ec2", "describe_tags", {"Filters": [{"Name": "resource-id", "Values": ["i-1"]}, {"Name": "key", "Values": [ODD, "b"]}]}),
    ("scheduler", "create_schedule", SCHEDULE),
    ("scheduler", "create_schedule", {**SCHEDULE, "Name": "a b/ä~"}),  # refused by the service, but encoded twice in what is signed
    ("scheduler", "create_schedule", {**SCHEDULE, "Name": "a" * 64, "Target": {**TARGET, "Input": ODD}}),
]


@pytest.mark.parametrize("token", ["", "FwoGZXIvYXdzE+/=="], ids=["keys", "session"])
@pytest.mark.parametrize(("service", "method", "asked"), ASKED, ids=lambda value: value if isinstance(value, str) else "")
def test_the_same_request_as_botocore_s(
    server: Server, monkeypatch: pytest.MonkeyPatch, service: str, method: str, asked: dict[str, Any], token: str
) -> None:
    if token:
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
        calls.forget_clients()
    server.answers = [(200, {}, b"{}" if service == "scheduler" else empty(method))]
    for client in both(service):
        getattr(client, method)(**asked)
    (ours, theirs) = (
        (verb, path, {n: v for n, v in headers.items() if n not in UNSIGNED}, body) for verb, path, headers, body in server.seen
    )
    assert ours == theirs
    assert "Signature=" in ours[2]["authorization"]
    assert ours[2].get("x-amz-security-token", "") == token


def test_a_key_of_yesterday_is_not_used_today(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answers = [(200, {}, empty("describe_lifecycle_hooks"))]
    ours, theirs = both("autoscaling")
    ours.describe_lifecycle_hooks(**HOOK)
    later = AT + 86_400
    moment = datetime.datetime.fromtimestamp(later, datetime.timezone.utc).replace(tzinfo=None)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: moment)
    monkeypatch.setattr(clock, "now", lambda: later)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalr/XUtn+")
    ours.describe_lifecycle_hooks(**HOOK)
    theirs.describe_lifecycle_hooks(**HOOK)
    today, tomorrow, botocore_s = (headers["authorization"] for _, _, headers, _ in server.seen)
    assert today != tomorrow == botocore_s


def test_a_schedule_has_one_token_for_all_attempts(server: Server) -> None:
    server.answers = [(500, {}, b"{}"), (200, {}, b"{}")]
    client_of("scheduler").create_schedule(**{name: value for name, value in SCHEDULE.items() if name != "ClientToken"})
    first, second = (body for *_, body in server.seen)
    assert b'"ClientToken": "' in first
    assert first == second


def test_every_endpoint_is_botocore_s(monkeypatch: pytest.MonkeyPatch) -> None:
    surroundings(monkeypatch, "")
    session = botocore.session.get_session()
    regions = [region for name in session.get_available_partitions() for region in session.get_available_regions("ec2", name)]
    ours = {
        (service, region): f"{place.scheme}://{place.host}"
        for service in small_client.SERVICES
        for region in regions
        if (place := small_client.place_of(service, region, os.environ))
    }
    assert len(ours) >= 3 * 38
    assert not any("iso" in region or "eusc" in region for _, region in ours)
    for (service, region), url in ours.items():
        assert session.create_client(service, region_name=region).meta.endpoint_url == url


# whose surroundings


@pytest.mark.parametrize("name", small_client.NOT_OURS)
def test_surroundings_that_only_botocore_knows_are_left_to_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    surroundings(monkeypatch, "")
    assert small_client.place_of("ec2", "eu-west-1", os.environ) is not None
    monkeypatch.setenv(name, "something")
    assert small_client.place_of("ec2", "eu-west-1", os.environ) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_ENDPOINT_URL", "http://gateway/with/a/path"),
        ("AWS_ENDPOINT_URL", "http://user@gateway"),
        ("AWS_ENDPOINT_URL_EC2", "ftp://gateway"),
    ],
)
def test_so_are_credentials_and_endpoints_of_another_kind(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    surroundings(monkeypatch, "")
    monkeypatch.setenv(name, value)
    assert small_client.place_of("ec2", "eu-west-1", os.environ) is None


def test_so_is_a_file_of_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    surroundings(monkeypatch, "")
    (tmp_path / "config").write_text("[default]\nuse_fips_endpoint = true\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert small_client.place_of("ec2", "eu-west-1", os.environ) is None
    calls.forget_clients()
    assert calls.client("ec2").meta.endpoint_url == "https://ec2-fips.eu-west-1.amazonaws.com"
    calls.forget_clients()


def test_a_service_s_own_endpoint_goes_before_the_common_one(monkeypatch: pytest.MonkeyPatch) -> None:
    surroundings(monkeypatch, "http://all:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_AUTO_SCALING", "https://one:2/")
    found = {service: small_client.place_of(service, "eu-west-1", os.environ) for service in small_client.SERVICES}
    assert [f"{place.scheme}://{place.host}" for place in found.values() if place] == ["https://one:2", "http://all:1", "http://all:1"]


def test_any_other_operation_is_botocore_s(server: Server) -> None:
    server.answers = [
        (200, {}, f"<DescribeTagsResponse {AUTO_SCALING}><DescribeTagsResult><Tags/></DescribeTagsResult></DescribeTagsResponse>".encode())
    ]
    client = client_of("autoscaling")
    assert client.describe_tags()["Tags"] == []
    assert client.meta is client.meta, "one client of botocore's, kept"
    with pytest.raises(AttributeError):
        client.describe_instance_status  # noqa: B018 - of another service


def test_a_call_of_every_look_loads_no_sdk(server: Server) -> None:
    hooks = "<LifecycleHooks><member><HeartbeatTimeout>3600</HeartbeatTimeout></member></LifecycleHooks>"
    server.answers = [(200, {}, empty("describe_lifecycle_hooks").replace(b"<LifecycleHooks/>", hooks.encode()))]
    program = """
import sys
from rearm.clouds.aws.cloud import Aws
from rearm.core.model import Action
print(Aws().describe_hook(Action("aws", "hold", "", ("i-1",), "web", "launch")).heartbeat_timeout_s)
print({"boto3", "botocore", "urllib3"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("3600\nset()\n", "")
