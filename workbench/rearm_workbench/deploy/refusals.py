"""Everything that can be wrong before a deployment begins. Nothing is touched here, and only the account is asked of the cloud."""

import sys
from collections.abc import Mapping
from pathlib import Path

from rearm.core.model import CLOUD_NAMES, CloudName
from rearm_workbench.deploy import archives, credentials, tools
from rearm_workbench.deploy.model import Environment
from rearm_workbench.descriptions.model import Tool
from rearm_workbench.permissions.needs import clouds_of


def always(environment: Environment, cloud: CloudName) -> list[str]:
    """What makes even a plan pointless."""
    if cloud not in clouds_of(environment.config):
        return [f"{environment.env}: no profile of its configuration is for {CLOUD_NAMES[cloud]}: nothing would be looked after there"]
    return []


def offline(environment: Environment, cloud: CloudName, tool: Tool, root: Path, environ: Mapping[str, str]) -> list[str]:
    """All that this machine shows by itself, one line each."""
    return [
        *tools.missing(tool, root, environ),
        *credentials.missing(cloud, environ),
        *credentials.wrong_region(cloud, environment, environ),
        *archives.problems(root, cloud, environment, tools.FACTS[tool].archives),
    ]


def unasked(*, yes: bool, environ: Mapping[str, str]) -> list[str]:
    """One line if nobody could be asked whether to go on, and nobody said so beforehand."""
    if yes or is_ci(environ) or sys.stdin.isatty():
        return []
    return ["nobody can be asked here (no terminal): say --yes, or set CI=true"]


def is_ci(environ: Mapping[str, str]) -> bool:
    """True where nobody is to be asked."""
    return environ.get("CI", "").lower() == "true"
