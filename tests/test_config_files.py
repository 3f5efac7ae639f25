"""From files to configurations: YAML, JSON, durations, and `rearm config`."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields
from typer.testing import CliRunner

from rearm import checks, config, config_text, duration
from rearm.errors import ConfigError
from rearm_workbench import config_cli
from rearm_workbench.config_schema import schema

ROOT = Path(__file__).resolve().parents[1]
DOCS = (ROOT / "docs" / "configuration.md").read_text()
DEFAULT_YML = ROOT / "shared" / "python" / "rearm" / "default.yml"
DOC_EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)
runner = CliRunner()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"", "the file is empty"),
        (b"# only words\n", "the file is empty"),
        (b"\xff\xfe\x00", "this is no text file"),
        (b"version: 1\nprofiles: [\n", "line 3, column 1: this is not YAML"),
        (b"a: b: c", "line 1, column 5: this is not YAML"),
        (b"version: 1\n\tprofiles: []", "line 2, column 1: this is not YAML"),
        (b"\x00\x01", "this is not YAML"),
        (b"version: 1\nprofiles: []\nversion: 1", "line 3: the key `version` is given twice; first in line 1"),
        (b"a: &a [*a]", "line 1: this value refers to itself"),
        (b"? [1, 2]\n: x", "line 1, column 3: this is not YAML"),
        (b"when: 2024-99-99", "this is not YAML"),
        (b"x: !!python/object:os.system {}", "line 1, column 4: this is not YAML"),
        (b"[" * 5000, "the file is nested too deeply"),
        (
            b"a0: &a0 [1,1,1,1,1,1,1,1]\n" + b"".join(b"a%d: &a%d [*a%d,*a%d,*a%d,*a%d]\n" % (n, n, *[n - 1] * 4) for n in range(1, 30)),
            "the aliases",
        ),
        (b"x" * 1_000_001, "the file has 1000001 bytes"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_not_yaml_is_one_line(text: bytes, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_text.parse(text, yaml=True)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b'{"version": 1,}', "line 1, column 1"),
        (b"version: 1", "line 1, column 1: this is not JSON"),
        (b'{"a": 1, "a": 2}', "the key `a` is given twice"),
        (b'{"a": NaN}', "this is not JSON (NaN is no JSON number)"),
        (b"[" * 100_000, "the file is nested too deeply"),
        (b"[" + b"1" * 5000 + b"]", "this is not JSON"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_not_json_is_one_line(text: bytes, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_text.parse(text, yaml=False)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(line)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("5h 50m", 21_000), ("2d", 172_800), (" 1m ", 60), (45, 45)]
)
def test_durations(text: object, seconds: int) -> None:
    assert duration.seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", " ", "10", "m", "1m1h", "1.5h", "10ms", "-1s", "1m\n", "\u0661s", 0, -1, 1.0, True, None, [], "9" * 5000 + "s"]
)
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="duration like"):
        duration.seconds(text)


@given(st.integers(min_value=1, max_value=10**7))
def test_a_duration_said_is_read_back(seconds: int) -> None:
    assert duration.seconds(duration.say(seconds)) == seconds


def test_the_command_says_ok_with_a_line_for_each_profile(tmp_path: Path) -> None:
    path = tmp_path / "good.yml"
    path.write_text(DOC_EXAMPLES[0])
    done = runner.invoke(config_cli.app, ["check", str(path)])
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "ok: 2 profiles",
        "  web: cloud aws, group web-*, transition launch -> http :8080/healthz and (tcp :22 or tag ready=yes); every 1m, for 40m, "
        "on failure ABANDON, on timeout ABANDON",
        "  everything else: every action -> instance status; every 1m, as long as the cloud allows",
    ]


@pytest.mark.parametrize("command", ["check", "compile"])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"version: 1\nprofiles: []", "profiles: an empty list"),
        (b"\x89PNG\r\n\x1a\n\xff", "no text file"),
        (b"{", "not YAML"),
        (None, "no such file"),
    ],
)
def test_the_commands_refuse_in_one_line_with_exit_code_2(tmp_path: Path, command: str, content: bytes | None, says: str) -> None:
    path = tmp_path / "bad.yml"
    if content is not None:
        path.write_bytes(content)
    done = runner.invoke(config_cli.app, [command, str(path)])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"rearm: {path}: ")
    assert says in done.stderr


def test_a_directory_is_refused_in_one_line(tmp_path: Path) -> None:
    done = runner.invoke(config_cli.app, ["check", str(tmp_path)])
    assert (done.exit_code, done.stderr) == (2, f"rearm: {tmp_path}: this is not a file\n")


def test_compile_writes_json_that_loads_to_the_same(tmp_path: Path) -> None:
    source, out = tmp_path / "rearm.yml", tmp_path / "rearm.json"
    source.write_text(DOC_EXAMPLES[1])
    assert runner.invoke(config_cli.app, ["compile", str(source), "-o", str(out)]).exit_code == 0
    assert config.load(str(out)) == config.load(str(source))
    done = runner.invoke(config_cli.app, ["compile", str(source)])
    assert done.stdout.encode() == out.read_bytes()
    refused = runner.invoke(config_cli.app, ["compile", str(source), "-o", str(tmp_path / "no" / "where.json")])
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)


def test_schema_prints_json() -> None:
    done = runner.invoke(config_cli.app, ["schema"])
    assert done.exit_code == 0
    assert json.loads(done.stdout) == schema()


def test_the_page_has_every_key_and_every_check() -> None:
    for kind in checks.TABLE:
        assert f"\n### {kind}\n" in DOCS
        section = DOCS.split(f"\n### {kind}\n")[1].split("\n##")[0]
        assert all(f"`{name}`" in section for name in (field.encode_name for field in fields(checks.settings_type(kind)))), kind
        if kind != "tcp":
            assert all(call in section for calls in checks.module(kind).CALLS.values() for call in calls), kind
    assert all(f"| `{key}` |" in DOCS for key in config.PROFILE_KEYS)
