"""build/deploy/<env>/serverless/values.json: what serverless.yml takes from an environment. Its keys stand at the top of serverless.yml."""

from rearm_workbench.deploy import aws_hooks, samconfig
from rearm_workbench.deploy.model import Environment
from rearm_workbench.permissions.cloudformation import filled
from rearm_workbench.permissions.parts import parts


def values(environment: Environment) -> dict[str, object]:
    """The document. Parameters are given as their defaults: the framework has no other way that holds for a stack's first deployment."""
    aws = environment.aws
    return {
        "name": environment.name,
        "environment": environment.env,
        "stack": environment.stack,
        "region": aws.region,
        "runtime": f"python{aws.python}",
        "architecture": aws.architecture,
        "memory_mb": aws.memory_mb,
        "variables": environment.variables,
        "sweep_variables": {**environment.variables, "REARM_SWEEP_GROUPS": {"Ref": "SweepGroups"}},
        "tags": environment.tags,
        "parameters": {name: {"Default": _typed(value)} for name, value in samconfig.parameters(environment).items()},
        "checks": filled(parts(environment.config, "aws", "look")["checks"]),
        "hooks": aws_hooks.resources(aws.lifecycle_hooks),
    }


def _typed(value: str) -> str | int:
    """A number where it is one: a default has to be among the parameter's allowed values as they are written."""
    return int(value) if value.isdecimal() else value
