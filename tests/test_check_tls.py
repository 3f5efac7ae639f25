"""tls against real handshakes on the loopback, with certificates of the emulated authority."""

import datetime
import ssl
import time
from collections.abc import Iterator

import pytest
from botocore.stub import Stubber
from cryptography import x509

from check_world import AWS, HERE, Ecs, I, ask, closed_port, ec2, ecs_status, served, status
from rearm import clock
from rearm.checks.network import certificate
from rearm.clouds.alibaba.calls import CallFailed
from rearm.core.model import CheckResult
from rearm_workbench.certificates import DAY, authority

__all__ = ["closed_port", "ec2"]


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority().file))


@pytest.fixture(scope="module")
def fresh() -> ssl.SSLContext:
    """Thirty days and an hour left."""
    return authority().server(("127.0.0.1", "shop.example"), 30 * DAY + datetime.timedelta(hours=1))


def shaken(context: ssl.SSLContext, limit_s: float = 2.0, **settings: object) -> CheckResult:
    with served(status(200), context=context) as (port, _):
        return ask("tls", HERE | {"port": port} | settings, AWS, limit_s=limit_s)


@pytest.mark.parametrize(
    ("settings", "result"),
    [
        ({}, CheckResult("passed", "the certificate lasts 30d")),
        ({"valid_for": "30d"}, CheckResult("passed", "the certificate lasts 30d")),
        ({"valid_for": "31d"}, CheckResult("waiting", "the certificate lasts 30d, wants 31d")),
        ({"valid_for": 31 * 86_400}, CheckResult("waiting", "the certificate lasts 30d, wants 31d")),
        ({"server_name": "shop.example"}, CheckResult("passed", "the certificate lasts 30d")),
    ],
)
def test_a_certificate_lasts_long_enough(trusted: None, fresh: ssl.SSLContext, settings: dict[str, object], result: CheckResult) -> None:
    assert shaken(fresh, **settings) == result
    assert shaken(fresh, verify=False, **settings) == result


def test_a_chain_that_nobody_trusts(fresh: ssl.SSLContext) -> None:
    assert shaken(fresh) == CheckResult("waiting", "the TLS handshake failed: unable to get local issuer certificate")
    assert shaken(fresh, verify=False) == CheckResult("passed", "the certificate lasts 30d")


def test_a_certificate_for_another_name(trusted: None, fresh: ssl.SSLContext) -> None:
    found = shaken(fresh, server_name="other.example")
    assert found.status == "waiting"
    assert "not valid for 'other.example'" in found.reason
    assert shaken(fresh, server_name="other.example", verify=False).status == "passed"


def test_the_server_name_is_told_to_the_server(trusted: None, fresh: ssl.SSLContext) -> None:
    context, told = authority().server(("127.0.0.1", "shop.example")), []
    context.sni_callback = lambda _line, name, _context: told.append(name)
    shaken(context, server_name="shop.example")
    shaken(context)
    assert told == ["shop.example", None]


def test_an_expired_certificate(trusted: None) -> None:
    expired = authority().server(("127.0.0.1",), -DAY)
    assert shaken(expired) == CheckResult("waiting", "the TLS handshake failed: certificate has expired")
    assert shaken(expired, verify=False) == CheckResult("passed", "the certificate has expired")
    assert shaken(expired, verify=False, valid_for="1h") == CheckResult("waiting", "the certificate has expired, wants 1h")


@pytest.fixture
def in_twenty_nine_days() -> Iterator[None]:
    clock.use(lambda: time.time() + 29 * 86_400, time.sleep)
    yield
    clock.use_real()


def test_how_long_it_lasts_is_counted_by_the_products_own_clock(trusted: None, fresh: ssl.SSLContext, in_twenty_nine_days: None) -> None:
    found = shaken(fresh, valid_for="2d")
    assert found.status == "waiting"
    assert found.reason.startswith("the certificate lasts 1d")


def test_what_is_wrong_with_the_connection(trusted: None, closed_port: int, fresh: ssl.SSLContext) -> None:
    assert ask("tls", HERE | {"port": closed_port}, AWS) == CheckResult("waiting", f"127.0.0.1:{closed_port}: connection refused")
    with served(None) as (port, _):
        assert ask("tls", HERE | {"port": port}, AWS, limit_s=0.2) == CheckResult("waiting", "no TLS handshake within 0.2 s")
    with served(b"\x16\x03\x03\x00\x7a" + b"x" * 20, drip=True) as (port, _):
        assert ask("tls", HERE | {"port": port}, AWS, limit_s=0.3) == CheckResult("waiting", "no TLS handshake within 0.3 s")
    with served(b"SSH-2.0-OpenSSH_9.6\r\n") as (port, _):
        assert ask("tls", HERE | {"port": port}, AWS).reason.startswith("the TLS handshake failed: ")
    assert "instance metadata" in ask("tls", {"host": "169.254.169.254", "port": 443}, AWS).reason


def test_the_instances_own_address_and_an_instance_that_is_gone(
    ec2: Stubber, trusted: None, fresh: ssl.SSLContext, closed_port: int
) -> None:
    found = {"InstanceId": I, "State": {"Code": 16, "Name": "running"}, "PrivateIpAddress": "127.0.0.1"}
    ec2.add_response("describe_instances", {"Reservations": [{"Instances": [found]}]})
    with served(status(200), context=fresh) as (port, _):
        first = ask("tls", {"port": port}, AWS)
    assert (first.status, first.remember) == ("passed", {f"address:private:{I}": "127.0.0.1"})
    ec2.add_client_error("describe_instances", "InvalidInstanceID.NotFound")
    assert ask("tls", {"port": closed_port}, AWS, first.remember).status == "gone"
    empty = {"Instances": {"Instance": []}}
    assert ask("tls", {"port": 1}, Ecs(DescribeInstances=empty, DescribeInstanceStatus=ecs_status(None))).status == "gone"


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "RequestLimitExceeded"])
def test_an_address_that_may_not_be_asked_for_is_waiting(ec2: Stubber, code: str) -> None:
    ec2.add_client_error("describe_instances", code)
    found = ask("tls", {"port": 443}, AWS)
    assert found.status == "waiting"
    assert code in found.reason
    denied = ask("tls", {"port": 443}, Ecs(DescribeInstances=CallFailed("ecs:DescribeInstances", code, 403)))
    assert denied.status == "waiting"
    assert code in denied.reason


# reading certificates


@pytest.mark.parametrize("lasts", [10 * DAY, 40_000 * DAY], ids=["UTCTime", "GeneralizedTime"])
def test_the_end_of_a_certificate_is_read_from_its_bytes(lasts: datetime.timedelta) -> None:
    """2050 and later are written in another form. The `cryptography` package is the judge."""
    pem = authority().issue(("a.example", "10.0.0.1"), lasts).read_bytes()
    known = x509.load_pem_x509_certificate(pem)
    assert known.not_valid_after_utc.year >= 2050 or lasts == 10 * DAY
    assert (
        certificate.not_after(ssl.PEM_cert_to_DER_cert(pem.decode().partition("-----BEGIN PRIV")[0]))
        == known.not_valid_after_utc.timestamp()
    )


def test_what_is_no_certificate_is_a_value_error() -> None:
    der = ssl.PEM_cert_to_DER_cert(authority().pem)
    for nonsense in (b"", b"x", b"\x30\x00", b"\x30\x84\xff\xff\xff\xff", *(der[:cut] for cut in range(0, len(der) - 1, 7))):
        with pytest.raises(ValueError, match="no certificate"):
            certificate.not_after(nonsense)
