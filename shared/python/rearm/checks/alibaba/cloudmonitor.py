"""CloudMonitor, as checks ask it: alibabacloud.com/help/doc-detail/155560.htm (DescribeMetricLast, API version 2019-01-01)."""

import json
from collections.abc import Mapping
from typing import Any

from rearm.checks.asking.call import alibaba, short, unreadable
from rearm.clouds import Cloud
from rearm.clouds.alibaba.answers import field
from rearm.clouds.alibaba.calls import CallFailed
from rearm.errors import TryAgain

CALL = "cms:DescribeMetricLast"


def newest(cloud: Cloud, namespace: str, name: str, dimensions: Mapping[str, str], period_s: int) -> list[Mapping[str, Any]]:
    """The newest row of each series that has these dimensions, and perhaps more: dimensions, statistics, `timestamp`. Raises RearmError."""
    params: dict[str, object] = {"Namespace": namespace, "MetricName": name, "Period": period_s}
    if dimensions:
        params["Dimensions"] = json.dumps([dict(dimensions)], separators=(",", ":"))
    answer = alibaba(cloud, "cms", "DescribeMetricLast", params)
    # An error may come with HTTP 200: the code is then in the body.
    code = str(field(answer, "Code") or "200")
    if code != "200" or str(field(answer, "Success")).lower() == "false":
        raise CallFailed(CALL, short(code), text=short(field(answer, "Message")))
    try:
        rows = json.loads(answer["Datapoints"] or "[]")
    except (ValueError, TypeError, KeyError):
        unreadable(CALL)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        unreadable(CALL)
    if field(answer, "NextToken"):
        raise TryAgain(f"{CALL}: more than one page of series: give more dimensions")
    latest: dict[str, Mapping[str, Any]] = {}
    for row in sorted(rows, key=at):
        latest[json.dumps(_series(row), sort_keys=True)] = row
    return list(latest.values())


def at(row: Mapping[str, Any]) -> float:
    """The row's time, in seconds since the epoch; 0 if it has none."""
    told = row.get("timestamp")
    return told / 1000 if isinstance(told, int | float) else 0.0


def value(row: Mapping[str, Any], statistic: str) -> float:
    """Raises TryAgain for a statistic that the metric has not got."""
    found = row.get(statistic)
    if isinstance(found, bool) or not isinstance(found, int | float):
        told = ", ".join(key for key in row if key[:1].isupper()) or "none"
        raise TryAgain(f"{CALL}: the metric has no statistic {statistic}; it has: {short(told)}")
    return float(found)


def _series(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row's dimensions: statistics begin with a capital, and are numbers."""
    return {key: part for key, part in row.items() if key != "timestamp" and isinstance(part, str)}
