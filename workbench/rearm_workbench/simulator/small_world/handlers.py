"""The deployed handlers as a function: from what started an invocation and the answers it got, to what it asks next.

A handler is deterministic: it reads the clock, its event, its process's memory and the answers of its calls, and all of these are
given here. So how far an invocation has come is known by those alone, and a handler that has to go on from there is run anew from its
beginning with the answers that it had (and is caught if it asks for something else than it did then).
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec

from rearm import clock, look
from rearm.clouds import Cloud
from rearm.core.model import Action, CheckResult, Result
from rearm.errors import InvalidNotification, TryAgain
from rearm_workbench.simulator import deployed_code
from rearm_workbench.simulator.invariants import Broken
from rearm_workbench.simulator.small_world.port import Answer, Call, Port, notification
from rearm_workbench.simulator.small_world.state import SmallWorld

CALLS_MAX = 60
"""More calls, checks and pauses than an invocation of a small world can need: it goes round in a circle."""


class Job(NamedTuple):
    """Something to invoke. `knows`: results that its chain of looks has sent before; `due_at`: of a look, when it was due."""

    function: str
    payload: bytes
    pauses_s: tuple[float, ...]
    """After which pauses its platform delivers it again."""
    due_at: int = 0
    knows: tuple[Result, ...] = ()


class Ended(NamedTuple):
    """An invocation's end. `armed_until`: the hour of the timer that its process remembers, or 0."""

    ok: bool
    """False: its platform delivers it again."""
    armed_until: int


Told = tuple[tuple[Call, Answer, float], ...]
Past = tuple[int, float, int, Told, float, tuple[Result, ...]]
"""The fields of a node, but the last."""


class Node(NamedTuple):
    """How far an invocation has come: its job, when it began and what its process remembered, and each answer with its time."""

    job: int
    began_at: float
    armed_until: int
    told: Told
    now: float
    knows: tuple[Result, ...]
    """Results that this chain of looks has sent."""
    next: Call | Ended


class _Paused(BaseException):
    """The handler has asked for something that has no answer yet. No `except Exception` of it may see this."""

    def __init__(self, call: Call) -> None:
        self.call = call


class Handlers:
    """The deployed code of one world. Jobs and nodes are numbered: equal ones have the same number."""

    def __init__(self, world: SmallWorld, action: Action, began_at: float) -> None:
        self.world, self.action = world, action
        self.jobs: dict[int, Job] = {}
        self.nodes: dict[int, Node] = {}
        self._job_numbers: dict[Job, int] = {}
        self._node_numbers: dict[object, int] = {}
        self._event = notification(world, began_at)
        self._told: Iterator[tuple[Call, Answer, float]] = iter(())
        self._now = began_at
        self._ends_at = began_at

    @contextmanager
    def in_charge(self) -> Iterator[None]:
        """The deployed code's clock and its checks are this world's."""
        kept = look.armed
        clock.use(lambda: self._now, lambda seconds: self._ask("sleep", max(0.0, seconds)))
        try:
            with deployed_code.asking(self._check):
                yield
        finally:
            clock.use_real()
            look.armed = kept

    def job(self, job: Job) -> int:
        number = self._job_numbers.get(job)
        if number is None:
            number = self._job_numbers[job] = _number(job)
            if number in self.jobs:
                raise AssertionError("two jobs have one number")
            self.jobs[number] = job
        return number

    def begin(self, job: int, armed_until: int, now: float) -> int:
        """The node of an invocation that begins now, in a process that remembers a timer of that hour."""
        return self._node((job, armed_until, now), lambda: (job, now, armed_until, (), now, self.jobs[job].knows))

    def go_on(self, number: int, answer: Answer, now: float) -> int:
        """The node after the call that was pending got its answer."""
        return self._node((number, answer, now), lambda: self._after(self.nodes[number], answer, now))

    def _after(self, node: Node, answer: Answer, now: float) -> Past:
        call = node.next
        assert isinstance(call, Call)
        if len(node.told) > CALLS_MAX:
            raise Broken(f"an invocation goes on after {CALLS_MAX} calls and pauses")
        knows = node.knows
        if call.operation == "complete" and call.arguments[0] not in knows:
            knows = tuple(sorted((*knows, call.arguments[0])))
        return node.job, node.began_at, node.armed_until, (*node.told, (call, answer, now)), now, knows

    def _node(self, key: object, make: Callable[[], Past]) -> int:
        number = self._node_numbers.get(key)
        if number is None:
            parts = make()
            number = self._node_numbers[key] = _number(parts)
            if number in self.nodes:
                raise AssertionError("two nodes have one number")
            self.nodes[number] = Node(*parts, self._run(*parts[:4]))
        return number

    def _run(self, job: int, began_at: float, armed_until: int, told: Told) -> Call | Ended:
        """Run the handler until it asks for what has not been told."""
        self._told, self._now, self._ends_at = iter(told), began_at, began_at + self.world.function_timeout_s
        look.armed = look.Armed()
        if armed_until:
            look.armed.note(self.action, armed_until, began_at)
        what = self.jobs[job]
        event: Any = self._event
        if what.function == "recheck":
            event = json.loads(what.payload) if self.world.cloud == "aws" else what.payload
        try:
            answer = deployed_code.handle(self.world.cloud, what.function, event, None, self._port)
        except _Paused as paused:
            return paused.call
        except (TryAgain, InvalidNotification) as error:
            self._judge_text(str(error))
            return Ended(False, self._remembered())
        except Exception as error:
            raise Broken(f"{what.function} raised {type(error).__name__}: {error}") from error
        return Ended(what.function != "sqs" or not answer["batchItemFailures"], self._remembered())

    def _remembered(self) -> int:
        due_at = int(look.armed.due(self.action))
        return due_at if due_at > self._now else 0

    def _port(self, _context: Any) -> Cloud:
        return Port(self.world, self._ask, self._remaining_s, self._said)

    def _ask(self, operation: str, *arguments: Any) -> Any:
        call = Call(operation, arguments)
        told = next(self._told, None)
        if told is None:
            raise _Paused(call)
        before, answer, self._now = told
        if before != call:
            raise Broken(f"not deterministic: asked for {call} where it had asked for {before}")
        if answer.error is not None:
            raise answer.error(*answer.arguments)
        return answer.value

    def _remaining_s(self) -> float:
        return self._ends_at - self._now

    def _check(self, instance: str, _known: object) -> CheckResult:
        status, reason = self._ask("check", instance)
        return CheckResult(status, reason)

    def _said(self, line: dict[str, object]) -> None:
        self._judge_text(msgspec.json.encode(line).decode())

    def _judge_text(self, text: str) -> None:
        if self.action.token in text:
            raise Broken(f"a log line or an error holds a whole token: {text[:200]}")


def _number(what: object) -> int:
    """The same for equal things in every process, so that a list of choices can be replayed."""
    return int.from_bytes(hashlib.blake2b(repr(what).encode(), digest_size=7).digest(), "big")
