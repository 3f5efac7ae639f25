"""The built AWS archives answer every sample notification, in the real Lambda runtime; the APIs are answered by our emulator over HTTP."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from archives_world import ROOT, RUNTIMES, Unpacked, found, unpacked
from lambda_world import Lambda, handlers, of_now, running
from rearm.core.model import Action
from rearm_workbench.emulators.aws.server import AwsServer
from rearm_workbench.emulators.lifecycle import LifecycleAction
from rearm_workbench.kinds import explain, recognise
from rearm_workbench.virtual_clock import VirtualClock

pytestmark = pytest.mark.deploy

SAMPLES = {path.stem: path for path in sorted((ROOT / "events" / "aws").glob("*.json"))}
DOORWAYS = ("eventbridge", "sns", "sqs", "direct")
GROUP = "rearm-dev"
RECHECK = "arn:aws:lambda:us-east-1:123456789012:function:rearm-dev-recheck"
LONG_AGO_S = 1200
"""So old, a wait without a schedule is nobody's."""
TAG = ("rearm:drained", "true")


class Cloud:
    """One account over HTTP whose clock stands at the real time, and the functions in it."""

    def __init__(self, version: str, folder: Path) -> None:
        self.at, self._version, self._folder = unpacked("aws", version), version, folder
        self.clock = VirtualClock(time.time() - LONG_AGO_S)
        self.aws = AwsServer(self.clock)

    def function(self, name: str, **more: str) -> Any:
        surroundings = self.aws.environment() | {
            "REARM_CONFIG": str(self.at.code / "rearm.json"),
            "REARM_SCHEDULE_GROUP": GROUP,
            "REARM_RECHECK_ARN": RECHECK,
            "REARM_SCHEDULER_ROLE_ARN": "arn:aws:iam::123456789012:role/rearm-dev-scheduler",
            "POWERTOOLS_SERVICE_NAME": "rearm",
        }
        return running(self.at, self._version, handlers()[name], surroundings | more, self._folder)

    def client(self, service: str) -> Any:
        """For the test itself."""
        key, secret = self.aws.credentials
        make: Any = boto3.session.Session().client
        where = {"endpoint_url": f"http://{self.aws.endpoint}", "region_name": self.aws.region}
        return make(service, **where, aws_access_key_id=key, aws_secret_access_key=secret)

    def be_now(self) -> None:
        """The functions' clock is the real one."""
        self.clock.run_until(time.time())

    def waiting(self, action: Action) -> LifecycleAction:
        one = self.aws.seed_action(
            group=action.group,
            hook=action.hook,
            token=action.token,
            instance_id=action.instances[0],
            transition=action.transition or "launch",
            timeout_s=3600,
            default_result="ABANDON",
            origin=action.origin,
            destination=action.destination,
        )
        self.aws.set_ready(action.instances[0], lambda: False)
        return one

    def make_ready(self, action: Action) -> None:
        self.aws.set_ready(action.instances[0], lambda: True)
        self.aws.put_tag(action.instances[0], *TAG)


@pytest.fixture(params=RUNTIMES["aws"])
def version(request: pytest.FixtureRequest) -> str:
    if found(request.param) is None:
        pytest.skip(f"no Python {request.param} on this machine")
    return str(request.param)


@pytest.fixture
def cloud(version: str, tmp_path: Path) -> Iterator[Cloud]:
    one = Cloud(version, tmp_path)
    with one.aws:
        one.aws.add_schedule_group(GROUP)
        yield one


@pytest.fixture
def cloud_now(cloud: Cloud) -> Cloud:
    cloud.be_now()
    return cloud


def samples(doorway: str) -> dict[str, bytes]:
    now = time.time()
    read = {name: of_now(path.read_bytes(), now) for name, path in SAMPLES.items()}
    return {name: raw for name, raw in read.items() if recognise(raw).doorway == doorway}


def test_every_sample_has_its_doorway() -> None:
    assert sorted(name for doorway in DOORWAYS for name in samples(doorway)) == sorted(SAMPLES)
    assert set(handlers()) == {*DOORWAYS, "recheck", "sweep"}


