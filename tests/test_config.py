"""The configuration: what is accepted, and that each mistake is one line with its path."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import config_cases_checks
from config_cases import RIGHT, WRONG, check, one, profile
from rearm import config
from rearm.core.model import Action
from rearm.core.profile import All, One
from rearm.core.profile import Any as AnyOf
from rearm.errors import ConfigError
from rearm_workbench import config_cli
from rearm_workbench.config_schema import schema

ROOT = Path(__file__).resolve().parents[1]
DOCS = (ROOT / "docs" / "configuration.md").read_text()
DEFAULT_YML = ROOT / "shared" / "python" / "rearm" / "default.yml"
DOC_EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)
runner = CliRunner()


CASES = [*WRONG, *config_cases_checks.WRONG]


@pytest.mark.parametrize(("raw", "line", "in_schema"), CASES, ids=[line for _, line, _ in CASES])
def test_a_mistake_is_one_line_with_its_path(raw: Any, line: str, in_schema: bool) -> None:
    found, problems = config.judge(raw)
    assert found is None
    assert [problem for problem in problems if problem.startswith(line)], problems
    assert all(problem.isprintable() and len(problem) < 300 for problem in problems), "one short line each"
    assert len(problems) == 1, problems
    assert jsonschema.Draft202012Validator(schema()).is_valid(raw) is not in_schema


def test_every_problem_is_said_at_once() -> None:
    raw = {
        "version": 3,
        "profiles": [profile(cheks=1, every="x", match={"cloud": "moon"}, checks=[{"tcp": {}}, {"http": {"port": 0, "path": 1}}])],
    }
    _, problems = config.judge(raw)
    paths = [problem.split(":")[0] for problem in problems]
    assert paths == [
        "version",
        "profiles[0].cheks",
        "profiles[0].match.cloud",
        "profiles[0].checks[0].tcp.port",
        "profiles[0].checks[1].http.port",
        "profiles[0].checks[1].http.path",
        "profiles[0].every",
    ]


def test_a_budget_beyond_what_the_cloud_allows_makes_no_room_for_what_never_comes() -> None:
    _, problems = config.judge(one(budget="3d", match={"cloud": "aws"}, checks=[{"tcp": {"port": 1, "fail_after": "60h"}}]))
    assert [problem.partition(":")[0] for problem in problems] == ["profiles[0].checks[0].tcp.fail_after", "profiles[0].budget"]
    assert "less than 2d, the most that AWS allows" in problems[0]


def test_a_header_is_never_quoted() -> None:
    _, problems = config.judge(check(http={"port": 80, "headers": {"Authorization": "Bearer s3cret\n"}}))
    assert len(problems) == 1
    assert "s3cret" not in problems[0]


@pytest.mark.parametrize("raw", [*RIGHT, *map(yaml.safe_load, DOC_EXAMPLES), yaml.safe_load(DEFAULT_YML.read_text())])
def test_what_is_right_is_accepted_by_judge_and_by_the_schema(raw: Any) -> None:
    assert config.judge(raw)[1] == []
    jsonschema.Draft202012Validator(schema()).validate(raw)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_a_profile_comes_out_as_it_was_written() -> None:
    found, _ = config.judge(yaml.safe_load(DOC_EXAMPLES[0]))
    assert found is not None
    web = found.profiles[0]
    assert (web.name, web.every_s, web.budget_s, web.on_failure, web.on_timeout) == ("web", 60, 2400, "ABANDON", "ABANDON")
    assert web.condition == All(of=(One(0), AnyOf(of=(One(1), One(2)))))
    assert [(one.kind, one.label, one.limit_s) for one in web.checks] == [
        ("http", "http :8080/healthz", 5.0),
        ("tcp", "tcp :22", 5.0),
        ("tag", "tag ready=yes", 5.0),
    ]
    action = Action(cloud="aws", hook="h", token="t", instances=("i-1",), group="web-7", transition="launch")
    assert found.profile_for(action) is web


WORDS_OF = {"cloud": ("aws", "alibaba"), "transition": ("launch", "terminate")}
PATTERNS = st.lists(st.sampled_from(["*", "a", "b", "a*", "*b", "a?", "[ab]", "ab", "-", "a*b", "aab", "?"]), max_size=2)
MATCHES = st.fixed_dictionaries(
    {}, optional={key: st.lists(st.sampled_from(words), min_size=1, max_size=2) for key, words in WORDS_OF.items()}
).flatmap(lambda match: PATTERNS.map(lambda groups: match | ({"group": groups} if groups else {})))
ACTIONS = [
    Action(cloud=cloud, hook="h", token="t", instances=("i",), group=group, transition=transition)
    for cloud in ("aws", "alibaba")
    for transition in ("launch", "terminate")
    for group in ("", "a", "b", "ab", "aa", "aab", "c", "x")
]


@given(st.lists(MATCHES, min_size=2, max_size=4))
def test_a_profile_called_unused_is_never_used(matches: list[dict[str, Any]]) -> None:
    """The comparison of patterns is cautious: whoever it reports, no action reaches."""
    raw = {"version": 1, "profiles": [profile(name=str(index), match=match) for index, match in enumerate(matches)]}
    _, problems = config.judge(raw)
    unused = {int(problem[len("profiles[")]) for problem in problems if "never used" in problem}
    merged = [config.judge(one(match=match))[0] for match in matches]
    for action in ACTIONS:
        first = next((index for index, each in enumerate(merged) if each and each.profile_for(action)), None)
        assert first not in unused


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_judge_never_breaks_on_nonsense(raw: Any) -> None:
    for given_ in (
        raw,
        {"version": 1, "profiles": raw},
        one(checks=[{"http": raw}, {"any": raw}]),
        one(match=raw),
        one(checks=raw, every=raw),
    ):
        found, problems = config.judge(given_)
        assert (found is None) == bool(problems)
        assert all("\n" not in problem for problem in problems)


def test_the_packaged_default_is_compiled_from_its_yaml() -> None:
    assert config_cli.compiled(DEFAULT_YML) == config.DEFAULT.read_bytes()


def test_the_default_matches_every_action_once_a_minute_without_a_budget() -> None:
    found = config.load(str(config.DEFAULT))
    for cloud in ("aws", "alibaba"):
        for transition in ("launch", "terminate"):
            profile_ = found.profile_for(Action(cloud=cloud, hook="h", token="t", instances=("i",), transition=transition))
            assert profile_ is not None
            assert (profile_.name, profile_.every_s, profile_.budget_s) == (transition, 60, None)


def test_load_takes_the_argument_then_the_variable_then_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named, other = tmp_path / "named.json", tmp_path / "other.yml"
    named.write_text(json.dumps(one(name="named")))
    other.write_text(yaml.safe_dump(one(name="other")))
    monkeypatch.setenv(config.VARIABLE, str(other))
    assert config.load(str(named)).profiles[0].name == "named"
    assert config.load().profiles[0].name == "other"
    assert config.load() is config.load(), "kept for warm starts"
    monkeypatch.setenv(config.VARIABLE, "")
    assert config.load().profiles[0].name == "launch"


@pytest.mark.parametrize("platform", ["LAMBDA_TASK_ROOT", "FC_FUNC_CODE_PATH"])
def test_a_relative_path_is_beside_the_functions_code(platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"{platform}.yml").write_text("version: 1\nprofiles: [{name: beside, checks: [instance_status]}]")
    monkeypatch.setenv("REARM_CONFIG", f"{platform}.yml")
    monkeypatch.setenv(platform, str(tmp_path))
    assert [profile.name for profile in config.load().profiles] == ["beside"]


def test_load_names_the_file_in_front_of_each_problem(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text("{}")
    with pytest.raises(ConfigError) as caught:
        config.load(str(path))
    assert [problem.split(":")[0] for problem in caught.value.problems] == [str(path), str(path)]


def test_loading_the_default_imports_neither_yaml_nor_a_check_that_it_does_not_use() -> None:
    code = "import sys; from rearm import config; config.load(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"rearm.checks.instance_status", "rearm.checks.tag"} <= loaded
    assert not loaded & {"yaml", "typer", "difflib", "urllib3", "http.client", "ssl", "socket", "rearm.checks.http", "rearm.checks.tcp"}
