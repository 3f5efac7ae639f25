"""docs/hooks.md tells the truth: its commands, run in order on its example, against both emulated clouds over HTTP."""

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hooks_world import REGION, WRITES
from rearm.clouds.alibaba import rpc
from rearm.clouds.alibaba.settings import Credentials, Settings
from rearm_workbench.emulators.alibaba import AlibabaEmulator
from rearm_workbench.emulators.aws.server import AwsServer
from rearm_workbench.hooks import hooks_file
from rearm_workbench.hooks.cli import app
from rearm_workbench.virtual_clock import VirtualClock

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "hooks.md").read_text()
GROUP = "asg-bp1fxuqyi98w0aib1web"
CONSOLE = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)


class Site:
    """A directory with the example, and both clouds behind ports. The Alibaba hook has no target here: MNS is not under test."""

    def __init__(self, directory: Path, aws: AwsServer, alibaba: AlibabaEmulator, calls: list[str]) -> None:
        self.calls = calls
        self.options = ["--endpoint", f"aws=http://{aws.endpoint}", "--endpoint", f"alibaba=http://{alibaba.endpoint}"]
        settings = Settings(Credentials(*alibaba.credentials), "cn-hangzhou", "", "", "", "", {"ess": f"http://{alibaba.endpoint}"})
        made = rpc.call(settings, "ess", "CreateScalingGroup", {"RegionId": "cn-hangzhou", "MinSize": 0, "MaxSize": 9})
        text = (ROOT / "examples" / "hooks.yml").read_text().replace(GROUP, made["ScalingGroupId"])
        text = re.sub(r"    target: acs:.*\n", "", text)
        (directory / "hooks.yml").write_text(text)
        (directory / "rearm.yml").write_text((ROOT / "shared" / "python" / "rearm" / "default.yml").read_text())

    def run(self, command: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, [*shlex.split(command, comments=True)[2:], *self.options])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert not done.stderr
        return done.exit_code, done.stdout

    def writes(self) -> list[str]:
        found = [name for name in self.calls if WRITES.search(name)]
        self.calls.clear()
        return found


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    import boto3.session

    monkeypatch.chdir(tmp_path)
    calls: list[str] = []
    virtual = VirtualClock(1_795_313_375.0)
    with ExitStack() as stack:
        aws = stack.enter_context(AwsServer(virtual, region=REGION, on_call=lambda name, _: calls.append(name)))
        alibaba = stack.enter_context(AlibabaEmulator(virtual, on_call=lambda name, _: calls.append(name)))
        for name, value in {**aws.environment(), **alibaba.environment()}.items():
            if name not in ("AWS_ENDPOINT_URL", "REARM_ENDPOINT_ESS"):
                monkeypatch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        session = boto3.session.Session(*aws.credentials)
        make: Any = session.client
        scaling = make("autoscaling", region_name=REGION, endpoint_url=f"http://{aws.endpoint}")
        scaling.create_launch_configuration(LaunchConfigurationName="web", ImageId="ami-12c6146b", InstanceType="t3.micro")
        for group in ("web-asg", "web-prod"):
            scaling.create_auto_scaling_group(
                AutoScalingGroupName=group, LaunchConfigurationName="web", MinSize=0, MaxSize=9, AvailabilityZones=[f"{REGION}a"]
            )
        make("sqs", region_name=REGION, endpoint_url=f"http://{aws.endpoint}").create_queue(QueueName="rearm")
        yield Site(tmp_path, aws, alibaba, calls)


def test_the_commands_of_the_page_in_their_order(site: Site) -> None:
    plan, apply, verify, prod, drain, rest = [line[2:] for line in CONSOLE[0].splitlines()]
    assert site.run(plan)[1].endswith("3 to create\n")
    assert site.writes() == []
    assert site.run(apply)[1].endswith("3 created\n")
    assert sorted(site.writes()) == ["autoscaling:PutLifecycleHook"] * 2 + ["ess:CreateLifecycleHook"]
    assert site.run(apply)[1].endswith("\nno change\n")
    assert site.writes() == []
    code, out = site.run(verify)
    assert code == 1
    assert "role/rearm-hooks does not exist" in out
    assert out.count("\n  problem") == 1
    _, out = site.run(prod)
    assert [(one["group"], one["action"]) for one in json.loads(out)["hooks"]][:2] == [("web-prod", "create")] * 2
    assert site.run(drain)[1].endswith("1 deleted\n")
    assert site.run(rest)[1].endswith("2 deleted\n")
    assert sorted(site.writes()) == ["autoscaling:DeleteLifecycleHook"] * 2 + ["ess:DeleteLifecycleHook"]


def test_the_file_and_the_output_on_the_page_are_real(tmp_path: Path) -> None:
    path = tmp_path / "hooks.yml"
    path.write_text(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    assert hooks_file.read(path, "prod")[0].place.group == "web-prod"
    assert CONSOLE[1].split("\n", 1)[1] == (ROOT / "tests" / "golden" / "hooks-plan.txt").read_text()
    assert all((ROOT / "docs" / link).exists() for link in re.findall(r"\]\(([^)#:]+)\)", PAGE))


def test_every_key_and_option_is_on_the_page() -> None:
    assert [key for key in hooks_file.KEYS if f"`{key}`" not in PAGE] == []
    told = {option for command in ("plan", "apply", "verify", "remove") for option in _options(command)}
    assert [option for option in told if option != "--help" and f"`{option}" not in PAGE and f"{option} " not in PAGE] == []


def _options(command: str) -> list[str]:
    import typer.main

    group: Any = typer.main.get_command(app)
    return [name for one in group.commands[command].params for name in one.opts if name.startswith("--")]