def lines(log: str) -> list[dict[str, Any]]:
    """What Powertools wrote: a JSON object a line."""
    return [json.loads(line)["message"] for line in log.splitlines() if line.startswith('{"level"')]


@pytest.mark.parametrize("doorway", DOORWAYS)
def test_a_notification_is_looked_at_and_again_until_it_is_ready(doorway: str, cloud_now: Cloud) -> None:
    """First look: not ready, so a schedule is made. The schedule fires the recheck: ready, so the wait ends with CONTINUE."""
    cloud = cloud_now
    with cloud.function(doorway) as notified, cloud.function("recheck") as recheck:
        for name, raw in samples(doorway).items():
            kind, parsed = explain(raw)
            actions = [one.action for one in parsed if one.action is not None]
            waits = [cloud.waiting(action) for action in actions]

            answer = notified.invoke(kind.payload)

            assert answer.error == "", (name, answer.body)
            if doorway == "sqs":
                assert answer.body == {"batchItemFailures": []}, name
            else:
                assert len(answer.body["looks"]) == len(parsed), name
            told = lines(answer.log)
            assert len(told) == len(parsed), (name, answer.log)
            assert [one.ended_at for one in waits] == [None] * len(waits), name
            assert len(cloud.aws.pending_schedules()) == len(actions), name
            for action in actions:
                cloud.make_ready(action)
            looked_again(cloud, recheck, name)
            assert [(one.result, one.by) for one in waits] == [("CONTINUE", "client")] * len(waits), name


def looked_again(cloud: Cloud, recheck: Lambda, name: str) -> None:
    """The function is called with the message of every schedule, as if its hour had come."""
    scheduler = cloud.client("scheduler")
    for schedule in cloud.aws.pending_schedules():
        target = scheduler.get_schedule(GroupName=GROUP, Name=schedule)["Target"]
        scheduler.delete_schedule(GroupName=GROUP, Name=schedule)
        assert target["Arn"] == RECHECK
        message = json.loads(target["Input"])
        message["rearm"]["due_at"] = int(time.time())
        answer = recheck.invoke(message)
        assert answer.error == "", (name, answer.body)
        assert "complete CONTINUE" in [one["what"] for one in answer.body["did"]], (name, answer.body["did"])


def test_ready_at_the_first_look(cloud_now: Cloud) -> None:
    cloud = cloud_now
    kind, parsed = explain(samples("eventbridge")["eventbridge-launch"])
    (action,) = (one.action for one in parsed if one.action)
    wait = cloud.waiting(action)
    cloud.make_ready(action)
    with cloud.function("eventbridge") as function:
        assert function.invoke(kind.payload).error == ""
    assert (wait.result, wait.by) == ("CONTINUE", "client")
    assert cloud.aws.pending_schedules() == []


def test_the_sweep(cloud: Cloud) -> None:
    """A wait whose notification was lost gets a schedule."""
    _, parsed = explain(samples("eventbridge")["eventbridge-launch"])
    (action,) = (one.action for one in parsed if one.action)
    cloud.waiting(action)
    cloud.be_now()
    with cloud.function("sweep") as function:
        answer = function.invoke({})
    assert answer.error == "", answer.body
    assert len(cloud.aws.pending_schedules()) == 1, answer.body


def test_an_invalid_notification_is_an_error_of_the_function(cloud: Cloud) -> None:
    with cloud.function("eventbridge") as function:
        answer = function.invoke({"detail-type": "EC2 Instance-launch Lifecycle Action", "source": "aws.autoscaling", "detail": {}})
    assert answer.error == "InvalidNotification", answer.body


def test_a_handler_that_is_not_there_is_seen(version: str, tmp_path: Path) -> None:
    """The tests above would notice a wrong handler string."""
    at: Unpacked = unpacked("aws", version)
    with (
        running(at, version, "nowhere.handler", {}, tmp_path) as function,
        pytest.raises(AssertionError, match="Unable to import module 'nowhere'"),
    ):
        function.invoke({})
