"""What `rearm deploy` writes and calls, taken by the real tools: `make check-deploy-rendered`."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from deploy_world import ROOT, Project

from rearm.clouds.alibaba.settings import Credentials
from rearm_workbench.deploy import environment, steps
from rearm_workbench.descriptions.model import Tool

pytestmark = pytest.mark.deploy
ACCOUNT = "1234567890123456"
OWN = """
config:
  version: 1
  profiles:
    - name: web
      match: {group: web-asg}
      steps: [{tag: {key: draining, value: "yes"}}]
      checks: [{parameter: {name: /web/ready, value: "yes"}}, instance_status]
variables: {STAGE: "blue, and a 'quote'"}
tags: {team: web shop}
alarms: {topic: "arn:aws:sns:us-east-1:123456789012:told"}
aws:
  subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
  security_groups: [sg-0123456789abcdef0]
  kms_key_arn: arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab
  reserved_concurrency: 5
  sweep_groups: [web-asg, db-asg]
  lifecycle_hooks:
    - {group: web-asg, name: ready, transition: launch, type: sqs, timeout: 10m}
    - {group: web-asg, name: drain, transition: terminate, type: direct, default_result: CONTINUE}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path, monkeypatch)
    made.write("own", OWN)
    made.build("aws", "own")
    monkeypatch.setenv("PATH", os.environ["PATH"])
    return made


def run(project: Project, *command: str, **environ: str) -> str:
    done = subprocess.run(
        command, cwd=project.root, env={**os.environ, **environ}, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def planned(project: Project, tool: Tool) -> list[steps.Step]:
    assert project.deploy(tool, "own", "--dry-run")[0] == 0
    return steps.steps(environment.load("own", project.root / "environments"), tool)


def test_sam_builds_the_rendered_template_and_cfn_lint_has_nothing_to_say(project: Project) -> None:
    build, _ = planned(project, "sam")
    run(project, str(ROOT / "build/tools/sam/bin/sam"), *build.arguments[1:], SAM_CLI_TELEMETRY="0")
    place = project.root / "build/deploy/own/sam"
    built = yaml.safe_load((place / "build" / "template.yaml").read_text())
    assert built["Resources"]["Hook2"]["Properties"]["LifecycleHookName"] == "drain"
    code = built["Resources"]["RecheckLambdaFunction"]["Properties"]["CodeUri"]
    assert (place / "build" / code).resolve() == project.root / "build/package/aws/functions.zip"
    run(project, str(ROOT / "build/tools/cfn-lint/bin/cfn-lint"), "--regions", "us-east-1", "--", str(place / "template.yml"))


def test_sam_deploy_reads_the_rendered_samconfig(project: Project) -> None:
    """As far as the first call, which nobody answers."""
    build, deploy = planned(project, "sam")
    sam = str(ROOT / "build/tools/sam/bin/sam")
    run(project, sam, *build.arguments[1:], SAM_CLI_TELEMETRY="0")
    nobody = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}
    done = subprocess.run(
        [sam, *deploy.arguments[1:], "--debug"],
        cwd=project.root,
        env={**os.environ, **nobody, "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    said = done.stdout + done.stderr
    assert "Could not connect to the endpoint URL" in said
    assert "--stack_name=rearm-own" in said
    assert "--tags={'team': 'web shop'}" in said
    assert "'SubnetIds': 'subnet-0123456789abcdef0,subnet-0123456789abcdef1'" in said
    assert "'SweepEvery': 'rate(5 minutes)'" in said


def test_serverless_devs_takes_the_credentials_that_it_is_given(project: Project) -> None:
    planned(project, "s")
    given = steps._of_s(Credentials("LTAImade-up", "not-a-secret", "a-token"), ACCOUNT)
    program = str(ROOT / "build/tools/s/node_modules/.bin/s")
    text = run(project, program, "preview", "-t", "build/deploy/own/s/s.yaml", "-a", steps.ACCESS, **given)
    assert f"acs:ram::{ACCOUNT}:role/rearm-own-look" in text
    assert "config(" not in text
    assert json.loads(given[steps.ACCESS])["SecurityToken"] == "a-token"
