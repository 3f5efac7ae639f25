"""What it costs to let an instance go within seconds: a waiting hour, counted in replays, at the published prices.

Prices are list prices without the free allowances, US$, US East (N. Virginia) and the mainland's regions:

- Lambda: 0.20 for a million requests, 0.00001667 for a GB-second (docs.aws.amazon.com/whitepapers/latest/how-aws-pricing-works/lambda),
  on arm64 0.0000133334 (one fifth less; aws.amazon.com/lambda/pricing as others quote it).
- EventBridge Scheduler: 1.00 for a million invocations (cloudburn.io/blog/amazon-eventbridge-pricing, March 2026, of
  aws.amazon.com/eventbridge/pricing, which was not read).
- Function Compute: 0.000020 for a CU; 75 CU for 10,000 invocations, 1 CU for a vCPU-second, 0.15 CU for a GB-second
  (help.aliyun.com/en/functioncompute/fc/product-overview/pay-as-you-go-billing-methods).

The calls to Auto Scaling, EC2, ESS and ECS cost nothing. Memory and vCPU are those of environments/base.yml.
"""

from collections.abc import Mapping
from typing import Any

from letting_go import LATE_S, LINGERING, seconds
from replays import play
from results import Results, Sheet, Spread, Table, spread

LAMBDA_REQUEST, LAMBDA_GB_S, LAMBDA_ARM_GB_S = 0.20e-6, 0.00001667, 0.0000133334
SCHEDULE = 1.00e-6
CU, CU_INVOCATION, CU_VCPU_S, CU_GB_S = 0.000020, 75 / 10_000, 1.0, 0.15
MEMORY_GB, VCPU = 256 / 1024, 0.25
LOOK_S = 1.0
"""What a look by itself is taken to be billed for: virtual time does not pass in it. A warm one takes less, a cold start about this."""

CLOUDS = {"aws": "AWS", "alibaba": "Alibaba Cloud"}
TIMER = {"aws": "scheduler:CreateSchedule", "alibaba": "fc:InvokeFunction"}
QUESTION = {"aws": "ec2:DescribeInstanceStatus", "alibaba": "ecs:DescribeInstanceStatus"}
LINGERS_S = (5, 10, 20, 30)
EVERY_S = (10, 30, 60, 180)
BEGUN_S, HOUR_S = 3600, 3600
FIRST_S, MOMENTS, STEP_S, LEAST_SPAN_S = 660, 30, 49, 240
"""When the instance becomes ready: at so many moments of an interval, each on another second between two peeks (49 and 30 have no
common divisor). A timer that is late leaves out slots, so an interval may be longer than `every`."""
BY_PEEKS, BY_TIMERS = "lingering", "a look for each timer"
NAMES = {(BY_PEEKS, one): f"linger {one} s" for one in LINGERS_S} | {(BY_TIMERS, one): f"every {one} s, no linger" for one in EVERY_S}


def measure(runs: int) -> dict[str, Table | Sheet]:
    """The worst seconds and the hour of each cadence; `runs` is not used."""
    del runs
    found: dict[str, Table | Sheet] = {}
    for cloud, name in CLOUDS.items():
        cadences = {told: _cadence(cloud, *which) for which, told in NAMES.items()}
        waits = {told: seconds(cloud, _moments(cadence), LATE_S, **cadence) for told, cadence in cadences.items()}
        note = f"{MOMENTS} moments over an interval. Where looks linger, one comes every {LINGERING[cloud]['every']}."
        found[f"seconds-{cloud}"] = Table(f"{name}: seconds from ready to completed, every timer {LATE_S} s late", "s", "", waits, note)
        found[f"hour-{cloud}"] = _hour(cloud, name, cadences)
    return found


