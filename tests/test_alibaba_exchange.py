"""One HTTP exchange: whether it was sent, whether it was answered, which connection it took, whom it trusts."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import certifi
import pytest

from alibaba_world import answering
from check_world import served, status, status_with
from rearm.clouds.alibaba import exchange as module
from rearm.clouds.alibaba.calls import CallFailed
from rearm.clouds.alibaba.endpoints import Endpoint, parse_endpoint
from rearm.clouds.alibaba.exchange import Answer, Request, exchange, forget_connections
from rearm_workbench.certificates import authority

ESS = "ess:DescribeLifecycleHooks"
NAME = "ess.example.test"
GET = Request("GET", "/?Action=x", {"X-Secret": "t0ken"})


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No connection and no variable of another test's."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("ALIBABA_CLOUD_CA_BUNDLE", str(authority().file))
    forget_connections()
    yield
    forget_connections()


def ask(endpoint: str, *, limit_s: float = 5.0, fresh: bool = False) -> Answer:
    return exchange(ESS, parse_endpoint(endpoint), GET, limit_s, fresh=fresh)


def failure(endpoint: str, request: Request = GET, limit_s: float = 5.0) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        exchange(ESS, parse_endpoint(endpoint), request, limit_s)
    assert "t0ken" not in str(failed.value)
    return failed.value


def test_an_answer_is_told_as_it_came() -> None:
    """A redirect too: a signed request is not given to somebody else."""
    redirect = b"HTTP/1.1 302 Found\r\nX-Fc-Error-Type: A\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\nno"
    with served(redirect) as (port, requests):
        answer = ask(f"127.0.0.1:{port}")
    assert (answer.status, answer.body, answer.headers["x-fc-error-type"], answer.is_success) == (302, b"no", "A", False)
    assert requests[0].startswith(b"GET /?Action=x HTTP/1.1\r\n")
    assert b"User-Agent: rearm\r\n" in requests[0]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"", "NoAnswer no answer (RemoteDisconnected)"),
        (b"220 smtp.example ready\r\n", "NoAnswer no answer (BadStatusLine)"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "NoAnswer no answer (IncompleteRead)"),
        (None, "NoAnswer no answer in time"),
    ],
)
def test_a_lost_answer_may_have_been_done(answer: bytes | None, text: str) -> None:
    with served(answer) as (port, requests):
        failed = failure(f"127.0.0.1:{port}", limit_s=0.2)
        assert len(requests) == 1
    assert str(failed) == f"{ESS}: {text}"
    assert failed.may_pass
    assert not failed.surely_not_done


def test_no_connection_means_that_nothing_was_done() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{bound.getsockname()[1]}"
        failed = failure(place)
    assert str(failed) == f"{ESS}: NotSent no connection to {place} (ConnectionRefusedError)"
    assert failed.surely_not_done
    assert failure(f"https://{'x' * 70}.test").code == failure("https://ess.invalid").code == "NotSent"


@pytest.mark.parametrize("headers", [{"x-acs-security-token": "t0ken\n"}, {"x-acs-security-token": "t0ken 实例"}])
def test_what_http_cannot_carry_is_not_sent_and_not_told(headers: dict[str, str]) -> None:
    """A token from a file, with its line break: `http.client` quotes it in its error."""
    with served(status(200)) as (port, requests):
        assert failure(f"127.0.0.1:{port}", Request("GET", "/", headers)).code == "NotSent"
        assert failure(f"127.0.0.1:{port}", Request("GET", "/t0ken x\n", {})).code == "NotSent"
    assert not [one for one in requests if one]


def test_a_connection_is_kept_and_one_that_the_server_closed_is_not_tried() -> None:
    """As after a freeze: nothing is lost, so that even a call that must not be repeated can be made."""
    connections: list[int] = []
    with answering(200, b"{}", connections) as endpoint:
        assert ask(endpoint).body == ask(endpoint).body == b"{}"
        (kept,) = module.connections._idle[parse_endpoint(endpoint)]
        kept.sock.shutdown(socket.SHUT_WR)  # the server sees the end, and closes
        assert kept.sock.recv(1) == b""
        ask(endpoint)
    assert connections[0] == connections[1] != connections[2]


def test_a_fresh_connection_takes_the_place_of_those_kept() -> None:
    """Or they would become more with each heartbeat."""
    connections: list[int] = []
    with answering(200, b"{}", connections) as endpoint:
        for fresh in (False, True, True, False):
            ask(endpoint, fresh=fresh)
        assert len(module.connections._idle[parse_endpoint(endpoint)]) == 1
    assert len(set(connections)) == 3
    assert connections[2] == connections[3]


def test_after_a_loss_no_kept_connection_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them were frozen together: the next attempt of the same call is to succeed."""
    with answering(200, b"{}") as endpoint:
        for _ in range(3):
            connection = module._connected(ESS, parse_endpoint(endpoint), 2)
            connection.sock.shutdown(socket.SHUT_WR)
            connection.sock.recv(1)
            module.connections.give(parse_endpoint(endpoint), connection)
        monkeypatch.setattr("select.poll", lambda: SimpleNamespace(register=lambda *_: None, poll=lambda _: []))
        assert failure(endpoint).code == "NoAnswer"
        assert ask(endpoint).status == 200


