"""`rearm config`: check a configuration, print its schema, compile it for the deployment."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rearm import config, config_text, duration
from rearm.core.profile import All, Condition, Config, Match, One, Profile
from rearm.errors import ConfigError

app = typer.Typer(no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A configuration: YAML, or the JSON that `compile` makes.")]


@app.command()
def check(file: File) -> None:
    """Judge FILE: every problem at once, one line each."""
    found = _read(file)
    count = len(found.profiles)
    typer.echo(f"ok: {count} profile{'s' if count != 1 else ''}")
    for profile in found.profiles:
        typer.echo(f"  {line(profile)}")


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


def compiled(path: Path) -> bytes:
    """The file as JSON for the deployment. Raises ConfigError: every problem, with the file's name in front."""
    content = config.content_of(str(path))
    is_yaml = config.is_yaml(str(path))
    config.read(content, name=str(path), yaml=is_yaml)
    return (json.dumps(config_text.parse(content, yaml=is_yaml), indent=2, ensure_ascii=False) + "\n").encode()


def line(profile: Profile) -> str:
    """A profile in one line: what it matches, what it asks, how often, how long, and what it answers."""
    budget = "as long as the cloud allows" if profile.budget_s is None else f"for {duration.say(profile.budget_s)}"
    given = [f"{name.replace('_', ' ')} {result}" for name in ("on_failure", "on_timeout") if (result := getattr(profile, name))]
    asks = condition_text(profile.condition, profile) or "no checks: goes on at once"
    return f"{profile.name}: {_match_text(profile.match)} -> {asks}; every {duration.say(profile.every_s)}, {', '.join([budget, *given])}"


def condition_text(condition: Condition, profile: Profile, *, inner: bool = False) -> str:
    """The checks as a sentence: `http :8080/ and (tcp :22 or tag ready=yes)`."""
    if isinstance(condition, One):
        return profile.checks[condition.index].label
    word = " and " if isinstance(condition, All) else " or "
    text = word.join(condition_text(part, profile, inner=True) for part in condition.of)
    return f"({text})" if inner and len(condition.of) > 1 else text


def _match_text(match: Match) -> str:
    parts = [f"{name} {'|'.join(values)}" for name in Match.__struct_fields__ if (values := getattr(match, name))]
    return ", ".join(parts) or "every action"


def _read(path: Path) -> Config:
    try:
        return config.read(config.content_of(str(path)), name=str(path), yaml=config.is_yaml(str(path)))
    except ConfigError as error:
        raise _refused(error.problems) from None


def _refused(problems: list[str]) -> typer.Exit:
    for problem in problems:
        typer.echo(f"rearm: {problem}", err=True)
    return typer.Exit(2)
