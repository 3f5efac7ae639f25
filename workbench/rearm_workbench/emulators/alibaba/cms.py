"""CloudMonitor (CMS) 2019-01-01: DescribeMetricLast, over values that were put by hand, and the counts of the account's SMQ queues.

Shape: alibabacloud.com/help/doc-detail/155560.htm. Minute-level data is looked for in the last two hours. The metrics of SMQ are
named by the page of its GetQueueAttributes; their dimensions and statistics are a guess.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rearm_workbench.emulators.alibaba.account import ACCOUNT
from rearm_workbench.emulators.alibaba.mns import Mns
from rearm_workbench.emulators.alibaba.wire import ApiError, RpcCall
from rearm_workbench.emulators.lifecycle import Clock

VERSIONS = ("2019-01-01",)
STATISTICS = ("Minimum", "Average", "Maximum")
KEPT_S = 7200
QUEUES = "acs_smq"
QUEUE_COUNTS = {
    "NumberOfMessagesVisible": "ActiveMessages",
    "NumberOfMessagesInvisible": "InactiveMessages",
    "NumberOfMessagesDelayed": "DelayMessages",
}


@dataclass
class Series:
    """One metric of one resource. `points`: (seconds since the epoch, value), in order."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    statistics: tuple[str, ...]
    points: list[tuple[float, float]] = field(default_factory=list)

    def row(self, now: float) -> dict[str, Any] | None:
        """The last point, as the API tells it; None without one in the last two hours."""
        at, value = self.points[-1] if self.points else (0.0, 0.0)
        if at <= now - KEPT_S:
            return None
        return {"timestamp": int(at * 1000), "userId": ACCOUNT, **self.dimensions, **dict.fromkeys(self.statistics, value)}


class Cms:
    """The metrics of one account. A page holds `Length` rows, 1000 by default."""

    def __init__(self, clock: Clock, mns: Mns) -> None:
        self._clock, self._mns = clock, mns
        self._series: list[Series] = []
        self.operations: dict[str, Callable[[RpcCall], dict[str, Any]]] = {"DescribeMetricLast": self.last}

    def put(self, namespace: str, name: str, dimensions: dict[str, str], value: float, statistics: tuple[str, ...] = STATISTICS) -> None:
        """A value of now."""
        named = (namespace, name, dimensions)
        found = next((one for one in self._series if (one.namespace, one.name, one.dimensions) == named), None)
        if found is None:
            found = Series(*named, statistics)
            self._series.append(found)
        found.points.append((self._clock.now(), value))

    def last(self, call: RpcCall) -> dict[str, Any]:
        namespace, name, wanted = call.need("Namespace"), call.need("MetricName"), _dimensions(call)
        period_s = call.number("Period", 60, 1, 86_400)
        size = call.number("Length", 1000, 1, 1440)
        begin = call.number("NextToken", 0, 0, 1_000_000)
        known = [*self._series, *self._queues(name)] if namespace == QUEUES else self._series
        found = [one for one in known if (one.namespace, one.name) == (namespace, name) and _fits(one.dimensions, wanted)]
        rows = [row for one in found if (row := one.row(self._clock.now())) is not None]
        more = {"NextToken": str(begin + size)} if len(rows) > begin + size else {}
        told = json.dumps(rows[begin : begin + size])
        return {"Code": "200", "Success": True, "Period": str(period_s), "Datapoints": told, **more}

    def _queues(self, name: str) -> list[Series]:
        """What is true now, told as the value of the last whole minute."""
        at = self._clock.now() // 60 * 60
        if name not in QUEUE_COUNTS:
            return []
        counts = {queue.name: self._mns.counts(queue)[QUEUE_COUNTS[name]] for queue in self._mns.queues.values()}
        return [Series(QUEUES, name, {"queueName": queue}, ("Value",), [(at, count)]) for queue, count in counts.items()]


def _dimensions(call: RpcCall) -> list[dict[str, str]]:
    try:
        given = json.loads(call.get("Dimensions") or "[]")
    except ValueError:
        given = None
    given = [given] if isinstance(given, dict) else given
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise ApiError("400", 'The specified parameter "Dimensions" is not valid.')
    return given


def _fits(dimensions: dict[str, str], wanted: list[dict[str, str]]) -> bool:
    return not wanted or any(one.items() <= dimensions.items() for one in wanted)
