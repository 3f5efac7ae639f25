"""Security Token Service (STS) 2015-04-01: who the caller is. help.aliyun.com, "GetCallerIdentity"."""

from collections.abc import Callable
from typing import Any

from rearm_workbench.emulators.alibaba.account import ACCOUNT
from rearm_workbench.emulators.alibaba.wire import RpcCall

VERSIONS = ("2015-04-01",)


def caller(_call: RpcCall) -> dict[str, Any]:
    """The one account, as its owner."""
    return {
        "AccountId": ACCOUNT,
        "UserId": ACCOUNT,
        "PrincipalId": ACCOUNT,
        "IdentityType": "Account",
        "Arn": f"acs:ram::{ACCOUNT}:root",
    }


OPERATIONS: dict[str, Callable[[RpcCall], dict[str, Any]]] = {"GetCallerIdentity": caller}
