"""`object`: an object is in a bucket of S3 or OSS."""

import socket
import threading
from typing import Any

import pytest

from check_clouds import I, ask, instance
from rearm.checks import object as object_check
from rearm.clouds.alibaba import oss
from rearm.clouds.alibaba.settings import Credentials, Settings
from rearm.core.model import CheckResult

KIND = "object"
ASKED = {"bucket": "ready", "key": "web/{instance}_+~"}
KEY = f"web/{I}_+~"
THERE, NOT_THERE = CheckResult("passed", "it is there"), CheckResult("waiting", "it is not there yet")


@pytest.fixture(params=["aws_cloud", "alibaba_cloud"])
def cloud(request: pytest.FixtureRequest) -> Any:
    """With a bucket that holds something else."""
    found = request.getfixturevalue(request.param)
    instance(found)
    found.put_object("ready", "web/other")
    return found


def on_aws(cloud: Any) -> bool:
    return hasattr(cloud.emulator, "client")


@pytest.mark.parametrize("transition", ["launch", "terminate"])
def test_it_has_to_be_there(cloud: Any, transition: Any) -> None:
    assert ask(cloud, KIND, ASKED, transition) == NOT_THERE
    cloud.put_object("ready", KEY)
    assert ask(cloud, KIND, ASKED, transition) == THERE


def test_an_instance_that_is_gone_is_gone_unless_it_left_the_object(cloud: Any) -> None:
    cloud.vanish(I)
    cloud.emulator.fail_next("ec2:DescribeInstanceStatus" if on_aws(cloud) else "ecs:DescribeInstanceStatus", "AccessDenied", 403)
    assert ask(cloud, KIND, ASKED) == NOT_THERE
    assert ask(cloud, KIND, ASKED).status == "gone"
    cloud.put_object("ready", KEY)
    assert ask(cloud, KIND, ASKED) == THERE


def test_what_is_denied_is_an_error_and_names_both_permissions(aws_cloud: Any) -> None:
    """S3 denies what is not there to those who may not list the bucket."""
    instance(aws_cloud)
    aws_cloud.put_object("ready", KEY)
    aws_cloud.emulator.fail_next("s3:HeadObject", "AccessDenied", 403)
    found = ask(aws_cloud, KIND, ASKED)
    assert found.status == "waiting"
    assert "s3:GetObject" in found.reason
    assert "s3:ListBucket" in found.reason
    aws_cloud.emulator.fail_next("s3:HeadObject", "SlowDown", 503, times=5)
    assert "503" in ask(aws_cloud, KIND, ASKED).reason
    assert ask(aws_cloud, KIND, ASKED) == THERE


def test_errors_of_oss_are_waiting_and_told_by_their_code(alibaba_cloud: Any) -> None:
    instance(alibaba_cloud)
    alibaba_cloud.put_object("ready", KEY)
    for code, status, words in (
        ("AccessDenied", 403, "oss:GetObject: AccessDenied (HTTP 403) - does the function's role allow oss:GetObject?"),
        ("SlowDown", 503, "SlowDown"),
    ):
        alibaba_cloud.emulator.fail_next("oss:HeadObject", code, status)
        found = ask(alibaba_cloud, KIND, ASKED)
        assert found.status == "waiting"
        assert words in found.reason
    alibaba_cloud.emulator.fail_next("oss:HeadObject", "", 0)
    assert "NoAnswer" in ask(alibaba_cloud, KIND, ASKED).reason
    found = ask(alibaba_cloud, KIND, ASKED | {"bucket": "nobody"})
    assert found.status == "waiting"
    assert "NoSuchBucket" in found.reason


def test_a_wrong_key_is_refused_and_a_silent_server_costs_the_limit_only(alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    instance(alibaba_cloud)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "another")
    assert "SignatureDoesNotMatch" in ask(alibaba_cloud, KIND, ASKED).reason
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = _settings(f"127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(oss.CallFailed, match="NoAnswer no answer in time"):
            oss.is_there(settings, "ready", KEY, 0.05)
    with pytest.raises(oss.CallFailed, match="NotSent"):
        oss.is_there(settings, "ready", KEY, 0.05)


def _settings(endpoint: str) -> Settings:
    credentials = Credentials("STS.EmulatedAccessKeyId", "EmulatedAccessKeySecret", "EmulatedSecurityToken/+==")
    return Settings(credentials, "cn-hangzhou", "", "2023-03-30", "", "", {"oss": endpoint})


def test_the_signature_is_that_of_the_official_sdk() -> None:
    """What oss2 2.19.1 (`ProviderAuthV4`) signs for the same request at the same moment."""
    headers = oss.signed(_settings("127.0.0.1:1"), "ready", "web/i-1 ~ä", 1_772_323_200.0)
    assert headers["x-oss-date"] == "20260301T000000Z"
    assert headers["Authorization"].endswith("Signature=e848caa9d3f6371eb7173967a003995266cba90bfbc507f833119419ddef6f79")


def test_a_bucket_is_a_part_of_the_hosts_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_: object) -> None:
        raise OSError

    monkeypatch.setattr("http.client.HTTPSConnection.connect", unreachable)
    with pytest.raises(oss.CallFailed, match=r"no connection to ready\.oss-cn-hangzhou\.aliyuncs\.com "):
        oss.is_there(_settings(""), "ready", KEY, 1)


def test_nonsense_is_waiting(alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    instance(alibaba_cloud)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def babble() -> None:
            line, _ = listener.accept()
            with line:
                line.recv(65_536)
                line.sendall(b"220 smtp.example ready\r\n")

        threading.Thread(target=babble, daemon=True).start()
        monkeypatch.setenv("REARM_ENDPOINT_OSS", f"127.0.0.1:{listener.getsockname()[1]}")
        assert "NoAnswer" in ask(alibaba_cloud, KIND, ASKED).reason


@pytest.mark.parametrize(
    ("given", "clouds", "keys"),
    [
        ({}, ("aws", "alibaba"), []),
        ({"key": "/web"}, ("aws",), ["key"]),
        ({"bucket": "my.bucket"}, ("aws",), []),
        ({"bucket": "my.bucket"}, ("aws", "alibaba"), ["bucket"]),
    ],
)
def test_settings_that_do_not_fit(given: dict[str, Any], clouds: tuple[str, ...], keys: list[str]) -> None:
    assert [key for key, _ in object_check.problems(object_check.Settings(**(ASKED | given)), clouds)] == keys
