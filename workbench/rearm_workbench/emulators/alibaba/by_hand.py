"""What a test or a replay sets by hand, and reads: beside the APIs, inside the process."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager

from rearm.core.model import Result, Transition
from rearm_workbench.emulators.alibaba.cloud_assistant import CloudAssistant
from rearm_workbench.emulators.alibaba.ecs import Ecs
from rearm_workbench.emulators.alibaba.ess import Ess
from rearm_workbench.emulators.alibaba.faults import Faults
from rearm_workbench.emulators.alibaba.fc import Fc, Invocation
from rearm_workbench.emulators.alibaba.oss import Oss
from rearm_workbench.emulators.alibaba.parameters import Parameters
from rearm_workbench.emulators.lifecycle import Clock, LifecycleAction
from rearm_workbench.emulators.scripts import Scripts


class ByHand:
    """The in-process side of `AlibabaEmulator`."""

    clock: Clock
    ess: Ess
    ecs: Ecs
    assistant: CloudAssistant
    parameters: Parameters
    oss: Oss
    fc: Fc
    _faults: Faults
    _lock: AbstractContextManager[object]

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
                self.ecs.instance(instance_id)
            self.ess.seed(action, activity or "asa-" + hashlib.sha256(token.encode()).hexdigest()[:20])
        return action

    def set_ready(self, instance_id: str, ready: Callable[[], bool]) -> None:
        """The instance is `Starting` until `ready()`, then `Running`."""
        with self._lock:
            self.ecs.instance(instance_id).ready = ready

    @property
    def scripts(self) -> Scripts:
        """What becomes of scripts on the instances, and whether Cloud Assistant is online there."""
        return self.assistant.scripts

    def put_tag(self, instance_id: str, key: str, value: str) -> None:
        """Tag an instance."""
        with self._lock:
            self.ecs.instance(instance_id).tags[key] = value

    def put_parameter(self, name: str, value: str, store: str = "oos") -> None:
        """Set a parameter of OOS, or with `store="kms"` a secret of KMS."""
        with self._lock:
            self.parameters.values[store][name] = value

    def put_object(self, bucket: str, key: str) -> None:
        """Put an object into OSS; its bucket is there from now on."""
        with self._lock:
            self.oss.buckets.setdefault(bucket, set()).add(key)

    def set_function(self, name: str, run: Callable[[bytes], tuple[bytes, str | None]]) -> None:
        """A function (`service/function` on FC 2.0) that answers who waits: `run(payload)` gives its result, and a line if it failed."""

        def answered(_name: str, payload: bytes) -> tuple[bytes, bool]:
            answer, error = run(payload)
            return answer, error is not None

        with self._lock:
            self.fc.functions[name] = answered

    def vanish(self, instance_id: str) -> None:
        """The instance is described no more; an action that has lost all its instances ends, `by="gone"`."""
        with self._lock:
            self.ecs.instance(instance_id).gone = True
            self.ess.vanished(self.ecs.is_gone)

    def private_ip(self, instance_id: str) -> str:
        """The instance's address as DescribeInstances tells it: one of its own in 127.66.0.0/16."""
        with self._lock:
            return self.ecs.instance(instance_id).private_ip

    def pending_invocations(self) -> list[Invocation]:
        """Accepted invocations that have not run yet."""
        with self._lock:
            return list(self.fc.pending)

    def fail_next(self, name: str, code: str, status: int = 400, times: int = 1, after_effect: bool = False) -> None:
        """Fail the next `times` calls of that name (as in `on_call`); `after_effect`: done, but the answer is the error.

        Status 0: the connection breaks instead, and no answer comes.
        """
        with self._lock:
            self._faults.add(name, code, status, times, after_effect)
