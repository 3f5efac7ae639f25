"""notify by a webhook: a real server with TLS on the loopback."""

import json
import re
import socket
import ssl
import time
from typing import Any

import pytest

from check_world import AWS, served, status
from rearm import steps
from rearm.checks.network.http_exchange import Answer, Request
from rearm.checks.question import Question
from rearm.core.model import Action, StepResult
from rearm.steps.notices import webhook
from rearm_workbench.certificates import authority
from test_step_notify import ACTION, DOCS

SECRET = "the webhook's s3cret"
PATH = "/in/T0-pa55?room=ops"


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority().file))
    monkeypatch.setenv("REARM_WEBHOOK_SECRET", SECRET)


@pytest.fixture(scope="module")
def context() -> ssl.SSLContext:
    return authority().server(("127.0.0.1",))


def ask(place: int | str, path: str = PATH, limit_s: float = 5.0, action: Action = ACTION, **settings: Any) -> StepResult:
    where = f"127.0.0.1:{place}" if isinstance(place, int) else place
    found = steps.do("notify")({"webhook": f"https://{where}{path}"} | settings, Question("", action, AWS, {}, limit_s, "web", "late", 1))
    assert not any(part in found.reason for part in (SECRET, "pa55", "room")), found.reason
    return found


def parts(request: bytes) -> tuple[str, dict[str, str], bytes]:
    """First line, headers with their names in lower case, body."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return first, {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}, body


def checked_as_the_page_says() -> Any:
    """`is_from_rearm` of docs/configuration.md."""
    names: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)[0], names)
    return names["is_from_rearm"]


def test_it_takes_one_signed_post(context: ssl.SSLContext) -> None:
    with served(status(204), context=context) as (port, requests):
        assert ask(port, text="世界") == StepResult("done", "sent: 204")
    (request,) = requests
    first, headers, body = parts(request)
    assert first == f"POST {PATH} HTTP/1.1"
    assert (headers["host"], headers["content-type"], headers["content-length"]) == (
        f"127.0.0.1:{port}",
        "application/json",
        str(len(body)),
    )
    assert (json.loads(body)["text"], json.loads(body)["stage"]) == ("世界", "late")
    header, right = headers["x-rearm-signature"], checked_as_the_page_says()
    assert re.fullmatch("t=[0-9]{10},v1=[0-9a-f]{64}", header)
    assert right(header, body, SECRET.encode())
    assert not right(header, body + b" ", SECRET.encode())
    assert not right(header, body, b"another")
    assert not right(header.replace("t=1", "t=0"), body, SECRET.encode())
    assert not right(header, body, SECRET.encode(), at_most_s=-1)


def test_a_secret_of_another_name_and_one_that_is_not_set(context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(status(200), context=context) as (port, requests):
        found = ask(port, secret_env="HOOK_SECRET")
        assert found.status == "going"
        assert found.reason.startswith("not sent: the environment variable HOOK_SECRET is not set")
        monkeypatch.setenv("HOOK_SECRET", "")
        assert ask(port, secret_env="HOOK_SECRET").status == "going"
        assert requests == []
        monkeypatch.setenv("HOOK_SECRET", "own")
        assert ask(port, secret_env="HOOK_SECRET").status == "done"
        _, headers, body = parts(requests[0])
        assert checked_as_the_page_says()(headers["x-rearm-signature"], body, b"own")


@pytest.mark.parametrize("code", [200, 201, 204, 299])
def test_2xx_is_done(context: ssl.SSLContext, code: int) -> None:
    with served(status(code), context=context) as (port, _):
        assert ask(port) == StepResult("done", f"sent: {code}")


@pytest.mark.parametrize("code", [400, 401, 403, 404, 407, 409, 410, 428, 430, 499])
def test_4xx_is_for_good(context: ssl.SSLContext, code: int) -> None:
    with served(status(code), context=context) as (port, _):
        assert ask(port) == StepResult("failed", f"127.0.0.1:{port} refused it: {code}")


@pytest.mark.parametrize("code", [408, 429, 500, 503, 599, 304])
def test_what_may_pass_is_tried_again(context: ssl.SSLContext, code: int) -> None:
    with served(status(code), context=context) as (port, requests):
        found = ask(port)
        assert (found.status, f"127.0.0.1:{port} answered {code}" in found.reason) == ("going", True)
        assert len(requests) == 1


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(context: ssl.SSLContext, code: int) -> None:
    with served(status(200), context=context) as (there, elsewhere):
        with served(status(code, f"Location: https://127.0.0.1:{there}/\r\n"), context=context) as (port, requests):
            assert ask(port) == StepResult("going", f"127.0.0.1:{port} answered {code}, and redirects are not followed")
        assert (len(requests), elsewhere) == (1, [])


def test_a_certificate_that_nobody_trusts_gets_nothing(context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    other = authority().server(("another.example",))
    with served(status(200), context=other) as (port, requests):
        found = ask(port)
        assert (found.status, "the connection to 127.0.0.1 broke" in found.reason, requests) == ("going", True, [])
    monkeypatch.delenv("SSL_CERT_FILE")
    with served(status(200), context=context) as (port, requests):
        assert ask(port) == StepResult("going", "the connection to 127.0.0.1 broke: unable to get local issuer certificate")
        assert requests == []


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_nonsense_is_tried_again(context: ssl.SSLContext, answer: bytes) -> None:
    with served(answer, context=context) as (port, _):
        found = ask(port)
    assert found.status == "going"
    assert found.reason.startswith(
        "the connection to 127.0.0.1 broke" if not answer else f"what answers at 127.0.0.1:{port} does not speak"
    )


def test_slow_past_its_limit(context: ssl.SSLContext) -> None:
    began = time.monotonic()
    with served(None, context=context) as (port, requests):
        assert ask(port, limit_s=0.3) == StepResult("going", "127.0.0.1: no answer within 0.3 s")
        assert len(requests) == 1
    with served(status(200), context=context, drip=True) as (port, _):
        assert ask(port, limit_s=0.3).status == "going"
    assert time.monotonic() - began < 3


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert ask(port) == StepResult("going", f"127.0.0.1:{port}: connection refused")
    assert ask("no-such-host.invalid") == StepResult("going", "the name no-such-host.invalid cannot be resolved")


@pytest.mark.parametrize("address", ["169.254.169.254", "100.100.100.200", "fd00:ec2::254"])
def test_a_name_that_leads_to_instance_metadata_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))])
    found = ask("hooks.example")
    assert found == StepResult("going", f"hooks.example:443 is refused: {address} is an address for instance metadata")


def test_nothing_in_a_notification_says_where_it_goes(context: ssl.SSLContext) -> None:
    evil = Action("aws", "{host}", "t", ("i-1@evil.example",), "https://evil.example/", "launch", metadata="https://evil.example")
    with served(status(200), context=context) as (port, requests):
        assert ask(port, action=evil).status == "done"
    first, headers, _ = parts(requests[0])
    assert (first, headers["host"]) == (f"POST {PATH} HTTP/1.1", f"127.0.0.1:{port}")


@pytest.mark.parametrize(("place", "port", "host"), [("hooks.example", 443, "hooks.example"), ("[::1]:8443", 8443, "[::1]:8443")])
def test_the_usual_port_is_not_in_the_header_host(monkeypatch: pytest.MonkeyPatch, place: str, port: int, host: str) -> None:
    asked = list[tuple[str, int, str]]()

    def spy(name: str, number: int, request: Request, *_: object, **_more: object) -> Answer:
        asked.append((name, number, request.headers["Host"]))
        return Answer(200)

    monkeypatch.setattr(webhook, "exchange", spy)
    assert ask(place).status == "done"
    assert asked == [(host.partition("]")[0].strip("["), port, host)]


def test_a_place_without_a_path(context: ssl.SSLContext) -> None:
    with served(status(200), context=context) as (port, requests):
        assert ask(port, path="").status == ask(port, path="?a=b").status == "done"
    assert [parts(request)[0] for request in requests] == ["POST / HTTP/1.1", "POST /?a=b HTTP/1.1"]
