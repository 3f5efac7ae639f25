"""samconfig.toml: what `sam` takes from each environment. `make samconfig` writes it anew; a test holds it to environments/.

docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from rearm.errors import ConfigError
from rearm_workbench.deploy import environment as environments
from rearm_workbench.deploy.model import AWS_TYPES, Environment

FILE = Path("samconfig.toml")
HEAD = "# Made by `make samconfig` from environments/. Do not edit it here."
FUNCTIONS = {name: f"{name.capitalize()}Enabled" for name in AWS_TYPES}


def parameters(environment: Environment) -> dict[str, str]:
    """Each parameter of template.yml but ServiceLinkedRole. None is left out: what is not said, a stack keeps from its last deployment."""
    aws, alarms = environment.aws, environment.alarms
    return {
        "Name": environment.name,
        "Environment": environment.env,
        **{parameter: str(name in aws.notifications).lower() for name, parameter in FUNCTIONS.items()},
        "PythonRuntime": f"python{aws.python}",
        "Architecture": aws.architecture,
        "MemorySize": str(aws.memory_mb),
        "ReservedConcurrency": str(aws.reserved_concurrency),
        "SubnetIds": ",".join(aws.subnets),
        "SecurityGroupIds": ",".join(aws.security_groups),
        "KmsKeyArn": aws.kms_key_arn,
        "LogRetentionDays": str(aws.log_retention_days),
        "SweepEvery": rate(environment.cadence.sweep_s),
        "SweepGroups": ",".join(aws.sweep_groups),
        "AlarmTopicArn": alarms.topic,
        "DeadLettersThreshold": str(alarms.dead_letters),
        "LateLooksThreshold": str(alarms.late_looks),
        "BudgetEndsThreshold": str(alarms.budget_ends),
        "ThrottledThreshold": str(alarms.throttled),
        "ErrorsThreshold": str(alarms.errors),
    }


def rate(seconds: int) -> str:
    """As a rule of EventBridge takes it: whole minutes, and never less often than said."""
    minutes = max(1, seconds // 60)
    return f"rate({minutes} {'minute' if minutes == 1 else 'minutes'})"


def section(environment: Environment) -> dict[str, object]:
    """What `sam deploy --config-env ENV` reads."""
    return {
        "stack_name": environment.stack,
        "region": environment.aws.region,
        "resolve_s3": True,
        "s3_prefix": environment.stack,
        "capabilities": "CAPABILITY_IAM",
        "confirm_changeset": False,
        "fail_on_empty_changeset": False,
        "parameter_overrides": _pairs(parameters(environment)),
        "tags": _pairs(environment.tags),
    }


def text(found: list[Environment]) -> str:
    """The file."""
    lines = [HEAD, "version = 0.1"]
    for environment in found:
        lines += ["", f"[{environment.env}.deploy.parameters]", *_toml(section(environment))]
        lines += ["", f"[{environment.env}.validate.parameters]", *_toml({"region": environment.aws.region})]
    return "\n".join(lines) + "\n"


def _pairs(values: Mapping[str, str]) -> list[str]:
    return [f"{name}={json.dumps(value)}" for name, value in values.items()]


def _toml(values: Mapping[str, object]) -> Iterator[str]:
    """JSON's texts and lists of texts are TOML's too."""
    for name, value in values.items():
        if isinstance(value, list):
            yield from (f"{name} = [", *(f"  {json.dumps(one, ensure_ascii=False)}," for one in value), "]") if value else (f"{name} = []",)
        else:
            yield f"{name} = {json.dumps(value, ensure_ascii=False)}"


def main() -> None:
    """Write it anew; exit code 2 and one line for each problem if an environment cannot be read."""
    try:
        found = [environments.load(name) for name in environments.known()]
    except ConfigError as error:
        sys.exit(_refused(error))
    FILE.write_text(text(found), encoding="utf-8")


def _refused(error: ConfigError) -> int:
    sys.stderr.write("\n".join([*error.problems, ""]))
    return 2


if __name__ == "__main__":
    main()
