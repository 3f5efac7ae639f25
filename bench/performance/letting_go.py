"""From ready to completed: how long an instance that is ready waits for the look that sees it."""

from collections.abc import Iterable

from replays import play
from results import Table

FIRST_S = 300
OFFSETS_S = range(0, 60, 4)
"""Where between two looks the instance becomes ready."""
LATE_S = 59
"""As late as EventBridge Scheduler may be: it promises the minute."""

LATE = f"AWS, every timer {LATE_S} s late"
LINGERING = {"aws": {"every": "10m", "linger": "10s"}, "alibaba": {"every": "8m", "linger": "10s"}}
"""As long an `every` as each cloud's recheck function can cover (docs/configuration.md), in whole minutes that suit an hour."""
LINGERING_STEP_S = {"aws": 41, "alibaba": 33}
"""Between two moments at which the instance becomes ready: over the whole interval, and on every second between two peeks."""
AWS_LINGERS, ALIBABA_LINGERS = (f"{name}, linger 10 s, every timer {LATE_S} s late" for name in ("AWS", "Alibaba Cloud"))


def measure(runs: int) -> dict[str, Table]:
    """Seconds of virtual time, a sample for each offset; `runs` is not used."""
    del runs
    rows = {
        "AWS, timers on time": _seconds("aws", 0),
        LATE: _seconds("aws", LATE_S),
        "Alibaba Cloud": _seconds("alibaba", 0),
        AWS_LINGERS: _lingering("aws"),
        ALIBABA_LINGERS: _lingering("alibaba"),
    }
    note = (
        f"A look a minute, and where it lingers every {LINGERING['aws']['every']} and {LINGERING['alibaba']['every']}; ready at "
        f"{len(OFFSETS_S)} moments between two looks. Seconds of virtual time, so the same in every run."
    )
    return {"seconds": Table("Seconds from ready to completed", "s", "", rows, note)}


def _seconds(cloud: str, late_s: int) -> list[float]:
    return seconds(cloud, [FIRST_S + offset for offset in OFFSETS_S], late_s)


def _lingering(cloud: str) -> list[float]:
    return seconds(cloud, [FIRST_S + number * LINGERING_STEP_S[cloud] for number in range(len(OFFSETS_S))], LATE_S, **LINGERING[cloud])


def seconds(cloud: str, ready_s: Iterable[int], late_s: int, **cadence: str) -> list[float]:
    """From ready to completed, for an instance that is ready at each of these seconds of its wait."""
    late = {"timers_late": late_s} if late_s else {}
    worlds: list[dict[str, object]] = [{"ready_after": at, "hook": {"heartbeat_timeout": "1h"}, **late} for at in ready_s]
    return [float(wait["waited_s"] - wait["ready_s"]) for wait in play(cloud, worlds, **cadence)]
