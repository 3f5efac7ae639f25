"""`metric`: the newest value of a metric is above or below a threshold.

AWS: GetMetricStatistics (docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics). Alibaba Cloud:
DescribeMetricLast (alibabacloud.com/help/doc-detail/155560.htm). A metric without a recent value is waiting: silence proves nothing.
"""

from typing import Annotated, Literal

import msgspec

from rearm import clock, duration
from rearm.checks.question import Question
from rearm.checks.settings.lasting import Lasting
from rearm.checks.settings.placeholder import filled
from rearm.core.model import CheckResult

CALLS = {"aws": ("cloudwatch:GetMetricStatistics",), "alibaba": ("cms:DescribeMetricLast",)}
RECENT_PERIODS = 3
"""A value may be so many periods old, and `LATE_S` more: both services are behind by a minute or several."""
LATE_S = 300

Name = Annotated[str, msgspec.Meta(pattern=r"^(?!.*[^!-~])[^:]{1,255}$", description="a text of 1 to 255 characters, without spaces")]
Namespace = Annotated[str, msgspec.Meta(pattern=r"^(?!.*[^ -~])[^:]{1,255}$", description="a text of 1 to 255 characters")]
Value = Annotated[str, msgspec.Meta(max_length=1024, pattern=r"^(?!.*[^ -~])(?:[^{}]|\{instance\})+$")]
Dimensions = Annotated[
    dict[Name, Value],
    msgspec.Meta(description="a mapping of names to texts; {instance} stands for the instance's id, other braces are not allowed"),
]
Number = Annotated[float, msgspec.Meta(description="a number")]
Statistic = Literal["Average", "Minimum", "Maximum", "Sum", "SampleCount", "Value"]
OF_ONE_CLOUD: dict[str, str] = {"SampleCount": "aws", "Value": "alibaba"}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`above` and `below` exclude the threshold itself; with both, the value has to lie between them."""

    namespace: Namespace
    name: Name
    dimensions: Dimensions = {}
    statistic: Statistic = "Average"
    period: Lasting = 60
    above: Number | None = None
    below: Number | None = None


def problems(settings: Settings, clouds: tuple[str, ...]) -> list[tuple[str, str]]:
    """What is wrong with settings whose types are right: (key, text)."""
    found: list[tuple[str, str]] = []
    if settings.above is None and settings.below is None:
        found.append(("", "has no threshold: give `above`, `below` or both"))
    elif settings.above is not None and settings.below is not None and settings.above >= settings.below:
        found.append(("above", f"`{settings.above:g}` is not less than `below`: no value can pass"))
    for cloud in clouds:
        if OF_ONE_CLOUD.get(settings.statistic, cloud) != cloud:
            found.append(("statistic", f"`{settings.statistic}` is of the other cloud only: give the profile a `match` with `cloud`"))
    try:
        period_s = duration.seconds(settings.period)
    except ValueError as error:
        found.append(("period", f"`{settings.period}`: must be {error}"))
    else:
        if period_s % 60 and not (clouds == ("aws",) and period_s in (1, 5, 10, 20, 30)):
            found.append(("period", f"`{settings.period}`: must be whole minutes (on AWS also 1s, 5s, 10s, 20s or 30s)"))
    return found


def label(settings: Settings) -> str:
    return f"metric {settings.namespace} {settings.name}"


def ask(settings: Settings, question: Question) -> CheckResult:
    """Asks for the newest values. Raises RearmError when the cloud cannot be asked."""
    period_s = duration.seconds(settings.period)
    now = clock.now()
    since = now - RECENT_PERIODS * period_s - LATE_S
    dimensions = {name: filled(value, question.instance) for name, value in settings.dimensions.items()}
    if question.cloud.name == "aws":
        from rearm.checks.aws import cloudwatch

        found = cloudwatch.newest(settings.namespace, settings.name, dimensions, settings.statistic, period_s, since, now)
    else:
        from rearm.checks.alibaba import cloudmonitor

        rows = cloudmonitor.newest(question.cloud, settings.namespace, settings.name, dimensions, period_s)
        found = [cloudmonitor.value(row, settings.statistic) for row in rows if cloudmonitor.at(row) >= since]
    if not found:
        # As good as an error: silence is neither above nor below, so `not` must not turn it round.
        return CheckResult("waiting", "no recent value yet", error=True)
    wants = _wants(settings)
    for one in found:
        if not _holds(settings, one):
            return CheckResult("waiting", f"{settings.statistic} is {one:g}, wants {wants}")
    return CheckResult("passed", f"{settings.statistic} is {found[0]:g}, {wants}")


def _holds(settings: Settings, value: float) -> bool:
    """False for a value that is not a number, too: every comparison with it is false."""
    above = settings.above is None or value > settings.above
    return above and (settings.below is None or value < settings.below)


def _wants(settings: Settings) -> str:
    parts = (("above", settings.above), ("below", settings.below))
    return " and ".join(f"{word} {limit:g}" for word, limit in parts if limit is not None)
