"""What is refused before anything is touched: one clear line each, exit code 2, no tool called, nothing written."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from deploy_world import CREDENTIALS, Project, cloud_of, ready, refused, untouched

from rearm_workbench.deploy import command, credentials, environment
from rearm_workbench.deploy.tools import FACTS
from rearm_workbench.descriptions.model import Tool

AWS_ACCOUNT = "123456789012"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    # Nobody is asked whose the credentials are.
    monkeypatch.setattr(credentials, "account", lambda *_: AWS_ACCOUNT)
    with untouched(Project(tmp_path, monkeypatch)) as made:
        yield made


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_options(project: Project, dry: tuple[str, ...]) -> None:
    there = "there is dev, prod, staging"
    of_aws = "on AWS it must be sam or serverless"
    for args, lines in [
        (
            (),
            [
                "no cloud given: must be aws or alibaba: say CLOUD=… (or --cloud …)",
                f"no environment given; {there}: say ENV=… (or --env …)",
            ],
        ),
        (("--cloud", "aws", "--env", "dev"), [f"no tool given: {of_aws}: say TOOL=… (or --tool …)"]),
        (("--cloud", "aws", "--tool", "fun", "--env", "dev"), [f"tool `fun`: {of_aws}: say TOOL=… (or --tool …)"]),
        (
            ("--cloud", "alibaba", "--tool", "sam", "--env", "dev"),
            ["tool `sam`: on Alibaba Cloud it must be s or fun: say TOOL=… (or --tool …)"],
        ),
        (
            ("--cloud", "asw", "--tool", "sam", "--env", "dev"),
            ["cloud `asw`: must be aws or alibaba; did you mean `aws`?: say CLOUD=… (or --cloud …)"],
        ),
        (
            ("--cloud", "aws", "--tool", "sam", "--env", "prodd"),
            [f"environment `prodd`: there is none such; {there}; did you mean `prod`?"],
        ),
    ]:
        assert project.rearm(*args, *dry) == (2, "", lines)


def test_an_environment_with_mistakes(project: Project) -> None:
    project.write("bad", "aws: {memory_mb: 1}\nalibaba: {cpu: 99}")
    code, out, err = project.deploy("sam", "bad", "--dry-run")
    assert (code, out) == (2, "")
    assert [line.partition(": must")[0] for line in err] == [
        "environments/bad.yml: aws.memory_mb: `1`",
        "environments/bad.yml: alibaba.cpu: `99`",
    ]


def test_a_configuration_for_the_other_cloud(project: Project) -> None:
    project.write("one", "config: {profiles: [{name: web, match: {cloud: alibaba}, checks: []}]}")
    _, _, err = project.deploy("sam", "one", "--dry-run")
    assert err == ["one: no profile of its configuration is for AWS: nothing would be looked after there"]


def test_what_funcraft_cannot_do(project: Project) -> None:
    project.write("new", 'alibaba: {python: "3.12"}')
    code, _, [line] = project.deploy("fun", "new", "--dry-run")
    assert code == 2
    assert line.startswith("alibaba.python `3.12`: with Funcraft it must be 3.10")


def test_everything_that_is_missing_is_said_at_once(project: Project) -> None:
    code, out, err = project.deploy("sam", "prod")
    assert (code, out) == (2, "")
    assert err == [
        "SAM (`sam`) is not installed: run `make tools-sam`, or put it on PATH",
        "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`",
        "build/package/aws/layer.zip is not built: run `make package ENV=prod CLOUD=aws`",
        "build/package/aws/functions.zip is not built: run `make package ENV=prod CLOUD=aws`",
        "nobody can be asked here (no terminal): say --yes, or set CI=true",
    ]


@pytest.mark.parametrize("tool", ["sam", "serverless", "s", "fun"])
def test_a_tool_that_is_not_installed(project: Project, tool: Tool) -> None:
    project.node()
    project.build(cloud_of(tool), "prod")
    facts = FACTS[tool]
    expected = f"{facts.says} (`{facts.program}`) is not installed: run `make {facts.target}`, or put it on PATH"
    assert refused(project, tool=tool) == [expected]


def test_a_tool_on_the_path_will_do_but_it_needs_node(project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    project.build("alibaba", "prod")
    (tmp_path / "s").write_text("#!/bin/sh\n")
    (tmp_path / "s").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused(project, tool="s") == ["Serverless Devs (`s`) needs node, which is not on PATH: install Node.js 20 or newer"]


def test_archives_of_something_else(project: Project) -> None:
    again = "run `make package ENV=prod CLOUD=aws`"
    project.install("sam")
    project.build("aws", "prod", environment="dev", python="3.10", architecture="arm64")
    assert refused(project) == [
        f"build/package/aws is built for environment dev, prod needs prod: {again}",
        f"build/package/aws is built for python 3.10, prod needs 3.12: {again}",
        f"build/package/aws is built for architecture arm64, prod needs x86_64: {again}",
    ]
    project.build("aws", "prod", sources="0" * 64)
    assert refused(project) == [f"build/package/aws is older than the sources or the configuration: {again}"]


def test_a_configuration_that_was_changed_after_the_archives_were_built(project: Project) -> None:
    ready(project)
    project.write("prod", "cadence: {every: 45s}")
    [line] = refused(project)
    assert "older than the sources or the configuration" in line


def test_archives_that_were_changed_or_half_taken_away(project: Project) -> None:
    again = "run `make package ENV=prod CLOUD=aws`"
    ready(project)
    place = project.root / "build" / "package" / "aws"
    (place / "layer.zip").write_bytes(b"something else")
    assert refused(project) == [f"build/package/aws/layer.zip is not the file that its manifest.json tells of: {again}"]
    for text in ("{", "[]", "{}"):
        (place / "manifest.json").write_text(text)
        assert refused(project) == [f"build/package/aws/manifest.json is missing or broken: {again}"]
    (place / "functions.zip").unlink()
    assert refused(project) == [f"build/package/aws/functions.zip is not built: {again}"]


def test_without_a_terminal_somebody_has_to_have_said_yes(project: Project) -> None:
    ready(project)
    for environ in ({}, {"CI": "false"}):
        code, out, err = project.deploy("sam", "prod", environ={**CREDENTIALS["aws"], **environ})
        assert (code, out, err) == (2, "", ["nobody can be asked here (no terminal): say --yes, or set CI=true"])


def test_a_second_deployment_of_the_same_environment_waits_its_turn(project: Project) -> None:
    ready(project)
    found = environment.load("prod", project.root / "environments")
    with command.alone(project.root, found):
        assert refused(project) == ["another `rearm deploy` of prod is running here: wait for it to end"]
