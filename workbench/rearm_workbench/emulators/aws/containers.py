"""Amazon ECS by subclass: container instances can be listed by the EC2 instance that they are on, in clusters that exist."""

import re
from typing import Any, ClassVar

from moto.core.responses import ActionResult
from moto.ecs import models, urls
from moto.ecs.exceptions import InvalidParameterException

ON_INSTANCE = re.compile(r"ec2InstanceId *== *'?(i-[0-9a-zA-Z]+)'?")


class Backend(models.EC2ContainerServiceBackend):
    """moto's, which ignores `filter` and answers for clusters that do not exist."""

    _url_module: ClassVar[Any] = urls

    def list_container_instances(self, cluster_str: str, status: str | None = None, wanted: str | None = None) -> list[str]:
        """`wanted`: the filter, in the one form that is modelled. Raises for any other."""
        cluster = self._get_cluster(cluster_str)
        found: list[str] = super().list_container_instances(cluster_str, status)
        if not wanted:
            return found
        on = ON_INSTANCE.fullmatch(wanted.strip())
        if on is None:
            raise InvalidParameterException(f"the emulator's only filter is `ec2InstanceId == i-…`, not {wanted}")
        known = self.container_instances.get(cluster.name, {})
        return [arn for arn in found if known[arn.rpartition("/")[2]].ec2_instance_id == on.group(1)]


def list_container_instances(response: Any) -> ActionResult:
    """In place of the method of moto's response, which leaves the filter out."""
    cluster, status = response._get_param("cluster", "default"), response._get_param("status")
    found = response.ecs_backend.list_container_instances(cluster, status, response._get_param("filter"))
    return ActionResult({"containerInstanceArns": found})
