"""An AWS server for tests: boto3 and the command line as its clients, and a journal."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from aws_world import START
from rearm_workbench.emulators.aws.server import AwsServer
from rearm_workbench.virtual_clock import VirtualClock

AWS = Path(sys.executable).with_name("aws")
REGION = "us-east-1"


class Journal:
    """Every request that a server was asked, with its time."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.records: list[tuple[float, str, str, dict[str, str], bytes]] = []

    def record(self, cloud: str, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        assert cloud == "aws"
        self.records.append((self.clock.now(), method, path, headers, body))


class Served:
    """One server, its clock and its journal."""

    def __init__(self, seed: int = 0) -> None:
        self.clock = VirtualClock(START)
        self.journal = Journal(self.clock)
        self.calls: list[str] = []
        self.invoked: list[tuple[str, Any]] = []
        self.aws = AwsServer(
            self.clock,
            seed=seed,
            journal=self.journal,
            on_call=lambda name, _text: self.calls.append(name),
            invoke=lambda arn, payload: self.invoked.append((arn, json.loads(payload))),
        )

    def client(self, service: str, key: str | None = None) -> Any:
        mine, secret = self.aws.credentials
        make: Any = session().client
        return make(
            service,
            endpoint_url=f"http://{self.aws.endpoint}",
            region_name=REGION,
            aws_access_key_id=key or mine,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `aws ARGUMENTS`."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        environment |= self.aws.environment() | {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        return subprocess.Popen([AWS, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def post(self, path: str, body: object) -> tuple[int, Any]:
        """A plain POST; answers its status and its JSON."""
        asked = urllib.request.Request(f"http://{self.aws.endpoint}{path}", json.dumps(body).encode(), method="POST")
        try:
            with urllib.request.urlopen(asked) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def group(self, scaling: Any, **more: Any) -> None:
        asked = {
            "AutoScalingGroupName": "web",
            "LaunchConfigurationName": "web",
            "MinSize": 0,
            "MaxSize": 3,
            "AvailabilityZones": [f"{REGION}a", f"{REGION}b"],
        }
        scaling.create_launch_configuration(LaunchConfigurationName="web", ImageId="ami-12c6146b", InstanceType="t3.micro")
        scaling.create_auto_scaling_group(**(asked | more))

    def state(self) -> Any:
        """All that can be told of the groups, the actions and the schedules, without a call."""
        actions = [
            (one.hook, one.token, one.instances, one.began_at, one.lapses_at, one.heartbeats, one.ended_at, one.result, one.by)
            for one in self.aws.book.actions.values()
        ]
        return actions, [self.aws.instance_state(instances[0]) for _, _, instances, *_ in actions], self.aws.pending_schedules()


@cache
def session() -> boto3.session.Session:
    """One session for all tests: it keeps the API models that it has read."""
    return boto3.session.Session()


@contextmanager
def served(seed: int = 0) -> Iterator[Served]:
    one = Served(seed)
    with one.aws:
        yield one
