"""A deployment, in order: understand, refuse, render, say, ask, do.

Exit codes: 0 done, or planned; 1 begun and failed, or not wanted; 2 refused before anything is touched.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from rearm.core.model import CloudName
from rearm.errors import ConfigError
from rearm_workbench import inputs
from rearm_workbench.deploy import archives, credentials, plan, refusals, render, steps, tools
from rearm_workbench.deploy.environment import load
from rearm_workbench.deploy.model import Environment
from rearm_workbench.descriptions.model import Description, Tool

PROJECT = Path(__file__).resolve().parents[3]


def run(cloud: str, tool: str, env: str, *, dry_run: bool, yes: bool) -> None:
    """`rearm deploy` with these options."""
    root = Path(os.path.relpath(PROJECT))
    with inputs.refused():
        environment, on, by = _chosen(root, cloud, tool, env)
        account = "" if dry_run else _ready(environment, on, by, root, yes=yes)
        with alone(root, environment):
            _go(environment, on, by, root, account, stop=dry_run, ask=not yes and not refusals.is_ci(os.environ))


def _chosen(root: Path, cloud: str, tool: str, env: str) -> tuple[Environment, CloudName, Tool]:
    """What the options mean. Raises ConfigError with every problem of them and of the environment's files."""
    problems: list[str] = []
    try:
        on, by = tools.chosen(cloud, tool)
    except ConfigError as error:
        problems += error.problems
    try:
        environment = load(env, root / "environments")
    except ConfigError as error:
        problems += error.problems
    problems = problems or refusals.always(environment, on)
    if problems:
        raise ConfigError(problems)
    return environment, on, by


def _ready(environment: Environment, cloud: CloudName, tool: Tool, root: Path, *, yes: bool) -> str:
    """The account that would be deployed to. Raises ConfigError: everything that stands in the way."""
    problems = [*refusals.offline(environment, cloud, tool, root, os.environ), *refusals.unasked(yes=yes, environ=os.environ)]
    if problems:
        raise ConfigError(problems)
    account = credentials.account(cloud, environment, os.environ)
    problems = credentials.wrong_account(cloud, environment, account)
    if problems:
        raise ConfigError(problems)
    return account


def _go(environment: Environment, cloud: CloudName, tool: Tool, root: Path, account: str, *, stop: bool, ask: bool) -> None:
    description = render.render(environment, tool, root, account)
    todo = steps.steps(environment, tool)
    _say(environment, cloud, description, root, todo)
    if stop:
        return
    if ask and not typer.confirm(f"\nDeploy {environment.stack} to {environment.region(cloud)}, account {account}?"):
        typer.echo("nothing was touched")
        raise typer.Exit(1)
    runner = steps.Runner(root, tool, environment, account, steps.environ_of(tool, environment, account, os.environ))
    for step in todo:
        typer.echo(f"\n> {step.says()}")
        try:
            typer.echo(runner.do(step))
        except steps.StepFailed as failed:
            inputs.complain([str(failed)])
            raise typer.Exit(1) from None


def _say(environment: Environment, cloud: CloudName, description: Description, root: Path, todo: list[steps.Step]) -> None:
    names = tools.FACTS[description.tool].archives
    fit = not archives.problems(root, cloud, environment, names)
    for line in plan.lines(environment, cloud, description, archives.built(root, cloud, names), [step.says() for step in todo], fit=fit):
        typer.echo(line)


@contextmanager
def alone(root: Path, environment: Environment) -> Iterator[None]:
    """One at a time for an environment: two would write the same files. Raises ConfigError while another runs."""
    folder = root / render.FOLDER / environment.env
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError([f"another `rearm deploy` of {environment.env} is running here: wait for it to end"]) from None
    except OSError as error:
        raise ConfigError([f"{folder}: cannot be written ({error.strerror or error})"]) from None
    with lock:
        yield
