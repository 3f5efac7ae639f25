"""What Auto Scaling holds: every instance in a wait state, its hooks, and since when.

docs.aws.amazon.com/autoscaling/ec2/APIReference: DescribeAutoScalingInstances (at most 50 a page), DescribeLifecycleHooks (all of a group),
DescribeScalingActivities (at most 100 a page; "activities still in progress are described first"). No operation tells which of an
instance's hooks still wait, nor their tokens: each hook of the fitting transition counts as waiting.
"""

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from rearm.clouds.aws.calls import call, client
from rearm.clouds.aws.faults import is_not_found
from rearm.clouds.aws.hook import hook_of
from rearm.core.model import Action, Held, Transition
from rearm.errors import TryAgain

INSTANCES_A_PAGE = 50
ACTIVITIES_A_PAGE = 100
ACTIVITY_PAGES = 50
"""At most so many of one group: 5,000 activities in progress."""
RESERVE_S = 20
"""Of the invocation's time, kept for adopting what was listed."""

_INSTANCE = re.compile(r"\bi-[0-9a-f]+\b")
_FROM_POOL, _INTO_POOL = "from warm pool", "into warm pool"
"""In an activity's description: `Launching a new EC2 instance from warm pool: i-…`, as the service writes it."""


class Way(NamedTuple):
    """What a wait state says of the way that an instance takes; the fields of a notification."""

    transition: Transition
    origin: str | None
    destination: str | None
    cause: str | None = None


WAYS: dict[str, tuple[Way, ...]] = {
    "Pending:Wait": (Way("launch", None, "AutoScalingGroup"),),
    "Warmed:Pending:Wait": (Way("launch", "EC2", "WarmPool"), Way("terminate", "AutoScalingGroup", "WarmPool")),
    "Terminating:Wait": (Way("terminate", "AutoScalingGroup", "EC2"),),
    "Warmed:Terminating:Wait": (Way("terminate", "WarmPool", "EC2"),),
    "ReplacingRootVolume:Wait": (Way("terminate", "AutoScalingGroup", "AutoScalingGroup", "ReplaceRootVolume"),),
}
"""Each wait state and the ways that lead to it: userguide `warm-pools-eventbridge-events` and `replace-root-volume`."""


class Activity(NamedTuple):
    """An activity in progress: since when (seconds since the epoch), and its description."""

    began_at: float
    text: str


class Waiting:
    """One listing. What could not be asked is in `missing`, one line for each reason."""

    def __init__(self, remaining_s: Callable[[], float]) -> None:
        self._remaining_s = remaining_s
        self.missing: dict[str, None] = {}

    def held(self, groups: tuple[str, ...]) -> list[Held]:
        """See `rearm.clouds.Cloud.held_waits`."""
        waiting: dict[str, list[tuple[str, str]]] = {}
        for one in self._pages("DescribeAutoScalingInstances", "AutoScalingInstances", MaxRecords=INSTANCES_A_PAGE):
            if one["LifecycleState"] in WAYS and (not groups or one["AutoScalingGroupName"] in groups):
                waiting.setdefault(one["AutoScalingGroupName"], []).append((one["InstanceId"], one["LifecycleState"]))
        found: list[Held] = []
        failed: list[TryAgain] = []
        for group, instances in waiting.items():
            try:
                hooks = self._hooks(group)
            except TryAgain as error:
                self._miss(error)
                failed.append(error)
                continue
            since = self._since(group, {instance for instance, _ in instances}) if hooks else {}
            found += [held for instance, state in instances for held in _held(group, instance, state, hooks, since.get(instance))]
        if failed and len(failed) == len(waiting):
            raise failed[0]
        return found

    def _hooks(self, group: str) -> list[Mapping[str, Any]]:
        """The group's hooks; none if the group is gone meanwhile."""
        ask = functools.partial(client("autoscaling").describe_lifecycle_hooks, AutoScalingGroupName=group)
        try:
            return list(call("autoscaling:DescribeLifecycleHooks", ask, self._remaining_s)["LifecycleHooks"])
        except TryAgain as error:
            if is_not_found(error.__cause__):
                return []
            raise

    def _since(self, group: str, wanted: set[str]) -> dict[str, Activity]:
        """The activities in progress of those instances, as far as they can be found."""
        found: dict[str, Activity] = {}
        listing = self._pages(
            "DescribeScalingActivities", "Activities", ACTIVITY_PAGES, AutoScalingGroupName=group, MaxRecords=ACTIVITIES_A_PAGE
        )
        try:
            for one in listing:
                if one.get("EndTime"):
                    break
                for instance in wanted.intersection(_INSTANCE.findall(one.get("Description", ""))):
                    found.setdefault(instance, Activity(one["StartTime"].timestamp(), one["Description"]))
                if len(found) == len(wanted):
                    break
        except TryAgain as error:
            self._miss(error)
        return found

    def _pages(self, operation: str, element: str, most: int | None = None, **asked: Any) -> Iterator[Mapping[str, Any]]:
        """Every element of an operation's pages. Only a first page that fails raises `TryAgain`."""
        method = getattr(client("autoscaling"), re.sub("([A-Z])", lambda letter: f"_{letter[1].lower()}", operation)[1:])
        token: dict[str, str] = {}
        number = 0
        while True:
            number += 1
            try:
                answer = call(f"autoscaling:{operation}", functools.partial(method, **asked, **token), self._remaining_s)
            except TryAgain as error:
                if number == 1:
                    raise
                self._miss(error)
                return
            yield from answer[element]
            if not answer.get("NextToken"):
                return
            if number == most or self._remaining_s() < RESERVE_S:
                self._miss(f"autoscaling:{operation}: no more than {number} pages were read, for lack of time")
                return
            token = {"NextToken": answer["NextToken"]}

    def _miss(self, why: object) -> None:
        self.missing[str(why)] = None


def _held(group: str, instance: str, state: str, hooks: list[Mapping[str, Any]], activity: Activity | None) -> Iterator[Held]:
    """One for each hook that may hold the instance."""
    for way in WAYS[state]:
        if activity and _INTO_POOL in activity.text and way.transition == "terminate":
            continue
        for hook in hooks:
            if hook_of(hook).transition == way.transition:
                action = Action(
                    cloud="aws",
                    hook=hook["LifecycleHookName"],
                    token="",
                    instances=(instance,),
                    group=group,
                    transition=way.transition,
                    metadata=hook.get("NotificationMetadata"),
                    origin=way.origin or _origin(activity),
                    destination=way.destination,
                    cause=way.cause,
                )
                yield Held(action, hook_of(hook), activity.began_at if activity else None)


def _origin(activity: Activity | None) -> str | None:
    """Where a launching instance comes from; None if the activity does not say."""
    if activity is None or not activity.text.startswith("Launching a new EC2 instance"):
        return None
    return "WarmPool" if _FROM_POOL in activity.text else "EC2"
