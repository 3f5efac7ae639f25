"""Requests that only read: they need not be kept, and their request ids are not missed by those that change something."""

from collections.abc import Mapping

from rearm_workbench.emulators.alibaba import cs, mns_http
from rearm_workbench.emulators.alibaba.loopback import Incoming
from rearm_workbench.emulators.alibaba.wire import RpcCall

_RPC: tuple[str, ...] = ("Describe", "List", "Get")
_MNS: tuple[str, ...] = ("Get", "List", "Peek")


def read_of(method: str, path: str, headers: Mapping[str, str], body: bytes) -> str | None:
    """What a request reads, as a fault names it after its product (`DescribeInstances`, `PeekMessage`); None if it may change something.

    By the names of what is modelled; anything else with such a name is refused, which changes nothing either. Header names in lower case.
    """
    route, _, query = path.partition("?")
    incoming = Incoming(method, route, query, headers, body)
    if route.startswith(mns_http.PREFIXES):
        name, words = mns_http.Request(incoming).operation, _MNS
    elif route == "/":
        name, words = RpcCall(incoming, "").action, _RPC
    elif route.startswith(cs.PREFIX):
        name, words = cs.name_of(incoming), _RPC
    else:
        return "HeadObject" if method == "HEAD" else None
    return name if name.startswith(words) else None
