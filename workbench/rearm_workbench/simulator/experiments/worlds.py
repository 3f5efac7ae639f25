"""Worlds made by hand: what varies is drawn from a seed, the rest is the experiment's. Pure."""

import hashlib
from random import Random

from rearm.core.model import CloudName, Transition
from rearm_workbench.simulator.scenario import PACES, Instance, Pace, Scenario, WaitPlan
from rearm_workbench.simulator.weather import LOSS_RATE

EVERY_60 = PACES[0]
HOOKS_S = (300, 600, 1200, 3600)
CALLS_FAIL = frozenset(["throttle", "5xx", "timeout-before", "timeout-after"])


def wait(
    random: Random,
    number: int,
    *,
    timeout_s: int,
    ready_s: float | None,
    pace: Pace = EVERY_60,
    transition: Transition = "terminate",
    begins_s: float = 0.0,
    notified_s: tuple[float, ...] | None = None,
) -> WaitPlan:
    """One wait of one instance. Its default result is ABANDON."""
    digits = f"{random.getrandbits(128):032x}"
    name = "i-" + hashlib.sha256(f"{digits} {number}".encode()).hexdigest()[:17]
    return WaitPlan(
        group=f"group-{timeout_s}-p{PACES.index(pace)}",
        hook=f"hook-{transition}-{timeout_s}",
        token=f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}",
        transition=transition,
        instances=(Instance(name, ready_s),),
        timeout_s=timeout_s,
        default_result="ABANDON",
        pace=pace,
        begins_s=begins_s,
        notified_s=(random.uniform(0.2, 2.0),) if notified_s is None else notified_s,
    )


def burst(seed: int, cloud: CloudName, count: int = 1000, calls_per_s: float = 10.0) -> Scenario:
    """A scale-in: `count` instances within two seconds, hook 300 s, a look a minute, drained after 5 to 20 minutes; timers as late as
    documented, an account of `calls_per_s`, every invocation in a container of its own."""
    random = Random(f"burst {cloud} {seed}")
    waits = tuple(
        wait(random, number, timeout_s=300, ready_s=random.uniform(300, 1200), begins_s=random.uniform(0, 2)) for number in range(count)
    )
    return Scenario(
        f"burst {seed}", cloud, "eventbridge", "lossy", frozenset(["late"]), waits, calls_per_s=calls_per_s, many_containers=True
    )


def losses(number: int, sweep_s: int | None) -> Scenario:
    """Four waits of which a fifth of the notifications never comes, and a fifth of the timers neither. The other values are the same
    whatever the sweep's interval is."""
    random = Random(f"losses {number}")
    cloud: CloudName = random.choice(("aws", "alibaba"))
    waits = []
    for position in range(4):
        timeout_s, pace = random.choice(HOOKS_S), random.choice((PACES[0], PACES[2], PACES[4]))
        notified_s = () if random.random() < LOSS_RATE else (random.uniform(0.2, 2.0),)
        ready_s, begins_s = random.uniform(0.5, 3) * timeout_s, random.uniform(0, 600)
        waits.append(wait(random, position, timeout_s=timeout_s, ready_s=ready_s, pace=pace, begins_s=begins_s, notified_s=notified_s))
    return Scenario(
        f"losses {number}",
        cloud,
        "eventbridge",
        "lossy",
        frozenset(["late", "lose-notification", "lose-timer"]),
        tuple(waits),
        sweep_s=sweep_s,
    )


def failing(number: int, cloud: CloudName, rate: float, lateness_s: float, *, kills: bool = False) -> Scenario:
    """Eight waits, ready after two to six heartbeat timeouts, while calls fail at `rate` and, with `kills`, invocations die at
    a quarter of it. A sweep comes each five minutes."""
    random = Random(f"failing {number}")
    waits = []
    for position in range(8):
        timeout_s = random.choice((300, 600, 900))
        ready_s = min(18_000.0, random.uniform(2, 6) * timeout_s)
        waits.append(wait(random, position, timeout_s=timeout_s, ready_s=ready_s, begins_s=random.uniform(0, 60)))
    faults = CALLS_FAIL | {"late"} | ({"kill"} if kills else set())
    return Scenario(
        f"failing {number}",
        cloud,
        "eventbridge",
        "lossy",
        frozenset(faults),
        tuple(waits),
        rate=rate,
        lateness_s=lateness_s,
        sweep_s=300,
    )


def short_hook(number: int, timeout_s: int) -> Scenario:
    """Eight waits on an AWS hook of that timeout, ready after one to ten minutes; timers as late as documented."""
    random = Random(f"short {number}")
    waits = tuple(
        wait(random, position, timeout_s=timeout_s, ready_s=random.uniform(60, 600), begins_s=random.uniform(0, 60))
        for position in range(8)
    )
    return Scenario(f"short {number}", "aws", "eventbridge", "lossy", frozenset(["late"]), waits)


def endless(number: int, timeout_s: int, *, adds: bool) -> Scenario:
    """Four waits on Alibaba Cloud that are never ready: how long are they kept?"""
    random = Random(f"endless {number}")
    waits = tuple(wait(random, position, timeout_s=timeout_s, ready_s=None, pace=PACES[4]) for position in range(4))
    return Scenario(f"endless {number}", "alibaba", "eventbridge", "lossy", frozenset(["late"]), waits, heartbeat_adds=adds)
