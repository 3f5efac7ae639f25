"""What a sweep is told of the waits that a cloud holds, in the words and in the order of the adapters' listings.

The emulators answer the same, call by call; `tests/test_simulator_tiers.py` holds both to it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from random import Random

from rearm import clock
from rearm.core.model import Action, Held, Hook
from rearm_workbench.emulators.lifecycle import LifecycleAction

Hooks = Mapping[tuple[str, str], Hook]
"""By group and name (AWS) or id (Alibaba Cloud), in the order in which they were made."""


def on_aws(actions: Iterable[LifecycleAction], hooks: Hooks) -> list[Held]:
    """Group by group, instance by instance: each in its wait state counts as held by every hook of that transition. No token is told."""
    instances: dict[str, dict[str, LifecycleAction]] = {}
    for action in actions:
        known = instances.setdefault(action.group, {})
        if action.ended_at is None:
            known.setdefault(action.instances[0], action)
    found = []
    for group, waiting in instances.items():
        for instance, action in waiting.items():
            # The activity's start: to the microsecond in the emulator's answer.
            began_at = datetime.fromtimestamp(action.began_at, timezone.utc).timestamp()
            for (owner, name), hook in hooks.items():
                if owner == group and hook.transition == action.transition:
                    found.append(Held(Action("aws", name, "", (instance,), group, hook.transition), hook, began_at))
    return found


def on_alibaba(actions: Iterable[LifecycleAction], hooks: Hooks) -> list[Held]:
    """Beginning with a group that the time of day chooses, in each the newest activity first. Its start is told to the minute."""
    groups: dict[str, dict[tuple[str, ...], list[LifecycleAction]]] = {}
    for action in actions:
        known = groups.setdefault(action.group, {})
        if action.ended_at is None:
            known.setdefault(action.instances, []).append(action)
    asked = [activities for activities in groups.values() if activities]
    start = Random(clock.now()).randrange(len(asked)) if asked else 0
    found = []
    for activities in asked[start:] + asked[:start]:
        for activity in reversed(activities.values()):
            for one in activity:
                hook = hooks.get((one.group, one.hook))
                if hook is not None:
                    told = Action("alibaba", one.hook, one.token, one.instances, one.group, hook.transition)
                    found.append(Held(told, hook, one.began_at // 60 * 60))
    return found
