"""`rearm config permissions` as its users meet it, and its page."""

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rearm import config
from rearm_workbench.cli import app
from rearm_workbench.permissions.page import page

PAGE = Path(__file__).resolve().parents[1] / "docs" / "permissions.md"


def rearm(*args: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["config", "permissions", *map(str, args)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_the_command_prints_what_the_configuration_is_for(tmp_path: Path) -> None:
    path = tmp_path / "rearm.yml"
    path.write_text("version: 1\nprofiles: [{name: p, match: {cloud: aws}, checks: [instance_status]}]")
    code, out, err = rearm(path, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert {cloud: list(roles) for cloud, roles in told.items()} == {"aws": ["look", "queue", "scheduler"]}
    assert list(told["aws"]["look"]) == ["for", "permissions", "policy"]
    assert list(told["aws"]["look"]["permissions"][0]) == ["permission", "by", "resources", "why", "source"]
    code, out, _ = rearm(path, "--sweep", "--json")
    assert {cloud: list(roles) for cloud, roles in json.loads(out).items()} == {"aws": ["sweep"]}
    code, out, _ = rearm(path)
    assert code == 0
    assert json.dumps(told["aws"]["look"]["policy"], indent=2) in out
    code, out, _ = rearm(config.DEFAULT, "--cloud", "alibaba", "--fc", "2.0")
    assert code == 0
    assert "aws, look" not in out
    assert "services/${RecheckService}/functions/${RecheckFunction}" in out


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("nowhere.yml",), "rearm: nowhere.yml: there is no such file"),
        (("wrong.yml",), "rearm: wrong.yml: profiles: missing"),
        (("aws.yml", "--cloud", "azure"), "rearm: --cloud `azure`: must be aws or alibaba"),
        (("aws.yml", "--cloud", "alibaba"), "rearm: aws.yml: no profile is for alibaba"),
        (("aws.yml", "--fc", "1.0"), "rearm: --fc `1.0`: must be 2.0 or 3.0"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(args: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wrong.yml").write_text("version: 1\n")
    Path("aws.yml").write_text("version: 1\nprofiles: [{name: p, match: {cloud: aws}, checks: []}]")
    code, out, err = rearm(*args)
    assert (code, out) == (2, "")
    assert err.startswith(says)
    assert len(err.splitlines()) == 1


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run `make docs`"


def test_the_commands_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rearm.yml").write_bytes(config.DEFAULT.read_bytes())
    [block] = re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for line in block.splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True)
        assert words[:3] == ["rearm", "config", "permissions"]
        code, out, err = rearm(*words[3:])
        assert (code, err) == (0, ""), line
        assert "Statement" in out
