"""`rearm deploy --dry-run`: what would be created, for every cloud, tool and environment, with nothing but the repository."""

import json
import os
import socket
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from deploy_world import ROOT, Project, cloud_of

from rearm_workbench.deploy import environment
from rearm_workbench.descriptions.model import Tool

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
WRITE = os.environ.get("REARM_GOLDEN") == "write"
TOOLS: tuple[Tool, ...] = get_args(Tool)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    def refused(*_: object) -> None:
        raise AssertionError("a dry run went to the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    return Project(tmp_path, monkeypatch)


@pytest.mark.parametrize("env", ["dev", "staging", "prod"])
@pytest.mark.parametrize("tool", TOOLS)
def test_every_environment_has_a_plan(project: Project, tool: Tool, env: str) -> None:
    code, out, err = project.deploy(tool, env, "--dry-run")
    assert (code, err) == (0, [])
    found = environment.load(env, ROOT / "environments")
    for function in found.types(cloud_of(tool)):
        assert function.replace("_", "-") in out
    assert f"rearm-{env}" in out
    assert "not built" in out
    assert len(out.splitlines()) <= 60
    assert max(map(len, out.splitlines())) <= 140


@pytest.mark.parametrize(("tool", "file"), [("sam", "deploy-aws-sam-prod.txt"), ("s", "deploy-alibaba-s-prod.txt")])
def test_what_people_read(project: Project, tool: Tool, file: str) -> None:
    """Golden files. REARM_GOLDEN=write renews them; read the difference before you commit it."""
    _, out, _ = project.deploy(tool, "prod", "--dry-run")
    if WRITE:
        (GOLDEN / file).write_text(out)
    assert out == (GOLDEN / file).read_text()


@pytest.mark.parametrize("tool", TOOLS)
def test_two_runs_say_and_write_the_same(project: Project, tool: Tool) -> None:
    def run() -> tuple[str, dict[str, bytes]]:
        _, out, _ = project.deploy(tool, "prod", "--dry-run")
        place = project.root / "build" / "deploy" / "prod" / tool
        return out, {path.name: path.read_bytes() for path in sorted(place.iterdir())}

    assert run() == run()


def test_archives_that_are_built_are_told_by_their_hash(project: Project) -> None:
    project.build("aws", "prod")
    _, out, _ = project.deploy("sam", "prod", "--dry-run")
    assert "layer.zip 0.00 MB sha256 " in out
    assert "not built" not in out


def test_archives_of_another_environment_are_not_told_as_what_is_deployed(project: Project) -> None:
    project.build("aws", "dev")
    code, out, _ = project.rearm("--cloud", "aws", "--tool", "sam", "--env", "prod", "--dry-run")
    assert code == 0
    assert "archives         those that are there are of another environment, or old (make package ENV=prod CLOUD=aws)" in out


def test_what_an_environment_switches_off_is_not_created(project: Project) -> None:
    project.write("small", "aws: {notifications: [sqs]}\nalibaba: {notifications: [oos]}\nalarms: {errors: 0}")
    for tool in ("sam", "serverless"):
        _, out, _ = project.deploy(tool, "small", "--dry-run")  # type: ignore[arg-type]  # two of the four
        assert "rearm-small-sqs" in out
        assert "rearm-small-eventbridge" not in out
        assert "rearm-small-errors" not in out
        assert "Topic " not in out
    for tool in ("s", "fun"):
        _, out, _ = project.deploy(tool, "small", "--dry-run")  # type: ignore[arg-type]  # two of the four
        assert "mns-topic" not in out
        assert "Topic " not in out


OWN = """
config:
  version: 1
  profiles:
    - name: web
      match: {group: web-asg}
      steps: [{tag: {key: draining, value: "yes"}}]
      checks: [{parameter: {name: /web/ready, value: "yes"}}]
variables: {STAGE: "blue"}
tags: {team: web}
aws: {lifecycle_hooks: [{group: web-asg, name: ready, transition: launch, type: sqs, timeout: 10m}]}
"""


@pytest.mark.parametrize("tool", ["sam", "serverless"])
def test_policies_variables_tags_and_hooks_are_the_environments(project: Project, tool: Tool) -> None:
    project.write("own", OWN)
    code, out, err = project.deploy(tool, "own", "--dry-run")
    assert (code, err) == (0, [])
    assert "ssm: GetParameter" in out
    assert "ec2: CreateTags" in out
    assert "DescribeTags" not in out
    assert "UpdateSchedule" in out
    assert "web-asg/ready: launch, 10m, then ABANDON, by sqs" in out
    assert "LifecycleHook Hook1" in out
    assert "variables        STAGE" in out
    assert "blue" not in out, "a variable's value may be a secret"
    assert "team=web" in out


def test_the_rendered_sam_template_is_limited_to_the_profiles_groups(project: Project) -> None:
    project.write("own", OWN)
    project.deploy("sam", "own", "--dry-run")
    place = project.root / "build" / "deploy" / "own" / "sam"
    document = yaml.safe_load((place / "template.yml").read_text())
    assert document["Globals"]["Function"]["Environment"]["Variables"]["STAGE"] == "blue"
    for role in ("LookRole", "QueueRole"):
        text = json.dumps(_policy(document["Resources"][role], "checks"))
        assert "autoScalingGroupName/web-asg" in text
        assert "autoScalingGroupName/*" not in text
    assert document["Resources"]["Hook1"]["Properties"]["LifecycleHookName"] == "ready"
    assert 'stack_name = "rearm-own"' in (place / "samconfig.toml").read_text()


def _policy(role: Any, name: str) -> Any:
    return next(one["PolicyDocument"] for one in role["Properties"]["Policies"] if one.get("PolicyName") == name)
