"""Credentials that are missing, of another region or of another account: refused before anything is touched."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from deploy_world import Project, cloud_of, ready, refused, untouched

from rearm_workbench.deploy import credentials
from rearm_workbench.descriptions.model import Tool
from rearm_workbench.emulators.alibaba import AlibabaEmulator
from rearm_workbench.emulators.alibaba.account import ACCOUNT as ALIBABA_ACCOUNT
from rearm_workbench.emulators.aws import AwsEmulator
from rearm_workbench.virtual_clock import VirtualClock

AWS_ACCOUNT = "123456789012"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    # Nobody is asked whose the credentials are, unless a test asks for it.
    monkeypatch.setattr(credentials, "account", lambda *_: AWS_ACCOUNT)
    with untouched(Project(tmp_path, monkeypatch)) as made:
        yield made


@pytest.mark.parametrize(
    ("tool", "environ", "said"),
    [
        ("sam", {}, "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`"),
        ("sam", {"AWS_ACCESS_KEY_ID": "x"}, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not: set both"),
        ("s", {}, "no Alibaba Cloud credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or"),
        (
            "fun",
            {"ALIBABA_CLOUD_ACCESS_KEY_ID": "x"},
            "ALIBABA_CLOUD_ACCESS_KEY_ID is set and ALIBABA_CLOUD_ACCESS_KEY_SECRET is not: set both",
        ),
        ("s", {"ALIBABA_CLOUD_PROFILE": "ci"}, "the profile `ci` of the aliyun command cannot be used: /"),
    ],
)
def test_a_missing_credential(project: Project, tool: Tool, environ: dict[str, str], said: str) -> None:
    ready(project, tool)
    code, out, [line] = project.deploy(tool, "prod", "--yes", environ=environ)
    assert (code, out) == (2, "")
    assert line.startswith(said)


@pytest.mark.parametrize(
    "environ",
    [
        {"AWS_PROFILE": "ci"},
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere"},
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2"},
        {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"},
    ],
)
def test_ways_to_give_credentials_on_aws(environ: dict[str, str], tmp_path: Path) -> None:
    assert credentials.missing("aws", {"HOME": str(tmp_path), **environ}) == []


def test_the_clouds_own_files_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[default]\n")
    assert credentials.missing("aws", {"HOME": str(tmp_path)}) == []
    (tmp_path / ".aliyun").mkdir()
    profile = {"name": "ci", "mode": "AK", "access_key_id": "x", "access_key_secret": "y"}
    (tmp_path / ".aliyun" / "config.json").write_text(json.dumps({"current": "ci", "profiles": [profile]}))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert credentials.missing("alibaba", {"HOME": str(tmp_path)}) == []
    assert credentials.alibaba({"HOME": str(tmp_path)}).access_key_secret == "y"


@pytest.mark.parametrize(
    ("tool", "name", "value", "region"),
    [
        ("sam", "AWS_REGION", "eu-west-1", "us-east-1"),
        ("serverless", "AWS_DEFAULT_REGION", "eu-west-1", "us-east-1"),
        ("s", "ALIBABA_CLOUD_REGION_ID", "cn-beijing", "cn-hangzhou"),
    ],
)
def test_another_region(project: Project, tool: Tool, name: str, value: str, region: str) -> None:
    ready(project, tool)
    expected = f"{name} is `{value}`, prod is for {region} ({cloud_of(tool)}.region): unset it, or choose another environment"
    assert refused(project, tool=tool, **{name: value}) == [expected]


def test_another_account_on_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path, monkeypatch)
    project.write("mine", 'aws: {account: "999999999999"}')
    ready(project, env="mine")
    with AwsEmulator(VirtualClock(1_700_000_000.0), region="us-east-1"):
        expected = f"the credentials are of account {AWS_ACCOUNT}, mine is for 999999999999 (aws.account): use others"
        assert refused(project, env="mine") == [expected]
    assert project.called() == []


def test_another_account_on_alibaba_cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path, monkeypatch)
    project.write("mine", 'alibaba: {account: "9999999999999999"}')
    ready(project, "s", "mine")
    with AlibabaEmulator(VirtualClock(1_700_000_000.0)) as emulator:
        key, secret, token = emulator.credentials
        given = dict(
            zip((credentials.ALIBABA_ID, credentials.ALIBABA_SECRET, credentials.ALIBABA_TOKEN), (key, secret, token), strict=True)
        )
        endpoint = f"http://{emulator.endpoint}"
        expected = f"the credentials are of account {ALIBABA_ACCOUNT}, mine is for 9999999999999999 (alibaba.account): use others"
        assert refused(project, tool="s", env="mine", REARM_ENDPOINT_ESS=endpoint, **given) == [expected]
    assert project.called() == []


def test_credentials_that_do_not_work(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(project)
    monkeypatch.setattr(credentials, "account", lambda *_: "")
    expected = "the credentials do not work: AWS does not say whose they are (sts:GetCallerIdentity)"
    assert refused(project) == [expected]
