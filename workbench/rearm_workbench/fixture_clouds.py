"""The emulated clouds as the pytest plugin hands them to a test: with handlers that run, and a configuration of the test's own."""

import itertools
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rearm import checks, steps
from rearm.checks.question import Question
from rearm.core.model import Action, CheckResult, Result, StepResult, Transition
from rearm_workbench import config_cli
from rearm_workbench.deployed import LambdaContext, functions_dir, load
from rearm_workbench.emulators.fc_runtime import Credentials, FcRuntime
from rearm_workbench.emulators.lifecycle import LifecycleAction
from rearm_workbench.kinds import explain
from rearm_workbench.virtual_clock import VirtualClock

FUNCTION_TIMEOUT_S = 900

Handler = Callable[[Any, Any], Any]
Named = str | Path | Handler
"""A doorway of the product by its name (`"eventbridge"`), a file with a `handler` in it, or the handler itself."""


class FunctionFailed(Exception):
    """An FC function answered with an error body: `errorType: errorMessage`."""


class EmulatedCloud(ABC):
    """What both clouds have. Everything of the emulator is here too: `seed_action`, `set_ready`, `put_tag`, `vanish`, `fail_next` …

    `functions` says which handler runs when the cloud invokes a function (`rearm-recheck`); the product's own do unless you
    put another there. `invoked` lists what was invoked, in order.
    """

    def __init__(self, clock: VirtualClock, scratch: Path) -> None:
        self.clock = clock
        self.functions: dict[str, Named] = {}
        self.invoked: list[str] = []
        self._scratch = scratch
        self._files = itertools.count(1)
        self.emulator: Any = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or self.emulator is None:
            raise AttributeError(name)
        return getattr(self.emulator, name)

    @abstractmethod
    def run(self, handler: Named, event: Any) -> Any:
        """Run a handler in its platform's contract, with the emulated cloud around it. Answers what it returns; raises what it raises."""

    @abstractmethod
    def _seed(self, action: Action, timeout_s: int, default_result: Result) -> LifecycleAction:
        """Put the action of a notification into its wait state."""

    @abstractmethod
    def _port(self) -> Any:
        """The deployed adapter."""

    def waiting(self, event: Any, timeout_s: int = 3600, default_result: Result = "ABANDON") -> LifecycleAction:
        """Put the action that a notification tells of into its wait state; `result`, `by` and `ended_at` of the answer say how it ended.

        Time moves on to the notification's own, if that is later. Raises ValueError unless it tells of exactly one action.
        """
        _, parsed = explain(event if isinstance(event, bytes) else json.dumps(event).encode())
        actions = [one.action for one in parsed if one.action is not None]
        if len(actions) != 1:
            raise ValueError(
                f"the notification tells of {len(actions)} actions: {'; '.join(one.reason for one in parsed) or 'use one each'}"
            )
        self.clock.run_until(actions[0].notified_at or 0)
        return self._seed(actions[0], timeout_s, default_result)

    def configure(self, yaml: str) -> None:
        """From now on the handlers read this configuration. Raises ConfigError with every problem."""
        source = self._scratch / f"rearm-{next(self._files)}.yml"
        source.write_text(yaml)
        compiled = source.with_suffix(".json")
        compiled.write_bytes(config_cli.compiled(source))
        os.environ["REARM_CONFIG"] = str(compiled)

    def ask(
        self, check: str, settings: Mapping[str, object], instance: str, limit_s: float = 5.0, transition: Transition = "launch"
    ) -> CheckResult:
        """Ask one check about one instance, as a look does."""
        return checks.ask(check)(settings, self._question(instance, limit_s, transition))

    def do(
        self, step: str, settings: Mapping[str, object], instance: str, limit_s: float = 10.0, transition: Transition = "terminate"
    ) -> StepResult:
        """Do one step for one instance, as a look does."""
        return steps.do(step)(settings, self._question(instance, limit_s, transition))

    def _question(self, instance: str, limit_s: float, transition: Transition) -> Question:
        port = self._port()
        return Question(instance, Action(port.name, "hook", "", (instance,), "group", transition), port, {}, limit_s)

    def _invoke(self, name: str, event: Any) -> None:
        self.invoked.append(name)
        self.run(self.functions.get(name, name.rpartition("/")[2].removeprefix("rearm-")), event)


