"""`deregister_targets` on Alibaba Cloud: a CLB instance, VServer groups, and server groups of ALB and NLB."""

from pathlib import Path
from typing import Any

import pytest

from check_clouds import I, instance
from rearm_workbench.emulators.alibaba.balancers import REMOVING_S, Server
from step_clouds import assert_nonsense_is_going, assert_trouble_is_going, do, every_other_timer_fails, played, said

KIND = "deregister_targets"
PLACES: list[tuple[dict[str, object], str, str, tuple[str, str]]] = [
    ({"load_balancer": "lb-1"}, "slb", "lb-1", ("slb:DescribeLoadBalancerAttribute", "slb:RemoveBackendServers")),
    ({"vserver_group": "rsp-1"}, "slb", "rsp-1", ("slb:DescribeVServerGroupAttribute", "slb:RemoveVServerGroupBackendServers")),
    ({"server_group": "sgp-1"}, "alb", "sgp-1", ("alb:ListServerGroupServers", "alb:RemoveServersFromServerGroup")),
    ({"server_group": "sgp-1", "balancer": "nlb"}, "nlb", "sgp-1", ("nlb:ListServerGroupServers", "nlb:RemoveServersFromServerGroup")),
]
of_each_place = pytest.mark.parametrize(("settings", "product", "place", "calls"), PLACES, ids=[calls[1] for *_, calls in PLACES])


def behind(cloud: Any, product: str, place: str) -> list[Server]:
    """The servers of a place with `I` on two ports of a group, and another instance."""
    instance(cloud, transition="terminate")
    servers: list[Server] = cloud.emulator.balancers.place(product, place)
    servers += [Server("i-other", 80), Server(I, 80)] + ([] if place == "lb-1" else [Server(I, 81)])
    return servers


def told(cloud: Any, settings: dict[str, object]) -> tuple[str, str]:
    found = do(cloud, KIND, settings)
    return found.status, found.reason


@of_each_place
def test_an_instance_is_taken_out_on_every_port(
    alibaba_cloud: Any, clock: Any, settings: Any, product: str, place: str, calls: Any
) -> None:
    servers = behind(alibaba_cloud, product, place)
    assert told(alibaba_cloud, settings) == ("going", "to be removed")
    if product != "slb":
        assert told(alibaba_cloud, settings) == ("going", "is being removed")
        clock.run_until(clock.now() + REMOVING_S)
    assert told(alibaba_cloud, settings) == ("done", "not behind the load balancer")
    assert servers == [Server("i-other", 80)]


@of_each_place
def test_who_does_not_wait_is_done_at_once(alibaba_cloud: Any, settings: Any, product: str, place: str, calls: Any) -> None:
    behind(alibaba_cloud, product, place)
    assert told(alibaba_cloud, settings | {"wait_for_draining": False}) == ("done", "removed")


@pytest.mark.parametrize(("settings", "product", "place", "calls"), PLACES[1:])
def test_another_port_of_the_instance_stays(alibaba_cloud: Any, settings: Any, product: str, place: str, calls: Any) -> None:
    servers = behind(alibaba_cloud, product, place)
    assert told(alibaba_cloud, settings | {"port": 9000}) == ("done", "not behind the load balancer")
    assert told(alibaba_cloud, settings | {"port": 81})[0] == "going"
    assert [(one.instance_id, one.port) for one in servers if one.status == "Available"] == [("i-other", 80), (I, 80)]


def test_more_ports_than_a_call_takes_go_in_several(alibaba_cloud: Any) -> None:
    servers = behind(alibaba_cloud, "slb", "rsp-1")
    servers += [Server(I, port) for port in range(1000, 1050)]
    assert told(alibaba_cloud, {"vserver_group": "rsp-1"})[0] == "going"
    assert servers == [Server("i-other", 80)]


@of_each_place
def test_a_place_that_does_not_exist_has_failed_and_an_instance_that_is_gone_is_done(
    alibaba_cloud: Any, settings: Any, product: str, place: str, calls: Any
) -> None:
    status, reason = told(alibaba_cloud, settings)
    assert (status, calls[0] in reason) == ("failed", True)
    behind(alibaba_cloud, product, place)
    alibaba_cloud.vanish(I)
    assert told(alibaba_cloud, settings)[0] == "done"


@of_each_place
def test_trouble_is_going(alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch, settings: Any, product: str, place: str, calls: Any) -> None:
    servers = behind(alibaba_cloud, product, place)
    for call in calls:
        assert_trouble_is_going(alibaba_cloud, call, KIND, settings)
    assert_nonsense_is_going(monkeypatch, alibaba_cloud, "rearm.steps.alibaba.deregister_targets.alibaba", KIND, settings)
    assert {one.status for one in servers} == {"Available"}


@of_each_place
def test_a_wait_takes_it_out_once_and_goes_on_when_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any, product: str, place: str, calls: Any
) -> None:
    happened = every_other_timer_fails(monkeypatch)
    wait = played("alibaba", tmp_path, {KIND: settings})
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert wait.waited_s <= 121, "the next look after it is out, or the one after that"
    assert wait.api_calls[calls[1]] == len(wait.action.instances)
    done = {line for line in said(wait) if line.startswith("step done")}
    assert len(done) == len(wait.action.instances) == 2
    assert all(line.endswith("not behind the load balancer") for line in done)
    assert "failed" in happened
