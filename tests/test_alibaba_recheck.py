"""The recheck on FC 2.0 and FC 3.0, over loopback HTTP, against the emulator."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from alibaba_world import START, AdapterWorld, adapter_world, answering
from rearm.clouds.alibaba.cloud import Alibaba
from rearm.errors import TryAgain


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[AdapterWorld]:
    with adapter_world(monkeypatch) as made:
        yield made


FC_APIS = pytest.mark.parametrize(("api", "function"), [("2016-08-15", "rearm/recheck"), ("2023-03-30", "rearm-recheck")])


@FC_APIS
def test_a_recheck_comes_when_it_is_due_and_once(world: AdapterWorld, api: str, function: str) -> None:
    cloud = world.cloud(REARM_FC_API=api)
    assert cloud.recheck("rearm-1", START + 59.2, START, b'{"k": 1}') is True
    assert cloud.recheck("rearm-1", START + 90, START, b"{}") is False
    world.clock.run_until(START + 59)
    assert world.invoked == []
    world.clock.run_until(START + 3600)
    assert world.invoked == [(60.0, function, b'{"k": 1}', "rearm-1")]
    assert cloud.recheck("rearm-1", START + 9000, START + 3600, b"{}") is False
    assert world.calls == ["fc:InvokeFunction"] * 3


@FC_APIS
def test_a_recheck_beyond_the_hour_or_in_the_past_is_clamped(world: AdapterWorld, api: str, function: str) -> None:
    cloud = world.cloud(REARM_FC_API=api)
    cloud.recheck("far", START + 5000, START, b"{}")
    cloud.recheck("past", START - 5, START, b"{}")
    assert [invocation.at - START for invocation in world.emulator.pending_invocations()] == [3600, 0]


@FC_APIS
def test_invocation_errors(world: AdapterWorld, api: str, function: str) -> None:
    cloud = world.cloud(REARM_FC_API=api)
    world.emulator.fail_next("fc:InvokeFunction", "ResourceThrottled", status=503)
    assert cloud.recheck("rearm-1", START + 60, START, b"{}") is True
    world.emulator.fail_next("fc:InvokeFunction", "FunctionNotFound", status=404)
    with pytest.raises(TryAgain, match=r"fc:InvokeFunction: FunctionNotFound \(HTTP 404\)"):
        cloud.recheck("rearm-2", START + 60, START, b"{}")
    world.emulator.fail_next("fc:InvokeFunction", "StatefulAsyncInvocationAlreadyExists", status=400)
    assert cloud.recheck("rearm-3", START + 60, START, b"{}") is False
    world.emulator.fail_next("fc:InvokeFunction", "ConcurrentUpdateError", status=409)
    with pytest.raises(TryAgain, match="ConcurrentUpdateError"):
        cloud.recheck("rearm-4", START + 60, START, b"{}")


@FC_APIS
@pytest.mark.parametrize(("status", "body"), [(502, b"<html>bad gateway</html>"), (409, b'{"errorCode": "x", "errorMessage": "y"}')])
def test_invocation_errors_with_other_bodies(world: AdapterWorld, api: str, function: str, status: int, body: bytes) -> None:
    with answering(status, body) as endpoint:
        cloud = world.cloud(REARM_FC_API=api, REARM_ENDPOINT_FC=endpoint)
        if status == 409:
            assert cloud.recheck("rearm-1", START + 60, START, b"{}") is False
        else:
            with pytest.raises(TryAgain, match="fc:InvokeFunction"):
                cloud.recheck("rearm-1", START + 60, START, b"{}")


def test_the_fc_api_follows_the_surroundings(world: AdapterWorld) -> None:
    """`context.service` of FC 3.0 on Python 3.10 is an object without a name."""
    world.cloud()
    Alibaba(SimpleNamespace(service=SimpleNamespace(name=None))).recheck("a", START, START, b"{}")
    Alibaba(SimpleNamespace(service=SimpleNamespace(name="svc"))).recheck("b", START, START, b"{}")
    world.cloud(FC_SERVICE_NAME="svc2", REARM_RECHECK_FUNCTION="again").recheck("c", START, START, b"{}")
    assert [one.function for one in world.emulator.pending_invocations()] == ["rearm-recheck", "svc/recheck", "svc2/again"]
