"""Writes what Funcraft needs for an environment: template.yml, and the ROS template of its roles and queues, which goes before it.

The checked-in files are those of dev with the configuration of environments/base.yml; START HERE: `write`.
"""

import json
import re
from pathlib import Path
from typing import Any

from rearm.core.model import CloudName
from rearm.errors import ConfigError
from rearm_workbench.deploy.model import Environment, dashed
from rearm_workbench.descriptions import tagged_yaml
from rearm_workbench.permissions import ros
from rearm_workbench.permissions.parts import Statements, parts
from rearm_workbench.permissions.port import ROLES, Role

TEMPLATE = Path("funcraft/template.yml")
ROS = Path("funcraft/ros.yml")
ARCHIVE = Path("build/package/alibaba/funcraft.zip")
CLOUD: CloudName = "alibaba"
PYTHON = "3.10"
LOG_STORE = "rearm"

STACK, REGION, ACCOUNT = "rearm-dev", "cn-hangzhou", "0000000000000000"
"""What the checked-in template is written for; the account is nobody's."""


def write(environment: Environment, root: Path, folder: Path, account: str = "") -> list[Path]:
    """Writes template.yml, ros.yml and ros-parameters.json into `folder` (made if need be), and returns their paths.

    `account` is needed for a deployment, unless the environment says it: roles are named by it. Raises ConfigError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    to_root = Path(*[".."] * len(folder.resolve().relative_to(root.resolve()).parts))
    by = "by rearm deploy."
    files = {
        "template.yml": tagged_yaml.dump(description(environment, root, to_root, account), f"{TEMPLATE} of {environment.env}, {by}"),
        "ros.yml": tagged_yaml.dump(template(environment, root), f"{ROS} of {environment.env}, {by}"),
        "ros-parameters.json": json.dumps(parameters(environment), indent=2) + "\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def description(environment: Environment, root: Path, to_root: Path, account: str = "") -> dict[str, Any]:
    """template.yml as data. `to_root` leads from where it will lie to the project's root. Raises ConfigError."""
    settings = environment.alibaba
    if settings.python != PYTHON:
        raise ConfigError(
            [f"alibaba.python `{settings.python}`: with Funcraft it must be {PYTHON}, the newest that its custom runtime can be given"]
        )
    account = account or settings.account or ACCOUNT
    stack, project = environment.stack, f"{environment.stack}-{account}"
    document: dict[str, Any] = _renamed(tagged_yaml.load(root / TEMPLATE), {STACK: stack, REGION: settings.region, ACCOUNT: account})
    resources: dict[str, Any] = document["Resources"]
    sweep = resources[f"{stack}-sweep"]
    for service in (resources[stack], sweep):
        _settle_service(environment, service)
        for name in _functions(service) - {dashed(one) for one in environment.types(CLOUD)}:
            del service[name]
        for name in _functions(service):
            _settle_function(environment, service[name]["Properties"], to_root)
    sweep["sweep"]["Events"]["every"]["Properties"]["CronExpression"] = f"@every {environment.cadence.sweep_s // 60}m"
    sweep["sweep"]["Properties"]["EnvironmentVariables"]["REARM_SWEEP_GROUPS"] = ",".join(settings.sweep_groups)
    if "mns_topic" not in settings.notifications:
        del resources[f"{stack}-hooks"]
    if settings.log_project:
        del resources[project]
    return document


def _functions(service: dict[str, Any]) -> set[str]:
    return set(service) - {"Type", "Properties"}


def _settle_service(environment: Environment, service: dict[str, Any]) -> None:
    settings, properties = environment.alibaba, service["Properties"]
    if settings.log_project:
        properties["LogConfig"] = {**properties["LogConfig"], "Project": settings.log_project, "Logstore": settings.log_store or LOG_STORE}
    if settings.vpc_id:
        properties["VpcConfig"] = {
            "VpcId": settings.vpc_id,
            "VSwitchIds": list(settings.vswitches),
            "SecurityGroupId": settings.security_group,
        }


def _settle_function(environment: Environment, properties: dict[str, Any], to_root: Path) -> None:
    properties["CodeUri"] = (to_root / ARCHIVE).as_posix()
    properties["MemorySize"] = environment.alibaba.memory_mb
    own = {"POWERTOOLS_SERVICE_NAME": environment.name}
    properties["EnvironmentVariables"] = {**properties["EnvironmentVariables"], **own, **environment.variables}


def _renamed(found: Any, names: dict[str, str]) -> Any:
    """The same with every name of dev's replaced, in keys and in texts; what was put in is left alone."""
    if isinstance(found, dict):
        return {_renamed(key, names): _renamed(value, names) for key, value in found.items()}
    if isinstance(found, list):
        return [_renamed(one, names) for one in found]
    return re.sub("|".join(names), lambda name: names[name[0]], found) if isinstance(found, str) else found


def template(environment: Environment, root: Path) -> dict[str, Any]:
    """funcraft/ros.yml as data, with the policies `checks` of the environment's configuration, and its tags on the queues and roles."""
    document = tagged_yaml.load(root / ROS)
    resources: dict[str, Any] = document["Resources"]
    for role in ROLES[CLOUD]:
        policies = resources[f"{role.capitalize()}Role"]["Properties"]["Policies"]
        [found] = [one for one in policies if str(one["PolicyName"]["Fn::Sub"]).endswith(f"-{role}-checks")]
        if wanted := checks(environment, role):
            found["PolicyDocument"]["Statement"] = wanted
        else:
            policies.remove(found)  # RAM refuses an empty one
    if environment.tags:
        for resource in resources.values():
            resource["Properties"]["Tags"] = [{"Key": key, "Value": value} for key, value in environment.tags.items()]
    return document


def checks(environment: Environment, role: Role) -> Statements:
    """The statements of that role's policy `checks`, as the ROS template writes them."""
    return policy(parts(environment.config, CLOUD, role, "2.0")["checks"])


def policy(statements: Statements) -> Statements:
    """The same statements, with the names that the ROS template gives."""
    text = json.dumps(statements).replace("${RecheckFunction}", "recheck").replace("${RecheckService}", "${Name}-${Environment}")
    return ros.filled(json.loads(text))


def parameters(environment: Environment) -> dict[str, str]:
    """The parameters of the ROS template."""
    settings = environment.alibaba
    return {
        "Name": environment.name,
        "Environment": environment.env,
        "LogProject": settings.log_project,
        "LogStore": settings.log_store or LOG_STORE,
        "InVpc": str(bool(settings.vpc_id)).lower(),
        "MnsTopic": str("mns_topic" in settings.notifications).lower(),
        "MnsQueue": str("mns_queue" in settings.notifications).lower(),
    }
