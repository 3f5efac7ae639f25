"""template.yml, samconfig.toml and serverless.yml, read by the real tools: SAM, cfn-lint and osls."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aws_deploy_world import ROOT, TEMPLATE, env, raw
from test_mutations_aws import linted

from rearm import config
from rearm_workbench.deploy import environment, render
from rearm_workbench.deploy.model import Aws, Environment, Hook
from rearm_workbench.deploy.serverless_values import values
from rearm_workbench.descriptions import tagged_yaml

pytestmark = pytest.mark.deploy

SAM = ROOT / "build/tools/sam/bin/sam"
OSLS = ROOT / "build/tools/osls/node_modules/.bin/osls"
ARCHIVES = ROOT / "build/package/aws"
STAGES = environment.known(ROOT / "environments")
NO_STACK = """<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id rearm does not exist</Message>
</Error><RequestId>1</RequestId></ErrorResponse>"""
EVERYTHING = {
    "version": 1,
    "profiles": [
        {
            "name": "web",
            "match": {"cloud": "aws", "group": ["web-*", "shop-[ab]"]},
            "checks": [
                {"http": {"port": 8080, "path": "/healthz"}},
                {"target_health": {"target_group": "web"}},
                {"command": {"run": "/opt/ready.sh"}},
                {"object": {"bucket": "ready-flags", "key": "web/{instance}"}},
                {"function": {"function": "is-ready"}},
                {"queue_empty": {"queue": "jobs-{instance}"}},
            ],
            "steps": [{"tag": {"key": "looked-after"}}, {"notify": {"bus": "ops"}}],
        }
    ],
}


def everything() -> Environment:
    """All that is off by default, and a configuration with many kinds of permissions."""
    settings, problems = config.judge(EVERYTHING)
    assert settings is not None, problems
    aws = Aws(
        python="3.13",
        architecture="arm64",
        sweep_groups=("web-a", "web-b"),
        kms_key_arn="arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012",
        reserved_concurrency=20,
        subnets=("subnet-0123456789abcdef0", "subnet-0123456789abcdef1"),
        security_groups=("sg-0123456789abcdef0",),
        lifecycle_hooks=tuple(
            Hook(group="web-a", name=type_, transition="launch", type=type_) for type_ in ("eventbridge", "sns", "sqs", "direct")
        ),
    )
    alarms = msgspec.structs.replace(env().alarms, topic="arn:aws:sns:us-east-1:123456789012:ops", late_looks=0)
    return msgspec.structs.replace(
        env(), config=settings, document=EVERYTHING, aws=aws, alarms=alarms, variables={"COLOUR": "blue"}, tags={"team": "the web team"}
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's root of its own, with the archives that `make package` built."""
    if not (ARCHIVES / "layer.zip").is_file():
        pytest.fail("the archives are not built: run `make package ENV=dev CLOUD=aws`")
    folder = tmp_path_factory.mktemp("aws")
    (folder / "build").mkdir()
    (folder / "build" / "package").symlink_to(ROOT / "build" / "package")
    for name in ("template.yml", "samconfig.toml", "serverless.yml"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="module")
