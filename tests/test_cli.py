"""The `rearm` command as its users meet it: what it prints, where, and its exit codes. Never a traceback."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rearm_workbench.cli import app

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = Path(__file__).parent / "golden"
LAUNCH = "events/aws/eventbridge-launch.json"
COMMAND = [sys.executable, "-c", "from rearm_workbench.cli import main; main()"]


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "120")


def rearm(*args: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    done = CliRunner().invoke(app, [str(arg) for arg in args])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_explain_json_gives_exactly_the_documented_object() -> None:
    code, out, err = rearm("explain", "--json", LAUNCH)
    assert (code, err) == (0, "")
    [one] = json.loads(out)
    assert one.pop("reason")
    assert one == {
        "verdict": "action",
        "cloud": "aws",
        "transition": "launch",
        "group": "web-asg",
        "hook": "ready-hook",
        "token": "71514b9d-6a40-4b26-8523-05e7ee35fa40",
        "instances": ["i-0123456789abcdef0"],
        "metadata": '{"role": "web", "port": 8080}',
        "origin": "EC2",
        "destination": "AutoScalingGroup",
        "action": None,
    }


NONSENSE = {
    "not JSON": b"hello, world",
    "empty": b"",
    "blank": b" \n\t ",
    "binary": bytes(range(256)) * 8,
    "300 KB of nonsense": b"lorem ipsum " * 25_600,
    "300 KB of JSON": json.dumps({"a" * 9: "b" * 300_000}).encode(),
    "deep": b"[" * 100_000,
    "an unknown object": b'{"hello": "world"}',
    "a number": b"12",
    "half a file": (ROOT / LAUNCH).read_bytes()[:300],
    "no token": (ROOT / LAUNCH).read_text().replace("LifecycleActionToken", "Token").encode(),
}


@pytest.mark.parametrize("content", NONSENSE.values(), ids=NONSENSE)
def test_files_that_cannot_be_used_are_invalid_with_exit_2_and_no_traceback(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_bytes(content)
    code, out, _ = rearm("explain", "--json", path)
    assert code == 2
    assert [one["verdict"] for one in json.loads(out)] == ["invalid"]
    code, _, err = rearm("replay", path)
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert err.startswith(f"rearm: {path}: ")
    assert len(err) < 500


@pytest.mark.parametrize("command", ["explain", "replay"])
def test_a_missing_file_is_one_clear_line(command: str) -> None:
    code, out, err = rearm(command, "nowhere.json")
    assert (code, out.strip() if command == "explain" else "") == (2, "")
    assert err == "rearm: nowhere.json: cannot be read (No such file or directory)\n"


def test_one_bad_record_is_named_and_the_others_are_replayed(tmp_path: Path) -> None:
    batch = json.loads((ROOT / "events/aws/sqs-batch.json").read_text())
    batch["Records"][1]["body"] = "{"
    path = tmp_path / "batch.json"
    path.write_text(json.dumps(batch))
    code, out, err = rearm("replay", "--json", path)
    assert code == 2
    assert [wait["outcome"] for wait in json.loads(out)["waits"]] == ["CONTINUE", "CONTINUE"]
    assert "Records[1]" in err


def test_replay_json_gives_exactly_the_documented_object() -> None:
    code, out, err = rearm("replay", "--json", LAUNCH)
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert list(document) == ["waits"]
    [wait] = document["waits"]
    keys = "event cloud token outcome by waited_s ready_s looks heartbeats api_calls timeline"
    assert list(wait) == keys.split()
    assert (wait["event"], wait["outcome"], wait["by"], wait["ready_s"]) == (LAUNCH, "CONTINUE", "rearm", 2400)
    assert all(list(entry) == ["at_s", "what", "why"] for entry in wait["timeline"])
    assert [entry["at_s"] for entry in wait["timeline"]] == sorted(entry["at_s"] for entry in wait["timeline"])


def test_a_wait_that_ends_otherwise_than_expected_is_exit_1(tmp_path: Path) -> None:
    world = tmp_path / "w.yml"
    world.write_text("ready_after: never\nhook: {heartbeat_timeout: 3m}\nexpect: CONTINUE\n")
    code, out, err = rearm("replay", "--json", "--world", world, LAUNCH)
    assert code == 1
    assert json.loads(out)["waits"][0]["outcome"] == "ABANDON"
    assert "expected CONTINUE" in err


def test_wrong_configurations_are_refused_all_problems_at_once(tmp_path: Path) -> None:
    path = tmp_path / "rearm.yml"
    wrong = {"name": "p", "cheks": [], "checks": [{"http": {}}, {"tcp": {"port": 0}}], "every": "soon", "match": {"group": []}}
    path.write_text(json.dumps({"version": 1, "profiles": [wrong]}))
    for command in (["replay", "--config", path, LAUNCH], ["explain", "--config", path, LAUNCH], ["config", "check", path]):
        code, _, err = rearm(*command)
        assert code == 2
        lines = err.strip().splitlines()
        for piece in ("].cheks", ".http", "tcp.port", "].every", "match.group"):
            assert sum(piece in line for line in lines) == 1, (piece, lines)


def test_a_wrong_world_is_refused_before_anything_runs(tmp_path: Path) -> None:
    world = tmp_path / "w.yml"
    world.write_text("ready_after: soon\nduplicates: -1\n")
    code, out, err = rearm("replay", "--json", "--world", world, LAUNCH)
    assert (code, json.loads(out)) == (2, {"waits": []})
    assert len(err.strip().splitlines()) == 2


def test_a_configuration_that_a_replay_cannot_serve_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rearm.yml"
    path.write_text(json.dumps({"version": 1, "profiles": [{"name": "p", "checks": [{"http": {"port": 80, "body_matches": "a(?!b)"}}]}]}))
    code, _, err = rearm("replay", "--config", path, LAUNCH)
    assert code == 2
    assert err.strip().endswith("`body_matches: a(?!b)` is more than a replay can make up a body for; use a simpler pattern for it")


def test_test_notifications_make_no_wait() -> None:
    code, out, err = rearm("replay", "events/aws/sns-test.json", "events/alibaba/eventbridge-test.json")
    assert (code, err) == (0, "")
    assert out.count("test ") >= 2
    assert out.endswith("no wait: nothing that was read holds a lifecycle action\n")


def test_directories_stand_for_their_files_and_an_empty_one_is_refused(tmp_path: Path) -> None:
    code, _, err = rearm("replay", tmp_path)
    assert code == 2
    assert "no notification file" in err


@pytest.mark.slow
def test_two_replays_at_once_do_not_meet() -> None:
    command = [*COMMAND, "replay", "--json", LAUNCH, "events/alibaba/oos.json"]
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert outputs[0][0] == outputs[1][0]


def test_machine_settings_for_the_real_clouds_do_not_leak_in() -> None:
    """In a process of its own: some are read when a library is imported."""
    nowhere = "http://127.0.0.1:9"
    settings = {"AWS_PROFILE": "nowhere", "AWS_ENDPOINT_URL": nowhere, "HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere}
    done = subprocess.run(
        [*COMMAND, "replay", "--json", LAUNCH, "events/alibaba/oos.json"],
        env=os.environ | settings | {"REARM_CONFIG": "/nowhere/rearm.json"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [wait["by"] for wait in json.loads(done.stdout)["waits"]] == ["rearm", "rearm"]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("replay-launch", ["replay", LAUNCH]),
        ("replay-duplicates", ["replay", "events/aws/sns-terminate.json"]),
        ("replay-gone", ["replay", "events/alibaba/eventbridge-scale-out.json"]),
        ("explain-launch", ["explain", LAUNCH]),
        ("explain-oos", ["explain", "events/alibaba/oos.json"]),
        ("explain-batch", ["explain", "events/aws/sqs-batch.json"]),
    ],
)
def test_what_people_read(name: str, args: list[str]) -> None:
    """Golden files. REARM_GOLDEN=write renews them; read the difference before you commit it."""
    code, out, _ = rearm(*args)
    assert code == 0
    text = "\n".join(line.rstrip() for line in out.splitlines()) + "\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("REARM_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


def test_the_readme_tells_the_truth(tmp_path: Path) -> None:
    """Its commands exist, its configuration is good, and its first timeline is what comes out."""
    readme = (ROOT / "README.md").read_text()
    targets = set(re.findall(r"make ([a-z0-9-]+)", readme))
    assert {"demo", "test"} <= targets
    assert all(re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE) for target in targets)
    path = tmp_path / "rearm.yml"
    path.write_text(re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)[0])
    assert rearm("config", "check", path)[0] == 0
    printed = (GOLDEN / "replay-launch.txt").read_text().splitlines()
    session = readme.split("$ make demo\n")[1].split("```")[0].splitlines()
    assert [line for line in session if line.strip() != "…" and line not in printed] == []
    assert all((ROOT / link).exists() for link in re.findall(r"\]\(([^)#:]+)\)", readme))
