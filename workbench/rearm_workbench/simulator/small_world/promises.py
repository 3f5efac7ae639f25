"""What must hold in every state of a small world, and at every end.

| promise                                                                             | judged                    |
| ----------------------------------------------------------------------------------- | ------------------------- |
| a result is sent only when the instance, or the end of the budget, asks for it      | at each completion        |
| no look sends another result than one that it, or a look before it in its chain,    | at each completion        |
| has sent: chains that begin apart cannot know of each other                         |                           |
| heartbeats lie within the cloud's limits; every call names the right action         | at each call              |
| a look is strictly later than now, than the look that sets it, and not too far      | at each timer             |
| no more timers are due than things came that could begin a chain of looks           | at each timer             |
| chains merge: at the next slot after the last of them, one timer at most is due     | at each timer             |
| no look comes long after the wait's end                                             | when a timer comes        |
| no invocation runs into its function's time-out, or raises what its platform cannot | at each step of a handler |
| act on, or tells a whole token                                                      |                           |
| the wait ends, and nothing is left behind                                           | at each end               |
| with no more faults than the world survives, rearm has ended it                     | at each end               |
"""

import math
from functools import cache

from rearm.core import grid
from rearm.core.model import Result
from rearm_workbench.simulator.invariants import PAYLOAD_MAX, SETTLE_S, TIMER_NAME, Broken
from rearm_workbench.simulator.small_world.handlers import Handlers, Node
from rearm_workbench.simulator.small_world.port import Call
from rearm_workbench.simulator.small_world.state import SLOW_S, SmallWorld, State


