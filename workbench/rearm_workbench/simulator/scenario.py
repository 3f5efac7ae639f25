"""What a seed makes: one cloud, some waits, and the faults that may befall them. Pure: the same seed, the same scenario."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import Literal

from rearm.core.limits import LIMITS
from rearm.core.model import CloudName, Result, Transition

Regime = Literal["calm", "gentle", "lossy", "storm"]
"""How much is promised. calm: no fault. gentle: one fault at a time, each of them survivable: every wait must be ended by rearm.
lossy: notifications and timers are lost, the sweep runs. storm: anything; nothing wrong may be done, but time may run out."""

FAULTS: dict[str, str] = {
    "duplicate": "a notification is delivered more than once",
    "delay": "a notification comes late, and so out of order",
    "lose-notification": "a notification never comes",
    "late": "a timer comes late: up to 60 s as documented, and worse in a storm",
    "early": "a timer comes early",
    "duplicate-timer": "a timer comes twice",
    "lose-timer": "a timer never comes",
    "throttle": "a call is throttled until its caller gives up",
    "5xx": "a call fails with a server error",
    "timeout-before": "a call gets no answer, and was not done",
    "timeout-after": "a call gets no answer, and was done",
    "check-error": "a check cannot be asked",
    "kill": "an invocation is killed between two effects",
    "skew": "the function's clock and the cloud's differ",
    "consistency": "a wait is announced before it accepts a completion",
    "gone": "an instance vanishes",
    "hook-deleted": "somebody deletes the hook",
    "hook-changed": "somebody changes the hook's timeout",
    "completed-elsewhere": "somebody else completes the action",
    "several-hooks": "two hooks on one transition",
    "several-instances": "one token for several instances (Alibaba Cloud)",
    "poison": "a message that is no notification, in the same batch",
    "burst": "many instances at once, on an account with few calls a second",
    "recursion": "the platform counts timers as recursion and stops a chain after 16 invocations",
    "adds": "a heartbeat adds to the time left instead of setting it (Alibaba Cloud)",
}
PASSING = frozenset(["throttle", "5xx", "timeout-before", "timeout-after", "kill"])
LOSSES = frozenset(["lose-notification", "lose-timer"])
DOORWAYS: dict[CloudName, tuple[str, ...]] = {
    "aws": ("eventbridge", "sns", "sqs", "direct"),
    "alibaba": ("mns_topic", "mns_queue", "eventbridge", "oos"),
}


@dataclass(frozen=True)
class Pace:
    """A profile of the simulated configuration: a look every `every_s`, a budget, and what is answered at its end."""

    every_s: int
    budget_s: int | None = None
    on_timeout: Result | None = None
    linger_s: int | None = None
    """How often the checks are asked again between two looks, inside the invocation."""


PACES = (
    Pace(60),
    Pace(60, 1200),
    Pace(30, 900),
    Pace(120, 3600),
    Pace(300),
    Pace(60, 2400, "CONTINUE"),
    Pace(600, linger_s=60),
    Pace(15, 420),
)
BUDGETED = tuple(pace for pace in PACES if pace.budget_s)


@dataclass(frozen=True)
class Instance:
    """One instance. Seconds are counted from the beginning of its wait; None: never."""

    name: str
    ready_s: float | None = None
    fails_s: float | None = None
    gone_s: float | None = None


@dataclass(frozen=True)
class WaitPlan:
    """One lifecycle action to come. `notified_s`: when its notification is delivered, each time it is; () for never."""

    group: str
    hook: str
    token: str
    transition: Transition
    instances: tuple[Instance, ...]
    timeout_s: int
    default_result: Result
    pace: Pace
    begins_s: float = 0.0
    notified_s: tuple[float, ...] = (1.0,)
    accepts_s: float = 0.0
    """Until then completions and heartbeats are refused as if there were no action (eventual consistency)."""
    elsewhere: tuple[float, Result] | None = None
    hook_deleted_s: float | None = None
    hook_changed: tuple[float, int] | None = None


@dataclass(frozen=True)
class Scenario:
    """One run."""

    seed: str
    cloud: CloudName
    doorway: str
    regime: Regime
    faults: frozenset[str]
    waits: tuple[WaitPlan, ...]
    rate: float = 0.0
    """How often a call, a timer or an invocation is struck, each by itself."""
    skew_s: float = 0.0
    sweep_s: int | None = None
    calls_per_s: float | None = None
    """The account's rate of calls; None: as many as one likes."""
    heartbeat_adds: bool = False
    visibility_s: int = 120
    receives_max: int = 5
    function_timeout_s: int = 900
    timer_carries_lineage: bool = False
    many_containers: bool = False
    """A container runs one invocation at a time, and a new one knows nothing. Else two of them share them all, and meet more often."""
    lateness_s: float | None = None
    """How late timers may come, if not as the regime says."""
    to_come: Callable[[], Iterator[WaitPlan]] | None = None
    """More waits, in the order in which they begin. However many they are: each is let go once it is over."""

    @cached_property
    def late_max_s(self) -> float:
        """How late a timer may come: as documented, or worse in a storm."""
        if self.lateness_s is not None:
            return self.lateness_s
        documented = LIMITS[self.cloud].timer_late_s
        return documented * 4.0 if self.regime == "storm" else float(documented)


