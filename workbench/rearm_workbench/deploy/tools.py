"""The four tools: which cloud each is for, the programs that it needs, and where they are found."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rearm.config_problems import either, near
from rearm.core.model import CLOUD_NAMES, CloudName
from rearm.errors import ConfigError
from rearm_workbench.descriptions.model import TOOLS as OF_CLOUD
from rearm_workbench.descriptions.model import Tool

CLOUDS: tuple[CloudName, ...] = ("aws", "alibaba")


@dataclass(frozen=True)
class Facts:
    """A tool. `program` is its name on PATH, `installed` where its make target puts it, from the project's root."""

    says: str
    program: str
    installed: str
    target: str
    archives: tuple[str, ...]


FACTS: dict[Tool, Facts] = {
    "sam": Facts("SAM", "sam", "build/tools/sam/bin/sam", "tools-sam", ("layer.zip", "functions.zip")),
    "serverless": Facts(
        "Serverless Framework", "osls", "build/tools/osls/node_modules/.bin/osls", "tools-osls", ("layer.zip", "functions.zip")
    ),
    "s": Facts("Serverless Devs", "s", "build/tools/s/node_modules/.bin/s", "tools-s", ("layer.zip", "functions.zip")),
    "fun": Facts("Funcraft", "fun", "build/tools/fun/node_modules/.bin/fun", "tools-fun", ("funcraft.zip",)),
}
INTERPRETED = {"serverless", "s", "fun"}
"""Written for node, which has to be there besides."""


def chosen(cloud: str, tool: str) -> tuple[CloudName, Tool]:
    """What the options name. Raises ConfigError, one line for each that is wrong."""
    clouds = [one for one in CLOUDS if one == cloud]
    if not clouds:
        wrong = f"cloud `{cloud[:40]}`" if cloud else "no cloud given"
        raise ConfigError([f"{wrong}: must be {either(CLOUDS)}{near(cloud, CLOUDS)}: say CLOUD=… (or --cloud …)"])
    known = OF_CLOUD[clouds[0]]
    tools = [one for one in known if one == tool]
    if not tools:
        wrong = f"tool `{tool[:40]}`" if tool else "no tool given"
        raise ConfigError([f"{wrong}: on {CLOUD_NAMES[clouds[0]]} it must be {either(known)}{near(tool, known)}: say TOOL=… (or --tool …)"])
    return clouds[0], tools[0]


def program(tool: Tool, root: Path, environ: Mapping[str, str]) -> Path | None:
    """The tool's program: the one that make installed, else the one on PATH."""
    facts = FACTS[tool]
    ours = root / facts.installed
    if ours.is_file():
        return ours
    found = shutil.which(facts.program, path=environ.get("PATH", ""))
    return Path(found) if found else None


def missing(tool: Tool, root: Path, environ: Mapping[str, str]) -> list[str]:
    """One line for each program that is not there."""
    facts = FACTS[tool]
    lines = []
    if program(tool, root, environ) is None:
        lines.append(f"{facts.says} (`{facts.program}`) is not installed: run `make {facts.target}`, or put it on PATH")
    elif tool in INTERPRETED and shutil.which("node", path=environ.get("PATH", "")) is None:
        lines.append(f"{facts.says} (`{facts.program}`) needs node, which is not on PATH: install Node.js 20 or newer")
    return lines
