"""docs/environments.md tells the truth: its example, its lines, its keys and its commands."""

import re
from pathlib import Path

import pytest
import yaml
from deploy_world import Project

from rearm.errors import ConfigError
from rearm_workbench.deploy import environment, judge, judge_alibaba, judge_aws

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "environments.md").read_text(encoding="utf-8")
[EXAMPLE] = re.findall(r"```yaml\n# environments/prod.yml\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_is_an_environment(tmp_path: Path) -> None:
    (tmp_path / "base.yml").write_bytes((ROOT / "environments" / "base.yml").read_bytes())
    (tmp_path / "prod.yml").write_text(EXAMPLE)
    found = environment.load("prod", tmp_path)
    assert [profile.name for profile in found.config.profiles] == ["web"]
    assert (found.aws.account, found.aws.notifications) == ("123456789012", ("eventbridge",))


def test_the_lines_of_mistakes_are_those_that_are_said(tmp_path: Path) -> None:
    [shown] = re.findall(r"```\n(rearm: environments/.*?)```", PAGE, re.DOTALL)
    (tmp_path / "base.yml").write_text("config: {version: 1, profiles: [{name: all, checks: []}]}\naws: {regoin: mars}")
    (tmp_path / "prod.yml").write_text("aws: {python: 3.10}")
    with pytest.raises(ConfigError) as refused:
        environment.load("prod", tmp_path)
    said = [line.replace(str(tmp_path), "environments") for line in refused.value.problems]
    assert sorted(said) == sorted(line.removeprefix("rearm: ") for line in shown.splitlines())


def test_every_key_is_explained_once() -> None:
    raw = yaml.safe_load((ROOT / "environments" / "base.yml").read_text(encoding="utf-8"))
    tables = re.findall(r"\| key[^\n]*\n\| ---[^\n]*\n((?:\|[^\n]*\n)+)", PAGE)
    explained = [re.findall(r"`([a-z_.]+)`", row.split("|")[1]) for table in tables for row in table.splitlines()]
    common = {"name", "config", "variables", "tags", *(f"cadence.{key}" for key in raw["cadence"]), "alarms.topic", "alarms.dead_letters"}
    rest = set(raw["alarms"]) - {"topic", "dead_letters"}
    names = [name for row in explained for name in row]
    expected = [*sorted(common | rest), *sorted(judge_aws.KEYS), *sorted(judge_alibaba.KEYS)]
    assert sorted(names) == sorted(expected)
    assert set(judge.KEYS) == {"aws", "alibaba", "alarms", "cadence", "name", "config", "variables", "tags"}


def test_commands_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    used = set(re.findall(r"(?:^\$ |`)(?:CI=true )?make ([a-z-]+)", PAGE, re.MULTILINE))
    assert {"package", "deploy"} <= used
    assert used <= known
    [command] = re.findall(r"`rearm deploy (--cloud aws [^`\[]*)\[--dry-run\] \[--yes\]`", PAGE)
    assert Project(tmp_path, monkeypatch).rearm(*command.split(), "--dry-run")[0] == 0


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (ROOT / "docs" / target).resolve().exists(), target
