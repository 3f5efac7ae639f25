"""Auto Scaling (ESS), versions 2014-08-28 and 2022-02-22 on one server: the parts put together."""

from collections.abc import Callable, Iterable
from typing import Any

from rearm_workbench.emulators.alibaba.actions import Actions
from rearm_workbench.emulators.alibaba.activities import Activities, Notify
from rearm_workbench.emulators.alibaba.described import Described
from rearm_workbench.emulators.alibaba.ecs import Ecs
from rearm_workbench.emulators.alibaba.groups import Groups, Hook
from rearm_workbench.emulators.alibaba.hooks import NEW, OLD, Exists, Hooks
from rearm_workbench.emulators.alibaba.ids import Ids
from rearm_workbench.emulators.alibaba.processes import Processes
from rearm_workbench.emulators.alibaba.scaling import Scaling
from rearm_workbench.emulators.alibaba.wire import RpcCall
from rearm_workbench.emulators.lifecycle import LifecycleAction, LifecycleBook

VERSIONS = (OLD, NEW)


class Ess:
    """Groups, hooks, activities and actions of one account. `exists` knows queues and topics; `notify` is told of new actions."""

    def __init__(self, book: LifecycleBook, ecs: Ecs, ids: Ids, exists: Exists, notify: Notify) -> None:
        self.book, self.groups, self.actions = book, Groups(), Actions(book)
        self.hooks = Hooks(self.groups, book, ids, exists)
        self.activities = Activities(self.groups, self.actions, ecs, book.clock, ids, notify)
        self.scaling = Scaling(self.groups, self.hooks, self.activities)
        described = Described(self.groups, ecs)
        parts = (self.hooks, self.actions, self.scaling, Processes(self.groups), described)
        self.operations: dict[str, Callable[[RpcCall], dict[str, Any]]] = {
            name: operation for part in parts for name, operation in part.operations.items()
        }

    def seed(self, action: LifecycleAction, activity: str) -> None:
        """An action put in place by hand, with its group, its hook, its activity and its instances in their wait state."""
        group = self.scaling.group_of_seed(action.group)
        group.hooks[action.hook] = Hook(action.hook, action.hook, action.group, action.transition, action.timeout_s, action.default_result)
        self.activities.seed(group, action, activity)
        self.actions.begin(action, activity)

    def vanished(self, gone: Callable[[str], bool]) -> None:
        """End every waiting action whose instances are all gone."""
        for action in list(self.book.actions.values()):
            if action.ended_at is None and _all(gone(instance) for instance in action.instances):
                self.book.end(action, action.default_result, "gone")


def _all(values: Iterable[bool]) -> bool:
    """`all`, but false for nothing: an action without instances did not lose them."""
    seen = list(values)
    return bool(seen) and all(seen)
