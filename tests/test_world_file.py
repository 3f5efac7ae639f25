"""The world file is strict: every problem at once, one line each."""

from pathlib import Path

import pytest

from rearm.errors import ConfigError
from rearm_workbench.replay import prepare
from rearm_workbench.world_file import KEYS, judge, read

ROOT = Path(__file__).resolve().parents[1]


def problems_of(raw: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        judge(raw)
    return caught.value.problems


def test_every_problem_is_said_at_once_with_its_path() -> None:
    raw = {
        "redy_after": "40m",
        "gone_after": "-3m",
        "hook": {"heartbeat_timeout": "1s", "default": "ABANDON", "default_result": "MAYBE"},
        "duplicates": 0,
        "expect": "continue",
        "fc": "4.0",
        "heartbeat": "extends",
        "timers_late": "soon",
    }
    problems = problems_of(raw)
    hook = ["hook.default:", "hook.heartbeat_timeout:", "hook.default_result:"]
    starts = ["redy_after:", "gone_after:", *hook, "duplicates:", "expect:", "fc:", "heartbeat:", "timers_late:"]
    assert {start: [line for line in problems if line.startswith(start)] != [] for start in starts} == dict.fromkeys(starts, True)
    assert len(problems) == len(starts)
    assert all("\n" not in line for line in problems)


@pytest.mark.parametrize(
    "raw", [[], "40m", 5, None, {"ready_after": {}}, {"hook": 5}, {"hook": []}, {"ready_after": True}, {"duplicates": "3"}]
)
def test_other_shapes_are_refused(raw: object) -> None:
    assert problems_of(raw)


def test_what_it_says_is_what_happens() -> None:
    world = judge({"ready_after": "5h 50m", "hook": {"heartbeat_timeout": 600, "default_result": "CONTINUE"}, "duplicates": 4})
    assert (world.ready_after_s, world.hook("aws"), world.deliveries_s()) == (21_000, (600, "CONTINUE"), [0, 5, 660, 1260])
    assert judge({"ready_after": "never"}).ready_after_s is None
    assert judge({}).hook("alibaba") == (600, "CONTINUE")
    assert judge({"gone_after": None, "expect": None, "hook": {"default_result": None}}) == judge({"hook": {}}) == judge({})


@pytest.mark.parametrize("content", ["ready_after: [", "ready_after: 1m\nready_after: 2m\n", "\x00\x01", "- a\n- b\n"])
def test_a_file_that_is_none_gets_one_clear_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "w.yml"
    path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert all(line.startswith(str(path)) and "\n" not in line for line in caught.value.problems)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "nowhere.yml")


@pytest.mark.parametrize("text", ["hook: {heartbeat_timeout: 3h}", "hook: {default_result: ROLLBACK}", "expect: ROLLBACK"])
def test_a_world_that_cannot_be_on_its_cloud_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "w.yml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="aws"):
        prepare(ROOT / "events/aws/eventbridge-launch.json", path)
    assert prepare(ROOT / "events/alibaba/oos.json", path).world


def test_every_key_is_documented() -> None:
    text = (ROOT / "docs/replay.md").read_text()
    assert [key for key in KEYS if f"`{key}" not in text] == []
