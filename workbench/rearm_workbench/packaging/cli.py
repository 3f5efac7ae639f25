"""`rearm package`: build the archives of an environment, and show them."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from rearm.config_match import CLOUDS
from rearm.core.model import CloudName
from rearm_workbench import inputs
from rearm_workbench.deploy import environment
from rearm_workbench.packaging.archive import Packed
from rearm_workbench.packaging.build import build
from rearm_workbench.packaging.target import Target

ROOT = Path(__file__).resolve().parents[3]

EnvOption = Annotated[str, typer.Option("--env", help="The environment: a file in environments/.")]
CloudOption = Annotated[Literal["aws", "alibaba"] | None, typer.Option("--cloud", help="Default: both clouds.")]


def package(env: EnvOption = "", cloud: CloudOption = None) -> None:
    """Build the archives that every deployer takes, into build/package/<cloud>/."""
    with inputs.refused():
        found = environment.load(env, ROOT / "environments")
        chosen: tuple[CloudName, ...] = (cloud,) if cloud else CLOUDS
        for one in chosen:
            target = Target(one, found.python(one), found.architecture(one), env, found.compiled())
            _show(one, build(target, ROOT, typer.echo))


def _show(cloud: CloudName, packed: dict[str, Packed]) -> None:
    typer.echo(f"{'archive':<36}{'bytes':>12}{'unpacked':>12}{'files':>8}")
    for name, one in packed.items():
        typer.echo(f"{f'build/package/{cloud}/{name}':<36}{one.bytes:>12,}{one.unpacked_bytes:>12,}{one.files:>8,}")
