"""From ready to completed: how long an instance that is ready waits for the look that sees it."""

from replays import play
from results import Table

FIRST_S = 300
OFFSETS_S = range(0, 60, 4)
"""Where between two looks the instance becomes ready."""
LATE_S = 59
"""As late as EventBridge Scheduler may be: it promises the minute."""

LATE = f"AWS, every timer {LATE_S} s late"


def measure(runs: int) -> dict[str, Table]:
    """Seconds of virtual time, a sample for each offset; `runs` is not used."""
    del runs
    rows = {
        "AWS, timers on time": _seconds("aws", 0),
        LATE: _seconds("aws", LATE_S),
        "Alibaba Cloud": _seconds("alibaba", 0),
    }
    note = f"A look a minute; ready at {len(OFFSETS_S)} moments between two looks. Seconds of virtual time, so the same in every run."
    return {"seconds": Table("Seconds from ready to completed", "s", "", rows, note)}


def _seconds(cloud: str, late_s: int) -> list[float]:
    worlds: list[dict[str, object]] = [
        {"ready_after": FIRST_S + offset, **({"timers_late": late_s} if late_s else {})} for offset in OFFSETS_S
    ]
    return [float(wait["waited_s"] - wait["ready_s"]) for wait in play(cloud, worlds)]
