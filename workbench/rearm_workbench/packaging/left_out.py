"""What of the packages is not deployed. Each entry has its reason; that nothing is missed is tested on the archives themselves."""

import fnmatch
from pathlib import PurePosixPath

from rearm.core.model import CloudName

NOT_READ = (".pyi", ".pyx", ".pxd", ".pxi", ".c", ".h", "py.typed")
"""Sources and types: nothing reads them at run time."""
NOT_CALLED = {"tests", "test", "testing", "examples"}
LICENCES = ("LICEN[CS]E*", "NOTICE*", "COPYING*", "AUTHORS*", "licenses/*", "licences/*")

PARTS: dict[CloudName, tuple[str, ...]] = {
    "aws": (
        # Resources are never made: clients only.
        "boto3/data/*",
        # Of Powertools only the Logger is used; its own import takes metrics and tracing along, and of the utilities `jmespath_utils`.
        "aws_lambda_powertools/event_handler/*",
        "aws_lambda_powertools/middleware_factory/*",
        "aws_lambda_powertools/utilities/[!_j]*",
    ),
    "alibaba": (),
}


def is_left_out(name: str, cloud: CloudName) -> bool:
    """`name` as in a wheel, `botocore/docs/client.py`. Commands (`x.data/scripts/…`) have no place in a function."""
    path = PurePosixPath(name)
    top = path.parts[0]
    if top.endswith(".data"):
        return path.parts[1] in ("scripts", "headers")
    if top.endswith(".dist-info"):
        inside = name.partition("/")[2]
        keeps = inside == "METADATA" or any(fnmatch.fnmatchcase(inside, pattern) for pattern in LICENCES)
        return not keeps or _is_part(name, cloud)
    return path.name.endswith(NOT_READ) or bool(NOT_CALLED.intersection(path.parts[:-1])) or _is_part(name, cloud)


def _is_part(name: str, cloud: CloudName) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in PARTS[cloud])
