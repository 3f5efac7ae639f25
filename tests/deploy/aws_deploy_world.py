"""template.yml worked out for an environment, and the calls of replays as actions on resources."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import botocore.session
import msgspec

from rearm import config
from rearm_workbench.deploy import environment, render, samconfig
from rearm_workbench.deploy.model import Environment
from rearm_workbench.descriptions import tagged_yaml
from rearm_workbench.descriptions.intrinsics import Template

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yml"
ACCOUNT, REGION = "123456789012", "us-east-1"
HERE = f"{REGION}:{ACCOUNT}"
SCHEDULER_ROLE = "rearm-scheduler"
PLACES = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    # As the emulated clouds call them: what a stack's own names are does not matter here.
    "ScheduleGroup": "rearm",
    "SchedulerRole": SCHEDULER_ROLE,
    "Name": "rearm",
    "Environment": "dev",
    "Logs": "/aws/lambda/rearm-dev",
    "Queue.QueueName": "rearm-dev",
}
ANY = "*"
GROUP_ID = "930d940e-891e-4781-a11a-7b0acd480f03"
NARROW = {
    "version": 1,
    "profiles": [
        {
            "name": "web",
            "match": {"cloud": "aws", "group": "web-*"},
            "every": "60s",
            "budget": "50m",
            "checks": ["instance_status", {"parameter": {"name": "/web/{instance}/ready"}}],
            "steps": [{"tag": {"key": "looked-after"}}],
        }
    ],
}
Call = tuple[str, str, tuple[tuple[str, str], ...]]
"""An action, a resource, and the request's condition keys."""


def env(name: str = "dev") -> Environment:
    return environment.load(name, ROOT / "environments")


def narrow(scratch: Path) -> tuple[Environment, Path]:
    """The environment dev with a profile for groups of one name, and its configuration as a file."""
    path = scratch / "rearm.json"
    path.write_text(json.dumps(NARROW))
    return msgspec.structs.replace(env(), config=config.load(str(path)), document=NARROW), path


def raw() -> dict[str, Any]:
    """The checked-in template as data."""
    return tagged_yaml.load(TEMPLATE)


def worked_out(document: Mapping[str, Any], **parameters: str) -> dict[str, Any]:
    """Its resources by logical id, for these parameters and the defaults."""
    return Template(document, {**PLACES, **parameters}).resources()


def rendered(one: Environment) -> dict[str, Any]:
    """The resources that `make deploy` makes of an environment."""
    return worked_out(render.sam_template(one, ROOT), **{**samconfig.parameters(one), **PLACES})


def policies(resources: Mapping[str, Any], role: str) -> dict[str, list[dict[str, Any]]]:
    """A role's statements by policy."""
    return {one["PolicyName"]: one["PolicyDocument"]["Statement"] for one in resources[role]["Properties"]["Policies"]}


def statements(resources: Mapping[str, Any], role: str) -> list[dict[str, Any]]:
    """All that a role may do."""
    return [statement for found in policies(resources, role).values() for statement in found]


@contextmanager
def recorded() -> Iterator[list[Call]]:
    """Meanwhile every call of every client is written down, as IAM would be asked."""
    calls: list[Call] = []
    make = botocore.session.Session.create_client

    def listening(session: Any, *args: Any, **kwargs: Any) -> Any:
        made = make(session, *args, **kwargs)
        made.meta.events.register("provide-client-params.*.*", lambda params, model, **_: calls.extend(asked(model, params)))
        return made

    with patch.object(botocore.session.Session, "create_client", listening):
        yield calls


def asked(model: Any, params: Mapping[str, Any]) -> list[Call]:
    """What a call needs. Raises KeyError for an operation that is not known here."""
    service = model.service_model.service_name
    if service == "autoscaling":
        if model.name.startswith("Describe"):
            return [(f"autoscaling:{model.name}", ANY, ())]
        return [(f"autoscaling:{model.name}", group(params["AutoScalingGroupName"]), ())]
    if service == "scheduler":
        if model.name == "ListSchedules":
            return [("scheduler:ListSchedules", ANY, ())]
        found: list[Call] = [(f"scheduler:{model.name}", schedule(params["GroupName"], params["Name"]), ())]
        if "Target" in params:
            assert params["Target"]["RoleArn"] == os.environ["REARM_SCHEDULER_ROLE_ARN"]
            found.append(("iam:PassRole", params["Target"]["RoleArn"], (("iam:PassedToService", "scheduler.amazonaws.com"),)))
        return found
    known = {
        "DescribeInstanceStatus": lambda: [ANY],
        "DescribeTags": lambda: [ANY],
        "GetParameter": lambda: [f"arn:aws:ssm:{HERE}:parameter/{params['Name'].lstrip('/')}"],
        "CreateTags": lambda: [f"arn:aws:ec2:{HERE}:instance/{one}" for one in params["Resources"]],
    }
    return [(f"{service}:{model.name}", resource, ()) for resource in known[model.name]()]


def group(name: str) -> str:
    return f"arn:aws:autoscaling:{HERE}:autoScalingGroup:{GROUP_ID}:autoScalingGroupName/{name}"


def schedule(group_name: str, name: str) -> str:
    return f"arn:aws:scheduler:{HERE}:schedule/{group_name}/{name}"


def function(name: str) -> str:
    return f"arn:aws:lambda:{HERE}:function:{name}"
