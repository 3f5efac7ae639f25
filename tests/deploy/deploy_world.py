"""A project of its own for `rearm deploy`: the repository's files, its own build/, tools that only write down how they were called."""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from rearm.core.model import CloudName
from rearm_workbench.cli import app
from rearm_workbench.deploy import command, environment
from rearm_workbench.deploy.tools import FACTS
from rearm_workbench.descriptions.model import Tool
from rearm_workbench.packaging import manifest

ROOT = Path(__file__).resolve().parents[2]
CREDENTIALS: dict[CloudName, dict[str, str]] = {
    "aws": {"AWS_ACCESS_KEY_ID": "made-up", "AWS_SECRET_ACCESS_KEY": "not-a-secret"},
    "alibaba": {"ALIBABA_CLOUD_ACCESS_KEY_ID": "made-up", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "not-a-secret"},
}
FOREIGN = ("AWS_", "ALIBABA_CLOUD_", "REARM_", "CI", "FC_")
TOOL = """#!/bin/sh
echo "$(basename "$0") $*" >> "{log}"
env | grep -E '^(AWS_REGION|ACCOUNT_ID|REGION|ACCESS_KEY_ID|REARM_LAYER_VERSION|rearm_serverless_devs_key)=' | sort >> "{log}.env"
case "$*" in {fails}) exit 3;; *publish*) echo 'version: 7';; esac
"""


class Project:
    """One folder. `log` is what the tools were called with, in order."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.log = folder / "project", folder / "called"
        self.root.mkdir()
        self._monkeypatch = monkeypatch
        for entry in ROOT.iterdir():
            if entry.name not in ("build", "environments", ".git", ".venv"):
                (self.root / entry.name).symlink_to(entry)
        (self.root / "environments").mkdir()
        for path in (ROOT / "environments").iterdir():
            (self.root / "environments" / path.name).write_bytes(path.read_bytes())
        for name in list(os.environ):
            if name.startswith(FOREIGN):
                monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(folder))
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        monkeypatch.chdir(self.root)
        monkeypatch.setattr(command, "PROJECT", self.root)

    def rearm(self, *args: str, environ: Mapping[str, str] | None = None) -> tuple[int, str, list[str]]:
        """Exit code, standard output, the lines of standard error."""
        for name, value in (environ or {}).items():
            self._monkeypatch.setenv(name, value)
        done = CliRunner().invoke(app, ["deploy", *args])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, [line.removeprefix("rearm: ") for line in done.stderr.splitlines()]

    def deploy(self, tool: Tool, env: str, *args: str, environ: Mapping[str, str] | None = None) -> tuple[int, str, list[str]]:
        """`rearm deploy` with the tool's cloud."""
        return self.rearm("--cloud", cloud_of(tool), "--tool", tool, "--env", env, *args, environ=environ)

    def install(self, tool: Tool, *, fails: str = "nothing-fails") -> None:
        """The tool's program, where make would put it. It fails for the arguments of the pattern `fails`."""
        path = self.root / FACTS[tool].installed
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TOOL.format(log=self.log, fails=fails))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def node(self) -> None:
        """A `node` on PATH, whatever the machine has."""
        folder = self.root / "build" / "node"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "node").symlink_to("/bin/true")
        self._monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def build(self, cloud: CloudName, env: str, **said: str) -> None:
        """Archives with a manifest that fits, but for what is `said`."""
        place = self.root / "build" / "package" / cloud
        place.mkdir(parents=True, exist_ok=True)
        names = ("layer.zip", "functions.zip", *(("funcraft.zip",) if cloud == "alibaba" else ()))
        archives = {}
        for name in names:
            content = f"{cloud} {name}".encode()
            (place / name).write_bytes(content)
            archives[name] = manifest.Archive(hashlib.sha256(content).hexdigest(), len(content), len(content), 1)
        found = environment.load(env, self.root / "environments")
        values: dict[str, Any] = {
            "python": found.python(cloud),
            "architecture": found.architecture(cloud),
            "environment": env,
            "sources": manifest.digest(self.root, cloud, found.compiled()),
        }
        told = manifest.Manifest(cloud=cloud, archives=archives, **(values | said))
        (place / manifest.NAME).write_text(json.dumps(msgspec.to_builtins(told)))

    def write(self, env: str, text: str) -> None:
        """Another environment file."""
        (self.root / "environments" / f"{env}.yml").write_text(text, encoding="utf-8")

    def called(self) -> list[str]:
        """How the tools were called since they were installed."""
        return self.log.read_text().splitlines() if self.log.exists() else []

    def environ(self) -> dict[str, str]:
        """What the tools found in their environment, of what matters; the last one's wins."""
        lines = Path(f"{self.log}.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


def cloud_of(tool: Tool) -> CloudName:
    """Whose tool it is."""
    return "aws" if tool in ("sam", "serverless") else "alibaba"


def ready(project: Project, tool: Tool = "sam", env: str = "prod", **more: str) -> dict[str, str]:
    """All that a deployment needs, but for a yes. Returns the credentials."""
    project.install(tool, **more)
    project.node()
    project.build(cloud_of(tool), env)
    return CREDENTIALS[cloud_of(tool)]


def refused(project: Project, tool: Tool = "sam", env: str = "prod", **environ: str) -> list[str]:
    """The lines with which a deployment is refused."""
    code, out, err = project.deploy(tool, env, "--yes", environ={**CREDENTIALS[cloud_of(tool)], **environ})
    assert (code, out) == (2, "")
    return err


@contextmanager
def untouched(project: Project) -> Iterator[Project]:
    """Whatever is tried in there has no effect."""
    yield project
    assert project.called() == [], "something was touched"
    assert not list(project.root.glob("build/deploy/*/*/*")), "something was written"
