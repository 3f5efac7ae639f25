"""`queue_empty` on Alibaba Cloud: what CloudMonitor counts of an SMQ queue.

SMQ's own GetQueueAttributes will not do: its three counts are about to be 0 always, full queue or not, and its page sends to CloudMonitor
(alibabacloud.com/help/en/mns/developer-reference/api-mns-open-2022-01-19-getqueueattributes).
"""

from collections.abc import Mapping
from typing import Any

from rearm import clock
from rearm.checks.alibaba import cloudmonitor
from rearm.clouds import Cloud
from rearm.errors import TryAgain

NAMESPACE = "acs_smq"
PERIOD_S = 60
RECENT_S = 480
"""CloudMonitor is behind by some minutes; an older count proves nothing."""
COUNTED = ("Value", "Maximum", "Average", "Sum")
"""Statistics that are 0 for an empty queue. Which of them this metric has is not documented: all that are there have to be 0."""


def counted(queue: str, metric: str, cloud: Cloud) -> float:
    """The largest of the queue's recent counts. Its dimension has no documented name, so all queues are asked for, and one is picked.

    Raises RearmError.
    """
    rows = cloudmonitor.newest(cloud, NAMESPACE, metric, {}, PERIOD_S)
    recent = [row for row in rows if queue in row.values() and cloudmonitor.at(row) >= clock.now() - RECENT_S]
    if not recent:
        raise TryAgain(f"CloudMonitor has no recent {metric} of the queue")
    return max(_count(row, metric) for row in recent)


def _count(row: Mapping[str, Any], metric: str) -> float:
    told = [row[name] for name in COUNTED if isinstance(row.get(name), int | float) and not isinstance(row[name], bool)]
    # Not a number, or less than nothing, is not empty either.
    if not told or not all(value >= 0 for value in told):
        raise TryAgain(f"{cloudmonitor.CALL}: {metric} has no count")
    return float(max(told))
