"""The adapter and its surroundings: settings, endpoints, the log, and no secret anywhere in it."""

import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from alibaba_world import ACTION, HEARTBEAT, START, TOKEN, AdapterWorld, adapter_world
from rearm.clouds.alibaba import endpoints
from rearm.clouds.alibaba.cloud import Alibaba
from rearm.clouds.alibaba.settings import Credentials
from rearm.errors import ConfigError, TryAgain
from rearm_workbench.emulators.alibaba import wire
from rearm_workbench.emulators.alibaba.server import ACCESS_KEY_ID, ACCESS_KEY_SECRET, SECURITY_TOKEN


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[AdapterWorld]:
    with adapter_world(monkeypatch) as made:
        yield made


@pytest.fixture
def refusing() -> Iterator[str]:
    """A port that is taken, so that nobody else gets it, and does not listen."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


CALLS: list[tuple[str, Callable[[Alibaba], object], str]] = [
    ("2023-03-30", lambda cloud: cloud.heartbeat(ACTION, 600), TOKEN),
    ("2016-08-15", lambda cloud: cloud.recheck("rearm-1", START + 60, START, b"{}"), ""),
    ("2023-03-30", lambda cloud: cloud.recheck("rearm-1", START + 60, START, b"{}"), ""),
]
"""FC API, the call, and what of the request the service may quote in its error beside the credentials."""


@pytest.mark.parametrize(("api", "use"), [(api, use) for api, use, _ in CALLS])
def test_a_refused_connection_is_told_soon_and_tells_no_secret(
    world: AdapterWorld,
    refusing: str,
    api: str,
    use: Callable[[Alibaba], object],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A signed URL holds the security token; `http.client`'s errors quote headers."""
    caplog.set_level(logging.DEBUG)
    cloud = world.cloud(REARM_ENDPOINT_ESS=refusing, REARM_ENDPOINT_FC=refusing, REARM_FC_API=api)
    began = time.monotonic()
    with pytest.raises(TryAgain, match="no connection") as error:
        use(cloud)
    assert time.monotonic() - began < 3
    assert len(world.sleeps) == 3
    assert_no_secret(f"{error.value!r} {caplog.text} {capfd.readouterr()}")