def test_a_connection_that_the_server_ends_is_not_kept() -> None:
    with served(status(200, "Connection: close\r\n")) as (port, _):
        ask(f"127.0.0.1:{port}")
    assert not any(module.connections._idle.values())


def test_threads_do_not_share_a_connection() -> None:
    connections: list[int] = []
    with answering(200, b"{}", connections) as endpoint:
        together = threading.Barrier(4)

        def run() -> None:
            for _ in range(20):
                together.wait(10)
                assert ask(endpoint).body == b"{}"

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert len(connections) == 80
    assert len(set(connections)) <= 4


# TLS


def test_a_certificate_is_verified_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    place = "https://127.0.0.1:{}".format
    with served(status_with(b"{}"), context=authority().server(("127.0.0.1",))) as (port, requests):
        assert ask(place(port)).body == b"{}"
        forget_connections()
        monkeypatch.setenv("ALIBABA_CLOUD_CA_BUNDLE", certifi.where())
        failed = failure(place(port))
    assert len([one for one in requests if one]) == 1
    assert str(failed).endswith(f"NotSent no connection to 127.0.0.1:{port} (SSLCertVerificationError)")
    forget_connections()
    monkeypatch.setenv("ALIBABA_CLOUD_CA_BUNDLE", str(authority().file))
    with served(status_with(b"{}"), context=authority().server((NAME,))) as (port, requests):
        assert "SSLCertVerificationError" in str(failure(place(port)))
    assert not [one for one in requests if one]


def test_one_tls_context_for_the_whole_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """To read every authority takes tens of milliseconds."""
    made: list[object] = []
    make = ssl.create_default_context

    def counted(**given: str) -> ssl.SSLContext:
        made.append(given)
        return make(**given)

    monkeypatch.setattr(ssl, "create_default_context", counted)
    with served(status_with(b"{}")) as (port, _):
        ask(f"127.0.0.1:{port}")
    assert made == []
    with served(status_with(b"{}"), context=authority().server(("127.0.0.1",))) as (port, _):
        for _ in range(3):
            ask(f"https://127.0.0.1:{port}", fresh=True)
    assert made == [{"cafile": str(authority().file)}]


def test_whom_to_trust(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """The variable's file or folder, else the machine's authorities, else those that are shipped."""
    given: list[dict[str, str]] = []
    monkeypatch.setattr(ssl, "create_default_context", lambda **one: given.append(one))

    def trusted(variable: str, **paths: str | None) -> dict[str, str]:
        monkeypatch.setenv("ALIBABA_CLOUD_CA_BUNDLE", variable)
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: SimpleNamespace(**({"cafile": None, "capath": None} | paths)))
        forget_connections()
        module._trust()
        return given.pop()

    assert trusted("/x.pem") == {"cafile": "/x.pem"}
    assert trusted(str(tmp_path)) == {"capath": str(tmp_path)}
    assert trusted("", cafile="/etc/ssl/cert.pem") == {"cafile": None}
    assert trusted("", capath="/etc") == {"cafile": None}
    assert trusted("") == trusted("", capath=str(tmp_path)) == {"cafile": certifi.where()}


