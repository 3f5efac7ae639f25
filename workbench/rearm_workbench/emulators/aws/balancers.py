"""Elastic Load Balancing by subclass: targets and instances whose health takes its time, on the virtual clock.

A target is `initial` as long as its instance is not ready (`set_ready`), then `healthy`; deregistered, it is `draining` for the group's
deregistration delay, then gone. A Classic Load Balancer says the same in its words (API_TargetHealth, API_InstanceState).
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from moto.core.responses import ActionResult
from moto.elb import models as classic
from moto.elb import urls as classic_urls
from moto.elbv2 import models, urls

from rearm_workbench.emulators.aws.running import running


class TargetGroup(models.FakeTargetGroup):
    """moto's target group. `in_service`: ids of targets that are healthy whether their instance is ready or not."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.in_service: set[str] = set()
        self.draining_until: dict[str, float] = {}

    def register(self, targets: list[dict[str, Any]]) -> None:
        super().register(targets)
        for target in targets:
            self.draining_until.pop(target["Id"], None)

    def deregister(self, targets: list[dict[str, Any]]) -> None:
        super().deregister(targets)
        delay_s = float(self.attributes["deregistration_delay.timeout_seconds"])
        self.draining_until |= {target["Id"]: running().clock.now() + delay_s for target in targets}

    def health_for(self, target: dict[str, Any], ec2_backend: Any) -> models.FakeHealthStatus:
        instance = target["Id"]
        if instance in self.deregistered_targets and running().clock.now() < self.draining_until.get(instance, 0):
            state = ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
            return self._status(self.deregistered_targets[instance], *state)
        if instance in self.targets and instance not in self.in_service and not running().is_ready(instance):
            return self._status(self.targets[instance], "initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
        return super().health_for(target, ec2_backend)

    def draining(self) -> list[dict[str, Any]]:
        """The targets that are deregistered and not gone yet."""
        now = running().clock.now()
        return [target for name, target in self.deregistered_targets.items() if now < self.draining_until.get(name, 0)]

    def _status(self, target: dict[str, Any], *state: str) -> models.FakeHealthStatus:
        return models.FakeHealthStatus(target["Id"], target["Port"], self.health_check_port, *state)


class Backend(models.ELBv2Backend):
    """moto's. Asked without names, it tells of draining targets too, as ELB does."""

    _url_module: ClassVar[Any] = urls

    def describe_target_health(self, target_group_arn: str, targets: list[dict[str, Any]]) -> list[models.FakeHealthStatus]:
        group = self.target_groups.get(target_group_arn)
        if group is not None and not targets:
            targets = [*group.targets.values(), *group.draining()]
        found: list[models.FakeHealthStatus] = super().describe_target_health(target_group_arn, targets) if targets or not group else []
        return found


class LoadBalancer(classic.LoadBalancer):
    """moto's Classic Load Balancer. `in_service`: as above."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.in_service: set[str] = set()
        self.draining_until: dict[str, float] = {}


class ClassicBackend(classic.ELBBackend):
    """moto's, with instances that are out of service until they are ready, and connections that drain where the balancer lets them."""

    _url_module: ClassVar[Any] = classic_urls

    def deregister_instances(self, load_balancer_name: str, instance_ids: Iterable[str], from_autoscaling: bool = False) -> Any:
        balancer = super().deregister_instances(load_balancer_name, instance_ids, from_autoscaling)
        # moto keeps its own defaults in lower case, and beside them what the API set, as it was sent.
        draining = balancer.attributes["connection_draining"]
        if str(draining.get("Enabled", draining.get("enabled"))).lower() == "true":
            timeout_s = float(draining.get("Timeout", draining.get("timeout", 300)))
            balancer.draining_until |= dict.fromkeys(instance_ids, running().clock.now() + timeout_s)
        return balancer

    def describe_instance_health(self, lb_name: str, instances: list[dict[str, str]]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super().describe_instance_health(lb_name, instances)
        return [_told(one, self.get_load_balancer(lb_name)) for one in found]


def describe_instance_health(response: Any) -> ActionResult:
    """In place of the method of moto's `ELBResponse`, which leaves the descriptions out."""
    name, asked = response._get_param("LoadBalancerName"), response._get_param("Instances", [])
    found = response.elb_backend.describe_instance_health(name, asked)
    return ActionResult({"InstanceStates": [{"Description": "N/A", "ReasonCode": "N/A"} | one for one in found]})


def _told(one: dict[str, Any], balancer: Any) -> dict[str, Any]:
    instance = one["InstanceId"]
    if running().clock.now() < balancer.draining_until.get(instance, 0) and one["State"] == "Unknown":
        return one | {"State": "InService", "Description": "Instance deregistration currently in progress."}
    if one["State"] == "Unknown":
        return one | {"State": "OutOfService", "Description": "Instance is not currently registered with the LoadBalancer."}
    if one["State"] == "InService" and instance not in balancer.in_service and not running().is_ready(instance):
        return one | {"State": "OutOfService", "Description": "Instance registration is still in progress."}
    return one