def draw(seed: str, clouds: tuple[CloudName, ...] = ("aws", "alibaba"), faults: frozenset[str] = frozenset(FAULTS)) -> Scenario:
    """The scenario of a seed. `faults`: which are allowed; each is then on or off in this run."""
    random = Random(f"scenario {seed}")
    cloud = random.choice(("aws", "alibaba"))
    cloud = cloud if cloud in clouds else clouds[0]
    regime: Regime = random.choices(("calm", "gentle", "lossy", "storm"), (1, 5, 3, 3))[0]
    on = frozenset(fault for fault in FAULTS if random.random() < 0.4) & faults
    on = _fitting(on, regime, cloud)
    burst = "burst" in on and random.random() < 0.25
    doorway = random.choice(DOORWAYS[cloud])
    short = cloud == "aws" and random.random() < 0.08
    timeout_s = _timeout(random, cloud, short=short)
    count = random.randint(20, 40) if burst else random.choices((1, 2, 3, 5), (8, 3, 2, 1))[0]
    if short and doorway == "sqs":
        count = 1
    groups = [_waits(random, seed, number, cloud, regime, on, timeout_s, burst=burst) for number in range(count)]
    return Scenario(
        seed=seed,
        cloud=cloud,
        doorway=doorway,
        regime=regime,
        faults=on,
        waits=tuple(wait for group in groups for wait in group),
        rate=random.choice((0.02, 0.05, 0.2)) if regime != "storm" else random.choice((0.05, 0.2, 0.4)),
        skew_s=random.uniform(-3, 3) if "skew" in on else 0.0,
        sweep_s=random.choice((60, 300, 600)) if regime == "lossy" or (regime == "storm" and random.random() < 0.5) else None,
        calls_per_s=random.choice((5.0, 10.0)) if burst else None,
        heartbeat_adds="adds" in on,
        visibility_s=random.choice((30, 60, 120)),
        timer_carries_lineage="recursion" in on,
    )


def _fitting(on: frozenset[str], regime: Regime, cloud: CloudName) -> frozenset[str]:
    """Without the faults that this regime's promise excludes, or this cloud does not know."""
    if regime == "calm":
        on -= PASSING | LOSSES | {"delay", "early", "duplicate-timer", "consistency", "check-error", "recursion", "hook-changed", "poison"}
    if regime == "gentle":
        on -= LOSSES | {"recursion", "hook-changed"}
    if regime == "lossy":
        on -= PASSING | {"burst"}
    if cloud == "aws":
        return on - {"several-instances", "adds"}
    return on - {"recursion"}


