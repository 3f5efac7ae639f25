"""Elastic Compute Service (ECS) 2014-05-26: the three describes that checks use.

Shapes: AlibabaCloud ECS API reference, DescribeInstanceStatus, DescribeInstances, ListTagResources, TagResources.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rearm_workbench.emulators.alibaba.wire import ApiError, RpcCall, bad_parameter

VERSIONS = ("2014-05-26",)


def _always() -> bool:
    return True


@dataclass
class Instance:
    """One instance. `ready` tells whether it runs (launch) or has stopped (terminate)."""

    instance_id: str
    private_ip: str
    ready: Callable[[], bool] = _always
    tags: dict[str, str] = field(default_factory=dict)
    gone: bool = False

    @property
    def status(self) -> str:
        return "Running" if self.ready() else "Starting"


class Ecs:
    """The instances of one account."""

    def __init__(self) -> None:
        self.instances: dict[str, Instance] = {}
        self.operations: dict[str, Callable[[RpcCall], dict[str, Any]]] = {
            "DescribeInstanceStatus": self.describe_status,
            "DescribeInstances": self.describe_instances,
            "ListTagResources": self.list_tags,
            "TagResources": self.tag,
        }

    def instance(self, instance_id: str) -> Instance:
        """The instance of that id, known from now on. Its address is its own, on the loopback, so that checks can reach it."""
        if instance_id not in self.instances:
            number = len(self.instances)
            self.instances[instance_id] = Instance(instance_id, f"127.66.{number // 250}.{number % 250 + 1}")
        return self.instances[instance_id]

    def is_gone(self, instance_id: str) -> bool:
        return instance_id in self.instances and self.instances[instance_id].gone

    def describe_status(self, call: RpcCall) -> dict[str, Any]:
        found = self._page(call, call.numbered("InstanceId"))
        status = [{"InstanceId": one.instance_id, "Status": one.status} for one in found[2]]
        return {"TotalCount": found[0], "PageNumber": 1, "PageSize": found[1], "InstanceStatuses": {"InstanceStatus": status}}

    def describe_instances(self, call: RpcCall) -> dict[str, Any]:
        given = call.get("InstanceIds")
        ids: object = []
        if given:
            try:
                ids = json.loads(given)
            except ValueError:
                ids = None
        if not isinstance(ids, list) or len(ids) > 100:
            raise ApiError("InvalidInstanceIds.Malformed", 'The specified parameter "InstanceIds" is not valid.')
        total, size, found = self._page(call, [str(one) for one in ids])
        return {"TotalCount": total, "PageNumber": 1, "PageSize": size, "Instances": {"Instance": [_instance(one, call) for one in found]}}

    def list_tags(self, call: RpcCall) -> dict[str, Any]:
        if call.need("ResourceType") != "instance":
            raise ApiError("InvalidResourceType.NotFound", "The emulator holds tags of ResourceType instance only.", 404)
        ids = call.numbered("ResourceId")
        wanted = {value for name in ("Tag.1.Key", "Tag.2.Key", "Tag.3.Key") if (value := call.get(name))}
        tags = [
            {"ResourceId": one.instance_id, "ResourceType": "instance", "TagKey": key, "TagValue": value}
            for one in self.instances.values()
            if not one.gone and (not ids or one.instance_id in ids)
            for key, value in one.tags.items()
            if not wanted or key in wanted
        ]
        return {"TagResources": {"TagResource": tags}, "NextToken": ""}

    def tag(self, call: RpcCall) -> dict[str, Any]:
        if call.need("ResourceType") != "instance":
            raise ApiError("InvalidResourceType.NotFound", "The emulator holds tags of ResourceType instance only.", 404)
        ids, tags = call.numbered("ResourceId"), call.numbered_parts("Tag")
        if not ids or not tags or not all(1 <= len(tag.get("key", "")) <= 128 and len(tag.get("value", "")) <= 128 for tag in tags):
            raise bad_parameter("Tag" if ids else "ResourceId")
        found = [self.instances.get(one) for one in ids]
        if any(one is None or one.gone for one in found):
            raise ApiError("InvalidResourceId.NotFound", "The specified ResourceIds are not found in our records.", 404)
        for one in found:
            assert one is not None
            one.tags.update({tag["key"]: tag.get("value", "") for tag in tags})
        return {}

    def _page(self, call: RpcCall, ids: list[str]) -> tuple[int, int, list[Instance]]:
        """How many there are, the page's size, and the first page: an action has fewer instances than a page holds."""
        call.need("RegionId")
        size = call.number("PageSize", 10 if not ids else 100, 1, 100)
        found = [one for one in self.instances.values() if not one.gone and (not ids or one.instance_id in ids)]
        return len(found), size, found[:size]


def _instance(one: Instance, call: RpcCall) -> dict[str, Any]:
    return {
        "InstanceId": one.instance_id,
        "InstanceName": one.instance_id,
        "RegionId": call.get("RegionId"),
        "Status": one.status,
        "InstanceNetworkType": "vpc",
        "InnerIpAddress": {"IpAddress": []},
        "PublicIpAddress": {"IpAddress": []},
        "VpcAttributes": {"PrivateIpAddress": {"IpAddress": [one.private_ip]}},
        "NetworkInterfaces": {"NetworkInterface": [{"PrimaryIpAddress": one.private_ip, "Type": "Primary"}]},
        "Tags": {"Tag": [{"TagKey": key, "TagValue": value} for key, value in one.tags.items()]},
    }
