"""What can become of an invocation: the fate of each call that it makes, its end, and whether its platform delivers it again."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from rearm.core.model import Action
from rearm.errors import LimitSpent, TryAgain
from rearm_workbench.simulator.invariants import Broken
from rearm_workbench.simulator.platform import FC_RETRIES_S, LAMBDA_RETRIES_S
from rearm_workbench.simulator.simulation import START
from rearm_workbench.simulator.small_world.bookkeeper import Bookkeeper
from rearm_workbench.simulator.small_world.handlers import Ended, Handlers, Job
from rearm_workbench.simulator.small_world.port import Answer, Call
from rearm_workbench.simulator.small_world.promises import Promises, hour_of
from rearm_workbench.simulator.small_world.state import BIT, EARLY_S, SLOW_S, Live, SmallWorld, State, Timer
from rearm_workbench.simulator.weather import AGAIN_S

T = TypeVar("T")
READS = ("check", "describe_hook")
NO_ANSWER = Answer(error=TryAgain, arguments=("no answer",))
NOT_ASKED = Answer(("waiting", "cannot be asked"))


class Move(NamedTuple):
    """One thing that can happen. `make` gives the state after it, or raises `Broken`."""

    label: str
    make: Callable[[], State]


class Invocations:
    """From state to state, as far as invocations go. `tried`: the faults that could strike somewhere."""

    def __init__(self, world: SmallWorld) -> None:
        self.world = world
        plan = world.plan
        action = Action(world.cloud, plan.hook, plan.token, (world.instance.name,), plan.group, plan.transition)
        self.handlers = Handlers(world, action, START)
        self.promises = Promises(world, self.handlers, START)
        self.book = Bookkeeper(world, START)
        self.tried: set[str] = set()
        self.retries_s = LAMBDA_RETRIES_S if world.cloud == "aws" else FC_RETRIES_S

    def call(self, one: Live) -> Call:
        """What an invocation asks for."""
        call = self.handlers.nodes[one.node].next
        assert isinstance(call, Call)
        return call

    def fates(self, state: State, one: Live) -> Iterator[Move]:
        """Everything that can become of a call that an invocation is about to make."""
        operation, arguments = self.call(one)
        said = f"{state.now - START:g} s: {self.name(one)}: {operation}"
        if operation in ("complete", "heartbeat"):
            said = f"{said} {arguments[0]}"
        yield Move(said, partial(self._done, state, one))
        if not state.possible:
            return
        changes = operation not in READS
        if state.possible & BIT[operation]:
            struck = self.struck(state, operation, one)
            if operation == "check":
                yield Move(f"{said}, which cannot be asked", partial(self._answered, struck, one, NOT_ASKED))
            else:
                yield Move(f"{said} is refused", partial(self._sleeps, struck, one, NO_ANSWER))
            if changes:
                yield Move(f"{said} is done, and the answer lost", partial(self._lost, struck, one))
        if state.possible & BIT["early"] and operation == "recheck":
            yield Move(f"{said}, for a timer that comes early", partial(self._done, self.struck(state, "early"), one, early=True))
        if state.possible & BIT["slow"]:
            yield Move(f"{said} is slow", partial(self._slow, self.struck(state, "slow", one), one))
        if state.possible & BIT["kill"]:
            struck = self.struck(state, "kill", one)
            yield Move(f"{said}, killed before it", partial(self.killed, struck, one))
            if changes:
                yield Move(f"{said}, killed after it", partial(self._killed_after, struck, one))

    def _done(self, state: State, one: Live, *, early: bool = False) -> State:
        state, answer = self._do(state, one, early=early)
        return self._answered(state, one, answer)

    def _lost(self, state: State, one: Live) -> State:
        # A timer of which nobody knows: another is set, and both bring a look.
        chains = state.chains + (self.call(one).operation == "recheck")
        return self._sleeps(self._do(replace(state, chains=chains), one)[0], one, NO_ANSWER)

    def _slow(self, state: State, one: Live) -> State:
        state, answer = self._do(state, one)
        return self._sleeps(state, one, answer)

    def _killed_after(self, state: State, one: Live) -> State:
        return self.killed(self._do(state, one)[0], one)

    def killed(self, state: State, one: Live) -> State:
        """Its process has ended."""
        state = replace(state, live=less(state.live, one))
        return self.tidy(self._failed(state, self.handlers.nodes[one.node].job))

    def goes_on(self, state: State, one: Live) -> State:
        """Its pause is over."""
        return self._answered(state, one, one.answer) if isinstance(one.answer, Answer) else self.killed(state, one)

    def _do(self, state: State, one: Live, *, early: bool = False) -> tuple[State, Answer]:
        """The cloud takes the call."""
        call = self.call(one)
        if call.operation != "recheck":
            answer, book = self.book.answer(state, call)
            # What was refused is tried again before the next slot.
            merged_by = state.now + self.promises.merge_s if answer.error is LimitSpent else state.merged_by
            return replace(state, book=book, merged_by=merged_by), answer
        at = self.book.timer(state, call)
        if at is None:
            return state, Answer(False)
        name, due_at, _, payload = call.arguments
        job = self.handlers.job(Job("recheck", payload, self.retries_s, int(due_at), self.handlers.nodes[one.node].knows))
        timer = Timer(max(state.now, at - EARLY_S) if early else at, early, name, job)
        taken = state.taken | {name} if self.world.limits.timer_names_stay else state.taken
        state = replace(state, timers=more(state.timers, timer), taken=taken)
        self.promises.after_timer(state)
        return state, Answer(True)

    def _sleeps(self, state: State, one: Live, answer: Answer) -> State:
        """The call takes long: longer than its function has time, perhaps."""
        ends_at = self.handlers.nodes[one.node].began_at + self.world.function_timeout_s
        wakes_at = state.now + SLOW_S
        slow = Live(one.node, wakes_at, answer) if wakes_at <= ends_at else Live(one.node, ends_at)
        return self.tidy(replace(state, live=_lives(less(state.live, one), slow)))

    def _answered(self, state: State, one: Live, answer: Answer) -> State:
        state = replace(state, live=less(state.live, one))
        return self.tidy(self.goes(state, self.handlers.go_on(one.node, answer, state.now)))

    def goes(self, state: State, number: int) -> State:
        """An invocation has come to this node."""
        node = self.handlers.nodes[number]
        if isinstance(node.next, Ended):
            return self._ended(state, node.job, node.next)
        if node.next.operation != "sleep":
            self.promises.before(state, node, node.next)
            return replace(state, live=_lives(state.live, Live(number)))
        wakes_at = state.now + node.next.arguments[0]
        if wakes_at > node.began_at + self.world.function_timeout_s:
            raise Broken("an invocation sleeps beyond its function's time-out")
        return replace(state, live=_lives(state.live, Live(number, wakes_at, Answer())))

    def _ended(self, state: State, job: int, end: Ended) -> State:
        if end.armed_until and self.handlers.jobs[job].function != "recheck":
            state = replace(state, warm=more(state.warm, end.armed_until))
        return state if end.ok else self._failed(state, job)

    def _failed(self, state: State, job: int) -> State:
        """Its platform delivers it again, if it has not done so often enough. Nobody knows then what was done."""
        what = self.handlers.jobs[job]
        if not what.pauses_s:
            return state
        again = self.handlers.job(what._replace(pauses_s=what.pauses_s[1:]))
        return replace(state, again=more(state.again, (state.now + what.pauses_s[0], again)))

    def struck(self, state: State, fault: str, one: Live | None = None) -> State:
        """A fault strikes, in a call of `one` if that is given."""
        self.tried.add(fault)
        faults = state.faults + 1
        possible = state.possible & ~BIT[fault] if faults < self.world.faults_max else 0
        hopeless = state.hopeless or (one is not None and state.waits and state.book.lapses_at - state.now < self._needed_s(fault, one))
        merged_by = state.now + self.promises.merge_s
        return replace(state, possible=possible, faults=faults, hopeless=hopeless, merged_by=merged_by)

    def _needed_s(self, fault: str, one: Live) -> float:
        """What another try needs before the lapse. Only its platform brings back what was killed, or could not set its timer."""
        if fault == "check":
            return 0.0
        pauses_s = self.handlers.jobs[self.handlers.nodes[one.node].job].pauses_s or (math.inf,)
        return AGAIN_S + (0.0 if fault == "kill" else SLOW_S) + (pauses_s[0] if fault in ("kill", "recheck") else 0.0)

    def tidy(self, state: State) -> State:
        """Without what can make no difference any more."""
        if state.warm:
            notified = state.copies or any(self.handlers.jobs[job].function != "recheck" for _, job in state.again)
            state = replace(state, warm=tuple(due_at for due_at in state.warm if notified and due_at > state.now))
        if state.taken:
            state = replace(state, taken=frozenset(name for name in state.taken if hour_of(name) > state.now))
        chains = len(state.timers) + len(state.again) + len(state.live)
        return replace(state, chains=chains, merged_by=0.0) if chains <= 1 else state

    def name(self, one: Live) -> str:
        """An invocation, in words."""
        node = self.handlers.nodes[one.node]
        return f"{self.handlers.jobs[node.job].function} of {node.began_at - START:g} s"


def less(many: tuple[T, ...], one: T) -> tuple[T, ...]:
    """Without one of them."""
    index = many.index(one)
    return many[:index] + many[index + 1 :]


def more(many: tuple[T, ...], one: T) -> tuple[T, ...]:
    """With one more, in order: the same things are the same tuple."""
    return tuple(sorted((*many, one))) if many else (one,)  # type: ignore[type-var]  # what is kept so can be ordered


def _lives(many: tuple[Live, ...], one: Live) -> tuple[Live, ...]:
    return tuple(sorted((*many, one), key=lambda live: (live.node, live.wakes_at or 0))) if many else (one,)
