"""Schedule expressions: `at(...)`, `rate(...)` and `cron(...)`, as times of day in a time zone.

Syntax: docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types. When the first of a rate falls is not documented; here it
falls one interval after the schedule was made, or at its StartDate. `L`, `W` and `#` in a cron are refused.
"""

import calendar
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)s?\)")
CRON = re.compile(r"cron\(([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+)\)")
UNIT_S = {"minute": 60, "hour": 3600, "day": 86400}
MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
DAYS_AHEAD = 366 * 5

NextAfter = Callable[[float], float | None]
"""From a time to the next one that is due strictly after it; None when there is none."""


def parsed(expression: str, zone_name: str, made_at: float) -> NextAfter:
    """The times of a schedule. Raises `ValueError` for what is not an expression, or not modelled."""
    try:
        zone = ZoneInfo(zone_name)
    except (ValueError, ZoneInfoNotFoundError):
        raise ValueError(f"{expression} in {zone_name}") from None
    if found := AT.fullmatch(expression):
        at = datetime.fromisoformat(found.group(1)).replace(tzinfo=zone).timestamp()
        return lambda after: at if at > after else None
    if found := RATE.fullmatch(expression):
        every_s = int(found.group(1)) * UNIT_S[found.group(2)]
        return lambda after: made_at + every_s * (int((after - made_at) // every_s) + 1)
    if found := CRON.fullmatch(expression):
        fields = [_numbers(text.upper(), *limits) for text, limits in zip(found.groups(), RANGES, strict=True)]
        return lambda after: _next_of(fields, datetime.fromtimestamp(after, zone))
    raise ValueError(expression)


def is_once(expression: str) -> bool:
    """Whether the schedule invokes its target a single time."""
    return expression.startswith("at(")


def _numbers(text: str, low: int, high: int) -> set[int]:
    names = DAYS if high == 7 else MONTHS if high == 12 else {}
    for name, number in names.items():
        text = text.replace(name, str(number))
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span in ("*", "?"):
            begin, end = low, high
        else:
            begin = int(first)
            end = int(last) if dash else high if step else begin
        if not low <= begin <= end <= high:
            raise ValueError(text)
        found |= set(range(begin, end + 1, int(step or 1)))
    return found


def _next_of(fields: list[set[int]], after: datetime) -> float | None:
    minutes, hours, days, months, weekdays, years = fields
    day = after.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    for _ in range(DAYS_AHEAD):
        if day.day in days and day.month in months and day.isoweekday() % 7 + 1 in weekdays and day.year in years:
            times = (day.replace(hour=hour, minute=minute).timestamp() for hour in sorted(hours) for minute in sorted(minutes))
            due = next((at for at in times if at > after.timestamp()), None)
            if due is not None:
                return due
        day += timedelta(days=1)
    return None
