"""One replayed file: its cloud, its instances and its waits, all on one virtual clock, until the last wait has ended.

The deployed handlers do the work; this file only delivers, and writes down what the emulated cloud saw.
"""

import contextlib
import io
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from rearm import look
from rearm.core.model import Action
from rearm.core.profile import Config, Profile, Step
from rearm_workbench.certificates import authority
from rearm_workbench.emulators.kubernetes.server import KubernetesEmulator
from rearm_workbench.emulators.lifecycle import LifecycleAction
from rearm_workbench.instance_ports import CannotServe, InstancePorts
from rearm_workbench.invocations import Invocations
from rearm_workbench.kinds import Kind
from rearm_workbench.network import LoopbackNetwork
from rearm_workbench.prepared import prepare, prepare_step
from rearm_workbench.timeline import WaitRecord
from rearm_workbench.virtual_clock import VirtualClock
from rearm_workbench.webhooks import Webhooks
from rearm_workbench.world_course import Course
from rearm_workbench.world_file import World
from rearm_workbench.world_log import log_lines

SOME_DAY = 1_772_323_200.0
"""2026-03-01T00:00:00Z: when a notification without a time of its own is delivered."""

FUNCTION_TIMEOUT_S = 900
LONGEST_S = 60 * 3600
"""Longer than any wait: a replay that goes on after it shows a bug."""

Progress = Callable[[float], None]
"""Told the virtual seconds since the start, now and then."""


class Unfit(Exception):
    """What the file holds cannot exist on its cloud; one line."""


