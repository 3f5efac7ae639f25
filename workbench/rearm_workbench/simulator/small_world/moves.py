"""What can happen next in a small world: every call's fate, every timer, every delivery, in every order.

Two things of the same instant are looked at in both orders. Only a call that reads what nobody writes (a check, the hook's description)
is answered before anything else: in whichever order it comes, everything else is the same.
"""

import math
from collections.abc import Iterator
from functools import partial

from msgspec.structs import replace

from rearm_workbench.simulator.simulation import START
from rearm_workbench.simulator.small_world.handlers import Job
from rearm_workbench.simulator.small_world.invocations import READS, Invocations, Move, less, more
from rearm_workbench.simulator.small_world.state import BIT, TWICE_S, SmallWorld, State, Timer

NOTICE_S = 1.0
"""How long after the wait's beginning its notification comes."""

RECEIVES = 5
"""How often a message of SQS is received before it is a dead letter."""


class Moves:
    """The rules of one small world."""

    def __init__(self, world: SmallWorld) -> None:
        self.world = world
        self.invocations = Invocations(world)
        self.handlers = self.invocations.handlers
        self.promises = self.invocations.promises
        pauses_s = (float(world.visibility_s),) * (RECEIVES - 1) if world.doorway == "sqs" else self.invocations.retries_s
        self._notification = self.handlers.job(Job(world.doorway, b"", pauses_s))

    def first(self) -> State:
        """The wait has begun, and nobody knows."""
        notified = START + NOTICE_S, self._notification
        possible = sum(BIT[fault] for fault in self.world.faults) if self.world.faults_max else 0
        return State(START, self.invocations.book.first(), copies=self.world.copies, again=(notified,), possible=possible)

    def moves(self, state: State) -> list[Move]:
        """Everything that can happen next; nothing at an end."""
        calls = self.invocations
        ready = [one for one in dict.fromkeys(state.live) if one.wakes_at is None]
        for one in ready:
            if calls.call(one).operation in READS:
                return list(calls.fates(state, one))
        moves = [move for one in ready for move in calls.fates(state, one)]
        moves += self._copy(state)
        soonest = self._soonest(state)
        if soonest is not None and soonest <= state.now:
            moves += self._due(state)
        elif not ready:
            moves += self._later(state, soonest)
        return moves

    def _soonest(self, state: State) -> float | None:
        """When the next thing is due to happen by itself."""
        hours = [state.book.lapses_at] if state.waits else []
        hours += [timer.at for timer in state.timers]
        hours += [at for at, _ in state.again]
        hours += [one.wakes_at for one in state.live if one.wakes_at is not None]
        return min(hours, default=None)

    def _later(self, state: State, soonest: float | None) -> Iterator[Move]:
        """Time passes until something is due, or until a copy comes before that."""
        if soonest is None:
            if state.copies:
                yield Move("no copy comes", partial(replace, state, copies=0))
            return
        every_s = self.world.copy_every_s
        between = START + math.floor((state.now - START) / every_s + 1) * every_s
        while state.copies and between < soonest:
            yield from self._copy(replace(state, now=between))
            between += every_s
        at_its_hour = replace(state, now=soonest)
        yield from self._copy(at_its_hour)
        yield from self._due(at_its_hour)

    def _due(self, state: State) -> Iterator[Move]:
        """What is due at this moment. Each of these can be the first."""
        now = state.now
        if state.waits and state.book.lapses_at <= now:
            yield self._move(state, "the wait lapses", partial(self._lapses, state))
        for one in dict.fromkeys(state.live):
            if one.wakes_at is not None and one.wakes_at <= now:
                yield self._move(state, f"{self.invocations.name(one)} goes on", partial(self.invocations.goes_on, state, one))
        for at, job in dict.fromkeys(state.again):
            if at <= now:
                yield from self._begins(replace(state, again=less(state.again, (at, job))), job, "comes")
        for timer in state.timers:
            if timer.at <= now:
                yield from self._timer(state, timer)

    def _lapses(self, state: State) -> State:
        return self.invocations.tidy(replace(state, book=self.invocations.book.lapse(state)))

    # timers

    def _timer(self, state: State, timer: Timer) -> Iterator[Move]:
        name = f"the timer {self._hour(timer)}"
        yield self._move(state, f"{name} comes", partial(self._timer_comes, state, timer))
        if not timer.last:
            yield self._move(state, f"{name} is late", partial(self._timer_waits, state, timer))
        if state.possible & BIT["twice"]:
            for after_s in TWICE_S:
                make = partial(self._timer_comes, self.invocations.struck(state, "twice"), timer, after_s)
                yield self._move(state, f"{name} comes, and again {after_s:g} s later", make)

    def _timer_waits(self, state: State, timer: Timer) -> State:
        late = timer._replace(at=timer.at + self.world.limits.timer_late_s, last=True)
        # Until it comes, and perhaps one look longer, it keeps two chains of looks apart.
        merged_by = late.at + self.promises.merge_s
        return self.invocations.tidy(replace(state, timers=more(less(state.timers, timer), late), merged_by=merged_by))

    def _timer_comes(self, state: State, timer: Timer, again_s: float | None = None) -> State:
        self.promises.timer_came(state)
        again = state.again if again_s is None else more(state.again, (state.now + again_s, timer.job))
        state = replace(state, timers=less(state.timers, timer), again=again)
        return self.invocations.tidy(self.invocations.goes(state, self.handlers.begin(timer.job, 0, state.now)))

    def _hour(self, timer: Timer) -> str:
        return f"for {self.handlers.jobs[timer.job].due_at - START:g} s"

    # deliveries

    def _copy(self, state: State) -> Iterator[Move]:
        if state.copies and state.now >= START + NOTICE_S:
            yield from self._begins(replace(state, copies=state.copies - 1), self._notification, "gets a copy")

    def _begins(self, state: State, job: int, how: str) -> Iterator[Move]:
        """To a new process, or to an idle one that remembers a timer."""
        function = self.handlers.jobs[job].function
        yield self._move(state, f"{function} {how}", partial(self._begin, state, job, 0))
        for armed_until in dict.fromkeys(state.warm) if function != "recheck" else ():
            label = f"{function} {how}, in a process that has set the timer for {armed_until - START:g} s"
            yield self._move(state, label, partial(self._begin, state, job, armed_until))

    def _begin(self, state: State, job: int, armed_until: int) -> State:
        warm = less(state.warm, armed_until) if armed_until else state.warm
        state = replace(state, warm=warm, chains=state.chains + 1, merged_by=state.now + self.promises.merge_s)
        return self.invocations.tidy(self.invocations.goes(state, self.handlers.begin(job, armed_until, state.now)))

    def _move(self, state: State, label: str, make: "partial[State]") -> Move:
        return Move(f"{state.now - START:g} s: {label}", make)
