"""`rearm deploy` when it goes on: what it asks, which tools it calls in which order, and what it says when one fails."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from deploy_world import Project, ready
from ros_world import RosStub

from rearm import clock
from rearm_workbench.deploy import credentials

ACCOUNT = {"aws": "123456789012", "alibaba": "1234567890123456"}


@pytest.fixture
def ros() -> Iterator[RosStub]:
    with RosStub() as stub:
        clock.use(clock.now, stub.slept.append)
        yield stub
        clock.use_real()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ros: RosStub) -> Project:
    made = Project(tmp_path, monkeypatch)
    monkeypatch.setattr(credentials, "account", lambda cloud, *_: ACCOUNT[cloud])
    monkeypatch.setenv("REARM_ENDPOINT_ROS", ros.url)
    return made


def test_sam(project: Project) -> None:
    code, out, err = project.deploy("sam", "prod", "--yes", environ=ready(project, "sam"))
    assert (code, err) == (0, [])
    place = "build/deploy/prod/sam"
    assert project.called() == [
        f"sam build --template {place}/template.yml --build-dir {place}/build",
        f"sam deploy --template-file {place}/build/template.yaml --config-file ../samconfig.toml --config-env prod",
    ]
    assert project.environ()["AWS_REGION"] == "us-east-1"
    assert [line for line in out.splitlines() if line.startswith("> ")] == [f"> {line}" for line in project.called()]


def test_ci_does_not_ask(project: Project) -> None:
    code, out, err = project.deploy("serverless", "prod", environ={**ready(project, "serverless"), "CI": "true"})
    assert (code, err) == (0, [])
    assert project.called() == ["osls deploy --stage prod --region us-east-1"]
    assert "Deploy rearm-prod" not in out


def test_serverless_devs(project: Project, ros: RosStub) -> None:
    code, out, err = project.deploy("s", "prod", "--yes", environ=ready(project, "s"))
    assert (code, err) == (0, [])
    layer = "--layer-name rearm-prod --code build/package/alibaba/layer.zip --compatible-runtime python3.10"
    assert project.called() == [
        f"s cli fc3 layer publish --region cn-hangzhou {layer} -a rearm_serverless_devs_key",
        "s deploy -t build/deploy/prod/s/s.yaml -y -a rearm_serverless_devs_key",
    ]
    assert project.environ()["REARM_LAYER_VERSION"] == "7"
    key = json.loads(project.environ()["rearm_serverless_devs_key"])
    assert key == {"AccountID": ACCOUNT["alibaba"], "AccessKeyID": "made-up", "AccessKeySecret": "not-a-secret"}
    assert ros.made() == {"rearm-prod": "created"}
    assert ros.parameters()["Environment"] == "prod"
    assert "ALIYUN::RAM::Role" in ros.template()
    assert "\ncreated\n" in out
    assert "not-a-secret" not in out


def test_funcraft(project: Project, ros: RosStub) -> None:
    code, _, err = project.deploy("fun", "prod", "--yes", environ=ready(project, "fun"))
    assert (code, err) == (0, [])
    template = "build/deploy/prod/fun/template.yml"
    assert project.called() == [f"fun validate -t {template}", f"fun deploy -y -t {template}"]
    found = project.environ()
    assert (found["ACCOUNT_ID"], found["REGION"], found["ACCESS_KEY_ID"]) == (ACCOUNT["alibaba"], "cn-hangzhou", "made-up")
    assert ros.made() == {"rearm-prod-funcraft": "created"}
    assert f"acs:ram::{ACCOUNT['alibaba']}:role/rearm-prod-look" in (project.root / template).read_text()


def test_the_first_step_that_fails_ends_it(project: Project) -> None:
    code, out, err = project.deploy("sam", "prod", "--yes", environ=ready(project, "sam", fails="build*"))
    assert (code, err) == (1, ["sam build ended with 3: what it said stands above"])
    assert [line.split()[1] for line in project.called()] == ["build"]
    assert "> sam deploy" not in out


def test_a_stack_that_fails_ends_it(project: Project, ros: RosStub) -> None:
    ros.fails = "CREATE_FAILED"
    code, _, err = project.deploy("s", "prod", "--yes", environ=ready(project, "s"))
    assert (code, err) == (1, ["stack rearm-prod: CREATE_FAILED: no such luck"])
    assert project.called() == []


def test_a_layer_whose_version_nobody_tells(project: Project) -> None:
    environ = ready(project, "s")
    program = project.root / "build/tools/s/node_modules/.bin/s"
    program.write_text(program.read_text().replace("version: 7", "done"))
    code, _, [line] = project.deploy("s", "prod", "--yes", environ=environ)
    assert code == 1
    assert line.endswith("did not print the layer's version")
    assert len(project.called()) == 1


def test_a_second_run_leaves_a_stack_that_is_the_same(project: Project, ros: RosStub) -> None:
    environ = ready(project, "fun")
    project.deploy("fun", "prod", "--yes", environ=environ)
    code, out, _ = project.deploy("fun", "prod", "--yes", environ=environ)
    assert (code, ros.made()) == (0, {"rearm-prod-funcraft": "created"})
    assert "\nunchanged\n" in out
    project.write("prod", "alibaba: {notifications: [oos]}")
    project.build("alibaba", "prod")
    code, out, _ = project.deploy("fun", "prod", "--yes", environ=environ)
    assert (code, ros.made()) == (0, {"rearm-prod-funcraft": "updated"})


@pytest.mark.parametrize(("answer", "code", "calls"), [("n\n", 1, 0), ("y\n", 0, 2)])
def test_at_a_terminal_it_asks(project: Project, answer: str, code: int, calls: int) -> None:
    environ = ready(project, "sam")
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    script = f"""
from pathlib import Path
from rearm_workbench.cli import main
from rearm_workbench.deploy import command, credentials
command.PROJECT = Path({str(project.root)!r})
credentials.account = lambda *_: "123456789012"
import sys
sys.argv = ["rearm", "deploy", "--cloud", "aws", "--tool", "sam", "--env", "prod"]
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], stdin=theirs, capture_output=True, text=True, check=False, env={**os.environ, **environ}, timeout=60
    )
    os.close(ours)
    os.close(theirs)
    assert (done.returncode, done.stderr) == (code, "")
    assert "Deploy rearm-prod to us-east-1, account 123456789012? [y/N]" in done.stdout
    assert ("nothing was touched" in done.stdout) == (code == 1)
    assert len(project.called()) == calls
