"""The `rearm` command. Each sub-command prints for a person, or for a program with `--json`.

Exit codes: 0 all well; 1 a wait did not end as its world says; 2 the input cannot be used (one clear line for each problem).
"""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from rearm import __version__
from rearm_workbench import config_cli, inputs
from rearm_workbench.deploy.cli import deploy
from rearm_workbench.emulate.command import emulate
from rearm_workbench.hooks import cli as hooks_cli
from rearm_workbench.packaging.cli import package
from rearm_workbench.simulator.command import simulate

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]}
)
app.add_typer(config_cli.app, name="config", help="Check, compile and describe configuration files.")
app.add_typer(hooks_cli.app, name="hooks", help="Provision lifecycle hooks from a file, on both clouds.")
app.command()(deploy)
app.command()(emulate)
app.command()(package)
app.command()(simulate)

FileArgument = Annotated[Path, typer.Argument(help="A notification, as a function receives it (JSON, or an MNS message's text).")]
ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration (YAML). Default: the one shipped.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def main() -> None:
    """The console script."""
    try:
        app()
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"rearm {__version__}")
        raise typer.Exit


@app.callback()
def _root(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False) -> None:
    """rearm keeps an instance in its lifecycle hook until it is really ready (or really drained), then lets it go."""


@app.command()
def explain(file: FileArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """What a file holds, and what would be done with it. No effect anywhere."""
    from rearm_workbench.explain import explain_file

    with inputs.refused():
        settings = inputs.configuration(config)
        invalid = explain_file(file, settings, as_json=as_json)
    if invalid:
        raise typer.Exit(2)


@app.command()
def replay(
    files: Annotated[list[Path] | None, typer.Argument(help="Notification files or directories. Default: the samples in events/.")] = None,
    world: Annotated[
        Path | None, typer.Option("--world", "-w", help="World file. Default: the one beside each file (x.world.yml).")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the deployed handlers on emulated clouds in virtual time, and show a timeline of each wait."""
    from rearm_workbench.replay_cli import replay_files

    with inputs.refused(), tempfile.TemporaryDirectory(prefix="rearm-") as scratch:
        settings = inputs.configuration(config)
        compiled = inputs.compiled(config, Path(scratch))
        code = replay_files(files or [], world, settings, compiled, as_json=as_json)
    if code:
        raise typer.Exit(code)
