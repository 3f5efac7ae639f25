"""The cloud's side of a small world: the fast tier's account, put into the state's moment, asked once, and read off again."""

from collections.abc import Callable
from typing import Any

from rearm.core.model import Status
from rearm.errors import ActionGone, LimitSpent
from rearm_workbench.emulators.lifecycle import LifecycleAction
from rearm_workbench.simulator.account import Account
from rearm_workbench.simulator.small_world.port import Answer, Call
from rearm_workbench.simulator.small_world.state import Book, SmallWorld, State
from rearm_workbench.virtual_clock import Timer as Alarm
from rearm_workbench.virtual_clock import VirtualClock


class _Moment(VirtualClock):
    """A clock that stands. What is to happen later is in the state: the search brings it about."""

    def __init__(self, at: float) -> None:
        super().__init__(at)
        self.at = at

    def now(self) -> float:
        return self.at

    def call_at(self, at: float, run: Callable[[], None]) -> Alarm:
        return Alarm(at, 0, run)


class Bookkeeper:
    """Answers the port's calls as the simulator's account does, and lets waits lapse."""

    def __init__(self, world: SmallWorld, began_at: float) -> None:
        self._world, self._plan, self._limits, self._began_at = world, world.plan, world.limits, began_at
        self._known: dict[object, tuple[Answer, Book]] = {}

    def first(self) -> Book:
        """The book when the wait begins."""
        return self._read(self._at(self._began_at)[1])

    def lapse(self, state: State) -> Book:
        """The book once nobody has extended the wait in time."""
        account, real = self._at(state.now, state.book)
        account.book.end(real, real.default_result, "default result")
        return self._read(real)

    def answer(self, state: State, call: Call) -> tuple[Answer, Book]:
        """What a call gives that changes no timer, and the book after it."""
        key = state.now, state.book, call
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._answer(state, call)
        return found

    def _answer(self, state: State, call: Call) -> tuple[Answer, Book]:
        if call.operation == "check":
            return Answer(self._truth(state.now)), state.book
        account, real = self._at(state.now, state.book)
        try:
            if call.operation == "describe_hook":
                return Answer(account.describe_hook(call.arguments[0])), state.book
            what, action = call.arguments
            (account.heartbeat if call.operation == "heartbeat" else account.complete)(action, what)
        except ActionGone as gone:
            return Answer(error=ActionGone, arguments=(str(gone),)), state.book
        except LimitSpent as spent:
            return Answer(error=LimitSpent, arguments=(str(spent), spent.code)), state.book
        return Answer(), self._read(real)

    def timer(self, state: State, call: Call) -> float | None:
        """When the timer comes that a `recheck` has set; None: its name is taken."""
        name, at, now, payload = call.arguments
        account, _ = self._at(state.now, state.book)
        if name in state.taken or any(timer.name == name for timer in state.timers):
            account.recheck(name, at, now, payload)
        return account.timers[name] if account.recheck(name, at, now, payload) else None

    def _truth(self, now: float) -> tuple[Status, str]:
        instance, after_s = self._world.instance, now - self._began_at
        if instance.gone_s is not None and after_s >= instance.gone_s:
            return "gone", "there is no such instance"
        if instance.ready_s is not None and after_s >= instance.ready_s:
            return "passed", "ready"
        return "waiting", "not ready"

    def _at(self, now: float, book: Book | None = None) -> tuple[Account, LifecycleAction]:
        clock = _Moment(self._began_at)
        account = Account(self._world.cloud, clock, self._world.heartbeat_adds, _nobody)
        account.limits = account.book.limits = self._limits
        real = account.begin(self._plan)
        clock.at = now
        if book is not None:
            real.lapses_at, real.heartbeats = book.lapses_at, book.heartbeats
            if book.result is not None:
                real.ended_at, real.result, real.by = now, book.result, book.by
        return account, real

    def _read(self, real: LifecycleAction) -> Book:
        if real.ended_at is None:
            return Book(real.lapses_at, real.heartbeats)
        # Heartbeats of a wait that is over make no difference to what comes.
        return Book(real.lapses_at, 0, real.result, real.by)


def _nobody(*_: Any) -> None:
    """Timers are in the state: an account's own never come."""
