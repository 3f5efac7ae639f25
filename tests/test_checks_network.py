"""http and tcp against real loopback servers, and where they look for an instance."""

import socket
import ssl
import subprocess
from typing import Any

import pytest
from botocore.stub import Stubber

from check_world import AWS, HERE, Ecs, I, ask, closed_port, ec2, ecs_status, served, status
from rearm.checks.network import target
from rearm.clouds.alibaba.calls import CallFailed
from rearm.core.model import CheckResult

__all__ = ["closed_port", "ec2"]


# http


@pytest.mark.parametrize(
    ("settings", "answer", "result"),
    [
        ({}, 200, CheckResult("passed", "200")),
        ({}, 299, CheckResult("passed", "299")),
        ({}, 503, CheckResult("waiting", "503, wants 200-299")),
        ({"status": 200}, 204, CheckResult("waiting", "204, wants 200")),
        ({"status": [200, 404]}, 404, CheckResult("passed", "404")),
        ({"status": [200, 404]}, 500, CheckResult("waiting", "500, wants 200, 404")),
        ({"method": "HEAD", "path": "/a?b=c"}, 200, CheckResult("passed", "200")),
    ],
)
def test_http_judges_the_status(settings: dict[str, object], answer: int, result: CheckResult) -> None:
    with served(status(answer)) as (port, requests):
        assert ask("http", HERE | {"port": port} | settings, AWS) == result
    line = f"{settings.get('method', 'GET')} {settings.get('path', '/')} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    assert requests[0].decode().startswith(line)


def test_http_follows_no_redirect() -> None:
    with served(status(302, "Location: http://169.254.169.254/\r\n")) as (port, requests):
        assert ask("http", HERE | {"port": port}, AWS) == CheckResult("waiting", "302, wants 200-299")
    assert len(requests) == 1


def test_http_sends_the_headers_and_lets_them_replace_its_own() -> None:
    with served(status(200)) as (port, requests):
        ask("http", HERE | {"port": port, "headers": {"host": "shop.example", "user-agent": "probe", "X-Key": "k"}}, AWS)
    sent = requests[0].decode().lower()
    assert sent.count("host:") == sent.count("user-agent:") == 1
    assert "host: shop.example" in sent
    assert "x-key: k" in sent


def test_http_says_what_is_wrong_with_the_connection(closed_port: int) -> None:
    refused = ask("http", HERE | {"port": closed_port}, AWS)
    assert refused == CheckResult("waiting", f"127.0.0.1:{closed_port}: connection refused")
    with served(None) as (port, _):
        assert ask("http", HERE | {"port": port}, AWS, limit_s=0.2) == CheckResult("waiting", "no HTTP answer within 0.2 s")
    with served(b"SSH-2.0-OpenSSH_9.6\r\n") as (port, _):
        assert ask("http", HERE | {"port": port}, AWS) == CheckResult("waiting", "what answers does not speak HTTP")
    with served(b"") as (port, _):
        found = ask("http", HERE | {"port": port}, AWS)
        assert found.status == "waiting"
        assert found.reason.startswith("the connection broke")
    unknown = ask("http", {"host": "no-such-host.invalid", "port": 1}, AWS)
    assert unknown == CheckResult("waiting", "the name no-such-host.invalid cannot be resolved")


def test_http_is_cut_off_at_its_limit_even_if_the_server_drips() -> None:
    """Each byte would start a socket's own time limit anew."""
    with served(status(200), drip=True) as (port, _):
        assert ask("http", HERE | {"port": port}, AWS, limit_s=0.3) == CheckResult("waiting", "no HTTP answer within 0.3 s")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's context with a certificate that nobody signed."""
    pem = tmp_path_factory.mktemp("tls") / "both.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
        "-keyout",
        str(pem),
        "-out",
        f"{pem}.crt",
    ]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{pem}.crt", pem)
    return context


