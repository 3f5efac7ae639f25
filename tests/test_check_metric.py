"""`metric`: CloudWatch and CloudMonitor."""

import json
from typing import Any

import pytest

from check_clouds import I, ask, assert_nonsense_is_waiting, assert_trouble_is_waiting
from rearm.checks import metric

KIND = "metric"
BELOW = {"namespace": "shop", "name": "Connections", "dimensions": {"InstanceId": "{instance}"}, "below": 5}
ECS = {"namespace": "acs_ecs_dashboard", "name": "concurrentConnections", "dimensions": {"instanceId": "{instance}"}, "below": 5}


def put(cloud: Any, value: float, instance: str = I) -> None:
    """A value of now, by the API on AWS and by hand on Alibaba Cloud."""
    if hasattr(cloud.emulator, "client"):
        dimensions = [{"Name": "InstanceId", "Value": instance}]
        datum = {"MetricName": "Connections", "Value": value, "Dimensions": dimensions}
        cloud.client("cloudwatch").put_metric_data(Namespace="shop", MetricData=[datum])
    else:
        cloud.emulator.cms.put("acs_ecs_dashboard", "concurrentConnections", {"instanceId": instance}, value)


@pytest.fixture(params=["aws", "alibaba"])
def cloud(request: pytest.FixtureRequest) -> tuple[Any, dict[str, object]]:
    """Either cloud, and settings for it."""
    return request.getfixturevalue(f"{request.param}_cloud"), BELOW if request.param == "aws" else ECS


@pytest.mark.parametrize("transition", ["launch", "terminate"])
def test_the_newest_value_of_this_instance_decides(cloud: Any, clock: Any, transition: Any) -> None:
    where, settings = cloud
    put(where, 1, "i-other")
    found = ask(where, KIND, settings, transition)
    assert (found.status, found.reason, found.error) == ("waiting", "no recent value yet", True)
    put(where, 9)
    clock.run_until(clock.now() + 60)
    found = ask(where, KIND, settings, transition)
    assert (found.status, found.reason, found.error) == ("waiting", "Average is 9, wants below 5", False)
    put(where, 4)
    clock.run_until(clock.now() + 60)
    found = ask(where, KIND, settings, transition)
    assert (found.status, found.reason) == ("passed", "Average is 4, below 5")


def test_an_old_value_proves_nothing(cloud: Any, clock: Any) -> None:
    where, settings = cloud
    put(where, 1)
    clock.run_until(clock.now() + 180 + 299)
    assert ask(where, KIND, settings).status == "passed"
    clock.run_until(clock.now() + 62)
    assert (ask(where, KIND, settings).status, ask(where, KIND, settings).reason) == ("waiting", "no recent value yet")


@pytest.mark.parametrize(
    ("limits", "passing"),
    [({"above": 3}, [4]), ({"below": 4}, [2, 3]), ({"above": 2, "below": 4}, [3]), ({"below": 2.5}, [2])],
)
def test_thresholds_are_excluded(cloud: Any, clock: Any, limits: dict[str, object], passing: list[int]) -> None:
    where, settings = cloud
    settings = {key: value for key, value in settings.items() if key != "below"} | limits
    for value in (2, 3, 4):
        put(where, value)
        clock.run_until(clock.now() + 60)
        assert (ask(where, KIND, settings).status == "passed") == (value in passing)


def test_on_aws_the_running_period_does_not_count_yet(aws_cloud: Any, clock: Any) -> None:
    settings = BELOW | {"statistic": "Sum", "period": "1m"}
    put(aws_cloud, 3)
    assert ask(aws_cloud, KIND, settings).status == "waiting"
    put(aws_cloud, 3)
    clock.run_until(clock.now() + 60)
    assert ask(aws_cloud, KIND, settings).reason == "Sum is 6, wants below 5"