class Promises:
    """The watch over a search. Every method raises `Broken`."""

    def __init__(self, world: SmallWorld, handlers: Handlers, began_at: float) -> None:
        self.world, self._handlers, self._began_at = world, handlers, began_at
        self._limits = world.limits
        held = world.timeout_s < self._limits.short_hook_s
        self.merge_s = math.inf if held else world.pace.every_s + SLOW_S + self._limits.timer_lead_s + 2 * grid.TICK_S
        """How long there may be two chains of looks after the last thing that can have kept them apart: to the next slot that a slow look
        can set a timer for, with a heartbeat's look in between. Invocations that hold a wait on a hook too short for timers do not meet."""

    def before(self, state: State, node: Node, call: Call) -> None:
        """A call is about to be made."""
        operation, arguments = call
        if operation == "heartbeat":
            self._right_action(arguments[1])
            if not self._limits.heartbeat_min_s <= arguments[0] <= self._limits.heartbeat_max_s:
                raise Broken(f"a heartbeat of {arguments[0]} s is outside the cloud's limits")
        elif operation == "complete":
            self._right_action(arguments[1])
            self._before_complete(state, node, arguments[0])
        elif operation == "recheck":
            self._before_recheck(node, *arguments)

    def _right_action(self, action: object) -> None:
        known = self._handlers.action
        asked = tuple(getattr(action, field) for field in ("cloud", "hook", "token", "instances", "group", "transition"))
        if asked != (known.cloud, known.hook, known.token, known.instances, known.group, known.transition):
            raise Broken(f"a call names another action: {action}")

    def _before_complete(self, state: State, node: Node, result: Result) -> None:
        others = [sent for sent in node.knows if sent != result]
        if others:
            raise Broken(f"{result} is sent by a chain of looks that has sent {others[0]}")
        if not self._is_justified(state, result):
            raise Broken(f"{result} is not justified: the instance does not ask for it, and the budget has not ended")

    def _is_justified(self, state: State, result: Result) -> bool:
        world, limits, after_s = self.world, self._limits, state.now - self._began_at
        careful: Result = "ABANDON" if world.launch else "CONTINUE"
        if result == "CONTINUE" and world.instance.ready_s is not None and after_s >= world.instance.ready_s:
            return True
        if result == careful and world.instance.gone_s is not None and after_s >= world.instance.gone_s:
            return True
        if result != (world.pace.on_timeout or careful):
            return False
        ends_s = limits.wait_limit_s(world.timeout_s) - limits.end_slack_s - limits.timer_late_s - limits.margin_s
        ends_s = min(ends_s, world.pace.budget_s or ends_s)
        slack_s = limits.timer_lead_s + grid.TICK_S
        if self._is_spent(state) and state.now >= state.book.lapses_at - limits.timer_late_s - limits.margin_s - slack_s:
            return True
        return after_s >= ends_s - slack_s or self._may_be_spent(state)

    def _is_spent(self, state: State, unknown: int = 0) -> bool:
        """No heartbeat can be recorded any more: by their number, or by their time where they add up."""
        limits = self._limits
        if limits.heartbeats_max is None:
            return False
        ends_at = self._began_at + limits.wait_max_s - limits.end_slack_s
        time_is_up = self.world.heartbeat_adds and state.book.lapses_at + limits.heartbeat_min_s > ends_at
        return time_is_up or state.book.heartbeats + unknown >= limits.heartbeats_max

    def _may_be_spent(self, state: State) -> bool:
        """The same, as far as anybody can know who has lost an answer, or begun late. Where heartbeats add up, less than all of their time
        may be known to be left; but at least the hook's own time-out must be near."""
        limits, world = self._limits, self.world
        unknown = state.faults + world.copies - state.copies
        nears_s = world.timeout_s - limits.timer_late_s - limits.margin_s - limits.timer_lead_s - grid.TICK_S
        adds = world.heartbeat_adds and state.now - self._began_at >= nears_s
        return bool(unknown) and (adds or self._is_spent(state, unknown))

    def _before_recheck(self, node: Node, name: str, at: float, now: float, payload: bytes) -> None:
        due_at = self._handlers.jobs[node.job].due_at
        if not TIMER_NAME.fullmatch(name) or len(payload) > PAYLOAD_MAX:
            raise Broken(f"no timer can have the name {name!r}, or a message of {len(payload)} bytes")
        if hour_of(name) <= now:
            raise Broken(f"the name {name} says an hour that is past")
        looked = any(call.operation in ("check", "complete") for call, _, _ in node.told)
        if at <= now or at < due_at or (looked and at == due_at):
            raise Broken(f"the next look is not later: {at - now:.0f} s from now, {at - due_at:.0f} s from the one before")
        if at > now + (self._limits.timer_max_s or 1e9):
            raise Broken(f"a timer {at - now:.0f} s ahead is refused by the cloud")
        if at > now + self._limits.timer_lead_s + grid.TICK_S + self.world.pace.every_s:
            raise Broken(f"the next look is {at - now:.0f} s away: more than an interval")

    def after_timer(self, state: State) -> None:
        """A timer was set."""
        if len(state.timers) > state.chains:
            raise Broken(f"{len(state.timers)} timers are due, and only {state.chains} things came that could begin a chain of looks")
        if len(state.timers) > 1 and state.now > state.merged_by:
            raise Broken(
                f"{len(state.timers)} timers are due {state.now - state.merged_by + self.merge_s:.0f} s after a chain began: unmerged"
            )

    def timer_came(self, state: State) -> None:
        """A timer comes now."""
        if not state.waits and state.now > state.book.lapses_at + 2 * self.world.pace.every_s + self._limits.timer_late_s + SETTLE_S:
            raise Broken(f"a look comes {state.now - state.book.lapses_at:.0f} s after the wait would have lapsed")

    def at_the_end(self, state: State) -> None:
        """Nothing can happen any more."""
        if state.waits:
            raise Broken("the wait never ended")
        if state.book.by != "client" and not state.hopeless:
            raise Broken(f"the default result fell, though {state.faults or 'no'} fault{'s' * (state.faults > 1)} can be survived")


@cache
def hour_of(name: str) -> float:
    """The hour that a timer's name says; infinity if it says none."""
    parts = [int(part) for part in name.split("-")[2:] if part.isdecimal()]
    return max(parts, default=math.inf)
