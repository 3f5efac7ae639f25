"""Load balancers: CLB (SLB 2014-05-15), ALB (2020-06-16) and NLB (2022-04-30): what checks read, and how servers are taken out.

Shapes: API pages DescribeHealthStatus, DescribeLoadBalancerAttribute, DescribeVServerGroupAttribute and what removes servers there (SLB),
ListServerGroupServers and RemoveServersFromServerGroup (ALB, NLB). Servers are added by hand: Auto Scaling's own attaching is not modelled.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rearm_workbench.emulators.alibaba.wire import ApiError, RpcCall, bad_parameter
from rearm_workbench.emulators.lifecycle import Clock

Operations = dict[str, Callable[[RpcCall], dict[str, Any]]]
NO_SERVER_GROUP = {"alb": "ResourceNotFound.ServerGroup", "nlb": "ResourceNotFound.serverGroup"}
PAGE = {"alb": (20, 100), "nlb": (20, 100)}
IDS_MAX = 40
CLB_REMOVED_MAX = 20
REMOVING_S = 60.0
"""So long a server of ALB or NLB is `Removing`. Nobody documents how long it takes."""
NO_VSERVER_GROUP = "The specified VServerGroupId does not exist."


@dataclass
class Server:
    """One instance on one port. `health`: normal, abnormal or unavailable (CLB). `status`: Adding, Available, Configuring or Removing."""

    instance_id: str
    port: int
    health: str = "normal"
    status: str = "Available"


class Balancers:
    """The CLB instances, VServer groups and server groups of one account, by their ids."""

    def __init__(self, is_gone: Callable[[str], bool], clock: Clock) -> None:
        self._is_gone, self._clock = is_gone, clock
        self.places: dict[str, dict[str, list[Server]]] = {"slb": {}, "alb": {}, "nlb": {}}
        self.products: dict[str, tuple[tuple[str, ...], Operations]] = {
            "slb": (
                ("2014-05-15",),
                {
                    "DescribeHealthStatus": self.describe_health,
                    "DescribeLoadBalancerAttribute": partial(self.describe, "LoadBalancerId"),
                    "RemoveBackendServers": partial(self.remove, "LoadBalancerId"),
                    "DescribeVServerGroupAttribute": partial(self.describe, "VServerGroupId"),
                    "RemoveVServerGroupBackendServers": partial(self.remove, "VServerGroupId"),
                },
            ),
            "alb": (("2020-06-16",), self._of_groups("alb")),
            "nlb": (("2022-04-30",), self._of_groups("nlb")),
        }

    def _of_groups(self, product: str) -> Operations:
        listing, removing = partial(self.list_servers, product), partial(self.remove_servers, product)
        return {"ListServerGroupServers": listing, "RemoveServersFromServerGroup": removing}

    def place(self, product: str, name: str) -> list[Server]:
        """The servers behind a CLB instance, or of a server group; there from now on."""
        return self.places[product].setdefault(name, [])

    def describe_health(self, call: RpcCall) -> dict[str, Any]:
        servers = self._servers("slb", call.need("LoadBalancerId"), "InvalidLoadBalancerId.NotFound")
        port = call.number("ListenerPort", 0, 0, 65_535)
        told = [_health(one) for one in servers if port in (0, one.port)]
        return {"BackendServers": {"BackendServer": told}}

    def describe(self, key: str, call: RpcCall) -> dict[str, Any]:
        """The servers of a CLB instance's default group, or of a VServer group: `key` says which of the two the call names."""
        return {key: call.need(key), "BackendServers": {"BackendServer": [_backend(key, one) for one in self._of_clb(key, call)]}}

    def remove(self, key: str, call: RpcCall) -> dict[str, Any]:
        """At once. Servers that are not there are ignored, as the pages say."""
        self._of_clb(key, call)
        try:
            given = json.loads(call.need("BackendServers"))
            named = [(str(one["ServerId"]), int(one["Port"]) if key == "VServerGroupId" else 0) for one in given]
        except (ValueError, TypeError, KeyError):
            raise bad_parameter("BackendServers") from None
        if len(named) > CLB_REMOVED_MAX:
            raise bad_parameter("BackendServers")
        servers = self.places["slb"][call.need(key)]
        servers[:] = [one for one in servers if (one.instance_id, one.port if key == "VServerGroupId" else 0) not in named]
        return self.describe(key, call)

    def remove_servers(self, product: str, call: RpcCall) -> dict[str, Any]:
        """Asynchronously: `Removing` for a while, then gone."""
        servers = self._servers(product, call.need("ServerGroupId"), NO_SERVER_GROUP[product])
        named = [(part.get("serverid"), part.get("port"), part.get("servertype")) for part in call.numbered_parts("Servers")]
        leaving = [one for one in servers if (one.instance_id, str(one.port), "Ecs") in named]
        if not named or len(leaving) < len(named):
            raise ApiError("ResourceNotFound.BackendServer", "The specified resource of BackendServer is not found.", 404)
        for one in leaving:
            one.status = "Removing"
        self._clock.call_at(self._clock.now() + REMOVING_S, partial(self._removed, product, call.need("ServerGroupId"), leaving))
        return {"JobId": f"{product}-job"}

    def _removed(self, product: str, group: str, leaving: list[Server]) -> None:
        servers = self.places[product][group]
        servers[:] = [one for one in servers if one not in leaving]

    def list_servers(self, product: str, call: RpcCall) -> dict[str, Any]:
        group, ids = call.need("ServerGroupId"), call.numbered("ServerIds")
        if len(ids) > IDS_MAX:
            raise ApiError("IllegalParam.ServerIds", "The param of ServerIds is illegal.")
        default, most = PAGE[product]
        size = call.number("MaxResults", default, 1, most, ApiError("IllegalParam.MaxResults", "The param of MaxResults is illegal."))
        found = [one for one in self._servers(product, group, NO_SERVER_GROUP[product]) if not ids or one.instance_id in ids]
        begin = int(call.get("NextToken") or 0) if (call.get("NextToken") or "0").isdigit() else 0
        more = {"NextToken": str(begin + size)} if len(found) > begin + size else {}
        told = [_server(one, group) for one in found[begin : begin + size]]
        return {"MaxResults": size, "TotalCount": len(found), "Servers": told, **more}

    def _of_clb(self, key: str, call: RpcCall) -> list[Server]:
        if key == "VServerGroupId" and call.need(key) not in self.places["slb"]:
            raise ApiError("InvalidParameter", NO_VSERVER_GROUP)
        return self._servers("slb", call.need(key), "InvalidLoadBalancerId.NotFound")

    def _servers(self, product: str, name: str, code: str) -> list[Server]:
        """Those whose instance still exists. Raises `ApiError`."""
        if name not in self.places[product]:
            raise ApiError(code, f"The specified resource {name} is not found.", 404)
        return [one for one in self.places[product][name] if not self._is_gone(one.instance_id)]


def _health(one: Server) -> dict[str, Any]:
    where = {"ListenerPort": one.port, "Port": one.port, "Protocol": "tcp", "Type": "ecs"}
    return {"ServerId": one.instance_id, "ServerHealthStatus": one.health, **where}


def _backend(key: str, one: Server) -> dict[str, Any]:
    port = {"Port": one.port} if key == "VServerGroupId" else {}
    return {"ServerId": one.instance_id, **port, "Weight": 100, "Type": "ecs", "Description": ""}


def _server(one: Server, group: str) -> dict[str, Any]:
    kind = {"ServerType": "Ecs", "ServerGroupId": group, "Weight": 100, "Description": ""}
    return {"ServerId": one.instance_id, "Port": one.port, "Status": one.status, **kind}