def test_on_alibaba_cloud_every_series_counts(alibaba_cloud: Any) -> None:
    settings = {"namespace": "acs_ecs_dashboard", "name": "diskusage", "dimensions": {"instanceId": "{instance}"}, "below": 90}
    cms = alibaba_cloud.emulator.cms
    cms.put("acs_ecs_dashboard", "diskusage", {"instanceId": I, "device": "/dev/vda"}, 10)
    assert ask(alibaba_cloud, KIND, settings).status == "passed"
    cms.put("acs_ecs_dashboard", "diskusage", {"instanceId": I, "device": "/dev/vdb"}, 95)
    assert ask(alibaba_cloud, KIND, settings).reason == "Average is 95, wants below 90"
    found = ask(alibaba_cloud, KIND, settings | {"statistic": "Sum"})
    assert found.status == "waiting"
    assert "no statistic Sum; it has: Minimum, Average, Maximum" in found.reason


ROW: dict[str, Any] = {"timestamp": 1_772_323_200_000, "instanceId": I, "Average": 1}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"Code": "403", "Message": "Not allowed", "Datapoints": ""}, "403 Not allowed - does the function's role allow cms:Query"),
        ({"Success": False, "Datapoints": json.dumps([ROW])}, "200"),
        ({"Datapoints": "<html>"}, "cannot be read"),
        ({"Datapoints": "{}"}, "cannot be read"),
        ({"Datapoints": "[1]"}, "cannot be read"),
        ({"Datapoints": json.dumps([ROW]), "NextToken": "x"}, "more than one page"),
        ({"Datapoints": json.dumps([{**ROW, "timestamp": "x"}])}, "no recent value"),
        ({"Datapoints": json.dumps([{**ROW, "Average": "1"}])}, "no statistic Average"),
        ({"Datapoints": json.dumps([{**ROW, "Average": float("nan")}])}, "wants below 5"),
        ({"Datapoints": ""}, "no recent value"),
        ({"Datapoints": json.dumps([{**ROW, "Average": 9}, {**ROW, "timestamp": ROW["timestamp"] - 60_000}])}, "Average is 9"),
    ],
)
def test_answers_of_alibaba_cloud_that_do_not_pass(
    alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], reason: str
) -> None:
    monkeypatch.setattr("rearm.checks.alibaba.cloudmonitor.alibaba", lambda *_: answer)
    found = ask(alibaba_cloud, KIND, ECS)
    assert found.status == "waiting"
    assert reason in found.reason


def test_trouble_is_waiting(cloud: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    where, settings = cloud
    put(where, 1)
    clock.run_until(clock.now() + 60)
    aws = settings is BELOW
    call = "cloudwatch:GetMetricStatistics" if aws else "cms:DescribeMetricLast"
    assert_trouble_is_waiting(where, call, KIND, settings)
    assert ask(where, KIND, settings).status == "passed"
    where.emulator.fail_next(call, "AccessDenied" if aws else "Forbidden.RAM", 403)
    allow = call if aws else "allow cms:QueryMetricLast?"
    assert allow in ask(where, KIND, settings).reason, "what RAM calls it, not what the API does"
    place = "rearm.checks.aws.cloudwatch.aws" if aws else "rearm.checks.alibaba.cloudmonitor.alibaba"
    assert_nonsense_is_waiting(monkeypatch, where, place, KIND, settings)


@pytest.mark.parametrize(
    ("settings", "clouds", "keys"),
    [
        ({"below": 1}, ("aws", "alibaba"), []),
        ({}, ("aws",), [""]),
        ({"above": 2, "below": 2}, ("aws",), ["above"]),
        ({"below": 1, "statistic": "Value"}, ("aws",), ["statistic"]),
        ({"below": 1, "statistic": "SampleCount"}, ("aws", "alibaba"), ["statistic"]),
        ({"below": 1, "period": "90s"}, ("aws",), ["period"]),
        ({"below": 1, "period": 10}, ("aws",), []),
        ({"below": 1, "period": 10}, ("aws", "alibaba"), ["period"]),
        ({"below": 1, "period": " "}, ("aws",), ["period"]),
    ],
)
def test_settings_that_do_not_fit(settings: dict[str, Any], clouds: tuple[str, ...], keys: list[str]) -> None:
    assert [key for key, _ in metric.problems(metric.Settings("n", "m", **settings), clouds)] == keys
