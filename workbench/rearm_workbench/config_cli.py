"""`rearm config`: check a configuration, print its schema and the permissions that it needs, compile it for the deployment."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rearm import config, config_text
from rearm.core.profile import Config
from rearm.errors import ConfigError
from rearm_workbench import profile_text

app = typer.Typer(no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A configuration: YAML, or the JSON that `compile` makes.")]


@app.command()
def check(file: File) -> None:
    """Judge FILE: every problem at once, one line each."""
    found = _read(file)
    count = len(found.profiles)
    typer.echo(f"ok: {count} profile{'s' if count != 1 else ''}")
    for profile in found.profiles:
        typer.echo(f"  {profile_text.line(profile)}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of the YAML file, for editors."""
    from rearm_workbench.config_schema import schema as made

    typer.echo(json.dumps(made(), indent=2))


@app.command(name="compile")
def compile_(
    file: File,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="OUT", help="Where to write. Default: standard output.")] = None,
) -> None:
    """Turn FILE into the JSON that the deployed functions read."""
    try:
        text = compiled(file)
    except ConfigError as error:
        raise _refused(error.problems) from None
    if out is None:
        typer.echo(text.decode(), nl=False)
        return
    try:
        out.write_bytes(text)
    except OSError as error:
        raise _refused([f"{out}: cannot be written ({error.strerror or error})"]) from None


@app.command()
def permissions(
    file: File,
    cloud: Annotated[str | None, typer.Option("--cloud", help="aws or alibaba. Default: every cloud that a profile is for.")] = None,
    sweep: Annotated[bool, typer.Option("--sweep", help="Of the sweep, and not of the functions that look.")] = False,
    fc: Annotated[str, typer.Option("--fc", help="Which Function Compute: 2.0 or 3.0.")] = "3.0",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Print the smallest policies (IAM, RAM) with which FILE works, and why they are so."""
    from rearm_workbench.permissions import choice, show

    found = _read(file)
    try:
        clouds, api = choice.clouds(found, cloud, str(file)), choice.fc_api(fc)
    except ConfigError as error:
        raise _refused(error.problems) from None
    if as_json:
        typer.echo(json.dumps(show.as_json(found, clouds, api, sweep=sweep), indent=2))
    else:
        typer.echo(show.text(found, clouds, api, sweep=sweep), nl=False)


def compiled(path: Path) -> bytes:
    """The file as JSON for the deployment. Raises ConfigError: every problem, with the file's name in front."""
    content = config.content_of(str(path))
    is_yaml = config.is_yaml(str(path))
    config.read(content, name=str(path), yaml=is_yaml)
    return (json.dumps(config_text.parse(content, yaml=is_yaml), indent=2, ensure_ascii=False) + "\n").encode()


def _read(path: Path) -> Config:
    try:
        return config.read(config.content_of(str(path)), name=str(path), yaml=config.is_yaml(str(path)))
    except ConfigError as error:
        raise _refused(error.problems) from None


def _refused(problems: list[str]) -> typer.Exit:
    for problem in problems:
        typer.echo(f"rearm: {problem}", err=True)
    return typer.Exit(2)