class AwsCloud(EmulatedCloud):
    """moto, extended with lifecycle actions and schedules that fire. `client("autoscaling")` is a boto3 client."""

    def run(self, handler: Named, event: Any) -> Any:
        name = handler if isinstance(handler, str) else getattr(handler, "stem", None) or getattr(handler, "__name__", "handler")
        ends_at = self.clock.now() + FUNCTION_TIMEOUT_S
        return self._loaded(handler)(event, LambdaContext(f"rearm-{name}", lambda: ends_at - self.clock.now()))

    def _loaded(self, handler: Named) -> Handler:
        if callable(handler):
            return handler
        path = functions_dir() / "aws" / f"{handler}.py" if isinstance(handler, str) else handler
        loaded: Handler = load(path).handler
        return loaded

    def _seed(self, action: Action, timeout_s: int, default_result: Result) -> LifecycleAction:
        made: LifecycleAction = self.emulator.seed_action(
            group=action.group,
            hook=action.hook,
            token=action.token,
            instance_id=action.instances[0],
            transition=action.transition or "launch",
            timeout_s=timeout_s,
            default_result=default_result,
            origin=action.origin,
            destination=action.destination,
            metadata=action.metadata,
        )
        return made

    def _port(self) -> Any:
        from rearm.clouds.aws.cloud import Aws

        return Aws()

    def deliver(self, arn: str, payload: bytes, *_: object) -> None:
        self._invoke(arn.rpartition(":")[2], json.loads(payload))


class AlibabaCloud(EmulatedCloud):
    """ESS, ECS and Function Compute over loopback HTTP, for the SDKs as published. `endpoint` is where."""

    def run(self, handler: Named, event: Any, *, fc: str = "3.0") -> Any:
        """`event`: bytes, or what becomes JSON. `fc="2.0"`: in the older runtime. An error is raised as `FunctionFailed`."""
        payload = event if isinstance(event, bytes) else event.encode() if isinstance(event, str) else json.dumps(event).encode()
        answer = self._runtime(handler, fc).invoke(payload)
        if "X-Fc-Error-Type" in answer.headers:
            told = json.loads(answer.body)
            raise FunctionFailed(f"{told.get('errorType')}: {told.get('errorMessage')}")
        return answer.body

    def _runtime(self, handler: Named, fc: str) -> FcRuntime:
        from rearm_workbench.emulators.alibaba.server import ACCOUNT, REGION

        path = functions_dir() / "alibaba" / f"{handler}.py" if isinstance(handler, str) else handler
        given: dict[str, Any] = {
            "python": "3.10" if fc == "2.0" else "3.12",
            "env": dict(os.environ),
            "function_name": "rearm-test",
            "service": "rearm" if fc == "2.0" else None,
            "region": REGION,
            "account_id": ACCOUNT,
            "credentials": Credentials(*self.emulator.credentials),
            "timeout_s": FUNCTION_TIMEOUT_S,
        }
        if isinstance(path, Path):
            return FcRuntime(path.parent, f"{path.stem}.handler", **given)
        return FcRuntime(path, "given.handler", **given)

    def _seed(self, action: Action, timeout_s: int, default_result: Result) -> LifecycleAction:
        made: LifecycleAction = self.emulator.seed_action(
            hook=action.hook,
            group=action.group,
            token=action.token,
            instances=action.instances,
            transition=action.transition or "launch",
            timeout_s=timeout_s,
            default_result=default_result,
        )
        return made

    def _port(self) -> Any:
        from rearm.clouds.alibaba.cloud import Alibaba

        os.environ.setdefault("FC_REGION", "cn-hangzhou")
        return Alibaba(None)

    def deliver(self, function: str, payload: bytes, *_: object) -> None:
        self._invoke(function, payload)
