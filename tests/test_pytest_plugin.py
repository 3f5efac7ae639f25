"""The pytest plugin, as its users have it: the example of docs/testing.md runs as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLUGIN = 'pytest_plugins = ["rearm_workbench.pytest_plugin"]\n'


MORE = (
    PLUGIN
    + """
import json
import os
import time
from pathlib import Path

import pytest

from rearm import clock as deployed
from rearm.errors import ConfigError

EVENTS = Path(%r)
RULES = "version: 1\\nprofiles: [{name: all, checks: [instance_status], every: 60s}]"


def test_both_clouds_at_once_on_one_clock(aws_cloud, alibaba_cloud, clock):
    assert aws_cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert alibaba_cloud.endpoint.startswith("127.0.0.1:")
    assert (deployed.now(), os.environ.get("AWS_PROFILE")) == (clock.now(), None)
    deployed.sleep(60)
    assert clock.now() == 1772323260.0


def test_a_whole_wait_on_function_compute(alibaba_cloud, clock):
    event = (EVENTS / "alibaba/eventbridge-scale-out.json").read_bytes()
    alibaba_cloud.configure(RULES)
    action = alibaba_cloud.waiting(event, timeout_s=300, default_result="CONTINUE")
    ready_at = clock.now() + 900
    for instance in action.instances:
        alibaba_cloud.set_ready(instance, lambda: clock.now() >= ready_at)
    alibaba_cloud.run("eventbridge", event)
    clock.run_until(clock.now() + 1000)
    assert (action.result, action.by) == ("CONTINUE", "client")
    assert set(alibaba_cloud.invoked) == {"rearm-recheck"}


def test_errors_come_out(aws_cloud, alibaba_cloud):
    with pytest.raises(ZeroDivisionError):
        aws_cloud.run(lambda event, context: 1 / 0, {})
    with pytest.raises(Exception, match="ZeroDivisionError: division by zero"):
        alibaba_cloud.run(lambda event, context: 1 / 0, {}, fc="2.0")
    with pytest.raises(ConfigError):
        aws_cloud.configure("version: 2")
    with pytest.raises(ValueError, match="tells of 0 actions"):
        aws_cloud.waiting(json.loads((EVENTS / "aws/direct-test.json").read_text()))


def test_functions_of_ones_own_are_invoked(aws_cloud, clock):
    seen = []
    aws_cloud.functions["rearm-mine"] = lambda event, context: seen.append((event, clock.now()))
    events = aws_cloud.client("events")
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["mine"]}))
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:rearm-mine", "Input": "[1]"}])
    events.put_events(Entries=[{"Source": "mine", "DetailType": "x", "Detail": "{}"}])
    clock.run_until(clock.now() + 1)
    assert [event for event, _ in seen] == [[1]]
    assert aws_cloud.invoked == ["rearm-mine"]


def test_afterwards_all_is_as_before():
    assert deployed.now is time.time
    assert (os.environ["AWS_PROFILE"], os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"]) == ("production", "mine")
    assert "REARM_CONFIG" not in os.environ
"""
)


@pytest.mark.slow
def test_the_documented_example_passes_as_it_stands_and_the_fixtures_do_what_their_page_says(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/testing.md").read_text(), re.DOTALL)
    (tmp_path / "test_my_rules.py").write_text(example)
    (tmp_path / "test_more.py").write_text(MORE % str(ROOT / "events"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "test_my_rules.py", "test_more.py"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "AWS_PROFILE": "production", "ALIBABA_CLOUD_ACCESS_KEY_ID": "mine"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{example.count('def test_') + MORE.count('def test_')} passed" in done.stdout
