"""`rearm hooks`: plan, apply, verify and remove lifecycle hooks.

Exit codes: 0 all well; 1 something could not be done, or `verify` found a problem; 2 the file or an option cannot be used.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, cast
from urllib.parse import urlsplit

import typer

from rearm.core.model import CloudName
from rearm.errors import ConfigError
from rearm_workbench import inputs
from rearm_workbench.hooks import hooks_file, run, show
from rearm_workbench.hooks.clouds import Clouds
from rearm_workbench.hooks.state import FILE_NAME, Entry, State
from rearm_workbench.hooks.verify import as_json as findings_json
from rearm_workbench.hooks.verify import verify as verified
from rearm_workbench.hooks.verify import worst

app = typer.Typer(no_args_is_help=True, help="Provision lifecycle hooks from a file, on both clouds.")

FileOption = Annotated[Path, typer.Option("--file", "-f", help="The hooks file (YAML).")]
EnvOption = Annotated[str, typer.Option("--env", "-e", metavar="NAME", help="The environment to merge over the file's hooks.")]
StateOption = Annotated[
    Path | None, typer.Option("--state", metavar="PATH", help=f"What rearm made. Default: {FILE_NAME} beside the hooks file.")
]
EndpointOption = Annotated[
    list[str] | None,
    typer.Option("--endpoint", metavar="CLOUD=URL", help="Instead of the real endpoints: aws=http://HOST:PORT, alibaba=http://HOST:PORT."),
]
ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration (YAML). Default: the one shipped.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
DEFAULT_FILE = Path("hooks.yml")


@app.command()
def plan(
    file: FileOption = DEFAULT_FILE,
    env: EnvOption = "",
    state: StateOption = None,
    endpoint: EndpointOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the difference between the file and what exists. Writes nothing."""
    with inputs.refused():
        wanted, clouds = hooks_file.read(file, env), Clouds(endpoints(endpoint))
        told = run.plan(wanted, clouds, State(_state(file, state)), env)
    _print(told, as_json)


@app.command()
def apply(
    file: FileOption = DEFAULT_FILE,
    env: EnvOption = "",
    state: StateOption = None,
    endpoint: EndpointOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create and update hooks until they are as the file says. A second run changes nothing."""
    with inputs.refused():
        wanted, clouds = hooks_file.read(file, env), Clouds(endpoints(endpoint))
        told = run.apply(wanted, clouds, State(_state(file, state)), env)
    _print(told, as_json)


@app.command()
def verify(
    file: FileOption = DEFAULT_FILE,
    env: EnvOption = "",
    config: ConfigOption = None,
    endpoint: EndpointOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that the hooks exist, suit their profiles, and can deliver."""
    with inputs.refused():
        wanted, settings = hooks_file.read(file, env), inputs.configuration(config)
        found = verified(wanted, Clouds(endpoints(endpoint)), settings)
    _say([json.dumps(findings_json(found), indent=2)] if as_json else show.findings(found))
    raise typer.Exit(worst(found))


@app.command()
def remove(
    names: Annotated[list[str] | None, typer.Argument(help="Names of the hooks file. Default: all of the environment.")] = None,
    file: FileOption = DEFAULT_FILE,
    env: EnvOption = "",
    state: StateOption = None,
    endpoint: EndpointOption = None,
    as_json: JsonOption = False,
) -> None:
    """Undo what `apply` did: delete the hooks it made, give those it changed their former values back. Leaves all others alone."""
    with inputs.refused():
        clouds, kept = Clouds(endpoints(endpoint)), State(_state(file, state))
        told = run.remove(_chosen(kept, clouds, names or [], env), clouds, kept)
    _print(told, as_json)


def endpoints(given: list[str] | None) -> dict[CloudName, str]:
    """`aws=URL` and `alibaba=URL`. Raises ConfigError with every problem."""
    found: dict[CloudName, str] = {}
    problems = []
    for one in given or []:
        cloud, separator, url = one.partition("=")
        parts = urlsplit(url)
        if cloud not in hooks_file.CLOUDS or not separator or parts.scheme not in ("http", "https") or not parts.hostname:
            problems.append(f"--endpoint {one}: must be aws=http://HOST:PORT or alibaba=http://HOST:PORT")
        found[cast(CloudName, cloud)] = url.rstrip("/")
    if problems:
        raise ConfigError(problems)
    return found


def _chosen(kept: State, clouds: Clouds, names: list[str], env: str) -> list[Entry]:
    here = [one for one in kept.entries if one.env == env and one.endpoint == clouds.endpoint(one.place)]
    unknown = [name for name in names if name not in {one.name for one in here}]
    if unknown:
        where = f"environment {env}" if env else "no environment"
        raise ConfigError(
            [f"{name}: {kept.path} knows of nothing that rearm made or changed under that name ({where})" for name in unknown]
        )
    return [one for one in here if not names or one.name in names]


def _state(file: Path, state: Path | None) -> Path:
    return state or file.parent / FILE_NAME


def _print(told: run.Report, as_json: bool) -> None:
    _say([json.dumps(show.report_json(told), indent=2)] if as_json else show.report(told))
    raise typer.Exit(int(told.failed))


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)
