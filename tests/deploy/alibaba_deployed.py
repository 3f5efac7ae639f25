"""Alibaba Cloud's built archives, unpacked as Function Compute does, and run by `rearm_fc_runtime` in an interpreter without packages."""

import contextlib
import json
import re
import subprocess
import time
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path

import yaml

from rearm_workbench.deploy import environment, funcraft, serverless_devs
from rearm_workbench.descriptions import serverless_devs as described
from rearm_workbench.emulators.alibaba import AlibabaEmulator
from rearm_workbench.emulators.lifecycle import LifecycleAction
from rearm_workbench.kinds import explain
from rearm_workbench.packaging import manifest
from rearm_workbench.packaging.build import build
from rearm_workbench.packaging.target import Target
from rearm_workbench.virtual_clock import VirtualClock
from served_world import INTERPRETERS, SHIM, Reply, Served, free_port, start

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT, REGION = "1234567890123456", "cn-hangzhou"
EVENTS = sorted(path for path in (ROOT / "events" / "alibaba").iterdir() if path.suffix in {".json", ".txt"})


def archives(version: str) -> Path:
    """build/package/alibaba for Python 3.10, which is the environments'; a build of its own for another. Made if it is not, or is old."""
    loaded = environment.load("dev", ROOT / "environments")
    target = Target("alibaba", version, "x86_64", "dev", loaded.compiled())
    out = ROOT / "build" / ("package" if version == loaded.alibaba.python else f"package-{version}")
    folder = out / "alibaba"
    with contextlib.suppress(Exception):
        told = manifest.read(folder)
        if (told.python, told.sources) == (version, manifest.digest(ROOT, "alibaba", target.config_json)):
            return folder
    build(target, ROOT, print, out)
    return folder


def unpack(archive: Path, into: Path) -> Path:
    """With the modes that it says, as `unzip` does and Python's own does not."""
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            path = Path(packed.extract(entry, into))
            path.chmod(entry.external_attr >> 16 or 0o644)
    return into


def without_packages(python: Path, path: Path) -> Path:
    """A program that is that interpreter with the standard library alone."""
    path.write_text(f'#!/bin/sh\nexec "{python}" -S "$@"\n')
    path.chmod(0o755)
    return path


