"""`target_health`: a launched instance has registered itself and becomes healthy; one that terminates has drained when it is ready.

Under `not`, a launched instance is healthy until then; one that terminates goes the same way.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from moto.elb.models import elb_backends
from moto.elbv2.models import elbv2_backends

from rearm.core.model import Action
from rearm.core.profile import Check
from rearm_workbench.emulators.alibaba.balancers import Server
from rearm_workbench.emulators.aws.running import ACCOUNT

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed

DRAIN_S = 300
"""ELB's default deregistration delay."""


def aws(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    place, leave, drain_s = behind_elb(world, check.settings, instance)
    if action.transition == "terminate":
        place.in_service.add(instance)
        world.course.at_ready(leave, drain_s)
    elif world.course.is_turned(check):
        world.instances.set_ready(instance, world.course.passing(check))


def behind_elb(world: "Replayed", settings: Mapping[str, object], instance: str) -> tuple[Any, Callable[[], None], float]:
    """The load balancer with the instance behind it; what takes it out, if nobody has; and how long its connections drain then."""
    drain_s = min(DRAIN_S, world.world.ready_after_s or DRAIN_S)
    if "load_balancer" in settings:
        name, backend = str(settings["load_balancer"]), elb_backends[ACCOUNT][world.instances.region]
        place = backend.get_load_balancer(name) or backend.create_load_balancer(name, [f"{backend.region_name}a"], [_LISTENER])
        place.attributes["connection_draining"] = {"enabled": True, "timeout": drain_s}
        backend.register_instances(name, [instance])
        leave = partial(backend.deregister_instances, name, [instance])
    else:
        place = _group(str(settings["target_group"]), world.instances.region)
        place.attributes["deregistration_delay.timeout_seconds"] = drain_s
        target = {"Id": instance, "Port": settings.get("port", place.port)}
        place.register([target])
        leave = partial(place.deregister, [target])

    def leaves() -> None:
        if instance in (place.instance_ids if "load_balancer" in settings else place.targets):
            leave()

    return place, leaves, drain_s


_LISTENER = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}


def _group(given: str, region: str) -> Any:
    """The target group of that name or ARN; made if need be."""
    backend = elbv2_backends[ACCOUNT][region]
    name = given.rpartition(":targetgroup/")[2].partition("/")[0]
    found = next((one for one in backend.target_groups.values() if one.name == name), None)
    if found is None:
        found = backend.create_target_group(name=name, vpc_id=next(iter(backend.ec2_backend.vpcs)), protocol="HTTP", port=80)
        if given.startswith("arn:"):
            backend.target_groups[given] = backend.target_groups.pop(found.arn)
            found.arn = given
    return found


def alibaba(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    if action.transition != "terminate":
        return
    servers, server = behind_slb(world, check.settings, instance)

    def left() -> None:
        servers[:] = [one for one in servers if one is not server]

    world.course.at_ready(partial(setattr, server, "status", "Removing"), DRAIN_S)
    world.course.at_ready(left)


def behind_slb(world: "Replayed", settings: Mapping[str, object], instance: str) -> tuple[list[Server], Server]:
    """The servers behind a CLB instance, or of a server group of any kind; and the instance among them."""
    product = str(settings.get("balancer", "alb")) if "server_group" in settings else "slb"
    name = next(str(settings[key]) for key in ("load_balancer", "vserver_group", "server_group") if settings.get(key))
    port = settings.get("port", 80)
    assert isinstance(port, int)
    servers: list[Server] = world.instances.balancers.place(product, name)
    server = next((one for one in servers if (one.instance_id, one.port) == (instance, port)), None)
    if server is None:
        server = Server(instance, port)
        servers.append(server)
    return servers, server
