"""The fast tier's cloud: the emulators' own model of a lifecycle action, with hooks and timers, answering at the port.

What an adapter makes of its cloud's answers (codes to errors, names in use) is repeated here in a few lines; the full tier runs
the same seeds through the real adapters, and a test holds both timelines to be the same.
"""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from rearm.core import grid, staging
from rearm.core.limits import LIMITS
from rearm.core.model import Action, CloudName, Held, Hook, Result
from rearm.errors import ActionGone, LimitSpent, TryAgain
from rearm_workbench.emulators.lifecycle import HeartbeatsSpent, LifecycleAction, LifecycleBook, NoActiveAction, TimeSpent
from rearm_workbench.simulator import listings
from rearm_workbench.simulator.scenario import WaitPlan
from rearm_workbench.virtual_clock import VirtualClock


@dataclass
class Account:
    """One cloud account. `fired(name, payload)` is called when a timer comes."""

    cloud: CloudName
    clock: VirtualClock
    heartbeat_adds: bool
    fired: Callable[[str, bytes], None]
    hooks: dict[tuple[str, str], Hook] = field(default_factory=dict)
    timers: dict[str, float] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    """Timers that have come and whose invocation has not ended: Function Compute lists these too."""
    _of_instances: dict[tuple[str, tuple[str, ...]], list[LifecycleAction]] = field(default_factory=dict)
    """By group and instances: one action for each hook, in the order in which they began."""
    _names: set[str] = field(default_factory=set)
    _messages: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.limits = LIMITS[self.cloud]
        self.book = LifecycleBook(self.clock, self.limits, heartbeat_adds=self.heartbeat_adds)
        self.timer_offset_s = 0.0
        """How late (or early, below 0) the next timer that is set will come."""

    # the world's side

    def begin(self, plan: WaitPlan) -> LifecycleAction:
        """An instance, or several, reach their wait state now."""
        now = self.clock.now()
        self.hooks.setdefault((plan.group, plan.hook), Hook(plan.timeout_s, plan.default_result, plan.transition))
        names = tuple(instance.name for instance in plan.instances)
        action = LifecycleAction(
            plan.group, plan.hook, plan.token, names, plan.transition, now, plan.timeout_s, plan.default_result, now + plan.timeout_s
        )
        action.accepts_at = now + plan.accepts_s
        action.on_end.append(self._ended)
        self._of_instances.setdefault((plan.group, names), []).append(action)
        return self.book.begin(action)

    def delete_hook(self, group: str, hook: str) -> None:
        """Its waits end. AWS: ABANDON for launching instances, CONTINUE for terminating ones; Alibaba Cloud: the default result."""
        self.hooks.pop((group, hook), None)
        for action in self._waiting():
            if (action.group, action.hook) == (group, hook):
                safe: Result = "ABANDON" if action.transition == "launch" else "CONTINUE"
                self.book.end(action, safe if self.cloud == "aws" else action.default_result, "hook deleted")

    def change_hook(self, group: str, hook: str, timeout_s: int) -> None:
        """For the actions to come: those that wait keep theirs."""
        known = self.hooks.get((group, hook))
        if known is not None:
            self.hooks[group, hook] = Hook(timeout_s, known.default_result, known.transition)

    def vanish(self, gone: Callable[[str], bool]) -> None:
        """Waits end whose instances are all gone."""
        for action in self._waiting():
            if all(gone(instance) for instance in action.instances):
                self.book.end(action, "ABANDON" if self.cloud == "aws" else action.default_result, "gone")

    def _ended(self, action: LifecycleAction) -> None:
        """The first ABANDON decides, and ends the other hooks' actions: on AWS, and on Alibaba Cloud where instances leave."""
        if action.result == "CONTINUE":
            return
        for other in self._of_instances[action.group, action.instances]:
            if other.ended_at is not None:
                continue
            if self.cloud == "aws" and action.by != "gone":
                self.book.end(other, "ABANDON", "gone")
            elif self.cloud == "alibaba" and action.transition == "terminate":
                self.book.end(other, action.result or action.default_result, "another hook")

    def _waiting(self) -> list[LifecycleAction]:
        return [action for action in self.book.actions.values() if action.ended_at is None]

    # the port's side

    def describe_hook(self, action: Action) -> Hook:
        hook = self.hooks.get((action.group, action.hook))
        if hook is None:
            raise ActionGone(f"no hook {action.hook}")
        return hook

    def heartbeat(self, action: Action, seconds: int) -> None:
        real = self._active(action)
        try:
            self.book.heartbeat(real, seconds if self.limits.heartbeat_is_chosen else real.timeout_s)
        except HeartbeatsSpent:
            raise LimitSpent("no heartbeat is left", "LifecycleAction.RecordTimesExceeded") from None
        except TimeSpent:
            raise LimitSpent("no time is left", "LifecycleAction.TimeExceeded") from None

    def complete(self, action: Action, result: Result) -> None:
        self.book.end(self._active(action), result, "client")

    def _active(self, action: Action) -> LifecycleAction:
        try:
            return self.book.active(action.hook, action.token) if action.token else self._by_instance(action)
        except NoActiveAction:
            raise ActionGone("no active lifecycle action") from None

    def _by_instance(self, action: Action) -> LifecycleAction:
        for real in self._of_instances.get((action.group, action.instances), ()):
            if real.hook == action.hook and self.book.accepts(real):
                return real
        raise NoActiveAction(action.instances[0])

    def recheck(self, name: str, at: float, now: float, payload: bytes) -> bool:
        """AWS frees a timer's name when it has come, and takes none for a time that is past; Function Compute never frees one."""
        here = self.clock.now()
        if self.cloud == "aws":
            due = float(max(math.ceil(at), math.ceil(now) + self.limits.timer_lead_s))
            if due <= here:
                raise TryAgain("the time of the schedule is past")
        else:
            due = here + min(max(math.ceil(at - now), 0), self.limits.timer_max_s or 0)
        if name in self._names:
            if self.cloud == "aws":
                self._messages[name] = _told(self._messages[name], payload)
            return False
        self._names.add(name)
        self.timers[name] = due
        self._messages[name] = payload
        self.clock.call_at(due + self.timer_offset_s, partial(self._fire, name))
        return True

    def _fire(self, name: str) -> None:
        del self.timers[name]
        payload = self._messages.pop(name)
        if self.cloud == "aws":
            self._names.discard(name)
        else:
            self.running.add(name)
        self.fired(name, payload)

    def ended(self, name: str) -> None:
        """The invocation that this timer brought has ended."""
        self.running.discard(name)

    def let_go(self, token: str, timers: Iterable[str]) -> None:
        """A wait is over, and none of its timers will be set again."""
        action = self.book.actions.pop(token)
        self._of_instances.pop((action.group, action.instances), None)
        self._names.difference_update(timers)

    def held_waits(self, groups: tuple[str, ...]) -> list[Held]:
        every = (listings.on_aws if self.cloud == "aws" else listings.on_alibaba)(self.book.actions.values(), self.hooks)
        return [one for one in every if not groups or one.action.group in groups]

    def timers_due(self) -> frozenset[str]:
        return frozenset(found for name in (*self.timers, *self.running) if (found := grid.identity_of(name)))


def _told(message: bytes, ours: bytes) -> bytes:
    """A schedule's message after `rearm.clouds.aws.timers` has told it what another look of the same wait knows."""
    told, known = json.loads(message), json.loads(ours)["rearm"].get("known", {})
    merged = staging.merged(known, told["rearm"].get("known", {}))
    if merged == told["rearm"].get("known", {}):
        return message
    told["rearm"]["known"] = merged
    return json.dumps(told, separators=(",", ":")).encode()