def points(results: Results) -> dict[str, list[tuple[float, Spread]]]:
    """For the picture: by line, (the worst seconds, US$ for the hour)."""
    lines: dict[str, list[tuple[float, Spread]]] = {}
    for cloud, name in CLOUDS.items():
        table, sheet = results.table(f"lingering.seconds-{cloud}"), results.sheets["lingering"][f"hour-{cloud}"]
        prices = {row[0]: float(row[-1]) for row in sheet.rows}
        for (how, _), told in NAMES.items():
            if table is not None:
                lines.setdefault(f"{name}, {how}", []).append((spread(table.rows[told]).high, spread([prices[told]])))
    return lines


def _cadence(cloud: str, how: str, seconds_: int) -> dict[str, str]:
    return {"every": LINGERING[cloud]["every"], "linger": f"{seconds_}s"} if how == BY_PEEKS else {"every": f"{seconds_}s"}


def _moments(cadence: Mapping[str, str]) -> list[int]:
    text = cadence["every"]
    every_s = int(text[:-1]) * (60 if text.endswith("m") else 1)
    return [FIRST_S + number * STEP_S % max(every_s, LEAST_SPAN_S) for number in range(MOMENTS)]


def _hour(cloud: str, name: str, cadences: Mapping[str, Mapping[str, str]]) -> Sheet:
    columns = ["", "seconds of function time", "invocations", "timers set", "questions of the check"]
    columns += ["US$, arm64", "US$, x86_64"] if cloud == "aws" else ["US$"]
    rows = []
    for told, cadence in cadences.items():
        function_s, looks, timers, questions = _counted(cloud, cadence)
        prices = _on_aws(function_s, looks) if cloud == "aws" else _on_alibaba(function_s, looks)
        rows.append([told, f"{function_s:.0f}", str(looks), str(timers), str(questions), *(f"{price:.5f}" for price in prices)])
    sized = f"{MEMORY_GB * 1024:.0f} MB" + ("" if cloud == "aws" else f" and {VCPU:g} vCPU")
    note = (
        f"One hour in the middle of a wait, timers on time; {sized}, list prices without free allowances (their pages: "
        f"`bench/performance/lingering.py`). A look by itself is taken to be billed for {LOOK_S:g} s."
    )
    return Sheet(f"{name}: a waiting hour", columns, rows, note)


def _counted(cloud: str, cadence: Mapping[str, str]) -> tuple[float, int, int, int]:
    """(seconds of function time, invocations, timers set, questions of the check) of an hour: what a wait of an hour more has more."""
    worlds: list[dict[str, object]] = [{"ready_after": BEGUN_S + more, "hook": {"heartbeat_timeout": "2h"}} for more in (0, HOUR_S)]
    shorter, longer = (_counts(cloud, wait) for wait in play(cloud, worlds, **cadence))
    lingered_s, looks, timers, questions = (more - less for more, less in zip(longer, shorter, strict=True))
    return lingered_s + looks * LOOK_S, looks, timers, questions


def _counts(cloud: str, wait: Mapping[str, Any]) -> tuple[int, ...]:
    return _lingered_s(wait), wait["looks"], *(wait["api_calls"].get(call[cloud], 0) for call in (TIMER, QUESTION))


def _lingered_s(wait: Mapping[str, Any]) -> int:
    """From each look that lingered to the end of its invocation. The first look, of the notification, does not linger."""
    ends = [entry["at_s"] for entry in wait["timeline"] if entry["what"] == "lingered" or entry["what"].startswith("peek ")]
    looks = [entry["at_s"] for entry in wait["timeline"] if entry["what"].startswith("look ")]
    return sum(ends) - sum(looks[1 : 1 + len(ends)])


def _on_aws(function_s: float, invocations: int) -> tuple[float, float]:
    each = invocations * (LAMBDA_REQUEST + SCHEDULE)
    return each + function_s * MEMORY_GB * LAMBDA_ARM_GB_S, each + function_s * MEMORY_GB * LAMBDA_GB_S


def _on_alibaba(function_s: float, invocations: int) -> tuple[float]:
    return (CU * (invocations * CU_INVOCATION + function_s * (VCPU * CU_VCPU_S + MEMORY_GB * CU_GB_S)),)
