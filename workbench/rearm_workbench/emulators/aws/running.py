"""What moto's objects need of the emulator that runs now. moto makes its backends itself, so they find it here."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone

from rearm_workbench.emulators.lifecycle import Clock, LifecycleBook
from rearm_workbench.emulators.scripts import Scripts

ACCOUNT = "123456789012"


@dataclass
class Fault:
    """The next `times` calls of one operation fail. Status 0: the connection breaks and no answer comes."""

    code: str
    message: str
    status: int
    times: int


@dataclass
class Running:
    """One emulated account. `invoke` gets a function's ARN and its event; what finds no taker is kept in `undelivered`.

    A server has an `access_key_id`, which its callers must use, and `outside`: the clock whose timers run without the server's
    lock, so that a function that runs may call back.
    """

    clock: Clock
    region: str
    book: LifecycleBook
    on_call: Callable[[str, str], None] | None
    invoke: Callable[[str, bytes], None] | None
    timers_late_s: float
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    ready: dict[str, Callable[[], bool]] = field(default_factory=dict)
    scripts: Scripts = field(default_factory=Scripts)
    functions: dict[str, Callable[[bytes], tuple[bytes, str | None]]] = field(default_factory=dict)
    undelivered: list[tuple[str, bytes]] = field(default_factory=list)
    access_key_id: str | None = None
    outside: Clock | None = None

    def call_function(self, arn: str, payload: bytes) -> None:
        """Invoke a function now, or as soon as the lock is free."""
        if self.outside is None:
            self._hand_over(arn, payload)
        else:
            self.outside.call_at(self.outside.now(), lambda: self._hand_over(arn, payload))

    def _hand_over(self, arn: str, payload: bytes) -> None:
        if self.invoke is None:
            self.undelivered.append((arn, payload))
        else:
            self.invoke(arn, payload)

    def call_function_later(self, arn: str, event: object) -> None:
        """Invoke a function asynchronously, as AWS does: on the clock's next step, never inside the call that caused it."""
        payload = json.dumps(event).encode()
        clock = self.outside or self.clock
        clock.call_at(clock.now(), lambda: self._hand_over(arn, payload))

    def take_fault(self, name: str) -> Fault | None:
        """The fault that this call of `name` must suffer, if any; it counts as used."""
        waiting = self.faults.get(name)
        if not waiting:
            return None
        waiting[0].times -= 1
        return waiting.pop(0) if waiting[0].times <= 0 else waiting[0]

    def is_ready(self, instance_id: str) -> bool:
        """False as long as `set_ready` says so; an instance that nobody told of is ready."""
        ready = self.ready.get(instance_id)
        return ready is None or ready()

    def moment(self) -> datetime:
        """The virtual time, aware, in UTC."""
        return datetime.fromtimestamp(self.clock.now(), timezone.utc)

    def time_s(self) -> str:
        """As EventBridge writes it: `2024-03-23T03:26:43Z`."""
        return self.moment().strftime("%Y-%m-%dT%H:%M:%SZ")

    def time_ms(self) -> str:
        """As Auto Scaling and SNS write it: `2024-03-23T03:26:43.904Z`."""
        return self.moment().isoformat(timespec="milliseconds").replace("+00:00", "Z")


_now: list[Running] = []


def running() -> Running:
    """The emulator that runs. Raises `RuntimeError` outside `with AwsEmulator(...)`."""
    if not _now:
        raise RuntimeError("no AwsEmulator is running: use `with AwsEmulator(clock):`")
    return _now[-1]


def begin(one: Running) -> None:
    """Make `one` the emulator that runs. Raises `RuntimeError` if another does: they would share moto's state."""
    if _now:
        raise RuntimeError("another AwsEmulator is running in this process")
    _now.append(one)


def end() -> None:
    """No emulator runs any more."""
    _now.clear()
