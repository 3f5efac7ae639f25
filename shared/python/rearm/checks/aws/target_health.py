"""`target_health` on AWS: target groups (ELBv2) and Classic Load Balancers.

States and reasons: docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth and API_InstanceState (2012-06-01).
When Auto Scaling registers and deregisters: docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview (steps 3 and 4).
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from rearm.checks.asking import existence
from rearm.checks.asking.call import aws, aws_code, short
from rearm.checks.question import Question
from rearm.core.model import CheckResult
from rearm.errors import RearmError

if TYPE_CHECKING:
    from rearm.checks.target_health import Settings

UNREGISTERED = "not registered with the load balancer"
UNREGISTERED_WORDS = ("not currently registered", "in terminated state")
"""Of a Classic Load Balancer's description."""

T = TypeVar("T")


def ask_aws(settings: "Settings", question: Question) -> CheckResult:
    """Raises RearmError."""
    if settings.load_balancer is not None:
        found = registered(settings.load_balancer, question.instance)
        return _judged([_as_elbv2(state, why) for state, why in found], question)
    told, remember = with_arn(settings.target_group or "", question, lambda arn: targets(arn, settings.port, question.instance))
    judged = _judged([_target(one) for one in told], question)
    return msgspec.structs.replace(judged, remember={**judged.remember, **remember})


def with_arn(group: str, question: Question, use: Callable[[str], T]) -> tuple[T, dict[str, str]]:
    """What `use` makes of the ARN of the target group of that name (or ARN), and what the wait is to remember. Raises RearmError."""
    if group.startswith("arn:"):
        return use(group), {}
    key = f"target health {group} {question.instance}"
    try:
        arn = question.known.get(key) or _arn(group)
        made = use(arn)
    except RearmError as error:
        if key not in question.known or aws_code(error) != "TargetGroupNotFound":
            raise
        # Another group has taken its name meanwhile.
        arn = _arn(group)
        made = use(arn)
    return made, {} if arn == question.known.get(key) else {key: arn}


def targets(arn: str, port: int | None, instance: str) -> list[Mapping[str, Any]]:
    """Each port under which the instance is registered or draining, as DescribeTargetHealth tells it. Raises RearmError."""
    # Without `Targets`: one named there without a port is only the one on the group's own port.
    answer = aws("elbv2", "DescribeTargetHealth", TargetGroupArn=arn)
    found = [one for one in answer["TargetHealthDescriptions"] if one["Target"]["Id"] == instance]
    return [one for one in found if port in (None, one["Target"].get("Port"))]


def registered(name: str, instance: str) -> list[tuple[str, str]]:
    """(state, description) of the instance behind a Classic Load Balancer, also while it drains; none if it is not there.

    InService, OutOfService or Unknown. One that is not registered any more is described too, or refused with InvalidInstance.
    Raises RearmError.
    """
    try:
        answer = aws("elb", "DescribeInstanceHealth", LoadBalancerName=name, Instances=[{"InstanceId": instance}])
    except RearmError as error:
        if aws_code(error) == "InvalidInstance":
            return []
        raise
    found = [one for one in answer["InstanceStates"] if one["InstanceId"] == instance]
    told = [(one["State"], str(one.get("Description") or "")) for one in found]
    return [(state, why) for state, why in told if not any(part in why for part in UNREGISTERED_WORDS)]


def is_leaving(state: str, why: str) -> bool:
    """Whether an instance of a Classic Load Balancer only finishes its connections: meanwhile it is still InService."""
    return state == "InService" and "deregistration" in why


def _judged(states: list[tuple[str, str]], question: Question) -> CheckResult:
    """`states`: (state, words) of each port under which the instance is registered, in the words of ELBv2."""
    leaving = question.action.transition == "terminate"
    wanted = "unused" if leaving else "healthy"
    others = [words for state, words in states if state != wanted]
    if others:
        return CheckResult("waiting", f"{', '.join(others)}; wants {wanted}")
    if leaving:
        return CheckResult("passed", "unused" if states else UNREGISTERED)
    if states:
        return CheckResult("passed", "healthy")
    return existence.or_gone(question, CheckResult("waiting", f"{UNREGISTERED} (Auto Scaling registers it only after this wait)"))


def _arn(name: str) -> str:
    found = aws("elbv2", "DescribeTargetGroups", Names=[name])["TargetGroups"]
    return str(found[0]["TargetGroupArn"])


def _target(one: Mapping[str, Any]) -> tuple[str, str]:
    health = one["TargetHealth"]
    reason = f" ({short(health['Reason'])})" if health.get("Reason") else ""
    return health["State"], f"port {one['Target'].get('Port')} is {short(health['State'])}{reason}"


def _as_elbv2(state: str, why: str) -> tuple[str, str]:
    if state == "InService" and not is_leaving(state, why):
        return "healthy", state
    return "other", state if why in ("", "N/A") else f"{state} ({short(why)})"
