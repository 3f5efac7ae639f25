"""A local AWS for one test: ministack (PyPI), from `make tools-ministack`. It is CloudFormation, IAM, Lambda, SQS, SNS and Scheduler, in
real time, and runs functions as processes with its own Python.

What it does not do: lifecycle hooks, alarms that sum metrics, schedule groups in the resources of policies (so its IAM is off here).
"""

import contextlib
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "build/tools/ministack/bin"
ACCOUNT = "123456789012"
"""Also the access key: a key of twelve digits stands for its account here, and the functions get it too."""
REGION = "us-east-1"
COMES_UP_S = 60
PASSED_ON = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
KEYS = {
    "AWS_ACCESS_KEY_ID": ACCOUNT,
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@contextmanager
def local_aws(folder: Path) -> Iterator[dict[str, str]]:
    """Serves until the end of the block, and is the environment of its clients. Its log is `folder/ministack.log`."""
    common = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | KEYS
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    own = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "LAMBDA_EXECUTOR": "local"}
    with (folder / "ministack.log").open("w") as log:
        server = subprocess.Popen([PLACE / "ministack"], env=common | own, cwd=folder, stdout=log, stderr=log)
        try:
            _come_up(server, endpoint)
            yield common | {"AWS_ENDPOINT_URL": endpoint}
        finally:
            server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(10)
            server.kill()


def python() -> str:
    """The Python that its functions run with, like "3.11"."""
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([PLACE / "python", "-c", asked], capture_output=True, text=True, check=True).stdout.strip()


def client(service: str, environ: dict[str, str]) -> Any:
    session = boto3.session.Session(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
    return session.client(service, endpoint_url=environ["AWS_ENDPOINT_URL"])


def _come_up(server: subprocess.Popen[bytes], endpoint: str) -> None:
    end = time.monotonic() + COMES_UP_S
    while not _answers(endpoint):
        assert server.poll() is None, "the local AWS has ended: see ministack.log"
        assert time.monotonic() < end, f"the local AWS is not there after {COMES_UP_S} s"
        time.sleep(0.2)


def _answers(endpoint: str) -> bool:
    try:
        urllib.request.urlopen(endpoint, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
