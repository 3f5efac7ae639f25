"""What ESS holds: the pending lifecycle actions of every activity in progress, with their hooks, and since when.

Auto Scaling API 2022-02-22: DescribeScalingGroups (at most 50 a page; the answer counts instances in their wait states),
DescribeScalingActivities (one group at a time, at most 50 a page), DescribeLifecycleActions (one activity at a time, at most 50 a page),
DescribeLifecycleHooks. Tokens are told here, so a wait has the same identity as its notification gives it.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from rearm import clock
from rearm.clouds.alibaba.answers import entries, field, whole
from rearm.clouds.alibaba.hook import hook_of
from rearm.clouds.reading import iso_time
from rearm.core.model import Action, Held
from rearm.errors import TryAgain

PAGE = 50
GROUPS_A_CALL = 20
"""DescribeScalingGroups takes so many ids at once (AlibabaCloudDocs/ess)."""
RESERVE_S = 20
"""Of the invocation's time, kept for adopting what was listed."""

Call = Callable[[str, dict[str, Any]], dict[str, Any]]
"""An ESS operation and its parameters -> the answer. Raises `TryAgain`."""


class Group(NamedTuple):
    """A scaling group to look into. `name` is None where it could not be asked."""

    id: str
    name: str | None


class Waiting:
    """One listing. What could not be asked is in `missing`, one line for each reason."""

    def __init__(self, call: Call, region: str, remaining_s: Callable[[], float]) -> None:
        self._call, self._region, self._remaining_s = call, region, remaining_s
        self.missing: dict[str, None] = {}

    def held(self, groups: tuple[str, ...]) -> list[Held]:
        """See `rearm.clouds.Cloud.held_waits`."""
        asked = list(self._named(groups) if groups else self._all())
        # Elsewhere each time: where the time ends before the list does, the next sweep reaches the rest.
        start = random.Random(clock.now()).randrange(len(asked)) if asked else 0
        found: list[Held] = []
        failed: list[TryAgain] = []
        for group in asked[start:] + asked[:start]:
            if self._no_time():
                break
            try:
                found += self._of_group(group)
            except TryAgain as error:
                self._miss(error)
                failed.append(error)
        if failed and len(failed) == len(asked):
            raise failed[0]
        return found

    def _all(self) -> Iterator[Group]:
        """Every group of the region that counts an instance in a wait state."""
        return (
            Group(str(field(one, "ScalingGroupId")), field(one, "ScalingGroupName"))
            for one in self._pages("DescribeScalingGroups", "ScalingGroups", "ScalingGroup", {})
            if _may_wait(one)
        )

    def _named(self, groups: tuple[str, ...]) -> Iterator[Group]:
        """Those groups, with their names where they can be asked: inactive groups are not described, but may hold waits."""
        for start in range(0, len(groups), GROUPS_A_CALL):
            ids = groups[start : start + GROUPS_A_CALL]
            told: dict[str, Any] = {}
            try:
                for one in self._pages(
                    "DescribeScalingGroups",
                    "ScalingGroups",
                    "ScalingGroup",
                    {f"ScalingGroupIds.{number}": group for number, group in enumerate(ids, 1)},
                ):
                    told[str(field(one, "ScalingGroupId"))] = one
            except TryAgain as error:
                self._miss(error)
            for group in ids:
                if group not in told or _may_wait(told[group]):
                    yield Group(group, field(told.get(group), "ScalingGroupName"))

    def _of_group(self, group: Group) -> Iterator[Held]:
        hooks: dict[str, Any] | None = None
        asked = {"ScalingGroupId": group.id, "StatusCode": "InProgress"}
        for activity in self._pages("DescribeScalingActivities", "ScalingActivities", "ScalingActivity", asked):
            if self._no_time():
                return
            try:
                actions = list(self._actions(str(field(activity, "ScalingActivityId"))))
            except TryAgain as error:
                self._miss(error)
                continue
            if actions and hooks is None:
                told = self._pages("DescribeLifecycleHooks", "LifecycleHooks", "LifecycleHook", {"ScalingGroupId": group.id})
                hooks = {str(field(hook, "LifecycleHookId")): hook for hook in told}
            for action in actions:
                hook = (hooks or {}).get(str(field(action, "LifecycleHookId")))
                # Without its hook, it was deleted meanwhile, and its actions are over.
                if hook is not None:
                    yield self._held(group, hook, action, _began_at(activity))

    def _actions(self, activity: str) -> Iterator[Any]:
        token: dict[str, Any] = {}
        while True:
            asked = {"ScalingActivityId": activity, "LifecycleActionStatus": "Pending", "MaxResults": PAGE} | token
            answer = self._call("DescribeLifecycleActions", asked)
            yield from entries(answer, "LifecycleActions", "LifecycleAction")
            if not field(answer, "NextToken"):
                return
            token = {"NextToken": field(answer, "NextToken")}

    def _held(self, group: Group, hook: Any, action: Any, began_at: float | None) -> Held:
        described = hook_of(hook)
        return Held(
            Action(
                cloud="alibaba",
                hook=str(field(hook, "LifecycleHookId")),
                token=str(field(action, "LifecycleActionToken")),
                instances=tuple(str(one) for one in entries(action, "InstanceIds", "InstanceId")),
                group=group.id,
                transition=described.transition,
                metadata=field(hook, "NotificationMetadata") or None,
                region=self._region,
                group_name=group.name,
                hook_name=field(hook, "LifecycleHookName"),
            ),
            described,
            began_at,
        )

    def _pages(self, operation: str, plural: str, element: str, asked: dict[str, Any]) -> Iterator[Any]:
        """Every element of an operation's numbered pages. Only a first page that fails raises `TryAgain`."""
        number = 0
        while True:
            number += 1
            try:
                answer = self._call(operation, {**asked, "PageNumber": number, "PageSize": PAGE})
            except TryAgain as error:
                if number == 1:
                    raise
                self._miss(error)
                return
            found = entries(answer, plural, element)
            yield from found
            if not found or number * PAGE >= whole(field(answer, "TotalCount")) or self._no_time():
                return

    def _no_time(self) -> bool:
        if self._remaining_s() >= RESERVE_S:
            return False
        self._miss("not everything was listed, for lack of time: give the function a longer timeout")
        return True

    def _miss(self, why: object) -> None:
        self.missing[str(why)] = None


def _may_wait(group: Any) -> bool:
    """Whether a group counts an instance in a wait state, or does not tell."""
    counts = [field(group, "PendingWaitCapacity"), field(group, "RemovingWaitCapacity")]
    return None in counts or any(whole(count) for count in counts)


def _began_at(activity: Any) -> float | None:
    """`2020-09-10T09:54Z`: to the minute, which is early enough."""
    text = str(field(activity, "StartTime") or "")
    return iso_time(text) or iso_time(text.removesuffix("Z") + ":00Z")
