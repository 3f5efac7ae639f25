"""The same requests at the same times lead to the same state; and what is the emulator's own on its port."""

import json
from typing import Any

import pytest

from alibaba_world import START, DirectWorld
from rearm_workbench.virtual_clock import VirtualClock

NEW = "2022-02-22"


class Journal:
    """Records as `rearm emulate` does: with the time."""

    def __init__(self) -> None:
        self.clock: VirtualClock | None = None
        self.requests: list[tuple[float, str, str, dict[str, str], bytes]] = []

    def record(self, cloud: str, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        assert (cloud, self.clock is not None) == ("alibaba", True)
        assert self.clock is not None
        self.requests.append((self.clock.now(), method, path, headers, body))


def made(journal: Journal | None = None, seed: int = 7) -> DirectWorld:
    world = DirectWorld(journal=journal, seed=seed)
    if journal is not None:
        journal.clock = world.clock
    world.emulator.add_trigger("mns_queue", "work", "rearm-fn")
    return world


def state(world: DirectWorld) -> Any:
    emulator = world.emulator
    actions = [
        (one.token, one.instances, one.lapses_at, one.heartbeats, one.ended_at, one.result, one.by)
        for one in emulator.book.actions.values()
    ]
    messages = {name: [vars(message) for message in queue.messages] for name, queue in emulator.mns.queues.items()}
    return actions, emulator.ess.groups.all, messages, emulator.fc.pending, emulator.ecs.instances.keys(), world.invoked


def some_work(world: DirectWorld) -> None:
    world.emulator.mns.create_queue("hooks", {})
    group = world.rpc(NEW, "CreateScalingGroup", RegionId="cn-hangzhou", MinSize=1, MaxSize=5)["ScalingGroupId"]
    arn = "acs:mns:cn-hangzhou:1234567890123456:queue/hooks"
    new = {"ScalingGroupId": group, "LifecycleTransition": "SCALE_OUT", "NotificationArn": arn, "HeartbeatTimeout": 60}
    hook = world.rpc(NEW, "CreateLifecycleHook", **new)["LifecycleHookId"]
    world.rpc(NEW, "EnableScalingGroup", ScalingGroupId=group)
    world.clock.run_until(START + 30)
    world.error(NEW, "CreateLifecycleHook", **new, DefaultResult="NONE")
    (action,) = world.emulator.book.actions.values()
    world.rpc(NEW, "RecordLifecycleActionHeartbeat", lifecycleHookId=hook, lifecycleActionToken=action.token, heartbeatTimeout=90)
    world.clock.run_until(START + 200)
    world.http("POST", "/_faults", b'{"name": "ess:ScaleWithAdjustment", "code": "Throttling"}')
    grow = {"ScalingGroupId": group, "AdjustmentType": "TotalCapacity", "AdjustmentValue": 3}
    assert world.error(NEW, "ScaleWithAdjustment", **grow)[1] == "Throttling"
    world.rpc(NEW, "ScaleWithAdjustment", **grow)
    world.clock.run_until(START + 300)


def test_a_replay_leads_to_the_same_state() -> None:
    journal = Journal()
    first = made(journal)
    with first.emulator:
        some_work(first)
    second = made()
    second.emulator.mns.create_queue("hooks", {})
    for at, method, path, headers, body in journal.requests:
        second.clock.run_until(at)
        second.emulator.replay_request(method, path, headers, body)
    second.clock.run_until(START + 300)
    assert (len(journal.requests), state(second)) == (8, state(first))
    other = made(seed=8)
    other.emulator.mns.create_queue("hooks", {})
    for _, method, path, headers, body in journal.requests:
        other.emulator.replay_request(method, path, headers, body)
    assert state(other)[1].keys() != state(first)[1].keys()


def test_failed_invocations_are_repeated_also_after_a_restart() -> None:
    """At most three times, after pauses; how they ended is recorded as a request."""
    journal = Journal()
    ran: list[tuple[float, str]] = []

    def world_that(fails: bool, journal: Journal | None) -> DirectWorld:
        world = DirectWorld(journal=journal)

        def invoke(function: str, payload: bytes, task: str | None, invocation: str) -> None:
            ran.append((world.clock.now() - START, function))
            if fails:
                world.emulator.report(invocation, ok=False)

        world.emulator = type(world.emulator)(world.clock, invoke=invoke, journal=journal)
        if journal is not None:
            journal.clock = world.clock
        world.emulator.add_trigger("mns_queue", "work", "rearm-fn")
        queue = world.emulator.mns
        queue.create_queue("work", {})
        queue.send(queue.queues["work"], "hello")
        return world

    first = world_that(True, journal)
    first.clock.run_until(START + 60)
    assert ran == [(0, "rearm-fn"), (1, "rearm-fn"), (3, "rearm-fn"), (7, "rearm-fn")]
    ran.clear()
    second = world_that(False, None)
    for at, method, path, headers, body in journal.requests:
        second.clock.run_until(at)
        second.emulator.replay_request(method, path, headers, body)
    second.clock.run_until(START + 60)
    assert ran == [(0, "rearm-fn"), (1, "rearm-fn"), (3, "rearm-fn"), (7, "rearm-fn")]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"name": "ess:X"}', b'{"name": "ess:X", "code": "Y", "times": 0}', b'{"name": "x", "code": "y", "status": 200}'],
)
def test_faults_that_are_none(body: bytes) -> None:
    world = DirectWorld()
    with world.emulator:
        status, text, _ = world.http("POST", "/_faults", body)
        elsewhere = [world.http("POST", "/_nothing")[0], world.http("GET", "/_faults")[0], world.http("POST", "/_clock", b"{}")[0]]
    assert (status, json.loads(text)["error"][:17]) == (400, 'write {"name": "e')
    assert elsewhere == [404, 405, 404]


def test_the_clock_is_whoever_controls_it() -> None:
    journal = Journal()
    world = made(journal)
    world.emulator.control = lambda path, body: b'{"now": 5}' if (path, body) == ("/_clock", b'{"advance_s": 5}') else None
    with world.emulator:
        assert world.http("POST", "/_clock", b'{"advance_s": 5}')[:2] == (200, '{"now": 5}')
    assert journal.requests == []


def test_a_port_and_a_lock_given() -> None:
    """A port that is taken is told at once."""
    first = DirectWorld()
    with first.emulator:
        host, _, port = first.emulator.endpoint.partition(":")
        second = DirectWorld(host=host, port=int(port))
        with pytest.raises(OSError, match="in use"):
            second.emulator.__enter__()
