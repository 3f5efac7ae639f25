"""Who is measured: rearm from its archives, what an engineer writes by hand, and the bare runtime."""

import functools
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import layout
from runtimes import FcFunction, LambdaFunction
from stopwatch import Failed, Function

HOOKS = {"aws": "events/aws/eventbridge-launch.json", "alibaba": "events/alibaba/mns-topic-json.json"}
LIMIT, BY_HAND, POWERTOOLS, GENERATED = "bare runtime", "boto3 by hand", "with Powertools", "official generated client"
REARM, REARM_FC2 = "rearm", "rearm, FC 2.0"
COMMON = {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"}  # where functions are unpacked nothing can be written
AWS = COMMON | {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_LAMBDA_FUNCTION_NAME": "measured",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "REARM_SCHEDULE_GROUP": "measured",
    "REARM_RECHECK_ARN": "arn:aws:lambda:us-east-1:123456789012:function:measured",
    "REARM_SCHEDULER_ROLE_ARN": "arn:aws:iam::123456789012:role/measured",
}


@dataclass(frozen=True)
class Contender:
    """`code` is the function's own folder, `paths` its layers. `says`: by the state of the instance, what its answer has to hold."""

    name: str
    cloud: str
    handler: str
    code: Path
    paths: tuple[Path, ...]
    says: dict[str, str]

    def start(self, port: int, first: bytes, more: dict[str, str] | None = None) -> Function:
        """A new process, its APIs at that port of the loopback. It has answered its first event."""
        python = str(layout.python(self.cloud))
        paths = os.pathsep.join(str(one) for one in (self.code, *self.paths, _runtime(self.cloud)))
        where, address = {"PYTHONPATH": paths} | (more or {}), f"127.0.0.1:{port}"
        # -S: whatever is installed for that interpreter on this machine is not there.
        if self.cloud == "aws":
            environment = AWS | {"AWS_ENDPOINT_URL": f"http://{address}", "LAMBDA_TASK_ROOT": str(self.code), "REARM_CONFIG": "rearm.json"}
            return LambdaFunction([python, "-S", "-m", "awslambdaric", self.handler], environment | where, self.code, first)
        environment = COMMON | {"FC_FUNC_CODE_PATH": f"{self.code}/", "ESS_ENDPOINT": address, "ESS_PROTOCOL": "http"}
        environment |= {f"REARM_ENDPOINT_{one}": address for one in ("ESS", "ECS", "FC")} | {"REARM_CONFIG": "rearm.json"}
        if self.name == REARM_FC2:
            environment |= {"REARM_FC_API": "2016-08-15"}
        return FcFunction([python, "-S", "-m", "rearm_fc_runtime", self.handler], environment | where, self.code, first)

    def recheck(self) -> "Contender":
        """The same archive's next look."""
        return Contender(self.name, self.cloud, "recheck.handler", self.code, self.paths, self.says)

    def has_answered(self, function: Function, state: str) -> None:
        """Raises `Failed` if it did not do what was to be measured."""
        if self.says.get(state, "") not in function.answer.decode():
            raise Failed(f"{self.name} ({self.cloud}, {state}) answered {function.answer.decode()[:500]}")


@functools.cache
def aws() -> tuple[Contender, ...]:
    """On Lambda. The second is what the others are compared with."""
    boto3 = layout.packages("boto3", "aws", ["boto3"])
    powertools = layout.packages("powertools", "aws", ["boto3", "aws-lambda-powertools[parser]"])
    found = {"ready": '"ready": true', "waiting": '"ready": false'}
    return (
        _made("noop", LIMIT, "aws", (), {}),
        _made("plain_boto3", BY_HAND, "aws", (boto3,), found),
        _made("powertools", POWERTOOLS, "aws", (powertools,), found),
        _rearm("aws", REARM, "eventbridge.handler"),
    )


@functools.cache
def alibaba() -> tuple[Contender, ...]:
    """On Function Compute. The second is what the others are compared with."""
    ess = layout.packages("ess", "alibaba", ["alibabacloud_ess20220222"])
    return (
        _made("noop", LIMIT, "alibaba", (), {}),
        _made("generated_ess", GENERATED, "alibaba", (ess,), {"ready": '"ready": true', "waiting": '"ready": false'}),
        _rearm("alibaba", REARM, "mns_topic.handler"),
        _rearm("alibaba", REARM_FC2, "mns_topic.handler"),
    )


def by_http() -> Contender:
    """What asks URLs, by hand."""
    boto3 = layout.packages("boto3", "aws", ["boto3"])
    return _made("plain_http", BY_HAND, "aws", (boto3,), {"waiting": '"ready": false'})


BOTH: dict[str, Callable[[], tuple[Contender, ...]]] = {"aws": aws, "alibaba": alibaba}


def notification(cloud: str) -> bytes:
    """The sample, as if it had been sent now: the runtimes' clock is the real one."""
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = re.sub(r"2026-\d\d-\d\dT[\d:.]+Z", now, (layout.ROOT / HOOKS[cloud]).read_text())
    return re.sub(r'("PublishTime":\s*)\d+', rf"\g<1>{int(time.time() * 1000)}", text).encode()


def configured(name: str, checks: list[object]) -> dict[str, str]:
    """Variables of rearm with these checks instead of those of its archive."""
    path = layout.PLACE / "configurations" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"version": 1, "profiles": [{"name": "measured", "checks": checks, "every": "60s"}]}))
    return {"REARM_CONFIG": str(path)}


def _made(module: str, name: str, cloud: str, paths: tuple[Path, ...], says: dict[str, str]) -> Contender:
    return Contender(name, cloud, f"{module}.handler", layout.handler(module, cloud), paths, says)


def _rearm(cloud: str, name: str, handler: str) -> Contender:
    layer, code = _unpacked(cloud)
    return Contender(name, cloud, handler, code, (layer,), {"ready": "complete CONTINUE", "waiting": "recheck in"})


_unpacked = functools.cache(layout.rearm)
_runtime = functools.cache(layout.runtime)