@pytest.mark.parametrize(("api", "use", "echoed"), CALLS)
@pytest.mark.parametrize(("code", "status"), [("SignatureDoesNotMatch", 400), ("AccessDenied", 403), ("InternalServerError", 500), ("", 0)])
def test_no_credential_is_logged(
    world: AdapterWorld,
    api: str,
    use: Callable[[Alibaba], object],
    echoed: str,
    code: str,
    status: int,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Nor told in an error. DEBUG=sdk would make the published SDKs write their authorization headers."""
    caplog.set_level(logging.DEBUG)
    world.monkeypatch.setenv("DEBUG", "sdk")
    world.begin()
    cloud = world.cloud(REARM_FC_API=api)
    said = ""
    if code:
        quoted = f"{SECURITY_TOKEN}&{quote(SECURITY_TOKEN, safe='')}&{ACCESS_KEY_ID}"
        for name in (HEARTBEAT, "fc:InvokeFunction"):
            world.emulator.fail_next(name, code, status=status, times=9)
        world.monkeypatch.setitem(wire.MESSAGES, code, f"server string to sign is:POST&{quoted}{echoed}")
        with pytest.raises(TryAgain) as error:
            use(cloud)
        said = repr(error.value)
    else:
        use(cloud)
    assert_no_secret(f"{said} {caplog.text} {capfd.readouterr()}")


def assert_no_secret(text: str) -> None:
    for secret in (ACCESS_KEY_ID, ACCESS_KEY_SECRET, SECURITY_TOKEN, "EmulatedSecurityToken", TOKEN):
        assert secret not in text


def test_wrong_surroundings_are_refused_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ALIBABA_CLOUD_ACCESS_KEY_ID", "FC_REGION", "FC_ACCOUNT_ID", "REARM_ENDPOINT_FC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REARM_FC_API", "2016-08-15")
    monkeypatch.setenv("REARM_ENDPOINT_ESS", "ftp://somewhere/else")
    with pytest.raises(ConfigError) as error:
        Alibaba(SimpleNamespace()).heartbeat(ACTION, 600)
    assert [problem.split(":")[0] for problem in error.value.problems] == [
        "no credentials",
        "no region",
        "no account id for FC 2.0",
        "REARM_ENDPOINT_ESS is 'ftp",
    ]
    monkeypatch.setenv("REARM_FC_API", "3")
    with pytest.raises(ConfigError, match="REARM_FC_API is '3': write 2023-03-30"):
        Alibaba(SimpleNamespace()).complete(ACTION, "CONTINUE")


def test_credentials_come_from_the_environment_first(world: AdapterWorld) -> None:
    """Python 3.10 has them in the context too, 3.12 in the environment only."""
    world.begin()
    context = SimpleNamespace(
        credentials=SimpleNamespace(access_key_id="other", access_key_secret="x", security_token=None), region="cn-hangzhou"
    )
    world.cloud()
    Alibaba(context).heartbeat(ACTION, 600)
    world.monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_ID")
    with pytest.raises(TryAgain, match=r"InvalidAccessKeyId\.NotFound"):
        Alibaba(context).heartbeat(ACTION, 600)
    assert "secret" not in repr(Credentials("id", "secret", "secret"))


def test_remaining_time_counts_down(world: AdapterWorld) -> None:
    cloud = Alibaba(SimpleNamespace(function=SimpleNamespace(timeout="120")))
    assert cloud.remaining_s() == 120
    world.clock.run_until(START + 50)
    assert cloud.remaining_s() == 70
    world.clock.run_until(START + 500)
    assert cloud.remaining_s() == 0
    assert Alibaba(None).remaining_s() == 60


def test_no_retry_when_the_invocation_is_nearly_over(world: AdapterWorld) -> None:
    world.begin()
    world.emulator.fail_next(HEARTBEAT, "Throttling")
    world.cloud()
    with pytest.raises(TryAgain):
        Alibaba(SimpleNamespace(function=SimpleNamespace(timeout=5))).heartbeat(ACTION, 600)
    assert world.calls == [HEARTBEAT]


def test_says_one_line_of_json(world: AdapterWorld, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world.cloud().say({"reason": "two\nlines", "n": 1, "who": "实例"})
    assert [json.loads(line) for line in caplog.messages] == [{"reason": "two\nlines", "n": 1, "who": "实例"}]
    assert "\n" not in caplog.messages[0]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("127.0.0.1:99", "http://127.0.0.1:99"),
        ("localhost:99", "http://localhost:99"),
        ("http://ess.local:1/", "http://ess.local:1"),
        ("ess-vpc.cn-hangzhou.aliyuncs.com", "https://ess-vpc.cn-hangzhou.aliyuncs.com"),
        ("https://127.0.0.1:9", "https://127.0.0.1:9"),
    ],
)
def test_endpoints_as_given(text: str, url: str) -> None:
    assert endpoints.parse_endpoint(text).url == url


@pytest.mark.parametrize("text", ["", "https://", "ftp://x", "a b", "host/path", "user@host"])
def test_endpoints_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="write host, host:port"):
        endpoints.parse_endpoint(text)


def test_public_endpoints() -> None:
    assert endpoints.ess_endpoint("cn-hangzhou").host == "ess.aliyuncs.com"
    assert endpoints.ess_endpoint("eu-central-1").host == "ess.eu-central-1.aliyuncs.com"
    assert endpoints.ecs_endpoint("cn-hangzhou").host == "ecs-cn-hangzhou.aliyuncs.com"
    assert endpoints.ecs_endpoint("eu-central-1").host == "ecs.eu-central-1.aliyuncs.com"
    assert endpoints.fc_endpoint("123", "cn-hangzhou").host == "123.cn-hangzhou.fc.aliyuncs.com"
    assert endpoints.fc_endpoint("", "cn-hangzhou").host == "fcv3.cn-hangzhou.aliyuncs.com"
