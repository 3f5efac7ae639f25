"""The workflow files: the same `make` targets as anywhere else, pinned actions, and no more permissions than each job needs."""

import re
import shlex
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from rearm_workbench.deploy import environment, tools
from rearm_workbench.deploy.judge_aws import PYTHONS
from rearm_workbench.descriptions.model import Tool

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".github" / "workflows"
NAMES = ("check", "deploy")
CREDENTIALS = ("aws-actions/configure-aws-credentials", "aliyun/configure-aliyun-credentials-action")


def workflow(name: str) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
    return found


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in workflow(name)["jobs"].values() for step in job.get("steps", [])]


def targets(text: str) -> list[str]:
    """The targets of `make a b VARIABLE=c` lines, in order."""
    commands = [shlex.split(re.split("[>&|]", line)[0], comments=True) for line in text.splitlines() if line.strip().startswith("make ")]
    return [word for command in commands for word in command[1:] if "=" not in word]


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_a_make_target_that_exists(name: str) -> None:
    known = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    run = [step["run"] for step in steps(name) if "run" in step]
    assert run
    for text in run:
        assert targets(text), text
        assert set(targets(text)) <= known, text


def test_ci_runs_what_must_pass_before_anything_lands() -> None:
    wanted = targets((ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    run = [target for step in steps("check") for target in targets(step.get("run", ""))]
    assert wanted
    assert set(wanted) - {"tools"} <= set(run), "the tools are installed by whatever needs them"


@pytest.mark.parametrize("name", NAMES)
def test_actions_are_pinned_and_checkouts_keep_no_token(name: str) -> None:
    for step in steps(name):
        if "uses" not in step:
            continue
        action, _, version = step["uses"].partition("@")
        # Alibaba Cloud's action has tags of its major version only.
        assert re.fullmatch(r"v\d+" if action.startswith("aliyun/") else r"v\d+\.\d+\.\d+", version), step["uses"]
        if action == "actions/checkout":
            assert step["with"] == {"persist-credentials": False}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_a_person_types_gets_into_a_shell(name: str) -> None:
    assert not [step["run"] for step in steps(name) if "${{" in step.get("run", "")]


def test_permissions_are_those_that_each_job_needs() -> None:
    for name in NAMES:
        assert workflow(name)["permissions"] == {"contents": "read"}
        for job, body in workflow(name)["jobs"].items():
            signs_in = [step for step in body.get("steps", []) if step.get("uses", "").startswith(CREDENTIALS)]
            wanted = {"contents": "read", "id-token": "write"} if signs_in else None
            assert body.get("permissions") == wanted, job


def test_a_deployment_goes_through_its_environment() -> None:
    jobs = workflow("deploy")["jobs"]
    [job] = [body for body in jobs.values() if any(step.get("run") == "make deploy" for step in body.get("steps", []))]
    assert job["environment"] == "${{ inputs.environment }}"
    assert set(job["needs"]) == {"check", "build"}
    assert [step["env"] for step in job["steps"] if step.get("run") == "make deploy"] == [{"CI": "true"}]


def test_the_choices_are_those_that_there_are() -> None:
    # YAML 1.1 reads the key `on` as true.
    inputs = workflow("deploy")[True]["workflow_dispatch"]["inputs"]
    assert sorted(inputs["environment"]["options"]) == environment.known(ROOT / "environments")
    assert tuple(inputs["cloud"]["options"]) == tools.CLOUDS
    assert tuple(inputs["tool"]["options"]) == get_args(Tool)


@pytest.mark.parametrize("name", NAMES)
def test_jobs_that_build_have_every_python_that_a_function_can_have(name: str) -> None:
    for job in workflow(name)["jobs"].values():
        if any("package" in targets(step.get("run", "")) for step in job.get("steps", [])):
            [python] = [step["with"]["python-version"] for step in job["steps"] if step.get("uses", "").startswith("actions/setup-python")]
            assert set(PYTHONS) == set(python.split())
            assert python.split()[-1] == "3.11", "the workbench's comes last, which is the one that `python` is"
