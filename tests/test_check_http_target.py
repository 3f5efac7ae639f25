"""Where http goes: redirects on the same host, addresses from the cloud or from a tag, and nowhere else."""

import socket
from typing import Any

import pytest
from botocore.stub import Stubber

from check_world import AWS, HERE, Ecs, I, ask, ec2, served, status
from rearm import checks
from rearm.checks.network.http_redirects import Step, follow
from rearm.checks.question import Question
from rearm.core.model import Action, CheckResult

__all__ = ["ec2"]

PASSED = CheckResult("passed", "200")


def test_an_ipv6_address_is_asked_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    with served(status(200)) as (port, requests):

        def look_up(host: Any, *_: Any, **__: Any) -> list[Any]:
            looked_up.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        assert ask("http", {"host": "fd00::12", "port": 8080}, AWS) == PASSED
        assert ask("http", {"port": 8080, "address": "ipv6"}, AWS, {f"address:ipv6:{I}": "fd00::13"}) == PASSED
    assert looked_up == ["fd00::12", "fd00::13"]
    assert [b"Host: [fd00::12]:8080\r\n" in requests[0], b"Host: [fd00::13]:8080\r\n" in requests[1]] == [True, True]


# redirects


def test_redirects_are_followed_on_the_same_host_only_so_often() -> None:
    with served(status(302, "Location: /next\r\n")) as (port, requests):
        assert ask("http", HERE | {"port": port, "redirects": 3}, AWS) == CheckResult("waiting", "302, after 3 redirects")
        assert [one.split()[1] for one in requests] == [b"/", b"/next", b"/next", b"/next"]
    with served(status(200)) as (there, requests), served(status(301, f"Location: http://127.0.0.1:{there}/x?y#z\r\n")) as (port, _):
        settings = {"port": port, "redirects": 1, "method": "POST", "body": "b", "headers": {"X-Key": "k"}}
        assert ask("http", HERE | settings, AWS) == PASSED
        assert requests[0].startswith(b"GET /x?y HTTP/1.1\r\n")
        assert b"X-Key: k" in requests[0]
        assert not requests[0].endswith(b"b")


def test_a_redirect_that_is_wanted_is_not_followed() -> None:
    with served(status(302, "Location: /next\r\n")) as (port, requests):
        assert ask("http", HERE | {"port": port, "redirects": 3, "status": [200, 302]}, AWS) == CheckResult("passed", "302")
    assert len(requests) == 1


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://100.100.100.200/",
        "//169.254.169.254/",
        "http://[fd00:ec2::254]/",
        "http://evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1@evil.example/",
        "http://same.invalid/",
        "http://127.0.0.1\\@evil.example/",
        "file:///etc/passwd",
        "http://127.0.0.1:99999/",
        "http://[/",
        "/a b",
        "",
    ],
)
def test_a_redirect_to_anywhere_else_is_refused(monkeypatch: pytest.MonkeyPatch, location: str) -> None:
    real, looked_up = socket.getaddrinfo, []

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        looked_up.append(host)
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with served(status(302, f"Location: {location}\r\n" if location else "")) as (port, requests):
        found = ask("http", HERE | {"port": port, "redirects": 3}, AWS)
    assert found.status == "waiting"
    assert found.reason.startswith("302 ")
    assert (looked_up, len(requests)) == (["127.0.0.1"], 1)


OWN = frozenset({"10.0.0.1", "shop.example"})


