"""Load balancers: CLB (SLB 2014-05-15), ALB (2020-06-16) and NLB (2022-04-30), each with the one read that checks use.

Shapes: API pages DescribeHealthStatus (SLB) and ListServerGroupServers (ALB, NLB). What adds and removes servers is set by hand:
Auto Scaling's own attaching is not modelled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rearm_workbench.emulators.alibaba.wire import ApiError, RpcCall

Operations = dict[str, Callable[[RpcCall], dict[str, Any]]]
PAGE = {"alb": (20, 100), "nlb": (20, 100)}
IDS_MAX = 40


@dataclass
class Server:
    """One instance on one port. `health`: normal, abnormal or unavailable (CLB). `status`: Adding, Available, Configuring or Removing."""

    instance_id: str
    port: int
    health: str = "normal"
    status: str = "Available"


class Balancers:
    """The CLB instances and the server groups of one account, by their ids."""

    def __init__(self, is_gone: Callable[[str], bool]) -> None:
        self._is_gone = is_gone
        self.places: dict[str, dict[str, list[Server]]] = {"slb": {}, "alb": {}, "nlb": {}}
        self.products: dict[str, tuple[tuple[str, ...], Operations]] = {
            "slb": (("2014-05-15",), {"DescribeHealthStatus": self.describe_health}),
            "alb": (("2020-06-16",), {"ListServerGroupServers": lambda call: self.list_servers("alb", call)}),
            "nlb": (("2022-04-30",), {"ListServerGroupServers": lambda call: self.list_servers("nlb", call)}),
        }

    def place(self, product: str, name: str) -> list[Server]:
        """The servers behind a CLB instance, or of a server group; there from now on."""
        return self.places[product].setdefault(name, [])

    def describe_health(self, call: RpcCall) -> dict[str, Any]:
        servers = self._servers("slb", call.need("LoadBalancerId"), "InvalidLoadBalancerId.NotFound")
        port = call.number("ListenerPort", 0, 0, 65_535)
        told = [_health(one) for one in servers if port in (0, one.port)]
        return {"BackendServers": {"BackendServer": told}}

    def list_servers(self, product: str, call: RpcCall) -> dict[str, Any]:
        group, ids = call.need("ServerGroupId"), call.numbered("ServerIds")
        if len(ids) > IDS_MAX:
            raise ApiError("IllegalParam.ServerIds", "The param of ServerIds is illegal.")
        default, most = PAGE[product]
        size = call.number("MaxResults", default, 1, most, ApiError("IllegalParam.MaxResults", "The param of MaxResults is illegal."))
        found = [one for one in self._servers(product, group, "ResourceNotFound.ServerGroup") if not ids or one.instance_id in ids]
        begin = int(call.get("NextToken") or 0) if (call.get("NextToken") or "0").isdigit() else 0
        more = {"NextToken": str(begin + size)} if len(found) > begin + size else {}
        told = [_server(one, group) for one in found[begin : begin + size]]
        return {"MaxResults": size, "TotalCount": len(found), "Servers": told, **more}

    def _servers(self, product: str, name: str, code: str) -> list[Server]:
        """Those whose instance still exists. Raises `ApiError`."""
        if name not in self.places[product]:
            raise ApiError(code, f"The specified resource {name} is not found.", 404)
        return [one for one in self.places[product][name] if not self._is_gone(one.instance_id)]


def _health(one: Server) -> dict[str, Any]:
    where = {"ListenerPort": one.port, "Port": one.port, "Protocol": "tcp", "Type": "ecs"}
    return {"ServerId": one.instance_id, "ServerHealthStatus": one.health, **where}


def _server(one: Server, group: str) -> dict[str, Any]:
    kind = {"ServerType": "Ecs", "ServerGroupId": group, "Weight": 100, "Description": ""}
    return {"ServerId": one.instance_id, "Port": one.port, "Status": one.status, **kind}
