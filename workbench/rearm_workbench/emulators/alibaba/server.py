"""The emulated Alibaba Cloud: one loopback port, one lock, every call told."""

import hashlib
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from rearm.core.limits import ALIBABA
from rearm.core.model import Result, Transition
from rearm_workbench.emulators.alibaba import ecs, ess, fc
from rearm_workbench.emulators.alibaba.loopback import Answer, Incoming, LoopbackServer
from rearm_workbench.emulators.alibaba.wire import ApiError, RpcCall, failure, known_error, success
from rearm_workbench.emulators.lifecycle import Clock, LifecycleAction, LifecycleBook

REGION = "cn-hangzhou"
ACCOUNT = "1234567890123456"
ACCESS_KEY_ID = "STS.EmulatedAccessKeyId"
ACCESS_KEY_SECRET = "EmulatedAccessKeySecret"
SECURITY_TOKEN = "EmulatedSecurityToken/+=="


@dataclass
class _Fault:
    code: str
    status: int
    times: int
    after_effect: bool


class _LockedClock:
    """The clock, whose timers wait for the request in hand."""

    def __init__(self, clock: Clock, lock: AbstractContextManager[object]) -> None:
        self._clock, self._lock = clock, lock

    def now(self) -> float:
        return self._clock.now()

    def call_at(self, at: float, run: Callable[[], None]) -> object:
        def locked() -> None:
            with self._lock:
                run()

        return self._clock.call_at(at, locked)


