"""The real Lambda runtime around the built archives: the Runtime Interface Emulator and the runtime client, without a container."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from archives_world import ROOT, Unpacked, same_architecture

TOOLS = ROOT / "build" / "tools"
TIMEOUT_S = 60
PATIENCE_S = 30.0
RUNTIME_API_PATH = "/2015-03-31/functions/function/invocations"


class Answered(NamedTuple):
    """`error` is the type of the function's error, empty if it did not fail; `log` is what the function wrote."""

    body: Any
    error: str
    log: str


def emulator() -> Path:
    """The Runtime Interface Emulator of the SAM command line (`make tools-sam`)."""
    found = sorted(TOOLS.glob(f"sam/lib/python3.*/site-packages/samcli/local/rapid/aws-lambda-rie-{same_architecture()}"))
    assert found, "the Runtime Interface Emulator is not there: make tools-sam"
    return found[0]


def client(version: str) -> Path:
    """Lambda's runtime client for that Python (`make tools-ric`)."""
    place = TOOLS / f"ric-{version}"
    assert (place / "awslambdaric").is_dir(), f"the runtime client for Python {version} is not there: make tools-ric"
    return place


class _Tolerant(yaml.SafeLoader):
    """Reads a template's `!Sub` and the like as what stands behind them."""


def _untagged(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_Tolerant.add_multi_constructor("!", _untagged)


def handlers() -> dict[str, str]:
    """{type: handler string} of the functions in `template.yml`."""
    template = yaml.load((ROOT / "template.yml").read_text(), _Tolerant)
    found = [one["Properties"]["Handler"] for one in template["Resources"].values() if one["Type"] == "AWS::Serverless::Function"]
    return {handler.partition(".")[0]: handler for handler in found}


class Lambda:
    """One function. Use it in a `with`: the emulator starts the runtime at the first invocation."""

    def __init__(self, at: Unpacked, version: str, handler: str, surroundings: dict[str, str], log: Path) -> None:
        self._at, self._handler, self._log = at, handler, log
        # As Lambda orders them: the function's code, the layers, what the runtime brings.
        paths = (at.code, at.layer / "python", client(version))
        self._surroundings = {
            "PATH": os.defpath,
            "HOME": str(log.parent),
            "LANG": "en_US.UTF-8",
            "LAMBDA_TASK_ROOT": str(at.code),
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "PYTHONDONTWRITEBYTECODE": "1",  # /var/task and /opt cannot be written there
            "AWS_LAMBDA_FUNCTION_NAME": "rearm-dev-" + handler.partition(".")[0],
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(TIMEOUT_S),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            **surroundings,
        }

    def __enter__(self) -> "Lambda":
        self._port, runtime_api = _free_port(), _free_port()
        command = [emulator(), "--runtime-interface-emulator-address", f"127.0.0.1:{self._port}"]
        command += ["--runtime-api-address", f"127.0.0.1:{runtime_api}"]
        # -S: whatever is installed for that interpreter here is not there.
        command += [self._at.python, "-S", "-m", "awslambdaric", self._handler]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self._at.code, env=self._surroundings, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def __exit__(self, *_error: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def invoke(self, event: Any) -> Answered:
        """As `POST …/invocations` does it."""
        before = self._log.stat().st_size
        url = f"http://127.0.0.1:{self._port}{RUNTIME_API_PATH}"
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                with urllib.request.urlopen(urllib.request.Request(url, json.dumps(event).encode()), timeout=TIMEOUT_S + 5) as answer:
                    return _read(answer.read(), self._log.read_text()[before:])
            except urllib.error.URLError as error:
                # It listens a moment after it was started.
                if isinstance(error, urllib.error.HTTPError) or time.monotonic() > until or self._process.poll() is not None:
                    raise AssertionError(f"{error}: {self._log.read_text()[-2000:]}") from error
                time.sleep(0.02)


def _read(body: bytes, log: str) -> Answered:
    """The emulator tells an error by the body alone, as Lambda writes it."""
    told = json.loads(body)
    error = told.get("errorType", "") if isinstance(told, dict) and "errorMessage" in told else ""
    return Answered(told, str(error), log)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running(at: Unpacked, version: str, handler: str, surroundings: dict[str, str], folder: Path) -> Iterator[Lambda]:
    with Lambda(at, version, handler, surroundings, folder / f"{handler}.log") as one:
        yield one


STAMP = re.compile(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
MILLISECONDS = re.compile(rb'("(?:SentTimestamp|ApproximateFirstReceiveTimestamp)": ")\d{13}(")')


def of_now(sample: bytes, now: float) -> bytes:
    """A sample notification as if it had been sent just now: the runtime's clock is the real one."""

    def stamp(found: re.Match[bytes]) -> bytes:
        written = datetime.fromtimestamp(now, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{written}{'.000' if found[1] else ''}Z".encode()

    return MILLISECONDS.sub(rb"\g<1>%d\g<2>" % int(now * 1000), STAMP.sub(stamp, sample))
