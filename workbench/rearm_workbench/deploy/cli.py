"""The command line of `rearm deploy`. What it does is in `command`."""

from typing import Annotated

import typer

CloudOption = Annotated[str, typer.Option("--cloud", metavar="CLOUD", help="aws or alibaba.")]
ToolOption = Annotated[str, typer.Option("--tool", metavar="TOOL", help="aws: sam or serverless; alibaba: s or fun.")]
EnvOption = Annotated[str, typer.Option("--env", "-e", metavar="NAME", help="The environment: a file in environments/.")]
DryOption = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be created, and stop. Needs no credentials, no archives, no network.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask. CI=true in the environment says the same.")]


def deploy(cloud: CloudOption = "", tool: ToolOption = "", env: EnvOption = "", dry_run: DryOption = False, yes: YesOption = False) -> None:
    """Deploy an environment: say what would be created, ask, and run the tool."""
    # Loaded when it is used: the other commands need neither YAML with tags nor the clouds' own programs.
    from rearm_workbench.deploy import command

    command.run(cloud, tool, env, dry_run=dry_run, yes=yes)