class Replayed(ABC):
    """The parts that differ by cloud are below; `run` is the same for both."""

    def __init__(self, event: str, kind: Kind, actions: list[Action], world: World, config: Config, config_path: Path | None) -> None:
        self.kind, self.world, self.config, self.config_path = kind, world, config, config_path
        told = [action.notified_at for action in actions if action.notified_at is not None]
        self.start = max(told) if told else SOME_DAY
        self.clock = VirtualClock(self.start)
        self.invocations = Invocations(self.clock)
        self.deliveries_left = 0
        self.event = event
        self.actions = actions
        profiles = filter(None, map(self._profile, actions))
        self.course = Course(self.clock, self.start, world.ready_after_s, profiles)
        self.waits: list[WaitRecord] = []
        self.closing = contextlib.ExitStack()
        """What `prepared` starts ends with the replay."""
        self.clusters: dict[str, KubernetesEmulator] = {}
        self._memories: dict[str, look.Armed] = {}
        self._handlers: dict[str, Any] = {}

    # what differs by cloud

    @abstractmethod
    def cloud(self) -> contextlib.AbstractContextManager[Any]:
        """The emulator, entered around everything."""

    @abstractmethod
    def seed(self, action: Action, timeout_s: int, default_result: Any) -> LifecycleAction:
        """Put the action into its wait state."""

    @abstractmethod
    def deliver(self, payload: Any) -> None:
        """Have the doorway of the file's kind invoked with `payload`."""

    @abstractmethod
    def pending_timers(self) -> int:
        """Rechecks that are still due."""

    @property
    @abstractmethod
    def instances(self) -> Any:
        """The emulator's `set_ready`, `put_tag`, `vanish`, `private_ip`."""

    # the same for both

    def run(self, progress: Progress = lambda _: None, before: Callable[[Any], None] = lambda _: None) -> list[WaitRecord]:
        """Play the file through. Returns one record for each action in it. `before` gets the world when it stands: to plant faults."""
        sink = io.StringIO()
        self.ports = self._ports()
        self.webhooks = Webhooks(step for action in self.actions for step in self._steps(action))
        network = LoopbackNetwork(self.ports, self.webhooks.receivers)
        with self.cloud(), self.closing, log_lines(self.said), contextlib.redirect_stdout(sink), network, self.invocations.in_charge():
            self._begin()
            before(self)
            for after_s in self.world.deliveries_s():
                self.deliveries_left += 1
                self.clock.call_at(self.start + after_s, self._delivery)
            while not self._over() and self.clock.now() < self.start + LONGEST_S and self.clock.step():
                progress(self.clock.now() - self.start)
        return self.waits

    def config_environment(self) -> dict[str, str]:
        """Where the functions find their configuration (nothing for the one shipped as the default), whom they trust, what they share."""
        trusted = {"SSL_CERT_FILE": str(authority().file)} if self.ports.with_tls or self.webhooks.receivers else {}
        return trusted | self.webhooks.secrets | {"REARM_CONFIG": str(self.config_path) if self.config_path else ""}

    def _begin(self) -> None:
        timeout_s, default_result = self.world.hook(self.kind.cloud or "aws")
        for action in self.actions:
            try:
                real = self.seed(action, timeout_s, default_result)
            except ValueError as error:
                raise Unfit(str(error)) from error
            wait = WaitRecord(self.event, action, real, self.start, self.world.ready_after_s)
            wait.real.on_end.append(partial(self._ended, wait))
            self.waits.append(wait)
            for step in self._steps(action):
                prepare_step(self, step, action)
            for instance in action.instances:
                self._instance(instance, action)

    def _instance(self, instance: str, action: Action) -> None:
        self.instances.set_ready(instance, self.course.is_ready)
        profile = self._profile(action)
        for check in profile.checks if profile else ():
            prepare(self, check, instance, action)
        if self.world.gone_after_s is not None:
            self.clock.call_at(self.start + self.world.gone_after_s, partial(self.instances.vanish, instance))

    def _profile(self, action: Action) -> Profile | None:
        """What the functions will find: of a notification without a transition (OOS) they ask the hook, and so it is seeded."""
        return self.config.profile_for(msgspec.structs.replace(action, transition=action.transition or "launch"))

    def _steps(self, action: Action) -> tuple[Step, ...]:
        profile = self._profile(action)
        return profile.steps if profile else ()

    def _delivery(self) -> None:
        self.deliveries_left -= 1
        for wait in self.waits:
            wait.add(self.clock.now(), "notification", f"delivered to {self.kind.doorway}")
        self.deliver(self.kind.payload)

    def _over(self) -> bool:
        ended = all(wait.real.ended_at is not None for wait in self.waits)
        return ended and not self.deliveries_left and not self.invocations.running and not self.pending_timers()

    def _ended(self, wait: WaitRecord, real: LifecycleAction) -> None:
        if wait.ended_by != "rearm":
            wait.add(self.clock.now(), f"ended: {real.result}", f"by {wait.ended_by}, not by rearm")

    def invoke(self, function: str, run: Callable[[], None], retries_s: tuple[float, ...]) -> None:
        """Run an invocation now; one that fails is repeated after each of `retries_s`, as its platform does."""

        def attempt(left: tuple[float, ...]) -> None:
            # Each function is a process of its own: it remembers only the timers that it set itself.
            look.armed = self._memories.setdefault(function, look.Armed())
            try:
                run()
            except Exception as error:  # noqa: BLE001 - the platform's part: whatever a handler raises is delivered again
                self._failed(function, error, left)
                if left:
                    self.clock.call_at(self.clock.now() + left[0], lambda: self.invocations.start(lambda: attempt(left[1:])))

        self.invocations.start(lambda: attempt(retries_s))

    def _failed(self, function: str, error: Exception, left: tuple[float, ...]) -> None:
        then = f"delivered again in {left[0]:g} s" if left else "to the dead-letter queue"
        for wait in self.waits:
            wait.add(self.clock.now(), f"{function} failed: {then}", " ".join(str(error).split())[:300] or type(error).__name__)

    # what the emulated cloud and the log saw

    def called(self, name: str, text: str) -> None:
        """Count a call for the wait that it is about: the one whose token or instance is in it, else whose hook is."""
        about = [wait for wait in self.waits if any(key in text for key in (wait.action.token, *wait.action.instances))]
        if not about:
            about = [wait for wait in self.waits if wait.action.hook in text][:1] or self.waits[:1]
        for wait in about:
            wait.api_calls[name] += 1

    def said(self, line: dict[str, Any]) -> None:
        """A log line of the deployed code."""
        for wait in self.waits:
            if line.get("token", "") == wait.action.token[:8] + "…" and line.get("instances") == list(wait.action.instances):
                self._note(wait, line)

    def _note(self, wait: WaitRecord, line: dict[str, Any]) -> None:
        now = self.clock.now()
        verdict, reason = str(line.get("verdict")), str(line.get("reason", ""))
        if verdict not in ("look", "peek"):
            wait.add(now, verdict, reason)
            return
        wait.looks += verdict == "look"
        for step in line.get("steps", ()):
            where = " ".join(filter(None, (step.get("stage"), step["step"], step.get("instance"))))
            wait.add(now, f"step {step['status']}", f"{where}: {step['reason']}")
        wait.add(now, f"look {wait.looks}" if verdict == "look" else f"peek {line['peeks']}", reason)
        for did in line.get("did", ()):
            wait.add(now, did["what"], did["why"])

    def _ports(self) -> InstancePorts:
        """What the instances serve. Raises Unfit."""
        profiles = [self._profile(action) for action in self.actions]
        try:
            return InstancePorts([check for profile in profiles if profile for check in profile.checks], self.course)
        except CannotServe as error:
            raise Unfit(str(error)) from error