class AlibabaEmulator:
    """ESS, ECS and FC 2.0/3.0 for one account. Use it in a `with`; the SDKs reach it by `environment()`.

    `on_call(name, text)` is told of every call received, also of failed ones: `ess:CompleteLifecycleAction` and the query with
    the body. `invoke(function, payload, task_id)` is called by the clock, outside the lock, when an invocation is due.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        on_call: Callable[[str, str], None] | None = None,
        invoke: fc.Invoke | None = None,
        heartbeat_adds: bool = False,
        timers_late_s: float = 0,
    ) -> None:
        self._lock = threading.RLock()
        self._on_call = on_call
        self._faults: dict[str, list[_Fault]] = {}
        self.clock = clock
        self.book = LifecycleBook(_LockedClock(clock, self._lock), ALIBABA, heartbeat_adds=heartbeat_adds)
        self._ess, self._ecs, self._fc = ess.Ess(self.book), ecs.Ecs(), fc.Fc(clock, self._lock, invoke, timers_late_s)

    def __enter__(self) -> "AlibabaEmulator":
        self._server = LoopbackServer(self._serve)
        self._server.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.stop()

    @property
    def endpoint(self) -> str:
        """`127.0.0.1:PORT`, inside the `with`."""
        return self._server.endpoint

    @property
    def credentials(self) -> tuple[str, str, str]:
        """Access key id, secret and security token of the one account."""
        return (ACCESS_KEY_ID, ACCESS_KEY_SECRET, SECURITY_TOKEN)

    def environment(self) -> dict[str, str]:
        """What a function needs in its environment to speak to this emulator as the one account it knows."""
        products = {f"REARM_ENDPOINT_{product}": self.endpoint for product in ("ESS", "ECS", "FC")}
        return products | {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ACCESS_KEY_SECRET,
            "ALIBABA_CLOUD_SECURITY_TOKEN": SECURITY_TOKEN,
        }

    def modelled_operations(self) -> tuple[str, ...]:
        """Every operation that is served, by the name that `on_call` uses. Any other is refused."""
        rpc = [f"ess:{name}" for name in self._ess.operations] + [f"ecs:{name}" for name in self._ecs.operations]
        return tuple(sorted([*rpc, f"fc:{fc.INVOKE}"]))

    def seed_action(
        self,
        *,
        hook: str,
        group: str,
        token: str,
        instances: tuple[str, ...],
        transition: Transition,
        timeout_s: int,
        default_result: Result,
        activity: str | None = None,
    ) -> LifecycleAction:
        """Put an action into its wait state now, with its hook, its instances and its scaling activity."""
        now = self.clock.now()
        action = LifecycleAction(
            group,
            hook,
            token,
            instances,
            transition,
            began_at=now,
            timeout_s=timeout_s,
            default_result=default_result,
            lapses_at=now + timeout_s,
        )
        with self._lock:
            for instance_id in instances:
                self._ecs.instance(instance_id)
            self._ess.add(action, activity or "asa-" + hashlib.sha256(token.encode()).hexdigest()[:20])
        return action

    def set_ready(self, instance_id: str, ready: Callable[[], bool]) -> None:
        """The instance is `Starting` until `ready()`, then `Running`."""
        with self._lock:
            self._ecs.instance(instance_id).ready = ready

    def put_tag(self, instance_id: str, key: str, value: str) -> None:
        """Tag an instance."""
        with self._lock:
            self._ecs.instance(instance_id).tags[key] = value

    def vanish(self, instance_id: str) -> None:
        """The instance is described no more; an action that has lost all its instances ends, `by="gone"`."""
        with self._lock:
            self._ecs.instance(instance_id).gone = True
            self._ess.vanished(self._ecs.is_gone)

    def private_ip(self, instance_id: str) -> str:
        """The instance's address as DescribeInstances tells it: one of its own in 127.66.0.0/16."""
        with self._lock:
            return self._ecs.instance(instance_id).private_ip

    def pending_invocations(self) -> list[fc.Invocation]:
        """Accepted invocations that have not run yet."""
        with self._lock:
            return list(self._fc.pending)

    def fail_next(self, name: str, code: str, status: int = 400, times: int = 1, after_effect: bool = False) -> None:
        """Fail the next `times` calls of that name (as in `on_call`); `after_effect`: done, but the answer is the error."""
        with self._lock:
            self._faults.setdefault(name, []).append(_Fault(code, status, times, after_effect))

    def _serve(self, incoming: Incoming) -> Answer:
        with self._lock:
            return self._serve_fc(incoming) if incoming.path.startswith(fc.PREFIXES) else self._serve_rpc(incoming)

    def _serve_fc(self, incoming: Incoming) -> Answer:
        name = f"fc:{fc.INVOKE}" if incoming.path.endswith("/invocations") else f"fc:{incoming.method} {incoming.path}"
        self._tell(name, incoming)

        def serve() -> Answer:
            if fc.access_key_of(incoming) != ACCESS_KEY_ID:
                raise ApiError("InvalidAccessKeyID", "The AccessKey ID is not the emulator's.", 403)
            return self._fc.accept(incoming)

        try:
            return self._with_faults(name, serve)
        except ApiError as error:
            return fc.failure(incoming, error)

    def _serve_rpc(self, incoming: Incoming) -> Answer:
        call = RpcCall(incoming)
        product = "ess" if call.version in ess.VERSIONS else "ecs" if call.version in ecs.VERSIONS else "unknown"
        name = f"{product}:{call.action}"
        self._tell(name, incoming)
        try:
            return self._with_faults(name, lambda: success(call, self._operate(product, call)))
        except ApiError as error:
            return failure(call, error)

    def _operate(self, product: str, call: RpcCall) -> dict[str, object]:
        if call.access_key_id != ACCESS_KEY_ID:
            raise ApiError("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404)
        if product == "unknown":
            raise ApiError(
                "NoSuchVersion", f"Version {call.version!r} is not modelled by the emulator: ESS {ess.VERSIONS}, ECS {ecs.VERSIONS}."
            )
        operation = (self._ess.operations if product == "ess" else self._ecs.operations).get(call.action)
        if operation is None:
            modelled = ", ".join(self.modelled_operations())
            raise ApiError("InvalidAction.NotFound", f"{product}:{call.action} is not modelled by the emulator; modelled: {modelled}", 404)
        return operation(call)

    def _with_faults(self, name: str, serve: Callable[[], Answer]) -> Answer:
        waiting = self._faults.get(name)
        if not waiting:
            return serve()
        fault = waiting[0]
        fault.times -= 1
        if fault.times <= 0:
            waiting.pop(0)
        if fault.after_effect:
            serve()
        raise known_error(fault.code, fault.status)

    def _tell(self, name: str, incoming: Incoming) -> None:
        if self._on_call is not None:
            self._on_call(name, "\n".join(part for part in (incoming.query, incoming.body.decode("utf-8", "replace")) if part))
