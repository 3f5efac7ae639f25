"""What `rearm config check` and `rearm explain` say of steps that a copy must not do again, and of checks that decide nothing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from rearm_workbench.cli import app
from rearm_workbench.replay import events_dir

RULES = """
version: 1
profiles:
  - name: drains
    match: {cloud: aws, transition: terminate}
    steps:
      - tag: {key: draining}
      - notify: {topic: "arn:aws:sns:us-east-1:123456789012:drains", required: false}
      - command: {run: drain-me, required: false}
    checks: []
    stages:
      - {name: late, after: 20m, steps: [{notify: {bus: ops}}]}
"""


@pytest.mark.parametrize("command", [["config", "check"], ["explain", str(events_dir() / "aws/eventbridge-terminate.json"), "--config"]])
def test_steps_that_wait_for_the_second_look_say_so(command: list[str], tmp_path: Path) -> None:
    path = tmp_path / "rearm.yml"
    path.write_text(RULES)
    said = CliRunner().invoke(app, [*command, str(path)])
    assert said.exit_code == 0, said.output
    text = " ".join(said.output.split())
    assert "tag draining, notify" in text
    assert text.count("(waits for the second look)") == 2
    assert "drains (waits for the second look), command drain-me (" in text
    late = text.partition("after 20m late: ")[2]
    assert late.startswith("notify")
    assert "second look" not in late


def test_what_is_asked_and_decides_nothing_is_said(tmp_path: Path) -> None:
    path = tmp_path / "rearm.yml"
    path.write_text("version: 1\nprofiles: [{name: up, instances: any, checks: [instance_status, {tls: {port: 443, required: false}}]}]")
    said = CliRunner().invoke(app, ["config", "check", str(path)])
    assert "instance status for any of the instances, reports tls :443" in " ".join(said.output.split())
    said = CliRunner().invoke(app, ["explain", str(events_dir() / "aws/direct-launch.json"), "--config", str(path)])
    text = " ".join(said.output.split())
    assert "reports tls :443" in text
    assert "until one instance passes: CONTINUE" in text
