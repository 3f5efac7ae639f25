"""What `rearm emulate` was told, judged; and what its functions find in their environment."""

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

AWS_ACCOUNT = "123456789012"
SCHEDULE_GROUP = "rearm"
SPEED_MAX = 100_000.0


class Refused(Exception):
    """The command cannot be carried out as it was given; one line."""


class Address(NamedTuple):
    """Where to listen. Port 0: any free one."""

    host: str
    port: int


FREE = Address("127.0.0.1", 0)


@dataclass(frozen=True)
class Settings:
    """`state_dir` None: nothing is kept. `triggers`: SQS queue name -> function that its messages invoke.

    `stands_while_down`: after a restart the clouds go on at the time when they were last heard of, else at what it would be by now.
    """

    aws: Address = FREE
    alibaba: Address = FREE
    speed: float = 1.0
    state_dir: Path | None = None
    stands_while_down: bool = False
    functions: Path = Path("functions")
    seed: int | None = None
    heartbeat_adds: bool | None = None
    config: Path | None = None
    aws_region: str = "us-east-1"
    triggers: dict[str, str] = field(default_factory=lambda: {"rearm": "rearm-sqs"})


def address(option: str, text: str) -> Address:
    """`HOST:PORT`, on the loopback. Raises `Refused`."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise Refused(f"{option} {text}: write HOST:PORT, as in 127.0.0.1:4566 (port 0 takes a free one)")
    try:
        loopback = host == "localhost" or (ipaddress.ip_address(host).version == 4 and ipaddress.ip_address(host).is_loopback)
    except ValueError:
        loopback = False
    if not loopback:
        raise Refused(f"{option} {text}: only the loopback is served, because anybody can do anything there: write 127.0.0.1:{port}")
    return Address("127.0.0.1" if host == "localhost" else host, int(port))


def speed(value: float) -> float:
    """Raises `Refused`."""
    if not 0 < value <= SPEED_MAX:
        raise Refused(f"--speed {value:g}: write a number above 0, at most {SPEED_MAX:g}; 60 makes a minute of cloud time out of a second")
    return value


def functions_at(path: Path) -> Path:
    """A directory with `aws/` or `alibaba/` in it. Raises `Refused`."""
    if not path.is_dir():
        raise Refused(f"--functions {path}: there is no such directory")
    if not any((path / cloud).is_dir() for cloud in ("aws", "alibaba")):
        raise Refused(f"--functions {path}: it has neither aws/ nor alibaba/ in it, where the functions' files lie")
    return path.resolve()


def triggers(given: list[str]) -> dict[str, str]:
    """`QUEUE=FUNCTION`, several. Raises `Refused`."""
    found = {"rearm": "rearm-sqs"}
    for text in given:
        queue, equals, function = text.partition("=")
        if not queue or not equals or not function:
            raise Refused(f"--sqs-trigger {text}: write QUEUE=FUNCTION, as in rearm=rearm-sqs")
        found[queue] = function
    return found


def lambda_environment(name: str, server: dict[str, str], region: str) -> dict[str, str]:
    """What a Lambda function finds: its runtime's variables, and the emulated `server` instead of AWS."""
    return server | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
        "TZ": ":UTC",
        "REARM_SCHEDULE_GROUP": SCHEDULE_GROUP,
        "REARM_RECHECK_ARN": f"arn:aws:lambda:{region}:{AWS_ACCOUNT}:function:rearm-recheck",
        "REARM_SCHEDULER_ROLE_ARN": f"arn:aws:iam::{AWS_ACCOUNT}:role/rearm-scheduler",
    }
