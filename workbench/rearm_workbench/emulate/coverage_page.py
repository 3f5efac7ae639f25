"""Writes docs/emulators.md: `python -m rearm_workbench.emulate.coverage_page > docs/emulators.md`. A test holds the page equal to it.

The tables come from the emulators themselves; the words around them are in `coverage_text.md`.
"""

import importlib.util
import re
import sys
from pathlib import Path

from rearm_workbench.deployed import environment

TEXT = Path(__file__).with_name("coverage_text.md")
AWS_NAMES = {
    "autoscaling": "Auto Scaling",
    "scheduler": "EventBridge Scheduler",
    "events": "EventBridge",
    "sns": "SNS",
    "sqs": "SQS",
    "ec2": "EC2",
    "ssm": "Systems Manager",
}
ALIBABA_NAMES = {
    "ess": "ESS",
    "ecs": "ECS",
    "slb": "CLB",
    "alb": "ALB",
    "nlb": "NLB",
    "cms": "CloudMonitor",
    "oos": "OOS",
    "kms": "KMS",
    "oss": "OSS",
    "cs": "Container Service (ACK)",
    "mns": "SMQ (MNS)",
    "fc": "Function Compute",
}
LISTED_WHOLE = ("autoscaling", "scheduler", "ess")
"""Services whose operations that are not modelled are named too; of the others only what is served is."""
PARTLY = {
    "ess:CreateScalingGroup": "capacity, protection, tags and hooks; no configuration, template, network or load balancer",
    "ess:EnableScalingGroup": "the group needs no scaling configuration",
    "ess:DeleteScalingGroup": "with ForceDelete the activities under way end first",
    "ess:ScaleWithAdjustment": "instances exist at once; no scaling rules, no cooldown alarms",
    "ecs:DescribeInstances": "by id; state, addresses and tags",
    "ecs:DescribeInstanceStatus": "by id",
    "ecs:ListTagResources": "tags of instances",
    "ecs:RunCommand": "once, by instance ids, with ClientToken; no script is run: `scripts` says how each ends; no parameters",
    "ecs:DescribeInvocationResults": "by invocation and instance",
    "ecs:DescribeCloudAssistantStatus": "by instance; the status only",
    "oos:GetParameter": "the newest version; set by hand",
    "kms:GetSecretValue": "the current version; set by hand",
    "oss:HeadObject": "addressed by path; objects are put by hand",
    "slb:DescribeHealthStatus": "servers are put there by hand",
    "slb:DescribeLoadBalancerAttribute": "the backend servers only",
    "slb:RemoveBackendServers": "at once",
    "slb:DescribeVServerGroupAttribute": "the backend servers only",
    "slb:RemoveVServerGroupBackendServers": "at once",
    "alb:ListServerGroupServers": "servers are put there by hand",
    "alb:RemoveServersFromServerGroup": "a server is `Removing` for a minute; no ClientToken",
    "nlb:ListServerGroupServers": "servers are put there by hand",
    "nlb:RemoveServersFromServerGroup": "a server is `Removing` for a minute; no ClientToken",
    "cms:DescribeMetricLast": "values that were put there by hand, and the counts of SMQ queues; Period and times are ignored",
    "cs:DescribeClusterUserKubeconfig": "clusters are put there by hand; every certificate is for `rearm`",
    "mns:Subscribe": "to queues; functions are invoked through `/_triggers`; HTTP, mail and mobile endpoints get nothing",
    "mns:ReceiveMessage": "waitseconds is answered at once",
    "fc:InvokeFunction": "both APIs, synchronous and asynchronous, delay, task id; 8 processes of a function; no destinations",
}
"""What is missing where the emulator itself does not say so."""


def page() -> str:
    """The whole page."""
    with environment({}):  # moto makes a boto3 session when it is imported
        from rearm_workbench.emulators.aws.operations import NOT_MODELLED, modelled_operations
    aws = {name: _status(status) for name, status in modelled_operations().items()}
    alibaba = _alibaba()
    tables = [_service("AWS", AWS_NAMES, aws), _service("Alibaba Cloud", ALIBABA_NAMES, alibaba)]
    left_out = "\n".join(f"- {line}" for line in NOT_MODELLED)
    return TEXT.read_text().rstrip() + "\n\n" + "\n".join(tables) + f"\n### What the emulated AWS leaves out\n\n{left_out}\n"


def _status(status: str) -> tuple[str, str]:
    """(modelled, partly or not; what is missing)."""
    if status == "moto":
        return "partly", "as moto does it"
    word, _, rest = status.partition(": ")
    return ("not" if word.startswith("not") else word), rest


def _alibaba() -> dict[str, tuple[str, str]]:
    from rearm_workbench.emulators.alibaba.server import AlibabaEmulator
    from rearm_workbench.virtual_clock import VirtualClock

    served = AlibabaEmulator(VirtualClock(0)).modelled_operations()
    found = {f"ess:{name}": ("not", "") for name in _ess_operations()}
    return found | {name: ("partly", PARTLY[name]) if name in PARTLY else ("modelled", "") for name in served}


def _ess_operations() -> list[str]:
    """Every operation of ESS 2022-02-22, from its SDK."""
    spec = importlib.util.find_spec("alibabacloud_ess20220222")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("the page is made with alibabacloud_ess20220222 installed: pip install -e '.[dev]'")
    source = (Path(spec.submodule_search_locations[0]) / "client.py").read_text()
    return sorted(set(re.findall(r"action\s*=\s*'(\w+)'", source)))


def _service(cloud: str, names: dict[str, str], found: dict[str, tuple[str, str]]) -> str:
    parts = [f"### {cloud}", "", "| operation | | what is missing |", "| --- | --- | --- |"]
    rest = []
    for service, name in names.items():
        mine = {key.partition(":")[2]: value for key, value in sorted(found.items()) if key.startswith(f"{service}:")}
        plain = [operation for operation, value in mine.items() if value == ("partly", "as moto does it")]
        parts += [
            f"| {name}: {operation} | {word} | {missing} |"
            for operation, (word, missing) in mine.items()
            if word != "not" and operation not in plain
        ]
        if plain and service in LISTED_WHOLE:
            rest.append(f"{name}, partly, as moto does it: {', '.join(plain)}.")
        elif plain:
            rest.append(f"{name}: {len(plain)} more operations partly, as moto does them.")
        absent = [operation for operation, (word, _) in mine.items() if word == "not"]
        if absent and service in LISTED_WHOLE:
            rest.append(f"{name}, not: {', '.join(absent)}.")
    return "\n".join(parts) + "\n\n" + "\n\n".join(rest) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
