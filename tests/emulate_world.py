"""`rearm emulate` as its users have it: another process, its first line, and the official clients."""

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest
from botocore.config import Config
from mns.account import Account as MnsAccount

COMMAND = [sys.executable, "-c", "import typer; from rearm_workbench.emulate.command import emulate; typer.run(emulate)"]


@cache
def session(key: str, secret: str, region: str) -> Any:
    """One for all: it keeps the API models that it has read, and EC2's is long."""
    return boto3.session.Session(key, secret, region_name=region)


class NotServed(Exception):
    """It ended before its first line: `code` is how, `log` what it had written to standard error."""

    def __init__(self, code: int, log: str) -> None:
        super().__init__(f"ended with {code}:\n{log}")
        self.code, self.log = code, log


class Emulate:
    """A running `rearm emulate`. `log` is what it has written to standard error so far. Raises `NotServed`."""

    def __init__(self, *arguments: str, command: Sequence[str] = COMMAND, more: Mapping[str, str] | None = None) -> None:
        """`more`: environment variables besides one's own."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ALIBABA_", "REARM_"))}
        environment |= {"AWS_PROFILE": "nobody", **(more or {})}
        self.process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        self.lines: list[str] = []
        self._written = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        if not first:
            code = self.process.wait(20)
            self._reader.join(5)
            raise NotServed(code, self.log)
        self.told: dict[str, Any] = json.loads(first)

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._written:
                self.lines.append(line)
                self._written.notify_all()

    def logged(self, text: str) -> bool:
        """Whether that is written to standard error, now or soon."""
        with self._written:
            return self._written.wait_for(lambda: text in self.log, 5)

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def client(self, service: str) -> Any:
        aws = self.told["aws"]
        made = session(aws["access_key_id"], aws["secret_access_key"], aws["region"])
        return made.client(service, endpoint_url=aws["endpoint"], config=Config(retries={"total_max_attempts": 1}))

    def clock(self, body: object, cloud: str = "aws") -> Any:
        request = urllib.request.Request(self.told[cloud]["endpoint"] + "/_clock", json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def advance(self, seconds: float) -> float:
        now: float = self.clock({"advance_s": seconds})["now"]
        return now

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        code = self.process.wait(20)
        self._reader.join(5)
        return code


@contextmanager
def emulate(*arguments: str | Path) -> Iterator[Emulate]:
    """Ended with the block, if it has not ended before."""
    made = Emulate("--aws", "127.0.0.1:0", "--alibaba", "127.0.0.1:0", *map(str, arguments))
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.end(signal.SIGKILL)


class Alibaba:
    """The official clients of ESS and MNS, spoken to `emulated`."""

    def __init__(self, emulated: Emulate) -> None:
        told = emulated.told["alibaba"]
        self.endpoint, self.region = told["endpoint"], told["region"]
        keys = (told["access_key_id"], told["access_key_secret"], told["security_token"])
        self.mns = MnsAccount(self.endpoint, *keys)
        self.acs = AcsClient(region_id=self.region, credential=StsTokenCredential(*keys))

    def ess(self, action: str, **params: object) -> Any:
        """`Name__1` is the parameter `Name.1`."""
        request = CommonRequest(domain=self.endpoint.removeprefix("http://"), version="2014-08-28", action_name=action)
        request.set_method("POST")
        for name, value in {"RegionId": self.region, **params}.items():
            request.add_query_param(name.replace("__", "."), str(value))
        return json.loads(self.acs.do_action_with_exception(request))

    def group_with_hook(self, name: str, transition: str, timeout_s: int, **hook: str) -> str:
        """An active, empty group; the hook's DefaultResult is CONTINUE. Answers the group's id."""
        group = self.ess("CreateScalingGroup", ScalingGroupName=name, MinSize=0, MaxSize=5)["ScalingGroupId"]
        self.ess("EnableScalingGroup", ScalingGroupId=group)
        self.ess("CreateLifecycleHook", ScalingGroupId=group, LifecycleTransition=transition, HeartbeatTimeout=timeout_s, **hook)
        return str(group)

    def scale(self, group: str, change: int) -> None:
        self.ess("ScaleWithAdjustment", ScalingGroupId=group, AdjustmentType="QuantityChangeInCapacity", AdjustmentValue=change)

    def states(self, group: str) -> list[str]:
        found = self.ess("DescribeScalingInstances", ScalingGroupId=group)["ScalingInstances"]["ScalingInstance"]
        return [instance["LifecycleState"] for instance in found]


def group_with_hook(client: Any, name: str, transition: str, timeout_s: int, **hook: str) -> None:
    """An empty group with one hook, `hook`; DefaultResult ABANDON."""
    client.create_launch_configuration(LaunchConfigurationName=name, ImageId="ami-12c6146b", InstanceType="t3.micro")
    client.create_auto_scaling_group(
        AutoScalingGroupName=name, LaunchConfigurationName=name, MinSize=0, MaxSize=5, AvailabilityZones=["us-east-1a"]
    )
    client.put_lifecycle_hook(
        AutoScalingGroupName=name,
        LifecycleHookName="hook",
        LifecycleTransition=f"autoscaling:EC2_INSTANCE_{transition}",
        HeartbeatTimeout=timeout_s,
        **hook,
    )


def states(client: Any, group: str) -> list[str]:
    (found,) = client.describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"]
    return [instance["LifecycleState"] for instance in found["Instances"]]
