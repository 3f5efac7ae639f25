"""A replayed file on Alibaba Cloud: ESS, ECS and Function Compute over loopback HTTP, the FC runtime contract."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from rearm.clouds.alibaba.cloud import forget_clients
from rearm.core.model import Action, Result
from rearm_workbench.deployed import environment, functions_dir
from rearm_workbench.emulators.alibaba.server import (
    ACCESS_KEY_ID,
    ACCESS_KEY_SECRET,
    ACCOUNT,
    REGION,
    SECURITY_TOKEN,
    AlibabaEmulator,
)
from rearm_workbench.emulators.fc_runtime import Credentials, FcRuntime
from rearm_workbench.emulators.lifecycle import LifecycleAction
from rearm_workbench.world import FUNCTION_TIMEOUT_S, Replayed

ASYNC_RETRIES_S = (1.0, 2.0, 4.0)
"""Function Compute runs a failed asynchronous invocation three more times (help pages, "Error handling")."""
FC2_SERVICE = "rearm"


class FunctionFailed(Exception):
    """The function answered with an error body."""


class ReplayedOnAlibaba(Replayed):
    """See `Replayed`."""

    @contextlib.contextmanager
    def cloud(self) -> Iterator[Any]:
        self.emulator = AlibabaEmulator(
            self.clock,
            on_call=self.called,
            invoke=self._fire,
            heartbeat_adds=self.world.heartbeat_adds,
            timers_late_s=self.world.timers_late_s,
        )
        forget_clients()
        with self.emulator, environment(self.emulator.environment() | self.config_environment()):
            yield
        forget_clients()

    @property
    def instances(self) -> AlibabaEmulator:
        return self.emulator

    def seed(self, action: Action, timeout_s: int, default_result: Result) -> LifecycleAction:
        return self.emulator.seed_action(
            hook=action.hook,
            group=action.group,
            token=action.token,
            instances=action.instances,
            transition=action.transition or "launch",
            timeout_s=timeout_s,
            default_result=default_result,
        )

    def deliver(self, payload: Any) -> None:
        self._invoke(self.kind.doorway or "eventbridge", payload)

    def pending_timers(self) -> int:
        return len(self.emulator.pending_invocations())

    def _invoke(self, name: str, event: bytes) -> None:
        self.invoke(name, lambda: self._run(name, event), ASYNC_RETRIES_S)

    def _run(self, name: str, event: bytes) -> None:
        answer = self.runtime(name).invoke(event)
        if "X-Fc-Error-Type" in answer.headers:
            told = json.loads(answer.body)
            raise FunctionFailed(f"{told.get('errorType')}: {told.get('errorMessage')}")

    def runtime(self, name: str) -> FcRuntime:
        """The function in its runtime, loaded once for a replay: Python 3.10 on FC 2.0, 3.12 on FC 3.0."""
        if name not in self._handlers:
            old = self.world.fc == "2.0"
            self._handlers[name] = FcRuntime(
                functions_dir() / "alibaba",
                f"{name}.handler",
                python="3.10" if old else "3.12",
                env=self.emulator.environment() | self.config_environment(),
                function_name=name if old else f"rearm-{name}",
                service=FC2_SERVICE if old else None,
                region=REGION,
                account_id=ACCOUNT,
                credentials=Credentials(ACCESS_KEY_ID, ACCESS_KEY_SECRET, SECURITY_TOKEN),
                timeout_s=FUNCTION_TIMEOUT_S,
            )
        runtime: FcRuntime = self._handlers[name]
        return runtime

    def _fire(self, function: str, payload: bytes, _task_id: str | None) -> None:
        self._invoke(function.removeprefix(f"{FC2_SERVICE}/").removeprefix("rearm-"), payload)