def _timeout(random: Random, cloud: CloudName, *, short: bool) -> int:
    if short:
        return random.choice((60, 90, 120))
    if cloud == "aws":
        return random.choice((180, 240, 300, 600, 900, 1800, 3600, 7200))
    return random.choice((120, 300, 600, 1200, 3600, 21_600))


def _waits(
    random: Random,
    seed: str,
    number: int,
    cloud: CloudName,
    regime: Regime,
    on: frozenset[str],
    timeout_s: int,
    *,
    burst: bool,
) -> list[WaitPlan]:
    """The waits of one instance, or of one set of instances: one for each hook."""
    transition: Transition = random.choice(("launch", "terminate"))
    pace = random.choice(PACES[:4] if burst else PACES)
    if timeout_s < 180:
        pace = Pace(15, 420)
    count = random.randint(2, 3) if "several-instances" in on else 1
    names = ["i-" + hashlib.sha256(f"{seed} {number} {n}".encode()).hexdigest()[:17] for n in range(count)]
    fate = random.choices(("ready", "never", "fails"), (6, 2, 1))[0]
    if fate == "never" and not pace.budget_s and (timeout_s > 600 or pace.every_s < 300):
        pace = random.choice(BUDGETED)  # else one wait in ten would have thousands of looks, and the others no time
    longest_s = pace.budget_s or min(LIMITS[cloud].wait_limit_s(timeout_s), 30 * pace.every_s)
    instances = []
    for name in names:
        ready_s = random.uniform(0, 1.1 * longest_s) if fate == "ready" else None
        fails_s = random.uniform(0, longest_s) if fate == "fails" else None
        gone_s = random.uniform(0, longest_s) if "gone" in on and random.random() < 0.3 else None
        instances.append(Instance(name, ready_s, fails_s, gone_s))
    begins_s = random.uniform(0, 5) if burst else random.uniform(0, 300)
    hooks = 2 if "several-hooks" in on and not burst else 1
    elsewhere_s, elsewhere = random.uniform(5, longest_s), "completed-elsewhere" in on and random.random() < 0.4
    deleted_s, deleted = random.uniform(5, longest_s), "hook-deleted" in on and random.random() < 0.3
    changed_s = random.uniform(200, longest_s + 200)
    plans = [
        WaitPlan(
            group=f"group-p{PACES.index(pace)}",
            hook=f"hook-{transition}-{number if cloud == 'alibaba' else 0}-{hook}",
            token=_token(random),
            transition=transition,
            instances=tuple(instances),
            timeout_s=timeout_s,
            default_result="CONTINUE" if transition == "terminate" and random.random() < 0.5 else "ABANDON",
            pace=pace,
            begins_s=begins_s + random.random() * 0.9,
            notified_s=_notified(random, regime, on, timeout_s, longest_s),
            accepts_s=random.uniform(1, 12) if "consistency" in on else 0.0,
            elsewhere=(elsewhere_s, random.choice(("CONTINUE", "ABANDON"))) if elsewhere else None,
            hook_deleted_s=deleted_s if deleted else None,
            hook_changed=(changed_s, random.choice((180, 900))) if "hook-changed" in on else None,
        )
        for hook in range(hooks)
    ]
    return [replace(plan, begins_s=plans[0].begins_s) for plan in plans]


def _notified(random: Random, regime: Regime, on: frozenset[str], timeout_s: int, longest_s: float) -> tuple[float, ...]:
    """When the notification is delivered. Lost: perhaps a copy of it comes all the same."""
    delay_max_s = 4.0 if "delay" not in on else min(60.0, timeout_s / 8) if regime != "storm" else 1.5 * timeout_s
    times = [random.uniform(0.2, delay_max_s)]
    if "lose-notification" in on and random.random() < 0.2:
        times = []
    if "duplicate" in on:
        times += [random.uniform(0.2, random.choice((2.0, 120.0, longest_s))) for _ in range(random.randint(1, 3))]
    return tuple(sorted(times))


def _token(random: Random) -> str:
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
