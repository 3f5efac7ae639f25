"""Waits run by the deployed handlers on emulated clouds in virtual time, with faults: for the tests of bugs that others had."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rearm import config as configs
from rearm.clouds.alibaba.cloud import Alibaba
from rearm.clouds.aws.cloud import Aws
from rearm.core.profile import Config
from rearm_workbench.kinds import explain
from rearm_workbench.replay import events_dir
from rearm_workbench.timeline import WaitRecord
from rearm_workbench.world_alibaba import ReplayedOnAlibaba
from rearm_workbench.world_aws import ReplayedOnAws
from rearm_workbench.world_file import judge

LAUNCH, SCALE_OUT = "aws/eventbridge-launch.json", "alibaba/eventbridge-scale-out.json"
TERMINATE, SCALE_IN = "aws/eventbridge-terminate.json", "alibaba/eventbridge-scale-in.json"
on_both_clouds = pytest.mark.parametrize("event", [LAUNCH, SCALE_OUT], ids=["aws", "alibaba"])

ADAPTER: dict[str, Any] = {"aws": Aws, "alibaba": Alibaba}
BEAT = {"aws": "autoscaling:RecordLifecycleActionHeartbeat", "alibaba": "ess:RecordLifecycleActionHeartbeat"}
COMPLETE = {"aws": "autoscaling:CompleteLifecycleAction", "alibaba": "ess:CompleteLifecycleAction"}
DESCRIBE = {"aws": "autoscaling:DescribeLifecycleHooks", "alibaba": "ess:DescribeLifecycleHooks"}
TIMER = {"aws": "scheduler:CreateSchedule", "alibaba": "fc:InvokeFunction"}
TRIES = {("aws", "Throttling"): 20, ("aws", "InternalError"): 5, ("alibaba", "Throttling"): 4, ("alibaba", "InternalError"): 4}
"""How often the adapters try a call that fails like this within one look; else once. A heartbeat on Alibaba Cloud may count: once."""


@dataclass
class Invocation:
    """One invocation of a function. `safe`: after it, every wait has ended or has a look due. Times are seconds from the first delivery."""

    function: str
    began_s: float
    ended_s: float = 0
    acknowledged: bool = False
    error: Exception | None = None
    safe: bool = False


@dataclass
class Played:
    """What came of a notification."""

    waits: list[WaitRecord]
    invocations: list[Invocation] = field(default_factory=list)

    @property
    def wait(self) -> WaitRecord:
        [one] = self.waits
        return one


Plant = Callable[[Any], None]


def play(event: object, *plants: Plant, rules: dict[str, Any] | None = None, scratch: Path | None = None, **world: object) -> Played:
    """Deliver a notification (a sample's name, or what becomes JSON) and run until every wait has ended.

    `rules` is the only profile, else the default configuration; it needs `scratch` for its file. `world` as in a world file.
    """
    payload = (events_dir() / event).read_bytes() if isinstance(event, str) else json.dumps(event).encode()
    kind, parsed = explain(payload)
    actions = [one.action for one in parsed if one.action is not None]
    config, path = _config(rules, scratch)
    world_class: type[Any] = ReplayedOnAws if kind.cloud == "aws" else ReplayedOnAlibaba
    made = world_class("event", kind, actions, judge(world), config, path)
    played = Played([])

    def before(standing: Any) -> None:
        _watch(standing, played)
        for plant in plants:
            plant(standing)

    played.waits = made.run(before=before)
    return played


def failing(names: dict[str, str], code: str, status: int, times: int = 1) -> Plant:
    """The next `times` looks' calls fail before they take effect, however often the adapter tries."""

    def plant(world: Any) -> None:
        cloud = world.kind.cloud
        counts = names is BEAT and cloud == "alibaba" and code != "Throttling"
        world.emulator.fail_next(names[cloud], code, status, times=times * (1 if counts else TRIES.get((cloud, code), 1)))

    return plant


def breaking_first(times: int, real: Callable[..., Any]) -> Callable[..., Any]:
    """The first so many calls raise what no adapter raises."""
    calls: list[None] = []

    def call(*args: Any) -> Any:
        calls.append(None)
        if len(calls) <= times:
            raise KeyError("UserData")
        return real(*args)

    return call


def cloud_of(event: str) -> str:
    """Of a sample's name."""
    return event.partition("/")[0]


def ready_at(**after_s: float | None) -> Plant:
    """Each instance (in the order of the notification: `first`, `second`) becomes ready on its own; None: never."""

    def plant(world: Any) -> None:
        for wait in world.waits:
            for instance, seconds in zip(wait.action.instances, after_s.values(), strict=True):
                world.instances.set_ready(instance, lambda s=seconds: s is not None and world.clock.now() >= world.start + s)

    return plant


def whats(wait: WaitRecord) -> list[str]:
    return [entry.what for entry in wait.timeline]


def looks_at(wait: WaitRecord) -> list[int]:
    """When the looks were, seconds from the first delivery."""
    return [entry.at_s for entry in wait.timeline if entry.what.startswith("look ") and entry.what != "look again"]


def _config(rules: dict[str, Any] | None, scratch: Path | None) -> tuple[Config, Path | None]:
    if rules is None:
        return configs.load(str(configs.DEFAULT)), None
    assert scratch is not None
    path = scratch / "rearm.json"
    path.write_text(json.dumps({"version": 1, "profiles": [{"name": "rules", **rules}]}))
    return configs.load(str(path)), path


def _watch(world: Any, played: Played) -> None:
    run = world._run

    def watched(name: str, event: Any) -> Any:
        one = Invocation(name, world.clock.now() - world.start)
        played.invocations.append(one)
        try:
            answer = run(name, event)
            one.acknowledged = not (answer or {}).get("batchItemFailures")
            return answer
        except Exception as error:
            one.error = error
            raise
        finally:
            one.ended_s = world.clock.now() - world.start
            one.safe = all(wait.real.ended_at is not None for wait in world.waits) or world.pending_timers() > 0

    world._run = watched
