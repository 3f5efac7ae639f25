"""Writes what Serverless Devs needs for an environment: s.yaml with its `vars`, and the ROS template that goes before it.

The checked-in files are those of dev with the configuration of environments/base.yml; START HERE: `write`.
"""

import json
import os
from pathlib import Path
from typing import Any

from rearm.core.model import CloudName
from rearm.errors import ConfigError
from rearm_workbench.deploy.model import Environment
from rearm_workbench.descriptions import tagged_yaml
from rearm_workbench.permissions import ros
from rearm_workbench.permissions.parts import parts
from rearm_workbench.permissions.port import ROLES

DESCRIPTION = Path("s.yaml")
TEMPLATE = Path("deploy/ros/rearm.yml")
OOS = Path("deploy/oos/rearm.yml")
CLOUD: CloudName = "alibaba"
LOG_STORE = "rearm"
TAGGED_AS_LIST = {"ALIYUN::RAM::Role", "ALIYUN::MNS::Queue", "ALIYUN::MNS::Topic", "ALIYUN::SLS::Project"}
"""Whose `Tags` are a list of `Key` and `Value`; of an OOS template they are a mapping."""


def write(environment: Environment, root: Path, folder: Path) -> list[Path]:
    """Writes s.yaml, ros.yml and ros-parameters.json into `folder` (made if need be), and returns their paths. Raises ConfigError."""
    folder.mkdir(parents=True, exist_ok=True)
    to_root = Path(os.path.relpath(root.resolve(), folder.resolve()))
    files = {
        "s.yaml": tagged_yaml.dump(description(environment, root, to_root), f"s.yaml of {environment.env}, by rearm deploy."),
        "ros.yml": tagged_yaml.dump(template(environment, root), f"deploy/ros/rearm.yml of {environment.env}, by rearm deploy."),
        "ros-parameters.json": json.dumps(parameters(environment), indent=2) + "\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def description(environment: Environment, root: Path, to_root: Path) -> dict[str, Any]:
    """s.yaml as data. `to_root` leads from where it will lie to the project's root: fc3 looks for the archives from there. Raises
    ConfigError."""
    _refuse_variables(environment)
    document = tagged_yaml.load(root / DESCRIPTION)
    settings = environment.alibaba
    values: dict[str, Any] = document["vars"]
    values |= {
        "name": environment.name,
        "environment": environment.env,
        "region": settings.region,
        "account": settings.account or values["account"],
        "package": (to_root / "build" / "package" / CLOUD).as_posix(),
        "runtime": f"python{settings.python}",
        "memory_mb": settings.memory_mb,
        "cpu": settings.cpu,
        "sweep_every": f"@every {environment.cadence.sweep_s // 60}m",
        "sweep_groups": ",".join(settings.sweep_groups),
        "vpc": {"vpcId": settings.vpc_id, "vSwitchIds": list(settings.vswitches), "securityGroupId": settings.security_group},
        "tags": [{"key": key, "value": value} for key, value in environment.tags.items()],
    }
    if settings.log_project:
        values["log"] |= {"project": settings.log_project, "logstore": settings.log_store}
    document.pop("template")  # what stands there has been copied to where it is used
    wanted = environment.types(CLOUD)
    document["resources"] = {name: one for name, one in document["resources"].items() if name in wanted}
    for resource in document["resources"].values():
        resource["props"]["environmentVariables"] = {**resource["props"]["environmentVariables"], **environment.variables}
        if not environment.tags:
            del resource["props"]["tags"]
    return document


def _refuse_variables(environment: Environment) -> None:
    """Serverless Devs reads `${…}` in any text as a variable of its own, and has no way to write it otherwise."""
    wrong = [name for name, value in (*environment.variables.items(), *environment.tags.items()) if "${" in value]
    if wrong:
        raise ConfigError(
            [f"{name}: its value has `${{` in it, which Serverless Devs takes for a variable: write it otherwise" for name in wrong]
        )


def template(environment: Environment, root: Path) -> dict[str, Any]:
    """deploy/ros/rearm.yml as data, with the policies `checks` of the environment's configuration, and its tags."""
    document = tagged_yaml.load(root / TEMPLATE)
    resources: dict[str, Any] = document["Resources"]
    for role in ROLES[CLOUD]:
        _put_checks(environment, resources[f"{role.capitalize()}Role"]["Properties"]["Policies"], role)
    if environment.tags:
        for resource in resources.values():
            if resource["Type"] in TAGGED_AS_LIST:
                resource["Properties"]["Tags"] = [{"Key": key, "Value": value} for key, value in environment.tags.items()]
            elif resource["Type"] == "ALIYUN::OOS::Template":
                resource["Properties"]["Tags"] = dict(environment.tags)
    return document


def _put_checks(environment: Environment, policies: list[dict[str, Any]], role: Any) -> None:
    """An empty policy is refused by RAM: a role that needs none has none."""
    statements = ros.filled(parts(environment.config, CLOUD, role)["checks"])
    [found] = [one for one in policies if str(one["PolicyName"]["Fn::Sub"]).endswith(f"-{role}-checks")]
    if statements:
        found["PolicyDocument"]["Statement"] = statements
    else:
        policies.remove(found)


def parameters(environment: Environment) -> dict[str, str]:
    """The parameters of the ROS template."""
    settings = environment.alibaba

    def said(yes: bool) -> str:
        return "true" if yes else "false"

    return {
        "Name": environment.name,
        "Environment": environment.env,
        "LogProject": settings.log_project,
        "LogStore": settings.log_store or LOG_STORE,
        "InVpc": said(bool(settings.vpc_id)),
        "MnsTopic": said("mns_topic" in settings.notifications),
        "MnsQueue": said("mns_queue" in settings.notifications),
        "Oos": said("oos" in settings.notifications),
    }
