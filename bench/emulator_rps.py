"""How many requests a second do the emulators answer? `.venv/bin/python bench/emulator_rps.py [--seconds N]`

Asks from this process, the emulators run in others. For the line of moto's own server, moto needs its extra: pip install 'moto[server]'.
Two figures each: at a fixed rate of 200 requests a second (errors and how long an answer takes), and as fast as four clients can.
"""

import argparse
import base64
import hashlib
import hmac
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

EMULATE = [sys.executable, "-c", "import typer; from rearm_workbench.emulate.command import emulate; typer.run(emulate)"]
CLIENTS = 4
RATE = 200


class Request(NamedTuple):
    """What is sent, each time anew: `make()` gives body and headers."""

    endpoint: str
    make: Callable[[], tuple[str, dict[str, str]]]


class Figures(NamedTuple):
    """Of one run. Times in milliseconds."""

    asked: int
    errors: int
    per_s: float
    median_ms: float
    worst_ms: float


def ess(told: dict[str, Any], action: str, **params: object) -> Request:
    """An ESS call with signature v1 (HMAC-SHA1), as aliyun-python-sdk-core makes it."""

    def make() -> tuple[str, dict[str, str]]:
        values = {
            "Action": action,
            "Version": "2014-08-28",
            "Format": "JSON",
            "RegionId": told["region"],
            "AccessKeyId": told["access_key_id"],
            "SecurityToken": told["security_token"],
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": str(uuid.uuid4()),
            "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            **{name.replace("__", "."): str(value) for name, value in params.items()},
        }
        canonical = "&".join(f"{quote(name, safe='~')}={quote(values[name], safe='~')}" for name in sorted(values))
        digest = hmac.new(
            f"{told['access_key_secret']}&".encode(), f"POST&%2F&{quote(canonical, safe='~')}".encode(), hashlib.sha1
        ).digest()
        body = urlencode({**values, "Signature": base64.b64encode(digest).decode()})
        return body, {"Content-Type": "application/x-www-form-urlencoded"}

    return Request(told["endpoint"].removeprefix("http://"), make)


def auto_scaling(endpoint: str, key: str, action: str, **params: object) -> Request:
    """An Auto Scaling call; neither server verifies more than the credential's scope."""
    scope = f"AWS4-HMAC-SHA256 Credential={key}/20260301/us-east-1/autoscaling/aws4_request, SignedHeaders=host, Signature=0"
    body = urlencode({"Action": action, "Version": "2011-01-01", **params})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": scope}
    return Request(endpoint.removeprefix("http://"), lambda: (body, headers))


def send(connection: HTTPConnection, request: Request) -> tuple[int, bytes]:
    body, headers = request.make()
    connection.request("POST", "/", body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def once(request: Request) -> Any:
    status, body = send(HTTPConnection(request.endpoint, timeout=10), request)
    if status != 200:
        raise SystemExit(f"{status}: {body[:300]!r}")
    return json.loads(body) if body.startswith(b"{") else None


def measure(request: Request, seconds: float, rate: float | None) -> Figures:
    """`rate` None: as fast as the clients can."""
    took: list[float] = []
    errors: list[object] = []
    began = time.monotonic()

    def client(number: int) -> None:
        connection = HTTPConnection(request.endpoint, timeout=10)
        for turn in range(10**9):
            due = began + (turn * CLIENTS + number) / rate if rate else time.monotonic()
            if due >= began + seconds:
                return
            time.sleep(max(0.0, due - time.monotonic()))
            sent = time.monotonic()
            try:
                status, body = send(connection, request)
                if status != 200:
                    errors.append(body)
            except OSError as error:
                errors.append(error)
                connection = HTTPConnection(request.endpoint, timeout=10)
            took.append((time.monotonic() - sent) * 1000)

    clients = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    took.sort()
    return Figures(len(took), len(errors), len(took) / (time.monotonic() - began), took[len(took) // 2], took[-1])


@contextmanager
def emulate(*arguments: str) -> Iterator[dict[str, Any]]:
    process = subprocess.Popen([*EMULATE, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline()) if process.stdout else {}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@contextmanager
def moto_server() -> Iterator[str | None]:
    """Its endpoint; None if it is not installed."""
    if subprocess.run([sys.executable, "-c", "import moto.server"], capture_output=True, check=False).returncode:
        yield None
        return
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    line = next(line for line in process.stderr or () if "Running on" in line)
    threading.Thread(target=lambda: list(process.stderr or ()), daemon=True).start()
    try:
        yield line.split("http://")[1].split()[0]
    finally:
        process.terminate()
        process.wait()


def report(name: str, request: Request, seconds: float) -> bool:
    """Two lines of the table. True if there was no error at the fixed rate."""
    steady, flat_out = measure(request, seconds, RATE), measure(request, seconds, None)
    for kind, found in ((f"{RATE}/s", steady), ("flat out", flat_out)):
        print(f"{name:44} {kind:9} {found.per_s:9.0f} {found.asked:9} {found.errors:7} {found.median_ms:10.2f} {found.worst_ms:9.1f}")
    return steady.errors == 0 and steady.per_s > RATE * 0.98


def on_rearm(kept: bool, seconds: float) -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        where = ["--state-dir", str(Path(scratch) / "state")] if kept else []
        with emulate(*where) as told:
            group = once(ess(told["alibaba"], "CreateScalingGroup", ScalingGroupName="web", MinSize=0, MaxSize=5))["ScalingGroupId"]
            once(ess(told["alibaba"], "CreateLifecycleHook", ScalingGroupId=group, LifecycleTransition="SCALE_OUT"))
            note = ", state kept" if kept else ""
            good = report(
                f"rearm: ESS DescribeLifecycleHooks{note}", ess(told["alibaba"], "DescribeLifecycleHooks", ScalingGroupId=group), seconds
            )
            if not kept:
                aws = told["aws"]
                asked = auto_scaling(aws["endpoint"], aws["access_key_id"], "DescribeAutoScalingGroups")
                report("rearm: Auto Scaling DescribeAutoScalingGroups", asked, seconds)
    return good


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=5.0)
    seconds = options.parse_args().seconds
    print(f"{'':44} {'rate':9} {'answers/s':>9} {'asked':>9} {'errors':>7} {'median ms':>10} {'worst ms':>9}")
    good = [on_rearm(kept, seconds) for kept in (False, True)]
    with moto_server() as endpoint:
        if endpoint is None:
            print("moto's own server is not installed: pip install 'moto[server]'")
        else:
            report("moto's server: DescribeAutoScalingGroups", auto_scaling(endpoint, "x", "DescribeAutoScalingGroups"), seconds)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
