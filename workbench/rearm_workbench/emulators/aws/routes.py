"""The ways of an instance through a group: where its hooks hold it, and where each result leads.

Sources: docs.aws.amazon.com/autoscaling/ec2/userguide `lifecycle-hooks`, `warm-pools-eventbridge-events` (origins, destinations
and states), `replace-root-volume`, `instance-lifecycle-policy` (the `Retained` states); the list of states is botocore's.
"""

from dataclasses import dataclass

from rearm.core.model import Transition

Place = str
"""`EC2`, `AutoScalingGroup` or `WarmPool`."""


@dataclass(frozen=True)
class Route:
    """One way. `after` None: the instance ends; `POOL`: the pool's own state. `retained`: where an ABANDON leaves it under `retain`."""

    transition: Transition
    origin: Place
    destination: Place
    wait: str
    after: str | None
    retained: str | None = None
    action: str | None = None


POOL = "Warmed"
LAUNCH = Route("launch", "EC2", "AutoScalingGroup", "Pending:Wait", "InService")
WARM = Route("launch", "EC2", "WarmPool", "Warmed:Pending:Wait", POOL)
USE = Route("launch", "WarmPool", "AutoScalingGroup", "Pending:Wait", "InService")
TERMINATE = Route("terminate", "AutoScalingGroup", "EC2", "Terminating:Wait", None, "Terminating:Retained")
RETURN = Route("terminate", "AutoScalingGroup", "WarmPool", "Warmed:Pending:Wait", POOL, "Warmed:Pending:Retained")
SHRINK = Route("terminate", "WarmPool", "EC2", "Warmed:Terminating:Wait", None, "Warmed:Terminating:Retained")
REPLACE_ROOT = Route(
    "terminate", "AutoScalingGroup", "AutoScalingGroup", "ReplacingRootVolume:Wait", "RootVolumeReplaced", None, "ReplaceRootVolume"
)
ROOT_REPLACED = Route("launch", "AutoScalingGroup", "AutoScalingGroup", "Pending:Wait", "InService", None, "ReplaceRootVolume")

ROUTES = (LAUNCH, WARM, USE, TERMINATE, RETURN, SHRINK, REPLACE_ROOT, ROOT_REPLACED)

COUNTED = ("InService", "Pending", "Pending:Wait", "ReplacingRootVolume:Wait", "RootVolumeReplaced")
"""The states that count to the desired capacity."""


def route_of(transition: Transition, origin: str | None, destination: str | None) -> Route:
    """The way that a notification with these fields stands for; old notifications lack the last two."""
    for route in ROUTES:
        if (route.transition, route.origin, route.destination) == (transition, origin, destination):
            return route
    return LAUNCH if transition == "launch" else TERMINATE


def is_resting(state: str) -> bool:
    """Whether an instance in that state lies ready in the warm pool."""
    return state in ("Warmed:Stopped", "Warmed:Running", "Warmed:Hibernated")


def is_warmed(state: str) -> bool:
    """Whether an instance in that state counts to the warm pool."""
    return is_resting(state) or state == "Warmed:Pending:Wait"


def is_retained(state: str) -> bool:
    """Whether an instance in that state was kept after its terminate hook was abandoned."""
    return state.endswith(":Retained")