def test_https_verifies_unless_told_not_to(certificate: ssl.SSLContext) -> None:
    with served(status(200), context=certificate) as (port, _):
        settings = HERE | {"port": port, "scheme": "https"}
        found = ask("http", settings, AWS)
        assert found.status == "waiting"
        assert "certificate" in found.reason
        assert ask("http", settings | {"verify": False}, AWS) == CheckResult("passed", "200")
    with served(None) as (port, _):
        silent = ask("http", HERE | {"port": port, "scheme": "https"}, AWS, limit_s=0.2)
        assert silent == CheckResult("waiting", "no HTTP answer within 0.2 s")


def test_http_never_quotes_a_header(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("Bearer s3cret")

    monkeypatch.setattr(socket, "getaddrinfo", broken)
    found = ask("http", HERE | {"port": 1, "headers": {"A": "Bearer s3cret"}}, AWS)
    assert (found.status, found.reason) == ("waiting", "the check broke: RuntimeError")


# tcp and the metadata services


def test_tcp_passes_when_somebody_listens(closed_port: int) -> None:
    with served(None) as (port, _):
        assert ask("tcp", HERE | {"port": port}, AWS) == CheckResult("passed", f"port {port} is open")
    assert ask("tcp", HERE | {"port": closed_port}, AWS) == CheckResult("waiting", f"127.0.0.1:{closed_port}: connection refused")


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "169.254.170.2", "100.100.100.200", "fe80::1", "::ffff:169.254.169.254", "fd00:ec2::254", "2852039166"]
)
def test_metadata_addresses_are_refused_however_they_are_written(host: str) -> None:
    assert "instance metadata" in ask("tcp", {"host": host, "port": 80}, AWS).reason
    assert "instance metadata" in ask("http", {"port": 80}, AWS, {f"address:private:{I}": host}).reason


def test_a_name_that_leads_to_the_metadata_service_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    found = ask("http", {"host": "innocent.example"}, AWS)
    assert found == CheckResult("waiting", "innocent.example:80 is refused: 169.254.169.254 is an address for instance metadata")


def test_other_addresses_are_no_metadata() -> None:
    assert not any(map(target.is_metadata, ["127.0.0.1", "10.0.0.1", "100.100.100.201", "fd00::1", "::1", "example.com", ""]))


# the instance's own address


def reservation(state: str = "running", **found: Any) -> dict[str, object]:
    return {"Reservations": [{"Instances": [{"InstanceId": I, "State": {"Code": 16, "Name": state}, **found}]}]}


def test_the_address_is_looked_up_once_and_remembered(ec2: Stubber) -> None:
    ec2.add_response("describe_instances", reservation(PrivateIpAddress="127.0.0.1"), {"InstanceIds": [I]})
    with served(None) as (port, _):
        first = ask("tcp", {"port": port}, AWS)
        assert first == CheckResult("passed", f"port {port} is open", {f"address:private:{I}": "127.0.0.1"})
        assert ask("tcp", {"port": port}, AWS, first.remember) == CheckResult("passed", f"port {port} is open")