class Deployed:
    """The functions of one description, each a process that begins with its first event. `emulator` answers their calls."""

    def __init__(self, kind: str, version: str, scratch: Path) -> None:
        self.kind, self.python = kind, INTERPRETERS[version]
        made = archives(version)
        if kind == "funcraft":
            self.code = unpack(made / "funcraft.zip", scratch / "code")
            self.variables = _of_funcraft()
        else:
            self.code, self.layer = unpack(made / "functions.zip", scratch / "code"), unpack(made / "layer.zip", scratch / "opt")
            self.variables = _of_s()
        self._program = without_packages(self.python, scratch / "python")
        self._served: dict[str, Served] = {}
        self._processes = contextlib.ExitStack()
        self.clock = VirtualClock(time.time())
        self.emulator = AlibabaEmulator(self.clock)

    def __enter__(self) -> "Deployed":
        self._processes.enter_context(self.emulator)
        return self

    def __exit__(self, *_error: object) -> None:
        self._processes.close()

    def invoke(self, type_: str, event: bytes, timeout_s: int = 600) -> Reply:
        """Credentials and account come with the request, as in the custom runtime."""
        key, secret, token = self.emulator.credentials
        told = {
            "access_key_id": key,
            "access_key_secret": secret,
            "security_token": token,
            "account_id": ACCOUNT,
            "region": REGION,
            "function_timeout": str(timeout_s),
            "function_name": type_,
        }
        if self.kind == "funcraft":
            told["service_name"] = "rearm-dev"
        return self._of(type_).invoke(event, **told)

    def log(self, type_: str) -> str:
        return "\n".join(self._of(type_).lines)

    def logged(self, type_: str, text: str) -> None:
        """Wait for a log line with that text: it may come after the answer."""
        self._of(type_).until(text)

    def _of(self, type_: str) -> Served:
        if type_ not in self._served:
            endpoints = {name: value for name, value in self.emulator.environment().items() if name.startswith("REARM_ENDPOINT_")}
            handler, own = self.variables[type_]
            env = {**own, **endpoints, "REARM_CONFIG": f"{self.code}/rearm.json"}
            port = free_port()
            if self.kind == "funcraft":
                process = self._bootstrap(port, env)
            else:
                process = start(self._program, self.code, handler, port=port, env=env, path=f"{SHIM}:{self.layer / 'python'}")
            self._processes.callback(process.communicate)
            self._processes.callback(process.kill)
            self._served[type_] = Served(process, port)
            self._served[type_].until("runtime inited")
        return self._served[type_]

    def _bootstrap(self, port: int, env: Mapping[str, str]) -> "subprocess.Popen[str]":
        clean = {
            "FC_FUNC_CODE_PATH": f"{self.code}/",
            "FC_SERVER_PORT": str(port),
            "PATH": "/usr/bin:/bin",
            "REARM_PYTHON": str(self._program),
        }
        return subprocess.Popen(
            [self.code / "bootstrap"], cwd=self.code, env=clean | dict(env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def wait(self, event: bytes, ready: bool = True) -> list[LifecycleAction]:
        """Put the actions of a notification into their wait state; ready or drained, or not."""
        _, parsed = explain(event)
        begun = []
        for action in [one.action for one in parsed if one.action is not None]:
            begun.append(
                self.emulator.seed_action(
                    hook=action.hook,
                    group=action.group or "asg-1",
                    token=action.token,
                    instances=action.instances,
                    transition=action.transition or "launch",
                    timeout_s=3600,
                    default_result="ABANDON",
                )
            )
            for instance in action.instances:
                self.prepare(instance, ready)
        return begun

    def prepare(self, instance: str, ready: bool) -> None:
        self.emulator.set_ready(instance, lambda: ready)
        self.emulator.put_tag(instance, "rearm:drained", "true" if ready else "not yet")


def of_now(event: bytes) -> bytes:
    """The notification as if it had been sent now: those in events/ are of March 2026."""
    now = time.time()
    text = re.sub(r"2026-\d\d-\d\dT[\d:.]+Z", datetime.fromtimestamp(now, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), event.decode())
    return re.sub(r'("PublishTime":\s*)\d+', rf"\g<1>{int(now * 1000)}", text).encode()


def due(message: bytes, in_s: int = 0) -> bytes:
    """The recheck's message as its timer would bring it, or too early."""
    told = json.loads(message)
    told["rearm"]["due_at"] = int(time.time()) + in_s
    return json.dumps(told).encode()


def _of_s() -> dict[str, tuple[str, dict[str, str]]]:
    """Handler and variables of each function of s.yaml, by its type."""
    loaded = environment.load("dev", ROOT / "environments")
    found = described.read(ROOT / "s.yaml", ROOT / "deploy" / "ros" / "rearm.yml", serverless_devs.parameters(loaded))
    return {one.type: (one.handler, dict(one.variables)) for one in found.functions}


def _of_funcraft() -> dict[str, tuple[str, dict[str, str]]]:
    """The same of funcraft/template.yml."""
    resources = yaml.safe_load((ROOT / funcraft.TEMPLATE).read_text())["Resources"]
    functions = {
        name: one["Properties"]
        for service in resources.values()
        for name, one in service.items()
        if isinstance(one, dict) and one.get("Type") == "Aliyun::Serverless::Function"
    }
    return {name.replace("-", "_"): (one["Handler"], dict(one["EnvironmentVariables"])) for name, one in functions.items()}


@contextlib.contextmanager
def deployed(kind: str, version: str, scratch: Path) -> Iterator[Deployed]:
    """All of it, until the end of the block."""
    with Deployed(kind, version, scratch) as found:
        yield found
