"""A real deployment of the built archives, without an account: `rearm deploy` runs SAM against a local AWS, whose queue, topic, functions
and scheduler then serve waits from their notifications to their completions. `make e2e-aws`.

The local AWS knows no lifecycle hooks: Auto Scaling and EC2 are answered by the emulator of the workbench, in real time.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from local_aws import ACCOUNT, ROOT, client, local_aws, python

from rearm_workbench.emulate.running_clock import RunningClock
from rearm_workbench.emulators.aws.server import AwsServer
from rearm_workbench.emulators.lifecycle import LifecycleAction

pytestmark = pytest.mark.e2e
GROUP, HOOK = "web-asg", "ready-hook"
STACK = "rearm-e2e"
LONGEST_S = 240
READY_AFTER_S = 15
"""After the first look, which comes at once, and before the second, which the scheduler brings after a minute."""
WAYS = {
    "sqs": ("i-0aaaaaaaaaaaaaaaa", "11111111-2b5d-4871-8f94-0c1e3a5b7d66"),
    "sns": ("i-0bbbbbbbbbbbbbbbb", "22222222-2b5d-4871-8f94-0c1e3a5b7d66"),
    "direct": ("i-0cccccccccccccccc", "33333333-2b5d-4871-8f94-0c1e3a5b7d66"),
}
"""Each way of a notification: its instance and its token."""


@pytest.fixture
def calls() -> list[tuple[str, str]]:
    """What Auto Scaling and EC2 were asked: permission, and the request's text."""
    return []


@pytest.fixture
def scaling(calls: list[tuple[str, str]]) -> Iterator[AwsServer]:
    """Auto Scaling and EC2."""
    clock = RunningClock()
    with AwsServer(clock, on_call=lambda name, text: calls.append((name, text)), lock=clock.lock, access_key_id=ACCOUNT) as server:
        clock.run()
        yield server
        clock.stop()


def test_waits_go_from_their_notifications_to_their_completions(tmp_path: Path, scaling: AwsServer, calls: list[tuple[str, str]]) -> None:
    project = _project(tmp_path, f"http://{scaling.endpoint}")
    with local_aws(tmp_path) as environ:
        _rearm(project, environ, "package", "--env", "e2e", "--cloud", "aws")
        _rearm(project, environ, "deploy", "--cloud", "aws", "--tool", "sam", "--env", "e2e")
        began = time.monotonic()
        actions = {way: _begin(scaling, way, lambda: time.monotonic() - began > READY_AFTER_S) for way in WAYS}
        for way in WAYS:
            _notify(way, environ)
        while not all(action.ended_at for action in actions.values()) and time.monotonic() - began < LONGEST_S:
            time.sleep(1)
        left = client("scheduler", environ).list_schedules(GroupName=STACK)["Schedules"]
    told = (tmp_path / "ministack.log").read_text()[-6000:]
    for way, action in actions.items():
        assert (action.result, action.by) == ("CONTINUE", "client"), f"{way}\n{told}"
        _assert_looked_again(way, calls)
    assert not [one["Name"] for one in left if one["Name"].startswith("rearm-")], "each timer has fired, and is gone"


def _assert_looked_again(way: str, calls: list[tuple[str, str]]) -> None:
    """The first look found it not ready, and the scheduler brought the one that ended it."""
    instance = WAYS[way][0]
    own = [name for name, text in calls if instance in text]
    assert own.count("autoscaling:CompleteLifecycleAction") == 1, own
    assert own[: own.index("autoscaling:CompleteLifecycleAction")].count("ec2:DescribeInstanceStatus") >= 2, own


def _project(tmp_path: Path, endpoint: str) -> Path:
    """A copy of what is deployed and of what deploys it, with an environment `e2e`."""
    project = tmp_path / "project"
    for part in ("functions", "shared", "workbench", "environments"):
        shutil.copytree(ROOT / part, project / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("template.yml", "pyproject.toml"):
        shutil.copy(ROOT / name, project / name)
    (project / "build").mkdir()
    for part in ("tools", "wheels"):
        (ROOT / "build" / part).mkdir(parents=True, exist_ok=True)
        (project / "build" / part).symlink_to(ROOT / "build" / part)
    environment = {
        "config": {"profiles": [{"name": "launch", "match": {"cloud": "aws", "transition": "launch"}, "checks": ["instance_status"]}]},
        "cadence": {"every": "10s"},
        "alarms": {"errors": 0, "throttled": 0},  # sums of several metrics, which the local CloudWatch does not know
        "variables": {"AWS_ENDPOINT_URL_AUTO_SCALING": endpoint, "AWS_ENDPOINT_URL_EC2": endpoint},
        "aws": {"python": python(), "account": ACCOUNT},
    }
    (project / "environments/e2e.yml").write_text(yaml.safe_dump(environment))
    return project


def _rearm(project: Path, environ: dict[str, str], *arguments: str) -> None:
    """`rearm` of the copy, as CI runs it."""
    path = os.pathsep.join(str(project / part) for part in ("shared/python", "shared/runtime", "workbench"))
    ran = subprocess.run(
        [sys.executable, "-c", "from rearm_workbench.cli import main; main()", *arguments],
        env=environ | {"CI": "true", "PYTHONPATH": path},
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"rearm {' '.join(arguments)}\n{ran.stdout[-4000:]}\n{ran.stderr[-4000:]}"


def _begin(server: AwsServer, way: str, is_ready: Any) -> LifecycleAction:
    instance, token = WAYS[way]
    server.set_ready(instance, is_ready)
    return server.seed_action(
        group=GROUP, hook=HOOK, token=token, instance_id=instance, transition="launch", timeout_s=600, default_result="ABANDON"
    )


def _notify(way: str, environ: dict[str, str]) -> None:
    """What Auto Scaling sends to the hook's target."""
    instance, token = WAYS[way]
    message = json.dumps(
        {
            "Origin": "EC2",
            "Destination": "AutoScalingGroup",
            "LifecycleHookName": HOOK,
            "AccountId": ACCOUNT,
            "RequestId": token,
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
            "AutoScalingGroupName": GROUP,
            "Service": "AWS Auto Scaling",
            "Time": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "EC2InstanceId": instance,
            "LifecycleActionToken": token,
        }
    )
    if way == "sqs":
        [url] = [url for url in client("sqs", environ).list_queues()["QueueUrls"] if "dead" not in url.lower()]
        client("sqs", environ).send_message(QueueUrl=url, MessageBody=message)
    elif way == "sns":
        [topic] = client("sns", environ).list_topics()["Topics"]
        client("sns", environ).publish(TopicArn=topic["TopicArn"], Message=message)
    else:
        client("lambda", environ).invoke(FunctionName=f"{STACK}-direct", InvocationType="Event", Payload=message)