@pytest.mark.parametrize(
    ("kind", "found", "address"),
    [
        ("private", {"PrivateIpAddress": "10.0.0.9", "PublicIpAddress": "1.2.3.4"}, "10.0.0.9"),
        ("public", {"PrivateIpAddress": "10.0.0.9", "PublicIpAddress": "127.0.0.1"}, "127.0.0.1"),
        ("dns", {"PublicDnsName": "", "PrivateDnsName": "localhost"}, "localhost"),
        ("ipv6", {"NetworkInterfaces": [{"Ipv6Addresses": [{"Ipv6Address": "::1"}]}]}, "::1"),
    ],
)
def test_each_kind_of_address_on_aws(ec2: Stubber, monkeypatch: pytest.MonkeyPatch, kind: str, found: dict[str, Any], address: str) -> None:
    ec2.add_response("describe_instances", reservation(**found))
    asked: list[str] = []

    def look_up(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert ask("tcp", {"port": 1, "address": kind}, AWS).remember == {f"address:{kind}:{I}": address}
    assert asked == [address]


def test_a_missing_address_is_waited_for(ec2: Stubber) -> None:
    ec2.add_response("describe_instances", reservation(PrivateIpAddress="10.0.0.9"))
    ec2.add_response("describe_instances", {"Reservations": []})
    assert ask("tcp", {"port": 1, "address": "public"}, AWS) == CheckResult("waiting", "the instance has no public address (yet)")
    assert ask("tcp", {"port": 1}, AWS) == CheckResult("waiting", "EC2 does not tell of the instance yet")


def test_an_instance_that_is_gone_is_gone_also_behind_a_remembered_address(ec2: Stubber, closed_port: int) -> None:
    known = {f"address:private:{I}": "127.0.0.1"}
    ec2.add_client_error("describe_instances", "InvalidInstanceID.NotFound")
    assert ask("tcp", {"port": closed_port}, AWS).status == "gone"
    ec2.add_response("describe_instances", reservation("terminated"))
    assert ask("tcp", {"port": closed_port}, AWS, known) == CheckResult("gone", "the instance is terminated")


def test_a_remembered_address_that_does_not_answer_is_kept(ec2: Stubber, closed_port: int) -> None:
    known, refused = {f"address:private:{I}": "127.0.0.1"}, f"127.0.0.1:{closed_port}: connection refused"
    ec2.add_response("describe_instances", reservation(PrivateIpAddress="127.0.0.1"))
    assert ask("tcp", {"port": closed_port}, AWS, known) == CheckResult("waiting", refused)
    ec2.add_client_error("describe_instances", "UnauthorizedOperation")
    assert ask("tcp", {"port": closed_port}, AWS, known) == CheckResult("waiting", refused)
    ec2.add_response("describe_instances", reservation(PrivateIpAddress="127.0.0.2"))
    assert ask("tcp", {"port": closed_port}, AWS, known) == CheckResult("waiting", refused, {f"address:private:{I}": "127.0.0.2"})


def ecs_instances(**found: object) -> dict[str, object]:
    return {"TotalCount": 1, "Instances": {"Instance": [{"InstanceId": I, **found}]}}


@pytest.mark.parametrize(
    ("kind", "found", "address"),
    [
        ("private", {"VpcAttributes": {"PrivateIpAddress": {"IpAddress": ["10.1.0.1"]}}}, "10.1.0.1"),
        ("private", {"VpcAttributes": {"PrivateIpAddress": {"IpAddress": []}}, "InnerIpAddress": {"IpAddress": ["10.2.0.1"]}}, "10.2.0.1"),
        ("public", {"PublicIpAddress": {"IpAddress": ["127.0.0.1"]}}, "127.0.0.1"),
        ("public", {"PublicIpAddress": {"IpAddress": []}, "EipAddress": {"IpAddress": "127.0.0.2"}}, "127.0.0.2"),
        ("ipv6", {"NetworkInterfaces": {"NetworkInterface": [{"Ipv6Sets": {"Ipv6Set": [{"Ipv6Address": "::1"}]}}]}}, "::1"),
    ],
)
def test_each_kind_of_address_on_alibaba_cloud(monkeypatch: pytest.MonkeyPatch, kind: str, found: dict[str, Any], address: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    cloud = Ecs(DescribeInstances=ecs_instances(**found))
    assert ask("tcp", {"port": 1, "address": kind}, cloud).remember == {f"address:{kind}:{I}": address}
    assert cloud.asked == [("DescribeInstances", {"InstanceIds": f'["{I}"]'})]


def test_an_empty_list_of_instances_on_alibaba_cloud_may_be_a_missing_permission() -> None:
    """DescribeInstances answers a role without the permission with an empty list: only a second question tells."""
    empty: dict[str, Any] = {"Instances": {"Instance": []}}
    hidden = ask("tcp", {"port": 1}, Ecs(DescribeInstances=empty, DescribeInstanceStatus=ecs_status("Running")))
    assert hidden.status == "waiting"
    assert "ecs:DescribeInstances" in hidden.reason
    assert ask("tcp", {"port": 1}, Ecs(DescribeInstances=empty, DescribeInstanceStatus=ecs_status(None))).status == "gone"
    denied = CallFailed("ecs:DescribeInstanceStatus", "Forbidden.RAM", 403)
    assert ask("tcp", {"port": 1}, Ecs(DescribeInstances=empty, DescribeInstanceStatus=denied)).status == "waiting"