# a proxy


@contextlib.contextmanager
def proxy(answer: bytes = b"HTTP/1.1 200 Established\r\n\r\n") -> Iterator[tuple[str, list[bytes]]]:
    """Takes CONNECT; behind it is NAME, whoever is asked for. What came to it: the demand for a tunnel, and what was asked inside."""
    came: list[bytes] = []
    inside = authority().server((NAME,))
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    line, _ = listener.accept()
                    came.append(line.recv(65_536))
                    line.sendall(answer)
                    with contextlib.suppress(OSError), inside.wrap_socket(line, server_side=True) as tunnel:
                        came.append(tunnel.recv(65_536))
                        tunnel.sendall(status_with(b'{"behind": "the proxy"}'))

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", came


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize("form", ["http://us%40er:p:w@{}", "http://{}/", "{}"])
def test_a_proxy_is_used_for_tls_and_does_not_see_inside(monkeypatch: pytest.MonkeyPatch, variable: str, form: str) -> None:
    with proxy() as (place, came):
        monkeypatch.setenv(variable, form.format(place))
        assert ask(f"https://{NAME}").body == b'{"behind": "the proxy"}'
        tunnel, inside = came
    assert tunnel.startswith(f"CONNECT {NAME}:443 HTTP/1.".encode())
    assert (b"Proxy-Authorization: Basic dXNAZXI6cDp3\r\n" in tunnel) == ("@" in form)
    assert b"t0ken" not in tunnel
    assert b"Proxy-Authorization" not in inside
    assert f"Host: {NAME}\r\n".encode() in inside


def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as (place, came):
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:pass@{place}")
        failed = failure(f"https://{NAME}")
    assert str(failed) == f"{ESS}: NotSent no connection to {NAME} through the proxy {place} (OSError)"
    assert len(came) == 1


@pytest.mark.parametrize(
    ("given", "place"),
    [("http://us:s3cret@[broken", ""), ("http://us:s3cret@127.0.0.1:port", ""), ("us:s3cret@proxy.invalid", "proxy.invalid:80")],
)
def test_a_proxy_that_is_none(monkeypatch: pytest.MonkeyPatch, given: str, place: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", given)
    failed = failure(f"https://{NAME}")
    assert failed.code == "NotSent"
    assert "s3cret" not in str(failed)
    assert f"no connection to {NAME}{' through the proxy ' + place if place else ''} (" in str(failed)


@pytest.mark.parametrize(
    ("endpoint", "except_for"),
    [
        ("https://127.0.0.1:{}", ""),
        ("127.0.0.1:{}", ""),
        ("https://localhost:{}", ""),
        ("http://ess.localhost:{}", ""),
        ("https://ess.localhost:{}", "example.com,.localhost"),
    ],
)
def test_where_no_proxy_is_used(monkeypatch: pytest.MonkeyPatch, endpoint: str, except_for: str) -> None:
    """The loopback and plain HTTP are an emulator's; NO_PROXY is the operator's."""
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest: resolve("127.0.0.1" if "localhost" in str(host) else host, *rest))
    names = ("127.0.0.1", "localhost", "ess.localhost")
    context = authority().server(names) if endpoint.startswith("https") else None
    with proxy() as (place, came), served(status_with(b"{}"), context=context) as (port, _):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{place}")
        monkeypatch.setenv("HTTP_PROXY", f"http://{place}")
        monkeypatch.setenv("NO_PROXY", except_for)
        assert ask(endpoint.format(port)).body == b"{}"
    assert came == []


def test_an_endpoint_is_what_a_connection_is_kept_for() -> None:
    with answering(200, b"{}") as one, answering(200, b"[]") as other:
        assert [ask(one).body, ask(other).body, ask(one).body] == [b"{}", b"[]", b"{}"]
        assert set(module.connections._idle) == {Endpoint("http", one), Endpoint("http", other)}
