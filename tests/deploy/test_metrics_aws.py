"""What alarms and the dashboard count: the metric filters of template.yml against the lines that replays really write."""

import io
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aws_deploy_world import env, raw, worked_out
from log_patterns import matches, value

from rearm import config
from rearm.clouds.aws.faults import THROTTLED
from rearm.core.limits import AWS
from rearm_workbench.replay import events_dir, prepare
from rearm_workbench.world_aws import ReplayedOnAws
from rearm_workbench.world_file import judge
from rearm_workbench.world_log import log_lines

DEFAULT = config.load(str(config.DEFAULT))
SHORT = {"version": 1, "profiles": [{"name": "short", "checks": ["instance_status"], "every": "60s", "budget": "5m"}]}
RESOURCES = worked_out(raw())
FILTERS = {one["Properties"]["FilterName"]: one["Properties"] for one in RESOURCES.values() if one["Type"] == "AWS::Logs::MetricFilter"}
Plant = Callable[[Any], None]


def lines(path: Path | None = None, plant: Plant = lambda _: None, late_s: int = 0, **world: object) -> list[str]:
    """The log of a replay as CloudWatch receives it: Powertools' JSON."""
    said: list[dict[str, Any]] = []
    replay = prepare(events_dir() / "aws/eventbridge-launch.json", None)
    given = msgspec.structs.replace(judge(world), timers_late_s=late_s)
    settings = config.load(str(path)) if path else DEFAULT
    with log_lines(said.append):
        ReplayedOnAws(replay.event, replay.kind, replay.actions, given, settings, path).run(before=plant)
    return [formatted(line) for line in said]


def formatted(line: dict[str, Any]) -> str:
    """What the deployed logger writes (rearm.clouds.aws.cloud)."""
    from aws_lambda_powertools import Logger

    stream = io.StringIO()
    Logger(service=f"written-{id(stream)}", logger_handler=logging.StreamHandler(stream)).info(line)
    return stream.getvalue()


def counted(name: str, found: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line)["message"] for line in found if matches(FILTERS[name]["FilterPattern"], line)]


def test_seconds_left_are_those_of_the_looks_that_acted() -> None:
    found = lines(ready_after="25m", hook={"heartbeat_timeout": "10m"})
    acted = counted("seconds-left-when-we-acted", found)
    assert [one for one in acted if not re.match("heartbeat|complete", one["did"][0]["what"])] == []
    assert len(acted) == sum("heartbeat" in line or "complete" in line for line in found) >= 3
    [measured] = FILTERS["seconds-left-when-we-acted"]["MetricTransformations"]
    left = [value(measured["MetricValue"], line) for line in found if matches(FILTERS["seconds-left-when-we-acted"]["FilterPattern"], line)]
    assert all(0 < one < 600 for one in left)
    # Before the heartbeat, not after it: `seconds_left` of the same line is the hook's whole timeout again.
    beat = next(one for one in acted if one["did"][0]["what"].startswith("heartbeat"))
    assert beat["left_when_acted_s"] < 200 < beat["seconds_left"]


def test_a_look_is_late_when_the_rules_no_longer_count_on_it() -> None:
    assert counted("late-looks", lines(late_s=AWS.timer_late_s, ready_after="10m")) == []
    late = counted("late-looks", lines(late_s=AWS.timer_late_s + AWS.margin_s + 5, ready_after="10m"))
    assert len(late) > 3
    assert all(one["late_s"] == 80 for one in late)
    assert f"> {AWS.timer_late_s + AWS.margin_s} " in FILTERS["late-looks"]["FilterPattern"]


def test_looks_repeated_inside_one_invocation_are_not_late() -> None:
    found = lines(ready_after="5m", hook={"heartbeat_timeout": "60s"})
    assert len(found) > 5
    assert counted("late-looks", found) == []


def test_a_budget_that_ends_is_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "rearm.json"
    path.write_text(json.dumps(SHORT))
    [end] = counted("budget-ends", lines(path, ready_after="never", hook={"heartbeat_timeout": "10m"}))
    assert end["did"][0]["what"] == "complete ABANDON"
    assert counted("budget-ends", lines(path, ready_after="3m", hook={"heartbeat_timeout": "10m"})) == []

    def unconfirmed(world: Any) -> None:
        world.emulator.fail_next("autoscaling:CompleteLifecycleAction", "AccessDenied", 403, times=3)

    again = lines(path, unconfirmed, ready_after="never", hook={"heartbeat_timeout": "10m"})
    assert len(counted("budget-ends", again)) == 1
    assert sum("complete ABANDON" in line for line in again) >= 2, "sent again: the test would prove nothing"


@pytest.mark.parametrize("code", sorted(THROTTLED))
def test_calls_that_stay_throttled_are_counted(code: str) -> None:
    def plant(world: Any) -> None:
        world.emulator.fail_next("autoscaling:CompleteLifecycleAction", code, 400, times=20)

    found = lines(plant=plant, ready_after="3m", hook={"heartbeat_timeout": "10m"})
    assert counted("throttled-calls", found), [line[:300] for line in found]


def test_an_untroubled_wait_is_counted_by_nothing_but_seconds_left() -> None:
    found = lines(ready_after="10m", hook={"heartbeat_timeout": "10m"})
    assert {name for name in FILTERS if counted(name, found)} == {"seconds-left-when-we-acted"}


def test_every_metric_of_rearms_own_has_a_filter_that_writes_it() -> None:
    """Else an alarm would never go off, and a picture stay empty."""
    written = {(one["MetricNamespace"], one["MetricName"]) for found in FILTERS.values() for one in found["MetricTransformations"]}
    read = set()
    for one in RESOURCES.values():
        if one["Type"] == "AWS::CloudWatch::Alarm":
            properties = one["Properties"]
            stats = [metric["MetricStat"]["Metric"] for metric in properties.get("Metrics", []) if "MetricStat" in metric]
            read |= {(metric["Namespace"], metric["MetricName"]) for metric in stats or [properties]}
    body = json.loads(RESOURCES["Dashboard"]["Properties"]["DashboardBody"])
    shown = {
        name
        for widget in body["widgets"]
        for metric in widget["properties"].get("metrics", [])
        for name in metric[1:2]
        if isinstance(name, str)
    }
    own = {metric for metric in read if metric[0].startswith("rearm/")}
    assert {name for _, name in own} == {"LateLooks", "BudgetEnds", "ThrottledCalls"}
    assert own <= written
    assert {name for _, name in written} <= shown


def test_the_dashboards_first_picture_is_seconds_left_when_we_acted() -> None:
    body = json.loads(RESOURCES["Dashboard"]["Properties"]["DashboardBody"])
    assert (body["widgets"][0]["x"], body["widgets"][0]["y"]) == (0, 0)
    assert body["widgets"][0]["properties"]["title"] == "seconds left when we acted"
    assert body["widgets"][0]["properties"]["metrics"][0][:2] == ["rearm/rearm-dev", "SecondsLeftWhenActed"]


def test_a_threshold_of_0_makes_no_alarm() -> None:
    found = worked_out(raw(), LateLooksThreshold="0", ErrorsThreshold="0")
    alarms = {name for name, one in found.items() if one["Type"] == "AWS::CloudWatch::Alarm"}
    assert alarms == {"DeadLettersAlarm", "BudgetEndsAlarm", "ThrottledAlarm"}
    assert env("dev").alarms.late_looks == 0, "the environment dev has none"
