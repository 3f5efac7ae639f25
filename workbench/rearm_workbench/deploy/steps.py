"""What `rearm deploy` does when it goes on: the commands of each tool, in order. The first that fails ends it."""

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rearm.clouds.alibaba.settings import Credentials
from rearm_workbench.deploy import credentials, render, tools
from rearm_workbench.deploy.model import Environment
from rearm_workbench.deploy.ros import Ros, StackFailed
from rearm_workbench.descriptions.model import Tool

Kind = Literal["run", "stack", "layer"]
LAYER_VERSION = "REARM_LAYER_VERSION"
ACCESS = "rearm_serverless_devs_key"
"""The name under which Serverless Devs finds the credentials."""
_VERSION = re.compile(r"\bversion\b[\"']?\s*[:=]\s*[\"']?(\d+)")


class StepFailed(Exception):
    """The deployment ended early; one line."""


@dataclass(frozen=True)
class Step:
    """`arguments` begins with the tool's name; `stack` is a ROS stack's, made by rearm itself; `layer` also reads the version it prints."""

    kind: Kind
    arguments: tuple[str, ...] = ()
    stack: str = ""
    files: tuple[Path, ...] = field(default=())

    def says(self) -> str:
        """The step as a person would type it, as far as there is such a command."""
        if self.kind == "stack":
            return f"(rearm) create or update the ROS stack {self.stack}: {self.files[0]}"
        return " ".join(f"'{one}'" if re.search(r"[^\w@%+=:,./-]", one) else one for one in self.arguments)


def steps(environment: Environment, tool: Tool) -> list[Step]:
    """In order. Paths are from the project's root."""
    place = render.place(environment, tool, Path())
    if tool == "sam":
        return _sam(environment, place)
    if tool == "serverless":
        return [Step("run", ("osls", "deploy", "--stage", environment.env, "--region", environment.aws.region))]
    stack = (place / "ros.yml", place / "ros-parameters.json")
    if tool == "s":
        runtime, region = f"python{environment.alibaba.python}", environment.alibaba.region
        layer = ("--layer-name", environment.stack, "--code", "build/package/alibaba/layer.zip", "--compatible-runtime", runtime)
        return [
            Step("stack", stack=environment.stack, files=stack),
            Step("layer", ("s", "cli", "fc3", "layer", "publish", "--region", region, *layer, "-a", ACCESS)),
            Step("run", ("s", "deploy", "-t", str(place / "s.yaml"), "-y", "-a", ACCESS)),
        ]
    template = str(place / "template.yml")
    return [
        Step("stack", stack=f"{environment.stack}-funcraft", files=stack),
        Step("run", ("fun", "validate", "-t", template)),
        Step("run", ("fun", "deploy", "-y", "-t", template)),
    ]


def _sam(environment: Environment, place: Path) -> list[Step]:
    built = place / "build"
    build = ("--template", str(place / "template.yml"), "--build-dir", str(built))
    # A configuration file is sought from where the template is.
    deploy = ("--template-file", str(built / "template.yaml"), "--config-file", "../samconfig.toml", "--config-env", environment.env)
    return [Step("run", ("sam", "build", *build)), Step("run", ("sam", "deploy", *deploy))]


@dataclass
class Runner:
    """Does steps. `account` is that of the credentials."""

    root: Path
    tool: Tool
    environment: Environment
    account: str
    environ: dict[str, str]

    def do(self, step: Step) -> str:
        """One line of what came of it. Raises `StepFailed`."""
        if step.kind == "stack":
            return self._stack(step)
        program = tools.program(self.tool, self.root, self.environ)
        if program is None:
            raise StepFailed(f"{step.arguments[0]} is not there any more")
        printed = self._run([str(program), *step.arguments[1:]], keep=step.kind == "layer")
        if step.kind == "layer":
            version = _VERSION.search(printed)
            if version is None:
                raise StepFailed(f"`{step.says()}` did not print the layer's version")
            self.environ[LAYER_VERSION] = version[1]
            return f"version {version[1]}"
        return "done"

    def _run(self, command: list[str], *, keep: bool) -> str:
        try:
            done = subprocess.run(
                command, cwd=self.root, env=self.environ, check=False, stdout=subprocess.PIPE if keep else None, text=True
            )
        except OSError as error:
            raise StepFailed(f"{command[0]} cannot be run ({error.strerror or error})") from None
        if done.returncode:
            raise StepFailed(f"{Path(command[0]).name} {command[1]} ended with {done.returncode}: what it said stands above")
        return done.stdout or ""

    def _stack(self, step: Step) -> str:
        template = (self.root / step.files[0]).read_text(encoding="utf-8")
        parameters = json.loads((self.root / step.files[1]).read_text(encoding="utf-8"))
        ros = Ros(credentials.alibaba(self.environ), self.environment.alibaba.region, self.environ.get("REARM_ENDPOINT_ROS", ""))
        try:
            return ros.make(step.stack, template, parameters)
        except StackFailed as failed:
            raise StepFailed(str(failed)) from None


def environ_of(tool: Tool, environment: Environment, account: str, environ: Mapping[str, str]) -> dict[str, str]:
    """What the tool finds in its environment: each reads credentials and region from names of its own."""
    found = dict(environ)
    if tool in ("sam", "serverless"):
        return found | {"AWS_REGION": environment.aws.region, "AWS_DEFAULT_REGION": environment.aws.region}
    held = credentials.alibaba(environ)
    return found | (_of_s(held, account) if tool == "s" else _of_fun(held, account, environment.alibaba.region))


def _of_s(held: Credentials, account: str) -> dict[str, str]:
    """Serverless Devs takes any variable that ends with `_serverless_devs_key` for credentials of that name (`s config get -a NAME`)."""
    key = {"AccountID": account, "AccessKeyID": held.access_key_id, "AccessKeySecret": held.access_key_secret}
    key |= {"SecurityToken": held.security_token} if held.security_token else {}
    return {ACCESS: json.dumps(key)}


def _of_fun(held: Credentials, account: str, region: str) -> dict[str, str]:
    key = {"ACCOUNT_ID": account, "REGION": region, "ACCESS_KEY_ID": held.access_key_id, "ACCESS_KEY_SECRET": held.access_key_secret}
    return key | ({"SECURITY_TOKEN": held.security_token} if held.security_token else {})
