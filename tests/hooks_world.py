"""A hooks file beside emulated clouds, and the commands on it."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from rearm import clock
from rearm_workbench.emulators.aws import AwsEmulator
from rearm_workbench.hooks.cli import app
from rearm_workbench.virtual_clock import VirtualClock

START = 1_700_000_000.0
REGION = "eu-central-1"
ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:rearm"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/rearm-hooks"
LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"
WRITES = re.compile(r":(Put|Create|Modify|Delete)LifecycleHook$")
READY = f"""
  - name: ready-hook
    cloud: aws
    region: {REGION}
    account: "{ACCOUNT}"
    group: web-asg
    transition: launch
    heartbeat_timeout: 10m
    default_result: ABANDON
    target: {QUEUE}
    role: {ROLE}
    metadata: '{{"role": "web"}}'
"""
DRAIN = f"""
  - name: drain-hook
    cloud: aws
    region: {REGION}
    group: web-asg
    account: "{ACCOUNT}"
    transition: terminate
    heartbeat_timeout: 15m
    default_result: CONTINUE
"""


class Hooks:
    """One directory with its hooks file. `calls` and `slept` hear of what was done."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.file, self.state = directory / "hooks.yml", directory / ".rearm-hooks.json"
        self.options = options
        self.calls: list[str] = []
        self.slept: list[float] = []
        self.written: list[str] = []
        """The write calls' texts since `writes` was asked."""

    def on_call(self, name: str, text: str) -> None:
        self.calls.append(name)
        if WRITES.search(name):
            self.written.append(text)

    def write(self, *hooks: str, more: str = "") -> None:
        self.file.write_text("version: 1\nhooks:" + "".join(hooks) + more)

    def run(self, command: str, *args: str) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        done = CliRunner().invoke(app, [command, "--file", str(self.file), *self.options, *args])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    def json(self, command: str, *args: str) -> Any:
        return json.loads(self.run(command, "--json", *args)[1])

    def done(self, command: str, *args: str) -> dict[str, str]:
        """Hook -> what became of it."""
        return {one["name"]: one["done"] for one in self.json(command, *args)["hooks"]}

    def writes(self) -> list[str]:
        """The write calls since the last time this was asked."""
        found = [name.partition(":")[2] for name in self.calls if WRITES.search(name)]
        self.calls.clear()
        self.written.clear()
        return found

    def entries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.state.read_text())["hooks"]
        return found

    def findings(self, *args: str) -> dict[tuple[str, str], list[tuple[str, str]]]:
        """(hook, check) -> its findings, level and text."""
        found: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for one in self.json("verify", *args)["findings"]:
            found.setdefault((one["hook"], one["check"]), []).append((one["level"], one["text"]))
        return found


class AwsHooks(Hooks):
    """With the group `web-asg` and the queue, but not the role, in an emulated AWS account that several tests use in turn."""

    def __init__(self, directory: Path, aws: AwsEmulator) -> None:
        super().__init__(directory)
        self.aws = aws

    def put(self, hook: str, transition: str = LAUNCHING, **more: Any) -> None:
        """A hook that somebody else makes."""
        self.aws.client("autoscaling").put_lifecycle_hook(
            AutoScalingGroupName="web-asg", LifecycleHookName=hook, LifecycleTransition=transition, **more
        )

    def described(self) -> dict[str, dict[str, Any]]:
        answer = self.aws.client("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName="web-asg")
        return {one["LifecycleHookName"]: one for one in answer["LifecycleHooks"]}

    def make_group(self, name: str = "web-asg") -> None:
        self.aws.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name, LaunchConfigurationName="web", MinSize=0, MaxSize=9, AvailabilityZones=[f"{REGION}a"]
        )

    def make_role(self, service: str = "autoscaling.amazonaws.com", actions: object = "sqs:SendMessage", **more: object) -> None:
        iam = self.aws.client("iam")
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
        iam.create_role(RoleName="rearm-hooks", AssumeRolePolicyDocument=json.dumps(trust))
        allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": QUEUE, **more}]}
        iam.put_role_policy(RoleName="rearm-hooks", PolicyName="deliver", PolicyDocument=json.dumps(allow))

    def make_function(self) -> None:
        iam, code = self.aws.client("iam"), io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("doorway.py", "")
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = iam.create_role(RoleName="rearm-function", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        self.aws.client("lambda").create_function(
            FunctionName="rearm-direct", Runtime="python3.13", Role=role, Handler="doorway.handler", Code={"ZipFile": code.getvalue()}
        )


class Listener:
    """Who hears of an emulator's calls: the test that runs now."""

    def __init__(self) -> None:
        self.hooks: Hooks | None = None

    def __call__(self, name: str, text: str) -> None:
        if self.hooks is not None:
            self.hooks.on_call(name, text)


@contextmanager
def aws_account() -> Iterator[tuple[AwsEmulator, Listener]]:
    """An emulator takes half a second to make, so that a file's tests share one."""
    listener = Listener()
    virtual = VirtualClock(START)
    clock.use(virtual.now, lambda seconds: listener.hooks.slept.append(seconds) if listener.hooks else None)
    try:
        with AwsEmulator(virtual, region=REGION, on_call=listener) as aws:
            aws.client("autoscaling").create_launch_configuration(
                LaunchConfigurationName="web", ImageId="ami-12c6146b", InstanceType="t3.micro"
            )
            yield aws, listener
    finally:
        clock.use_real()


@contextmanager
def aws_hooks(directory: Path, account: tuple[AwsEmulator, Listener]) -> Iterator[AwsHooks]:
    """One test's turn: everything is made anew, and taken away at the end."""
    aws, listener = account
    world = AwsHooks(directory, aws)
    queue = aws.client("sqs").create_queue(QueueName="rearm")["QueueUrl"]
    world.make_group()
    listener.hooks = world
    try:
        yield world
    finally:
        listener.hooks = None
        scaling, iam = aws.client("autoscaling"), aws.client("iam")
        for group in scaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
            scaling.delete_auto_scaling_group(AutoScalingGroupName=group["AutoScalingGroupName"], ForceDelete=True)
        aws.client("sqs").delete_queue(QueueUrl=queue)
        for role in iam.list_roles()["Roles"]:
            for policy in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
                iam.delete_role_policy(RoleName=role["RoleName"], PolicyName=policy)
            iam.delete_role(RoleName=role["RoleName"])