def no_stacks() -> Iterator[str]:
    """An account without stacks: for a layer, `osls package` asks what was deployed last."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            assert b"Action=DescribeStacks" in asked
            self.send_response(400)
            self.send_header("Content-Type", "text/xml")
            self.end_headers()
            self.wfile.write(NO_STACK.encode())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def run(place: Path, *command: str, **more: str) -> str:
    """What a tool prints, without anybody's credentials. Fails with it."""
    surroundings = {"PATH": os.environ["PATH"], "HOME": str(place), "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1", **more}
    ran = subprocess.run(command, cwd=place, env=surroundings, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, f"{command[:2]}: {ran.stdout[-3000:]}{ran.stderr[-3000:]}"
    return ran.stdout + ran.stderr


def test_sam_validates_the_template(place: Path) -> None:
    assert "is a valid SAM Template" in run(place, str(SAM), "validate", "--lint", "--template", "template.yml", "--region", "us-east-1")


def test_sam_builds_the_template_of_the_archives(place: Path) -> None:
    """Of the rendered ones: test_deploy_tools.py."""
    run(place, str(SAM), "build", "--template", "template.yml")
    built = place / ".aws-sam" / "build"
    document = tagged_yaml.load(built / "template.yaml")
    named = [one["Properties"].get("CodeUri") or one["Properties"].get("ContentUri") for one in document["Resources"].values()]
    archives = [(built / path).resolve() for path in named if path]
    assert len(archives) == 7
    assert {path.parent for path in archives} == {ARCHIVES.resolve()}, "sam deploy would not find them"
    assert all(path.is_file() for path in archives)


def test_sam_reads_its_configuration(place: Path) -> None:
    """An unknown section or a parameter that sam does not understand would be an error."""
    for stage in STAGES:
        run(place, str(SAM), "validate", "--config-env", stage, "--template", "template.yml")


def test_cfn_lint_is_content_with_everything_that_is_rendered() -> None:
    rendered = {stage: render.sam_template(env(stage), ROOT) for stage in STAGES} | {"everything": render.sam_template(everything(), ROOT)}
    assert {name: found for name, found in linted(rendered).items() if found} == {}


def packaged(place: Path, stage: str, wanted: Environment, no_stacks: str) -> dict[str, Any]:
    """The CloudFormation that osls makes."""
    folder = place / "build" / "deploy" / stage / "serverless"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "values.json").write_text(json.dumps(values(wanted)))
    keys = {"AWS_ENDPOINT_URL": no_stacks, "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    assert "Service packaged" in run(place, str(OSLS), "package", "--stage", stage, "--package", f"out-{stage}", **keys)
    found: dict[str, Any] = json.loads((place / f"out-{stage}" / "cloudformation-template-update-stack.json").read_text())
    return found


def lint_of_osls(documents: dict[str, dict[str, Any]]) -> dict[str, list[list[str]]]:
    """Without what is not ours to change: osls says twice that a function depends on its role (W3005), and a runtime may be old (W1030)."""
    for one in documents.values():
        one["Metadata"]["cfn-lint"]["config"]["ignore_checks"] += ["W3005", "W1030"]
    return linted(documents)


def test_osls_packages_every_stage_and_cfn_lint_is_content_with_it(place: Path, no_stacks: str) -> None:
    made = {stage: packaged(place, stage, env(stage), no_stacks) for stage in STAGES}
    for stage, document in made.items():
        names = {one["Properties"]["FunctionName"] for one in document["Resources"].values() if one["Type"] == "AWS::Lambda::Function"}
        assert names == {f"rearm-{stage}-{type_}" for type_ in ("eventbridge", "sns", "sqs", "direct", "recheck", "sweep")}
    assert {stage: found for stage, found in lint_of_osls(made).items() if found} == {}


def test_osls_makes_the_stack_that_sam_makes(place: Path, no_stacks: str) -> None:
    """Every resource that is neither function nor layer is template.yml's, with all that is off by default turned on too."""
    wanted = everything()
    document = packaged(place, "everything", wanted, no_stacks)
    template = render.sam_template(wanted, ROOT)
    ours = {name: one for name, one in template["Resources"].items() if not one["Type"].startswith("AWS::Serverless::")}
    assert {name: document["Resources"].get(name) for name in ours} == ours
    assert document["Conditions"] == template["Conditions"]
    common = template["Globals"]["Function"]
    for name, one in template["Resources"].items():
        if one["Type"] != "AWS::Serverless::Function":
            continue
        theirs, properties = document["Resources"][name], one["Properties"]
        assert theirs.get("Condition") == one.get("Condition")
        for key in ("Handler", "Timeout", "Role", "Description"):
            assert theirs["Properties"][key] == properties[key]
        for key in (
            "Runtime",
            "Architectures",
            "MemorySize",
            "KmsKeyArn",
            "LoggingConfig",
            "ReservedConcurrentExecutions",
            "VpcConfig",
            "Layers",
        ):
            assert theirs["Properties"][key] == common[key]
        own = properties.get("Environment", {}).get("Variables", {})
        assert theirs["Properties"]["Environment"]["Variables"] == {**common["Environment"]["Variables"], **own}
        invoked = document["Resources"].get(f"{name.removesuffix('Function')}EvConf", {}).get("Properties", {})
        said = properties.get("EventInvokeConfig", {})
        assert invoked.get("MaximumRetryAttempts") == said.get("MaximumRetryAttempts")
        assert invoked.get("MaximumEventAgeInSeconds") == said.get("MaximumEventAgeInSeconds")
        assert invoked.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination") == said.get("DestinationConfig", {}).get(
            "OnFailure", {}
        ).get("Destination")
    assert lint_of_osls({"everything": document}) == {"everything": []}


def test_osls_says_so_when_nothing_was_rendered(place: Path) -> None:
    ran = subprocess.run(
        [str(OSLS), "package", "--stage", "nowhere"],
        cwd=place,
        env={"PATH": os.environ["PATH"], "HOME": str(place)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode != 0
    assert "custom.values" in ran.stdout + ran.stderr


def test_the_checked_in_template_is_what_dev_renders() -> None:
    """But for the comments: environments/dev.yml has neither hooks nor variables of its own."""
    assert render.sam_template(env("dev"), ROOT) == raw()
    assert TEMPLATE.read_text().startswith("#")
