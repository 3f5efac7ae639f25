"""`osls` deploys the stack into a local AWS, tells of it, and takes it down again. `make e2e-aws`."""

import json
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
from aws_deploy_world import ROOT, env, worked_out
from local_aws import client, local_aws

from rearm_workbench.deploy import render
from rearm_workbench.deploy.serverless_values import values

pytestmark = pytest.mark.e2e
OSLS = ROOT / "build/tools/osls/node_modules/.bin/osls"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A project's root of its own, rendered for dev without the alarms that sum metrics, which the local AWS does not know."""
    subprocess.run([ROOT / ".venv/bin/rearm", "package", "--env", "dev", "--cloud", "aws"], cwd=ROOT, check=True, capture_output=True)
    for name in ("serverless.yml", "template.yml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "build/deploy/dev/serverless").mkdir(parents=True)
    (tmp_path / "build/package").symlink_to(ROOT / "build/package")
    one = msgspec.structs.replace(env(), alarms=msgspec.structs.replace(env().alarms, throttled=0, errors=0))
    (tmp_path / "build/deploy/dev/serverless/values.json").write_text(json.dumps(values(one)))
    return tmp_path


def test_the_stack_is_created_told_of_and_removed(place: Path) -> None:
    with local_aws(place) as environ:

        def osls(*command: str) -> str:
            ran = subprocess.run(
                [OSLS, *command, "--stage", "dev"], cwd=place, env=environ, capture_output=True, text=True, timeout=300, check=False
            )
            assert ran.returncode == 0, f"{command}: {ran.stdout[-3000:]}{ran.stderr[-3000:]}"
            return ran.stdout + ran.stderr

        osls("deploy")
        found = client("cloudformation", environ).list_stack_resources(StackName="rearm-dev")["StackResourceSummaries"]
        made = {one["LogicalResourceId"] for one in found if one["ResourceStatus"].endswith("_COMPLETE")}
        wanted = worked_out(
            render.sam_template(env(), ROOT), LateLooksThreshold="0", BudgetEndsThreshold="0", ThrottledThreshold="0", ErrorsThreshold="0"
        )
        assert set(wanted) <= made
        names = {one["FunctionName"] for one in client("lambda", environ).list_functions()["Functions"]}
        assert names == {f"rearm-dev-{type_}" for type_ in ("eventbridge", "sns", "sqs", "direct", "recheck", "sweep")}
        assert "SqsNotificationTarget: arn:aws:sqs:us-east-1:123456789012:rearm-dev" in osls("info", "--verbose")
        osls("remove")
        assert client("lambda", environ).list_functions()["Functions"] == []
