"""The waits of the campaign: what each one is like, and how it has to end whatever is killed meanwhile.

A wait has a scaling group, a hook and a profile of its own, all of its name, so that everything told about it can be found by that name.
The hook's default result always differs from what rearm is to answer: who ended the wait can be told from the result.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import yaml

Way = Literal["topic", "queue", "rule", "direct", "bus", "oos", "fc2"]
End = Literal["ready", "never", "broken", "gone", "hook deleted"]


@dataclass(frozen=True)
class Scenario:
    """`end_s` after its begin the instance is ready, or vanishes, or the hook is deleted; for the others it is the profile's budget.

    `ended_by` and `result` are what has to come out; `least_heartbeats` shows that the wait was long enough to tell something.
    """

    kind: str
    cloud: Literal["aws", "alibaba"]
    way: Way
    transition: Literal["launch", "terminate"]
    hook_s: int
    end: End
    end_s: tuple[int, int]
    result: str
    default: str
    every_s: int = 60
    instances: int = 1
    least_heartbeats: int = 0
    ended_by: str = "client"


SCENARIOS = (
    Scenario("ready, many heartbeats", "aws", "topic", "launch", 300, "ready", (1500, 2400), "CONTINUE", "ABANDON", least_heartbeats=4),
    Scenario("ready, through a queue", "aws", "queue", "launch", 600, "ready", (900, 2000), "CONTINUE", "ABANDON", least_heartbeats=1),
    Scenario("never ready", "aws", "rule", "launch", 600, "never", (1200, 1800), "ABANDON", "CONTINUE", least_heartbeats=1),
    Scenario("drained", "aws", "direct", "terminate", 300, "ready", (900, 1800), "CONTINUE", "ABANDON", least_heartbeats=2),
    Scenario("ready, short hook", "aws", "direct", "launch", 60, "ready", (400, 900), "CONTINUE", "ABANDON", 20, least_heartbeats=6),
    Scenario("never ready, short hook", "aws", "topic", "launch", 120, "never", (400, 700), "ABANDON", "CONTINUE", 20, least_heartbeats=2),
    Scenario("ready, long hook", "aws", "direct", "launch", 3600, "ready", (2400, 4200), "CONTINUE", "ABANDON", 180),
    Scenario("failing", "aws", "rule", "launch", 300, "broken", (900, 1500), "ABANDON", "CONTINUE", least_heartbeats=2),
    Scenario("instance gone", "aws", "rule", "launch", 600, "gone", (300, 1500), "ABANDON", "CONTINUE", ended_by="gone"),
    Scenario("ready, three instances", "alibaba", "topic", "launch", 300, "ready", (1500, 2700), "CONTINUE", "ABANDON", 60, 3, 1),
    Scenario("never ready", "alibaba", "queue", "launch", 300, "never", (1200, 1800), "ABANDON", "CONTINUE", least_heartbeats=1),
    Scenario("drained, two instances", "alibaba", "bus", "terminate", 300, "ready", (900, 1800), "CONTINUE", "ABANDON", 60, 2, 1),
    Scenario("ready, by a template", "alibaba", "oos", "launch", 120, "ready", (600, 1500), "CONTINUE", "ABANDON", least_heartbeats=1),
    Scenario("ready, FC 2.0", "alibaba", "fc2", "launch", 300, "ready", (900, 2000), "CONTINUE", "ABANDON", least_heartbeats=1),
    Scenario("kept", "alibaba", "topic", "terminate", 300, "broken", (900, 1500), "ROLLBACK", "CONTINUE", least_heartbeats=1),
    Scenario(
        "hook deleted", "alibaba", "topic", "launch", 600, "hook deleted", (600, 1800), "CONTINUE", "CONTINUE", ended_by="hook deleted"
    ),
)
NIGHT = Scenario(
    "never ready, all six hours", "alibaba", "topic", "launch", 1800, "never", (0, 0), "ABANDON", "CONTINUE", 600, least_heartbeats=3
)


@dataclass(frozen=True)
class Planned:
    """One wait of a campaign. `end_s` 0: as long as the cloud allows."""

    name: str
    scenario: Scenario
    begin_s: int
    """After the begin of its round."""
    end_s: int

    @property
    def path(self) -> str:
        return f"/{self.name}"


def round_of(number: int, rng: random.Random) -> list[Planned]:
    """One wait of each scenario, begun within 20 minutes. The first round has the long one too."""
    waits = []
    for index, scenario in enumerate([*SCENARIOS, *([NIGHT] if number == 1 else [])], 1):
        name = f"r{number:02}-{index:02}-{scenario.cloud}-{scenario.way}"
        begin_s = 0 if scenario is NIGHT else rng.randrange(0, 1200)
        waits.append(Planned(name, scenario, begin_s, rng.randint(*scenario.end_s)))
    return sorted(waits, key=lambda wait: wait.begin_s)


def configuration(waits: Iterable[Planned], port: int) -> str:
    """A profile for each wait, by the group's name. Whether its instances are ready, `http://127.0.0.1:PORT/NAME` says."""
    return str(yaml.safe_dump({"version": 1, "profiles": [_profile(wait, port) for wait in waits]}))


def _profile(wait: Planned, port: int) -> dict[str, Any]:
    asked = wait.scenario
    check: dict[str, Any] = {"http": {"host": "127.0.0.1", "port": port, "path": wait.path}}
    if (asked.cloud, asked.transition) == ("aws", "terminate"):
        check = {"tag": {"key": "drained", "value": "yes"}}
    profile: dict[str, Any] = {
        "name": wait.name,
        "match": {"cloud": asked.cloud, "group": wait.name, "transition": asked.transition},
        "checks": ["instance_status", check],
        "every": asked.every_s,
    }
    if asked.end in ("never", "broken"):
        profile |= {"on_timeout": asked.result} | ({"budget": wait.end_s} if wait.end_s else {})
    return profile
