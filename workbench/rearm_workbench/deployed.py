"""The deployed handlers, as their platforms load them: from `functions/`, each a module of its own, with its runtime's context."""

import contextlib
import importlib.util
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from rearm.core.model import CloudName

HANDLERS: dict[CloudName, tuple[str, ...]] = {
    "aws": ("eventbridge", "sns", "sqs", "direct", "recheck", "sweep"),
    "alibaba": ("mns_topic", "mns_queue", "eventbridge", "oos", "recheck", "sweep"),
}


def functions_dir() -> Path:
    """Where the doorways lie: `functions/` of the checkout. REARM_FUNCTIONS names another place."""
    named = os.environ.get("REARM_FUNCTIONS")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "functions"


@dataclass
class LambdaContext:
    """What the Lambda runtime hands to a handler (docs.aws.amazon.com/lambda/latest/dg/python-context.html)."""

    function_name: str
    remaining_s: Callable[[], float]
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 256
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:123456789012:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(self.remaining_s() * 1000))


FOREIGN = ("AWS_", "ALIBABA_CLOUD_", "REARM_", "FC_", "POWERTOOLS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
OURS = ("REARM_FUNCTIONS", "REARM_EVENTS")


@contextlib.contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """The functions' environment variables, until the end of the block.

    What the person at the terminal has set for the real clouds (profiles, endpoints, credentials, proxies) is out of sight meanwhile.
    """
    before = dict(os.environ)
    for name in before:
        if name.upper().startswith(FOREIGN) and name not in OURS:
            del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def load(path: Path) -> ModuleType:
    """The module of a doorway, anew, under a name of its own: both clouds have an `eventbridge.py`."""
    name = f"rearm_deployed_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def lambda_handler(name: str) -> Callable[[Any, LambdaContext], Any]:
    """`functions/aws/<name>.py`, its `handler`."""
    handler: Callable[[Any, LambdaContext], Any] = load(functions_dir() / "aws" / f"{name}.py").handler
    return handler
