"""Writes what a tool needs for an environment into build/deploy/<env>/<tool>/, and reads it again as what will be created."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rearm.errors import ConfigError
from rearm_workbench.deploy import aws_hooks, funcraft, samconfig, serverless_devs, serverless_values
from rearm_workbench.deploy.model import Environment
from rearm_workbench.descriptions import funcraft as read_funcraft
from rearm_workbench.descriptions import sam, serverless, tagged_yaml
from rearm_workbench.descriptions import serverless_devs as read_s
from rearm_workbench.descriptions.model import Description, Tool
from rearm_workbench.permissions.cloudformation import filled
from rearm_workbench.permissions.parts import parts

FOLDER = Path("build") / "deploy"
CHECKED = ("LookRole", "QueueRole")
"""The roles of template.yml whose policy `checks` is the environment's."""
ARCHIVES = {"CodeUri", "ContentUri"}
"""The properties that name an archive."""


def render(environment: Environment, tool: Tool, root: Path, account: str) -> Description:
    """Writes the files anew and says what they create. `account`: of the credentials, empty if nobody knows it yet. Raises ConfigError."""
    folder = place(environment, tool, root)
    writers: dict[Tool, Callable[[], Description]] = {
        "sam": lambda: _sam(environment, root, folder),
        "serverless": lambda: _serverless(environment, root, folder),
        "s": lambda: _serverless_devs(environment, root, folder),
        "fun": lambda: _funcraft(environment, root, folder, account),
    }
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return writers[tool]()
    except OSError as error:
        raise ConfigError([f"{folder}: cannot be written ({error.strerror or error})"]) from None


def place(environment: Environment, tool: Tool, root: Path) -> Path:
    """Where a tool's files are."""
    return root / FOLDER / environment.env / tool


def sam_template(environment: Environment, root: Path, to_root: Path = Path()) -> dict[str, Any]:
    """template.yml as data, with the environment's policies `checks`, variables and lifecycle hooks.

    `to_root` leads from where it will lie to the project's root: SAM looks for the archives from there.
    """
    document = tagged_yaml.load(root / "template.yml")
    statements = filled(parts(environment.config, "aws", "look")["checks"])
    for name in CHECKED:
        policies = document["Resources"][name]["Properties"]["Policies"]
        [checks] = [one for one in policies if one.get("PolicyName") == "checks"]
        checks["PolicyDocument"]["Statement"] = statements
    common = document["Globals"]["Function"]
    common["Environment"]["Variables"] |= environment.variables
    for properties in (common, *(one["Properties"] for one in document["Resources"].values())):
        for key in ARCHIVES & properties.keys():
            properties[key] = (to_root / properties[key]).as_posix()
    document["Resources"] |= aws_hooks.resources(environment.aws.lifecycle_hooks)
    return document


def _sam(environment: Environment, root: Path, folder: Path) -> Description:
    template = folder / "template.yml"
    to_root = Path(*[".."] * len(place(environment, "sam", Path()).parts))
    _write(template, tagged_yaml.dump(sam_template(environment, root, to_root), f"template.yml of {environment.env}, by rearm deploy."))
    _write(folder / "samconfig.toml", samconfig.text([environment]))
    return sam.read(template, samconfig.parameters(environment), environment.aws.region)


def _serverless(environment: Environment, root: Path, folder: Path) -> Description:
    values = serverless_values.values(environment)
    _write(folder / "values.json", json.dumps(values, indent=2) + "\n")
    return serverless.read(root, values)


def _serverless_devs(environment: Environment, root: Path, folder: Path) -> Description:
    description, template, parameters = serverless_devs.write(environment, root, folder)
    return read_s.read(description, template, json.loads(parameters.read_text(encoding="utf-8")))


def _funcraft(environment: Environment, root: Path, folder: Path, account: str) -> Description:
    template, stack, parameters = funcraft.write(environment, root, folder, account=account)
    return read_funcraft.read(template, stack, json.loads(parameters.read_text(encoding="utf-8")), environment.alibaba.region)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
