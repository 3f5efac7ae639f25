"""A function's environment variables (help.aliyun.com, Function Compute, "Environment variables")."""

import sys
from collections.abc import Mapping, MutableMapping

from rearm_fc_runtime.context import PythonVersion
from rearm_fc_runtime.request import Request

CODE_PATH = "FC_FUNC_CODE_PATH"
PORTS = ("FC_CUSTOM_LISTEN_PORT", "FC_SERVER_PORT")
CONCURRENCY = "FC_CONCURRENT_LIMIT"
LOG_LEVEL = "FC_SERVER_LOG_LEVEL"
CREDENTIALS = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN")

SAFE_NAMES = frozenset(
    {
        "FC_ACCOUNT_ID",
        "FC_CUSTOM_LISTEN_PORT",
        "FC_FUNCTION_HANDLER",
        "FC_FUNCTION_MEMORY_SIZE",
        "FC_FUNCTION_NAME",
        "FC_FUNCTION_VERSION",
        "FC_FUNC_CODE_PATH",
        "FC_INSTANCE_ID",
        "FC_QUALIFIER",
        "FC_REGION",
        "FC_RUNTIME_VERSION",
        "FC_SERVICE_NAME",
        "FC_SNAPSHOT_FLAG",
        "FC_VER_ID",
    }
)
"""The `FC_*` variables that the runtime keeps; it deletes every other one."""


def running() -> PythonVersion:
    """Whose contract this interpreter has."""
    return "3.10" if sys.version_info < (3, 12) else "3.12"


def reserved(name: str) -> bool:
    """Whether the runtime hides that variable from a function."""
    return name.startswith(("FC_", "_FC_")) and name not in SAFE_NAMES


def hide_reserved(environ: MutableMapping[str, str]) -> None:
    """Delete what a function is not to see."""
    for name in [name for name in environ if reserved(name)]:
        del environ[name]


def told(request: Request, handler: str, python: PythonVersion) -> dict[str, str]:
    """What the platform says of the function, by the names of its variables; nothing that it did not say."""
    names: Mapping[str, str | None] = {
        "FC_ACCOUNT_ID": request.account_id,
        "FC_FUNCTION_HANDLER": handler,
        "FC_FUNCTION_MEMORY_SIZE": str(request.memory_mb or ""),
        "FC_FUNCTION_NAME": request.function_name,
        "FC_REGION": request.region,
        "FC_SERVICE_NAME": request.service,
        "FC_VER_ID" if python == "3.10" else "FC_FUNCTION_VERSION": request.version_id,
    }
    return {name: value for name, value in names.items() if value}


def credentials(request: Request) -> dict[str, str]:
    """The role's credentials as variables; none, if the request has none."""
    given = request.credentials
    if not given.access_key_id:
        return {}
    return dict(zip(CREDENTIALS, (given.access_key_id, given.access_key_secret, given.security_token), strict=True))
