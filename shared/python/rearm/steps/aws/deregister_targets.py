"""`deregister_targets` on AWS: target groups (ELBv2) and Classic Load Balancers.

Pages: docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets (a target that was registered with a port of its
own has to be named with it) and .../2012-06-01/APIReference/API_DeregisterInstancesFromLoadBalancer.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rearm.checks.asking.call import aws, aws_code
from rearm.checks.aws.target_health import UNREGISTERED, is_leaving, registered, targets, with_arn
from rearm.checks.question import Question
from rearm.core.model import StepResult
from rearm.errors import RearmError

if TYPE_CHECKING:
    from rearm.steps.deregister_targets import Settings

NO_SUCH_PLACE = ("TargetGroupNotFound", "LoadBalancerNotFound")
DRAINING, UNUSED = "draining", "unused"


def leave(settings: "Settings", question: Question) -> StepResult:
    """Raises RearmError for what may pass."""
    try:
        if settings.load_balancer is not None:
            return _result(settings, *_left_balancer(settings.load_balancer, question.instance), {})
        (taken_out, draining), remember = with_arn(
            settings.target_group or "", question, lambda arn: _left_group(arn, settings.port, question.instance)
        )
        return _result(settings, taken_out, draining, remember)
    except RearmError as error:
        if aws_code(error) in NO_SUCH_PLACE:
            return StepResult("failed", str(error))
        raise


def _result(settings: "Settings", taken_out: bool, draining: bool, remember: Mapping[str, str]) -> StepResult:
    if draining and settings.wait_for_draining:
        return StepResult("going", f"{'deregistered, ' if taken_out else ''}connections drain", {**remember})
    if draining or taken_out:
        return StepResult("done", "deregistered", {**remember})
    return StepResult("done", UNREGISTERED, {**remember})


def _left_group(arn: str, port: int | None, instance: str) -> tuple[bool, bool]:
    """(taken out now, has connections that drain)."""
    found = targets(arn, port, instance)
    states = [one["TargetHealth"]["State"] for one in found]
    there = [_target(one) for one, state in zip(found, states, strict=True) if state != DRAINING]
    if there:
        aws("elbv2", "DeregisterTargets", TargetGroupArn=arn, Targets=there)
    # What no balancer sends anything to has nothing to finish.
    return bool(there), any(state != UNUSED for state in states)


def _target(one: Mapping[str, Any]) -> dict[str, Any]:
    named = one["Target"]
    return {key: named[key] for key in ("Id", "Port", "AvailabilityZone") if key in named}


def _left_balancer(name: str, instance: str) -> tuple[bool, bool]:
    found = registered(name, instance)
    there = any(not is_leaving(state, why) for state, why in found)
    if there:
        aws("elb", "DeregisterInstancesFromLoadBalancer", LoadBalancerName=name, Instances=[{"InstanceId": instance}])
    return there, bool(found)