@pytest.mark.parametrize(
    ("step", "code", "location", "next_step"),
    [
        (("http", 80, "/a/b", "GET"), 302, "c", ("http", 80, "/a/c", "GET")),
        (("http", 80, "/", "GET"), 301, "https://10.0.0.1/x", ("https", 443, "/x", "GET")),
        (("http", 8080, "/", "GET"), 301, "https://Shop.Example.:8443", ("https", 8443, "/", "GET")),
        (("https", 443, "/", "GET"), 302, "http://10.0.0.1/", "302 from https back to http, which is not followed"),
        (("http", 80, "/", "POST"), 302, "/x", ("http", 80, "/x", "GET")),
        (("http", 80, "/", "PUT"), 302, "/x", ("http", 80, "/x", "PUT")),
        (("http", 80, "/", "POST"), 307, "/x", ("http", 80, "/x", "POST")),
        (("http", 80, "/", "PUT"), 303, "/x", ("http", 80, "/x", "GET")),
        (("http", 80, "/", "HEAD"), 303, "/x", ("http", 80, "/x", "HEAD")),
    ],
)
def test_where_a_redirect_leads(step: Any, code: int, location: str, next_step: Any) -> None:
    expected = next_step if isinstance(next_step, str) else Step(*next_step)
    assert follow(Step(*step), code, location, OWN) == expected


# who says where a request goes


def test_nothing_in_a_notification_steers_a_request(ec2: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its fields hold, the request goes to the address that the cloud tells, with the path and the headers of the settings."""
    evil = "http://evil.example/{host}?169.254.169.254"
    texts = dict.fromkeys(("hook", "token", "group", "metadata", "origin", "destination", "cause", "region", "account"), evil)
    action = Action(cloud="aws", instances=(I,), transition="launch", group_name=evil, hook_name=evil, **texts)
    found = {"InstanceId": I, "State": {"Code": 16, "Name": "running"}, "PrivateIpAddress": "127.0.0.1"}
    ec2.add_response("describe_instances", {"Reservations": [{"Instances": [found]}]}, {"InstanceIds": [I]})
    real, looked_up = socket.getaddrinfo, []

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        looked_up.append(host)
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with served(status(200)) as (port, requests):
        result = checks.ask("http")({"port": port, "path": "/{metadata}"}, Question(I, action, AWS, {}, 2.0))
    assert (result.status, looked_up) == ("passed", ["127.0.0.1"])
    wanted = f"GET /{{metadata}} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: identity\r\n"
    assert requests == [f"{wanted}User-Agent: rearm\r\nConnection: close\r\n\r\n".encode()]


@pytest.mark.parametrize("kind", ["http", "tcp", "tls"])
def test_permissions_are_needed_only_to_find_the_instance(kind: str) -> None:
    module = checks.module(kind)
    for cloud in ("aws", "alibaba"):
        assert module.calls(module.Settings(port=1), cloud) == module.CALLS[cloud]
        assert module.calls(module.Settings(port=1, host="a.b"), cloud) == ()


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("127.0.0.1", PASSED),
        (None, CheckResult("waiting", "no tag ingress yet")),
        ("http://x/", CheckResult("waiting", "the tag ingress is `http://x/`, which is no host name or IP address")),
        ("", CheckResult("waiting", "the tag ingress is ``, which is no host name or IP address")),
        ("169.254.169.254", None),
    ],
)
def test_the_address_of_a_tag_on_both_clouds(ec2: Stubber, value: str | None, result: CheckResult | None) -> None:
    tags = [{"Key": "Ingress", "Value": "10.9.9.9"}, *([] if value is None else [{"Key": "ingress", "Value": value}])]
    instance = {"InstanceId": I, "State": {"Code": 16, "Name": "running"}, "PrivateIpAddress": "10.0.0.1", "Tags": tags}
    ec2.add_response("describe_instances", {"Reservations": [{"Instances": [instance]}]})
    listed = {"InstanceId": I, "Tags": {"Tag": [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags]}}
    cloud = Ecs(DescribeInstances={"Instances": {"Instance": [listed]}})
    with served(status(200)) as (port, _):
        for found in (ask("http", {"port": port, "address_tag": "ingress"}, one) for one in (AWS, cloud)):
            assert found.remember == ({f"address:tag:ingress:{I}": value} if value and ":" not in value else {})
            if result is None:
                assert "instance metadata" in found.reason
            else:
                assert (found.status, found.reason) == (result.status, result.reason)
