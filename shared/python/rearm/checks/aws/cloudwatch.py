"""CloudWatch, as checks ask it: docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics."""

from collections.abc import Mapping

from rearm.checks.asking.call import aws, unreadable


def newest(
    namespace: str, name: str, dimensions: Mapping[str, str], statistic: str, period_s: int, since: float, now: float
) -> list[float]:
    """The value of the newest period that is over; none if there is none since `since`. Raises RearmError.

    The running period is left out: a sum grows until its end.
    """
    answer = aws(
        "cloudwatch",
        "GetMetricStatistics",
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        Statistics=[statistic],
        Period=period_s,
        StartTime=int(since // period_s * period_s),
        EndTime=int(now // period_s * period_s),
    )
    points = answer["Datapoints"]
    if not isinstance(points, list):
        unreadable("cloudwatch:GetMetricStatistics")
    return [float(max(points, key=lambda one: one["Timestamp"])[statistic])] if points else []
