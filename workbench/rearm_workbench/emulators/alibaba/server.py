"""The emulated Alibaba Cloud: one port, one lock, every call told, recorded and signed."""

import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from rearm.clouds.alibaba.endpoints import BY_ACCOUNT, BY_REGION
from rearm.core.limits import ALIBABA
from rearm_workbench.emulators.alibaba import (
    balancers,
    cloud_assistant,
    cms,
    cs,
    ecs,
    ess,
    fc,
    fc_tasks,
    mns_http,
    oss,
    parameters,
    signatures,
    sts,
)
from rearm_workbench.emulators.alibaba.account import ACCESS_KEY_ID, ACCESS_KEY_SECRET, ACCOUNT, REGION, SECURITY_TOKEN
from rearm_workbench.emulators.alibaba.by_hand import ByHand
from rearm_workbench.emulators.alibaba.faults import Faults, json_object
from rearm_workbench.emulators.alibaba.ids import Ids
from rearm_workbench.emulators.alibaba.loopback import Answer, Incoming, LoopbackServer
from rearm_workbench.emulators.alibaba.mns import Mns
from rearm_workbench.emulators.alibaba.reads import read_of
from rearm_workbench.emulators.alibaba.targets import Targets, Trigger, TriggerKind
from rearm_workbench.emulators.alibaba.wire import ApiError, RpcCall, failure, success
from rearm_workbench.emulators.lifecycle import Clock, LifecycleBook, LockedClock

