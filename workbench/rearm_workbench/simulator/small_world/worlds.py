"""The small worlds: for each way in which the rules differ, a small world in which they do.

Each lasts a few slots. A copy of the notification comes at any moment; timers come at their hour or at their latest. Their sizes are
chosen for the suite: `--faults 2` looks at pairs of faults in any of them.
"""

from collections.abc import Iterator
from dataclasses import replace

from rearm_workbench.simulator.scenario import Instance, Pace
from rearm_workbench.simulator.small_world.state import SmallWorld

NEVER = Instance("i-1")
GONE = Instance("i-1", gone_s=80)


def _ready(after_s: float) -> Instance:
    return Instance("i-1", ready_s=after_s)


AWS = SmallWorld("aws-queue", "notified through SQS", "aws", "sqs", 240, Pace(60, 240), _ready(90))
BRIDGE = replace(AWS, doorway="eventbridge")
ALIBABA = SmallWorld("alibaba-untimed", "a notification without a time", "alibaba", "oos", 120, Pace(60, 240), _ready(90))
QUEUE = replace(ALIBABA, doorway="mns_queue", instance=NEVER, copy_every_s=30)
SPENT = replace(
    ALIBABA,
    name="alibaba-spent",
    about="no budget, and the cloud's limits drawn close: heartbeats and time run out",
    doorway="eventbridge",
    timeout_s=300,
    pace=Pace(300),
    instance=NEVER,
    copy_every_s=300,
    limits_changed={"wait_max_s": 1200, "heartbeats_max": 5},
)

_ALL = (
    replace(BRIDGE, name="aws-ready", about="ready at the second slot; two faults", faults_max=2, copy_every_s=60),
    replace(BRIDGE, name="aws-never", about="never ready: the budget ends", instance=NEVER, copy_every_s=30),
    replace(
        BRIDGE,
        name="aws-late",
        about="a new instance is ready just after the budget",
        doorway="direct",
        launch=True,
        timeout_s=180,
        pace=Pace(60, 120),
        instance=_ready(150),
    ),
    replace(BRIDGE, name="aws-gone", about="a new instance is gone", doorway="sns", launch=True, instance=GONE),
    replace(BRIDGE, name="aws-young", about="ready, and the cloud does not know the wait yet", instance=_ready(0), accepts_s=12),
    AWS,
    replace(BRIDGE, name="aws-brief", about="a function of one minute", function_timeout_s=60),
    replace(
        BRIDGE,
        name="aws-beats",
        about="heartbeats between the slots",
        pace=Pace(40, 200),
        instance=_ready(170),
        copy_every_s=60,
    ),
    replace(
        BRIDGE,
        name="aws-short",
        about="a hook too short for timers",
        timeout_s=60,
        pace=Pace(30, 60),
        instance=_ready(55),
        copy_every_s=30,
        function_timeout_s=120,
    ),
    replace(
        ALIBABA,
        name="alibaba-ready",
        about="ready at the first slot; two faults",
        doorway="mns_topic",
        timeout_s=300,
        pace=Pace(120, 240),
        instance=_ready(20),
        faults_max=2,
        copy_every_s=120,
    ),
    replace(QUEUE, name="alibaba-never", about="never ready: the budget ends"),
    replace(QUEUE, name="alibaba-adds", about="the same, where heartbeats add up", heartbeat_adds=True),
    replace(QUEUE, name="alibaba-long", about="the hook is short beside the interval", pace=Pace(600, 3000), copy_every_s=60),
    replace(ALIBABA, name="alibaba-short", about="a hook shorter than a timer can be late", timeout_s=60, copy_every_s=30),
    replace(ALIBABA, name="alibaba-gone", about="the instance is gone", doorway="eventbridge", instance=GONE),
    ALIBABA,
    replace(ALIBABA, name="alibaba-brief", about="a function of one minute", doorway="mns_topic", function_timeout_s=60),
    SPENT,
    replace(SPENT, name="alibaba-spent-adds", about="the same, where heartbeats add up", heartbeat_adds=True),
)

WORLDS: dict[str, SmallWorld] = {world.name: world for world in _ALL}


def variants() -> Iterator[SmallWorld]:
    """Worlds around these: many hooks, intervals and limits, without a copy of the notification. More than the suite has time for."""
    for timeout_s in (180, 200, 240, 300, 400, 600, 900):
        for pace in (Pace(30, 150), Pace(60, 240), Pace(120, 300), Pace(300, 600), Pace(600, 600)):
            yield _variant(WORLDS["aws-never"], timeout_s, pace)
    for adds in (False, True):
        world = replace(QUEUE, name=f"alibaba-{'adds' if adds else 'sets'}", heartbeat_adds=adds)
        for timeout_s in (120, 180, 300, 600, 1800):
            for pace in (Pace(30, 150), Pace(60, 240), Pace(120, 300), Pace(300, 600), Pace(600, 2400), Pace(900, 3600)):
                yield _variant(world, timeout_s, pace)
        for timeout_s in (120, 300, 600, 900):
            for every_s in (120, 240, 600):
                for most in (4, 5, 6):
                    drawn = replace(world, name=f"{world.name}-{most}", limits_changed={"wait_max_s": 1200, "heartbeats_max": most})
                    yield _variant(drawn, timeout_s, Pace(every_s))


def _variant(world: SmallWorld, timeout_s: int, pace: Pace) -> SmallWorld:
    name = f"{world.name}/{timeout_s}/{pace.every_s}" + (f"/{pace.budget_s}" if pace.budget_s else "")
    return replace(world, name=name, about=f"a variant of {world.name}", timeout_s=timeout_s, pace=pace, copies=0)
