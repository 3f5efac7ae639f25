"""What a deployment would create, for an operator to read before saying yes: short, and the same for the same input."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from rearm import __version__, duration
from rearm.core.model import CLOUD_NAMES, CloudName
from rearm_workbench import profile_text
from rearm_workbench.deploy.archives import Archive
from rearm_workbench.deploy.judge_aws import said
from rearm_workbench.deploy.model import Alarms, Environment
from rearm_workbench.deploy.tools import FACTS
from rearm_workbench.descriptions.model import Description, Function, Role, Tool

WIDTH = 140
INDENT = 19
ROLE_KINDS = ("AWS::IAM::Role", "ALIYUN::RAM::Role")
FUNCTION_KINDS = ("AWS::Serverless::Function", "AWS::Lambda::Function", "fc3 function", "Aliyun::Serverless::Function")


def lines(
    environment: Environment,
    cloud: CloudName,
    description: Description,
    archives: Sequence[Archive],
    steps: Sequence[str],
    *,
    fit: bool = True,
) -> list[str]:
    """The plan. `steps` are the commands that would be run, in order. `fit`: the archives that are there are those of this environment."""
    return [
        f"rearm {__version__}: {environment.env} on {CLOUD_NAMES[cloud]}, with {FACTS[description.tool].says}",
        "",
        *_values(environment, cloud, description.tool),
        _row("archives", _archives(archives, environment, cloud, fit=fit)),
        "",
        f"functions ({len(description.functions)})",
        *_functions(description.functions),
        "",
        f"roles ({len(description.roles)}) and what their policies allow",
        *_roles(description.roles),
        "",
        f"resources besides ({len(description.resources) - len(description.functions) - len(description.roles)})",
        *_resources(description),
        "",
        "commands",
        *(_command(step) for step in steps),
    ]


def _values(environment: Environment, cloud: CloudName, tool: Tool) -> Iterator[str]:
    where = environment.account(cloud) or "any account"
    yield _row("where", [f"{environment.region(cloud)}, {where}, {environment.stack}"])
    yield _row("notifications", environment.types(cloud)[:-2])
    yield _row("runs on", _machine(environment, cloud, tool))
    yield _row(
        "cadence", [f"looks every {duration.say(environment.cadence.every_s)}, sweep every {duration.say(environment.cadence.sweep_s)}"]
    )
    groups = environment.aws.sweep_groups if cloud == "aws" else environment.alibaba.sweep_groups
    yield _row("sweeps", groups or ["every group"])
    for number, profile in enumerate(environment.config.profiles):
        yield _row("" if number else "profiles", [profile_text.line(profile)])
    if environment.variables:
        yield _row("variables", environment.variables)
    if environment.tags:
        yield _row("tags", [f"{name}={value}" for name, value in environment.tags.items()])
    if cloud == "aws":
        yield _row("alarms", _alarms(environment.alarms))
        for hook in environment.aws.lifecycle_hooks:
            yield _row("lifecycle hook", [f"{hook.group}/{hook.name}: {said(hook)}"])


def _machine(environment: Environment, cloud: CloudName, tool: Tool) -> list[str]:
    common = [f"Python {environment.python(cloud)}", environment.architecture(cloud)]
    if cloud == "alibaba":
        there = environment.alibaba
        network = [f"in {there.vpc_id}"] if there.vpc_id else []
        log = [f"log {there.log_project}/{there.log_store}"] if there.log_project else []
        # Funcraft has no setting for the processor: FC 2.0 gives it with the memory.
        share = [] if tool == "fun" else [f"{there.cpu:g} vCPU"]
        return [*common, f"{there.memory_mb} MB", *share, *network, *log]
    here = environment.aws
    return [
        *common,
        f"{here.memory_mb} MB",
        f"logs kept {here.log_retention_days} days",
        *([f"{here.reserved_concurrency} at once"] if here.reserved_concurrency else []),
        *([f"in {' '.join(here.subnets)}"] if here.subnets else []),
        *([f"encrypted with {here.kms_key_arn}"] if here.kms_key_arn else []),
    ]


def _alarms(alarms: Alarms) -> list[str]:
    limits = {
        "dead letters": alarms.dead_letters,
        "late looks": alarms.late_looks,
        "budget ends": alarms.budget_ends,
        "throttled": alarms.throttled,
        "errors": alarms.errors,
    }
    on = [f"{name} from {limit}" for name, limit in limits.items() if limit]
    return [*on, f"told to {alarms.topic or 'nobody'}"] if on else ["none"]


def _functions(functions: Sequence[Function]) -> Iterator[str]:
    wide = max(len(one.name) for one in functions)
    for one in functions:
        called = "; ".join(one.triggers) or "invoked by name"
        yield f"  {one.name:<{wide}}  {one.handler:<20}{one.timeout_s:>4} s {one.memory_mb:>5} MB  {called}"


def _roles(roles: Iterable[Role]) -> Iterator[str]:
    for role in roles:
        yield f"  {role.name}, for {', '.join(role.trusted)}"
        for policy in role.policies:
            yield _row(f"  {policy}", _by_service(role.actions(policy)))


def _by_service(actions: Iterable[str]) -> list[str]:
    """`autoscaling: CompleteLifecycleAction RecordLifecycleActionHeartbeat`."""
    services: dict[str, list[str]] = {}
    for action in actions:
        service, _, name = action.partition(":")
        services.setdefault(service, []).append(name)
    return [f"{service}: {' '.join(names)}" for service, names in services.items()]


def _resources(description: Description) -> Iterator[str]:
    """One line for each service; functions and roles stand above."""
    services: dict[str, list[str]] = {}
    for one in description.resources:
        service, _, kind = one.kind.rpartition("::" if "::" in one.kind else " ")
        if one.kind not in (*ROLE_KINDS, *FUNCTION_KINDS):
            services.setdefault(service.rpartition("::")[2], []).append(f"{kind} {one.name}")
    yield from (_row(service, names) for service, names in services.items())


def _archives(archives: Sequence[Archive], environment: Environment, cloud: CloudName, *, fit: bool) -> list[str]:
    again = f"make package ENV={environment.env} CLOUD={cloud}"
    if not all(one.sha256 for one in archives):
        return [f"{one.name} {'is there' if one.sha256 else f'not built ({again})'}" for one in archives]
    return [_archive(one) for one in archives] if fit else [f"those that are there are of another environment, or old ({again})"]


def _archive(one: Archive) -> str:
    return f"{one.name} {one.bytes / 1_000_000:.2f} MB sha256 {one.sha256[:16]}"


def _command(step: str) -> str:
    """Long ones go on in the next line as a shell takes them."""
    return " \\\n".join(
        textwrap.wrap(step, WIDTH - 2, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    )


def _row(name: str, parts: Iterable[str]) -> str:
    """A name and what belongs to it, broken between the parts' words."""
    indent = " " * INDENT
    return textwrap.fill(
        ", ".join(parts),
        WIDTH,
        initial_indent=f"  {name:<{INDENT - 2}}",
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