__all__ = ["ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "ACCOUNT", "REGION", "SECURITY_TOKEN", "AlibabaEmulator"]


class Journal(Protocol):
    """What a request is recorded in before it is executed."""

    def record(self, cloud: str, method: str, path: str, headers: dict[str, str], body: bytes) -> None: ...


class AlibabaEmulator(ByHand):
    """ESS, ECS, STS, SMQ (MNS) and FC 2.0/3.0 for one account. Use it in a `with`; the SDKs reach it by `environment()`.

    `on_call(name, text)` is told of every call received, also of failed ones: `ess:CompleteLifecycleAction` and the query with
    the body. `invoke(function, payload, task_id)` is called by the clock, outside the emulator's lock, when an invocation is due;
    one with a fourth parameter gets the invocation's id, and `report` then tells how it ended. `run(function, payload)` answers
    synchronous invocations, outside the lock too. `journal`, `seed` and `lock`: the same requests at the same times, given to
    `replay_request` of a new emulator with the same seed, lead to the same state. `control(path, body)` answers `/_clock`.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        on_call: Callable[[str, str], None] | None = None,
        invoke: fc.Invoke | None = None,
        run: fc.Run | None = None,
        journal: Journal | None = None,
        seed: int = 0,
        lock: AbstractContextManager[object] | None = None,
        heartbeat_adds: bool = False,
        timers_late_s: float = 0,
    ) -> None:
        self._lock: AbstractContextManager[object] = threading.RLock() if lock is None else lock
        self._address, self._on_call, self._journal = (host, port), on_call, journal
        self._faults, self._ids, self._ids_of_reads = Faults(), Ids(seed), Ids(seed + 1)
        self.control: Callable[[str, bytes], bytes | None] | None = None
        self.clock = clock
        locked = LockedClock(clock, self._lock)
        self.book = LifecycleBook(locked, ALIBABA, heartbeat_adds=heartbeat_adds)
        self.ecs = ecs.Ecs()
        self.fc = fc.Fc(clock, self._lock, invoke, timers_late_s, self._ids, run)
        self.mns = Mns(locked, self._ids)
        self.targets = Targets(self.mns, locked, self._ids, self.fc.enqueue)
        self.assistant = cloud_assistant.CloudAssistant(self.ecs, locked, self._ids)
        self.parameters, self.oss = parameters.Parameters(), oss.Oss()
        self.cms = cms.Cms(clock, self.mns)
        self.cs = cs.ContainerService()
        self.balancers = balancers.Balancers(self.ecs.is_gone, locked)
        self.ess = ess.Ess(self.book, self.ecs, self._ids, self.mns.exists, self.targets.notify)
        self._mns_http = mns_http.MnsHttp(self.mns)
        self._rpc = {
            "ess": (ess.VERSIONS, self.ess.operations),
            "ecs": (ecs.VERSIONS, self.ecs.operations | self.assistant.operations),
            "sts": (sts.VERSIONS, sts.OPERATIONS),
            "cms": (cms.VERSIONS, self.cms.operations),
            **self.balancers.products,
            **self.parameters.products,
        }

    def __enter__(self) -> "AlibabaEmulator":
        self._server = LoopbackServer(self._serve, *self._address)
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
        products = {f"REARM_ENDPOINT_{product.upper()}": self.endpoint for product in (*BY_REGION, *BY_ACCOUNT)}
        return products | {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ACCESS_KEY_SECRET,
            "ALIBABA_CLOUD_SECURITY_TOKEN": SECURITY_TOKEN,
        }

    def modelled_operations(self) -> tuple[str, ...]:
        """Every operation that is served, by the name that `on_call` uses. Any other is refused."""
        rpc = [f"{product}:{name}" for product, (_, operations) in self._rpc.items() for name in operations]
        others = {"cs": cs.NAMES, "mns": mns_http.NAMES, "oss": oss.NAMES, "fc": (fc.INVOKE, *fc_tasks.OPERATIONS)}
        return tuple(sorted([*rpc, *(f"{product}:{name}" for product, names in others.items() for name in names)]))

    def add_trigger(self, kind: TriggerKind, source: str, function: str, **options: Any) -> None:
        """Have `function` (`service/function` on FC 2.0) invoked by a topic, queue, event bus or OOS template, by its name, or by a timer.

        Options: `content_format` STREAM or JSON (a topic), `batch` list or single and `is_base64_decode` (a queue).
        """
        with self._lock:
            self.targets.add(Trigger(kind, source, function, **options))

    def report(self, invocation_id: str, ok: bool) -> None:
        """How an invocation ended; a failed one is repeated. Recorded as a request, since what follows depends on it."""
        body = json.dumps({"invocation": invocation_id, "ok": ok}).encode()
        self._serve(Incoming("POST", "/_report", "", {"content-type": "application/json"}, body))

    def replay_request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        """Execute a recorded request again, without recording it. `path` with its query. No function is run synchronously."""
        target, _, query = path.partition("?")
        lowered = {name.lower(): value for name, value in headers.items()}
        with self._lock:
            self._execute(Incoming(method, target, query, lowered, body))

    def _serve(self, incoming: Incoming) -> Answer:
        if incoming.path == "/_clock" and self.control is not None:
            told = self.control(incoming.path, incoming.body)
            if told is not None:
                return _json(200, told)
        with self._lock:
            if self._journal is not None:
                path = incoming.path + (f"?{incoming.query}" if incoming.query else "")
                self._journal.record("alibaba", incoming.method, path, dict(incoming.headers), incoming.body)
            answered = self._execute(incoming)
        return answered if isinstance(answered, Answer) else answered()

    def _execute(self, incoming: Incoming) -> Answer | Callable[[], Answer]:
        """The answer, or for a synchronous invocation what gets it outside the lock."""
        if incoming.path.startswith("/_"):
            return self._serve_own(incoming)
        read = read_of(incoming.method, f"{incoming.path}?{incoming.query}", incoming.headers, incoming.body)
        request_id = (self._ids_of_reads if read else self._ids).uuid()
        if incoming.path.startswith(fc.PREFIXES):
            return self._serve_fc(incoming, request_id)
        if incoming.path.split("/")[1] in ("queues", "topics"):
            return self._serve_mns(incoming, request_id)
        if incoming.path.startswith(cs.PREFIX):
            return self._serve_cs(incoming, request_id)
        if oss.is_oss(incoming):
            self._tell(oss.name_of(incoming), incoming._replace(query=incoming.path))
            return self.oss.respond(incoming, request_id, self._faults)
        return self._serve_rpc(RpcCall(incoming, request_id))

    def _serve_own(self, incoming: Incoming) -> Answer:
        """The emulator's own: `/_faults`, `/_triggers`, and the reports of invocations."""
        try:
            if incoming.method != "POST":
                raise ApiError("InvalidAction.NotFound", f"{incoming.path} takes POST", 405)
            if incoming.path == "/_faults":
                self._faults.add_from(incoming.body)
            elif incoming.path == "/_triggers":
                self.targets.add(Trigger.from_json(json_object(incoming.body, Trigger.FORM)))
            elif incoming.path == "/_report":
                given = json_object(incoming.body, '{"invocation": ID, "ok": true}')
                self.fc.report(str(given.get("invocation")), given.get("ok") is True)
            else:
                raise ApiError("InvalidAction.NotFound", f"{incoming.path} is none of /_clock, /_faults, /_triggers, /_report", 404)
        except ApiError as error:
            return _json(error.status, json.dumps({"error": error.message}).encode())
        return _json(200, b"{}")

    def _serve_fc(self, incoming: Incoming, request_id: str) -> Answer | Callable[[], Answer]:
        name, form = fc.name_of(incoming), fc_tasks.form_of(incoming)
        self._tell(name, incoming)
        later: list[Callable[[], Answer]] = []

        def serve() -> Answer:
            signatures.verify_fc(incoming, ACCESS_KEY_ID, ACCESS_KEY_SECRET)
            if form:
                return self.fc.tasks.listed(incoming, form, request_id)
            if fc.is_async(incoming):
                return self.fc.accept(incoming, request_id)
            function, run = self.fc.check_sync(incoming)
            later.append(lambda: fc.ran(request_id, *run(function, incoming.body)))
            return fc.ran(request_id, b"", False)

        try:
            answer = self._faults.around(name, serve)
        except ApiError as error:
            return fc.failure(incoming, error, request_id)
        return later[0] if later else answer

    def _serve_mns(self, incoming: Incoming, request_id: str) -> Answer:
        request = mns_http.Request(incoming)
        name = f"mns:{request.operation or f'{incoming.method} {incoming.path}'}"
        self._tell(name, incoming)

        def serve() -> Answer:
            signatures.verify_mns(incoming, ACCESS_KEY_ID, ACCESS_KEY_SECRET)
            return self._mns_http.serve(request)

        try:
            answer = self._faults.around(name, serve)
        except ApiError as error:
            answer = mns_http.failure(request, error, request_id)
        return answer._replace(headers={**answer.headers, "x-mns-request-id": request_id, "x-mns-version": "2015-06-06"})

    def _serve_cs(self, incoming: Incoming, request_id: str) -> Answer:
        """Container Service speaks the other style of Alibaba's APIs (ROA): the path is the operation."""
        name = f"cs:{cs.name_of(incoming)}"
        self._tell(name, incoming)

        def serve() -> Answer:
            signatures.verify_roa(incoming, ACCESS_KEY_ID, ACCESS_KEY_SECRET)
            return self.cs.serve(incoming, request_id)

        try:
            return self._faults.around(name, serve)
        except ApiError as error:
            body = {"Code": error.code, "Message": error.message, "RequestId": request_id}
            return _json(error.status, json.dumps(body).encode())

    def _serve_rpc(self, call: RpcCall) -> Answer:
        product = next((name for name, (versions, _) in self._rpc.items() if call.version in versions), "unknown")
        name = f"{product}:{call.action}"
        self._tell(name, call.incoming)
        try:
            return self._faults.around(name, lambda: success(call, self._operate(product, call)))
        except ApiError as error:
            return failure(call, error)

    def _operate(self, product: str, call: RpcCall) -> dict[str, Any]:
        signatures.verify_rpc(call, ACCESS_KEY_ID, ACCESS_KEY_SECRET)
        if product == "unknown":
            known = ", ".join(f"{name} {' and '.join(versions)}" for name, (versions, _) in self._rpc.items())
            raise ApiError("NoSuchVersion", f"Version {call.version!r} is not modelled by the emulator: {known}.")
        operation = self._rpc[product][1].get(call.action)
        if operation is None:
            modelled = ", ".join(self.modelled_operations())
            raise ApiError("InvalidAction.NotFound", f"{product}:{call.action} is not modelled by the emulator; modelled: {modelled}", 404)
        return operation(call)

    def _tell(self, name: str, incoming: Incoming) -> None:
        if self._on_call is not None:
            self._on_call(name, "\n".join(part for part in (incoming.query, incoming.body.decode("utf-8", "replace")) if part))


def _json(status: int, body: bytes) -> Answer:
    return Answer(status, {"Content-Type": "application/json;charset=utf-8"}, body)
